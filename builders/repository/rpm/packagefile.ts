// A package's own file as a stanza: what primary metadata would say of it.
// Knows rpm's tags and what createrepo_c takes of them; does not know where the file came from.

import type { Stanza } from "../../../evaluator/deb/stanza.ts";
import type { RpmHeader } from "../../archive/rpmheader.ts";
import { broken, identityOf, isWord, oneLine, quote, versionOf } from "./field.ts";
import { addLines, isPath } from "./primary.ts";
import { relationOf } from "./relation.ts";

/** rpmtag.h; in threes: names, flags, versions. */
const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  summary: 1004,
  installedSize: 1009,
  vendor: 1011,
  license: 1014,
  architecture: 1022,
  source: 1044,
  isSource: 1106,
  folders: 1118,
  folderOf: 1116,
  names: 1117,
  excludedArchitectures: 1059,
  exclusiveArchitectures: 1061,
  changelogTimes: 1080,
} as const;

const requires = [1049, 1048, 1050] as const;
const relations = [
  ["Provides", 1047, 1112, 1113],
  ["Conflicts", 1054, 1053, 1055],
  ["Obsoletes", 1090, 1114, 1115],
  ["Recommends", 5046, 5048, 5047],
  ["Suggests", 5049, 5051, 5050],
  ["Supplements", 5052, 5054, 5053],
  ["Enhances", 5055, 5057, 5056],
] as const;

/** rpmds.h: what a relation's flags mean. */
const senses: Readonly<Record<number, string>> = { 2: "LT", 4: "GT", 8: "EQ", 10: "LE", 12: "GE" };
const comparison = 0x0e;
/** PREREQ, and those that scripts before and after installing have: `pre` in primary metadata. */
const early = 0x40 | 0x200 | 0x400;

/**
 * As primary metadata has it, without a place and a digest. Of files those that it lists: programs, settings, and
 * sendmail (createrepo_c, `cr_is_primary`). Of a source package `Requires` is what building it takes.
 *
 * @throws {Fault} `digest/bad-rpm`, `digest/broken-package`
 */
export function packageFileStanza(header: RpmHeader): Stanza {
  const stanza: Record<string, string> = Object.create(null);
  const text = (tag: number) => header.text(tag) ?? "";
  const [epoch = 0] = header.numbers(tags.epoch);
  const isSource = header.numbers(tags.isSource).length > 0 || header.text(tags.source) === undefined;
  const version = { epoch: String(epoch), ver: text(tags.version), rel: text(tags.release) };
  const architecture = isSource ? "src" : text(tags.architecture);
  const identity = identityOf(text(tags.name), architecture, { attributes: version });
  stanza["Package"] = identity.name;
  stanza["Version"] = versionOf(identity);
  stanza["Architecture"] = identity.architecture;
  const source = text(tags.source);
  if (source !== "") {
    if (!isWord(source) || source.includes("/")) throw broken(`its source package ${quote(source)} is none`);
    stanza["Source"] = source;
  }
  const [size] = header.numbers(tags.installedSize);
  if (size !== undefined) stanza["Installed-Size"] = String(size);
  for (const [field, tag] of [
    ["License", tags.license],
    ["Summary", tags.summary],
    ["Vendor", tags.vendor],
  ] as const) {
    const said = oneLine(text(tag));
    if (said !== "") stanza[field] = said;
  }
  const needed = entriesOf(header, requires);
  addLines(stanza, "Requires", linesOf(needed.filter(({ flags }) => (flags & early) === 0)));
  addLines(stanza, "Requires-Pre", linesOf(needed.filter(({ flags }) => (flags & early) !== 0)));
  for (const [field, ...own] of relations) addLines(stanza, field, linesOf(entriesOf(header, own)));
  addLines(stanza, "Files", pathsIn(header).filter(isPath).filter(isPrimary));
  return stanza;
}

/** What a source package alone says: where it may be built, and when it last changed (seconds since 1970). */
export function sourceFacts(header: RpmHeader) {
  return {
    exclusive: header.texts(tags.exclusiveArchitectures),
    excluded: header.texts(tags.excludedArchitectures),
    changed: header.numbers(tags.changelogTimes)[0],
  };
}

/** Every file and folder of a package, absolute. @throws {Fault} `digest/bad-rpm` */
export function pathsIn(header: RpmHeader): string[] {
  const [folders, names] = [header.texts(tags.folders), header.texts(tags.names)];
  const folderOf = header.numbers(tags.folderOf);
  return names.map((name, i) => `${folders[folderOf[i] ?? -1] ?? ""}${name}`);
}

function isPrimary(path: string): boolean {
  return path.startsWith("/etc/") || path.includes("bin/") || path === "/usr/lib/sendmail";
}

interface RelationEntry {
  readonly name: string;
  readonly flags: number;
  readonly version: string;
}

function entriesOf(header: RpmHeader, [names, flags, versions]: readonly [number, number, number]) {
  const [all, senseOf, versionsOf] = [header.texts(names), header.numbers(flags), header.texts(versions)];
  return all.map(
    (name, i): RelationEntry => ({ name, flags: senseOf[i] ?? 0, version: versionsOf[i] ?? "" }),
  );
}

/** Each once, as it is written. */
function linesOf(entries: readonly RelationEntry[]): string[] {
  return [...new Set(entries.map(lineOf))];
}

function lineOf({ name, flags, version }: RelationEntry): string {
  const sense = senses[flags & comparison];
  const compared = sense === undefined || version === "" ? {} : { flags: sense, ...versionParts(version) };
  return relationOf({ attributes: { name, ...compared } });
}

/** `[EPOCH:]VERSION[-RELEASE]` */
function versionParts(version: string): {
  readonly epoch: string;
  readonly ver: string;
  readonly rel: string;
} {
  const [, epoch = "0", ver = "", rel = ""] = /^(?:(\d*):)?([^-]*)(?:-(.*))?$/.exec(version) ?? [];
  return { epoch, ver, rel };
}
