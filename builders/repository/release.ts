// Release files: what a suite of a Debian archive says of itself and of its indexes.
// Knows the format and which index to take; does not know how it was fetched, or whether to believe it.

import { parseSha256, type Sha256 } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Compression } from "../archive/stream.ts";

/** A Release file (Debian wiki, DebianRepository/Format). Times are seconds since 1970. */
export interface Release {
  readonly suite: string | undefined;
  readonly codename: string | undefined;
  readonly date: number;
  readonly validUntil: number | undefined;
  /** Indexes are also found by their digest, where an update under way cannot replace them. */
  readonly acquireByHash: boolean;
  readonly components: readonly string[];
  readonly architectures: readonly string[];
  /** Whether `binary-ARCH/Packages` lacks the packages of architecture `all`, which then have an index of their own. */
  readonly separateAll: boolean;
  /** Every listed file by its path relative to the suite's folder. */
  readonly files: ReadonlyMap<string, ListedFile>;
}

export interface ListedFile {
  /** Bytes. */
  readonly size: number;
  readonly sha256: Sha256;
}

/** An index to fetch. `path` is relative to the suite's folder. */
export interface PackagesFile extends ListedFile {
  readonly component: string;
  /** That of the index: the one asked for, or `all`. */
  readonly architecture: string;
  readonly path: string;
  readonly compression: Compression;
  /** Bytes of it uncompressed, where the Release file tells. */
  readonly plainSize?: number;
}

/**
 * Reads a Release file's text, without its signature.
 *
 * @throws {Fault} `digest/bad-release` where it is malformed or lacks its date or SHA-256 list
 */
export function parseRelease(text: string): Release {
  const fields = parseFields(text);
  const date = fields.get("date");
  const validUntil = fields.get("valid-until");
  const list = fields.get("sha256");
  if (date === undefined || list === undefined)
    throw bad(`it has no ${date === undefined ? "Date" : "SHA256"} field`);
  const architectures = words(fields.get("architectures"));
  return {
    suite: fields.get("suite"),
    codename: fields.get("codename"),
    date: parseDate(date),
    validUntil: validUntil === undefined ? undefined : parseDate(validUntil),
    acquireByHash: fields.get("acquire-by-hash") === "yes",
    components: words(fields.get("components")),
    architectures,
    separateAll:
      architectures.includes("all") &&
      !words(fields.get("no-support-for-architecture-all")).includes("Packages"),
    files: parseFiles(list),
  };
}

/** In place of an architecture: the lists of source packages. */
export const sourceLists = "source";

/**
 * The Packages indexes that hold what a machine of `architecture` can install from a component: one, or two where
 * the archive keeps `all` apart. `source` stands for the Sources index.
 *
 * @throws {Fault} `unresolved/no-index` where the suite has none for this component and architecture
 */
export function packagesFiles(
  release: Release,
  component: string,
  architecture: string,
): readonly PackagesFile[] {
  const own = packagesFile(release, component, architecture);
  if (own === undefined) {
    const name = release.codename ?? release.suite ?? "the suite";
    throw new Fault(
      "unresolved/no-index",
      `${name} has no packages for ${architecture} in its component ${component}`,
      {
        hint: `it has the components ${release.components.join(", ")} and the architectures ${release.architectures.join(", ")}`,
      },
    );
  }
  const all =
    release.separateAll && architecture !== sourceLists ? packagesFile(release, component, "all") : undefined;
  return all === undefined ? [own] : [own, all];
}

/**
 * The lists of all files that a component's packages of just this architecture install: Debian keeps `all` apart, and
 * other archives have one list for all components. None where the suite has none, or one larger than `limit` bytes.
 */
export function contentsFiles(
  release: Release,
  component: string,
  architecture: string,
  limit: number,
): readonly PackagesFile[] {
  const of = { component, architecture };
  const own = listedAs(`${component}/Contents-${architecture}`, release, of);
  const common = component === release.components[0] && listedAs(`Contents-${architecture}`, release, of);
  const file = own ?? (common || undefined);
  return file === undefined || file.size > limit ? [] : [file];
}

