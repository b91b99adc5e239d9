// Primary metadata: every package of an rpm repository as a stanza.
// Knows what createrepo_c writes; does not know what a relation means, nor where the file came from.

import { formatStanza, type Stanza, stanzaLimit } from "../../../evaluator/deb/stanza.ts";
import { Fault } from "../../../store/model/fault.ts";
import {
  broken,
  checksumOf,
  type Identity,
  identityOf,
  isLine,
  isWord,
  nevraOf,
  numberOf,
  oneLine,
  quote,
  staysBelow,
  versionOf,
} from "./field.ts";
import { relationOf } from "./relation.ts";
import { openWarnings } from "./warnings.ts";
import { readXml, type XmlElement, type XmlReader } from "./xml.ts";

export interface PrimaryOptions {
  /** `name:stream:version:context:arch` of the module that claims a package, by its `NAME-E:V-R.ARCH`. */
  readonly modular?: (nevra: string) => string | undefined;
}

export interface PackagesReader extends XmlReader {
  /** How many packages were given to the sink. */
  readonly packages: number;
  /** Packages that were skipped, and why; complete after `end`. */
  warnings(): readonly string[];
}

/**
 * Reads primary.xml as it is unpacked: each package goes to `sink` as a stanza's text with the empty line after it,
 * in the file's order. A package with a broken or missing field is skipped with a warning. 60,000 packages (174 MB)
 * take 3.6 s of processor time with unpacking them, two thirds of it in the XML parser.
 *
 * `end` throws a Fault `digest/bad-primary` where it is another file, or none of its packages is sound.
 */
export async function readPrimary(
  label: string,
  sink: (text: string) => void,
  { modular = () => undefined }: PrimaryOptions = {},
): Promise<PackagesReader> {
  const warnings = openWarnings(label);
  let packages = 0;
  const reader = await readXml(label, {
    root(name) {
      if (name !== "metadata") throw bad(label, `it begins with <${name}>`);
    },
    record(element) {
      if (element.name !== "package" || (element.attributes["type"] ?? "rpm") !== "rpm") return;
      const name = element.children.find((child) => child.name === "name")?.text;
      const text = warnings.guard(name, () => stanzaText(packageStanza(element, modular)));
      if (text === undefined) return;
      packages++;
      sink(text);
    },
  });
  return {
    push: reader.push,
    end() {
      reader.end();
      if (packages === 0 && warnings.skipped > 0)
        throw bad(label, "none of its packages can be used", warnings.all());
    },
    get packages() {
      return packages;
    },
    warnings: warnings.all,
  };
}

/** No longer than what `parseStanza` reads. */
function stanzaText(stanza: Stanza): string {
  const text = formatStanza(stanza);
  if (text.length > stanzaLimit) throw broken("it says more than a stanza can hold");
  return `${text}\n`;
}

/**
 * One `<package>` of primary.xml.
 *
 * @throws {Fault} `digest/broken-package`
 */
export function packageStanza(element: XmlElement, modular: (nevra: string) => string | undefined): Stanza {
  const fields = only(element.children, []);
  const format = fields.get("format");
  const inFormat = only(format?.children ?? [], ["file"]);
  const identity = identityOf(
    fields.get("name")?.text ?? "",
    fields.get("arch")?.text ?? "",
    fields.get("version"),
  );
  // No prototype, as of every stanza.
  const stanza: Record<string, string> = Object.create(null);
  stanza["Package"] = identity.name;
  stanza["Version"] = versionOf(identity);
  stanza["Architecture"] = identity.architecture;
  addPlace(stanza, fields, inFormat.get("rpm:sourcerpm")?.text ?? "");
  addDescription(stanza, fields, inFormat);
  addRelations(stanza, inFormat);
  addFiles(stanza, format);
  addModule(stanza, identity, modular);
  return stanza;
}

type Fields = ReadonlyMap<string, XmlElement>;

/** Elements by name; what is twice there could mean one thing to us and another to others. */
function only(elements: readonly XmlElement[], many: readonly string[]): Fields {
  const found = new Map<string, XmlElement>();
  for (const element of elements) {
    if (many.includes(element.name)) continue;
    if (found.has(element.name)) throw broken(`it has <${element.name.slice(0, 40)}> twice`);
    found.set(element.name, element);
  }
  return found;
}