/** The index's place relative to the archive's root: by digest where the archive offers that, and by name. */
export function packagesPaths(release: Release, suite: string, file: PackagesFile): readonly string[] {
  const byName = `dists/${suite}/${file.path}`;
  const folder = byName.slice(0, byName.lastIndexOf("/"));
  return release.acquireByHash ? [`${folder}/by-hash/SHA256/${file.sha256}`, byName] : [byName];
}

// trixie's main for amd64, 56.6 MB: gz 13.3 MB and 0.29 s to unpack, xz 9.7 MB and 1.05 s. Security suites have
// xz alone.
const preferences = [
  ["gz", ".gz"],
  ["xz", ".xz"],
  ["zst", ".zst"],
  ["none", ""],
] as const;

function packagesFile(release: Release, component: string, architecture: string): PackagesFile | undefined {
  const plain =
    architecture === sourceLists
      ? `${component}/source/Sources`
      : `${component}/binary-${architecture}/Packages`;
  return listedAs(plain, release, { component, architecture });
}

/** A file of this name, compressed in the way that is read fastest. */
function listedAs(
  plain: string,
  release: Release,
  of: Pick<PackagesFile, "component" | "architecture">,
): PackagesFile | undefined {
  const plainSize = release.files.get(plain)?.size;
  for (const [compression, suffix] of preferences) {
    const path = `${plain}${suffix}`;
    const listed = release.files.get(path);
    if (listed === undefined) continue;
    const { size, sha256 } = listed;
    const known = { ...of, size, sha256, path, compression };
    return plainSize === undefined ? known : { ...known, plainSize };
  }
  return undefined;
}

// Names in lower case; the lines of a folded value joined by line breaks.
function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  let folded: string[] = [];
  const settle = () => {
    if (name !== undefined) fields.set(name, folded.join("\n").trim());
  };
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    if (line.startsWith(" ") || line.startsWith("\t")) {
      folded.push(line);
      continue;
    }
    settle();
    const colon = line.indexOf(":");
    if (colon < 1) throw bad(`not a field: ${JSON.stringify(line.slice(0, 80))}`);
    name = line.slice(0, colon).toLowerCase();
    if (fields.has(name)) throw bad(`the field ${line.slice(0, colon)} appears twice`);
    folded = [line.slice(colon + 1)];
  }
  settle();
  return fields;
}

function parseFiles(list: string): Map<string, ListedFile> {
  const files = new Map<string, ListedFile>();
  for (const line of list.split("\n")) {
    if (line.trim() === "") continue;
    const [, sha256 = "", size = "", path = ""] =
      /^\s*([0-9a-f]{64})\s+(\d{1,15})\s+(\S+)\s*$/.exec(line) ?? [];
    if (path === "") throw bad(`not a line of its SHA256 list: ${JSON.stringify(line.slice(0, 120))}`);
    files.set(path, { size: Number(size), sha256: parseSha256(sha256) });
  }
  return files;
}

// RFC 5322 as archives write it: `Sat, 12 Sep 2026 07:55:41 UTC`, also with a numeric zone.
function parseDate(text: string): number {
  const form =
    /^(?:[A-Z][a-z]{2}, +)?\d{1,2} [A-Z][a-z]{2} \d{4} +\d{1,2}:\d\d:\d\d (UTC|GMT|Z|[+-]\d{4})$/.exec(text);
  const milliseconds = form === null ? Number.NaN : Date.parse(text);
  if (Number.isNaN(milliseconds)) throw bad(`not a date: ${JSON.stringify(text.slice(0, 60))}`);
  return milliseconds / 1000;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

function bad(why: string): Fault {
  return new Fault("digest/bad-release", `not a sound Release file: ${why}`, {
    hint: "try another mirror through KIT_MIRRORS",
  });
}