function addPlace(stanza: Record<string, string>, fields: Fields, source: string): void {
  if (source !== "") {
    if (!isWord(source) || source.includes("/")) throw broken(`its source package ${quote(source)} is none`);
    stanza["Source"] = source;
  }
  const { href = "", "xml:base": base } = fields.get("location")?.attributes ?? {};
  if (!staysBelow(href)) throw broken(`its place ${quote(href)} is none below the repository`);
  stanza["Filename"] = href;
  if (base !== undefined) {
    if (!isWord(base) || !/^https?:\/\//i.test(base) || !URL.canParse(base))
      throw broken(`its base ${quote(base)} is no address`);
    stanza["Base"] = base;
  }
  const { package: size, installed } = fields.get("size")?.attributes ?? {};
  stanza["Size"] = numberOf("size", size);
  if (installed !== undefined) stanza["Installed-Size"] = numberOf("installed size", installed);
  const checksum = fields.get("checksum");
  const [name, value] = checksumOf(checksum?.attributes["type"], checksum?.text.trim() ?? "");
  stanza[name] = value;
}

function addDescription(stanza: Record<string, string>, fields: Fields, inFormat: Fields): void {
  const texts = [
    ["License", inFormat.get("rpm:license")],
    ["Summary", fields.get("summary")],
    ["Vendor", inFormat.get("rpm:vendor")],
  ] as const;
  for (const [name, element] of texts) {
    const text = oneLine(element?.text ?? "");
    if (text !== "") stanza[name] = text;
  }
  const built = fields.get("time")?.attributes["build"];
  if (built !== undefined) stanza["Build-Time"] = numberOf("time of building", built);
}

const relationFields = [
  ["Provides", "rpm:provides"],
  ["Conflicts", "rpm:conflicts"],
  ["Obsoletes", "rpm:obsoletes"],
  ["Recommends", "rpm:recommends"],
  ["Suggests", "rpm:suggests"],
  ["Supplements", "rpm:supplements"],
  ["Enhances", "rpm:enhances"],
] as const;

function addRelations(stanza: Record<string, string>, inFormat: Fields): void {
  const requires = entriesOf(inFormat.get("rpm:requires"));
  const others = requires.filter((entry) => !isEarly(entry));
  addLines(stanza, "Requires", others.map(relationOf));
  addLines(stanza, "Requires-Pre", requires.filter(isEarly).map(relationOf));
  for (const [field, name] of relationFields)
    addLines(stanza, field, entriesOf(inFormat.get(name)).map(relationOf));
}

function entriesOf(element: XmlElement | undefined): readonly XmlElement[] {
  return element?.children.filter(({ name }) => name === "rpm:entry") ?? [];
}

/** One of the requirements that must be there before the package's own scripts run. */
function isEarly({ attributes }: XmlElement): boolean {
  const { pre = "0" } = attributes;
  return pre !== "0" && pre !== "false";
}

function addFiles(stanza: Record<string, string>, format: XmlElement | undefined): void {
  const paths = (format?.children ?? []).filter(({ name }) => name === "file").map(({ text }) => text);
  addLines(stanza, "Files", paths.filter(isPath));
}

/** Whether it is an absolute path that can be a line; rpm itself would take one with a line break in it. */
export function isPath(text: string): boolean {
  return text.startsWith("/") && isLine(text);
}

export function addLines(stanza: Record<string, string>, field: string, lines: readonly string[]): void {
  if (lines.length > 0) stanza[field] = `\n ${lines.join("\n ")}`;
}

function addModule(
  stanza: Record<string, string>,
  identity: Identity,
  modular: (nevra: string) => string | undefined,
): void {
  const module = modular(nevraOf(identity));
  if (module !== undefined) stanza["Modular"] = module;
}

function bad(label: string, why: string, details: readonly string[] = []): Fault {
  return new Fault("digest/bad-primary", `${label}: not a list of rpm packages: ${why}`, {
    details,
    hint: "the repository's metadata is damaged or of another kind: try another mirror, or ask who keeps it",
  });
}
