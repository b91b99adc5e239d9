// Metalinks and mirror lists: where an rpm repository is, and which repomd.xml its keeper vouches for.
// Knows both formats; does not know whether a place answers, or has the truth.

import { createHash } from "node:crypto";
import { Fault } from "../../../store/model/fault.ts";
import { digestDigits } from "./field.ts";
import { childrenOf, parseXml, type XmlElement } from "./xml.ts";

export interface Places {
  /** Addresses of the repository, best first, each once, without a trailing slash. */
  readonly bases: readonly string[];
  /** The versions of repomd.xml that are vouched for, the current one first; undefined where nothing is said. */
  readonly versions?: readonly RepomdVersion[];
}

/** By hash kind, lower-case hex digits: at least one of SHA-256 and SHA-512. */
export type RepomdVersion = Readonly<Partial<Record<"sha256" | "sha512", string>>>;

export const placesLimit = 8 * 2 ** 20;

/**
 * A metalink 3.0 for repomd.xml, as MirrorManager writes it: places by falling preference, and the hashes of the
 * current repomd.xml and of its alternates, which mirrors that lag behind may still have.
 *
 * @throws {Fault} `digest/bad-xml`; `digest/bad-metalink` where it is another document, or vouches for nothing
 */
export async function parseMetalink(label: string, document: Uint8Array): Promise<Places> {
  const root = await parseXml(label, document, metalinkLimits);
  const files = childrenOf(root, "files").flatMap((list) => childrenOf(list, "file"));
  const file = files.find(({ attributes }) => attributes["name"] === "repomd.xml");
  if (root.name !== "metalink" || file === undefined) throw bad(label, "it does not lead to a repomd.xml");
  const alternates = childrenOf(file, "mm0:alternates").flatMap((all) => childrenOf(all, "mm0:alternate"));
  const versions = [file, ...alternates].map(versionOf).filter((version) => version !== undefined);
  if (versions.length === 0) throw bad(label, "it has no SHA-256 or SHA-512 of repomd.xml");
  const bases = basesOf(
    childrenOf(file, "resources")
      .flatMap((list) => childrenOf(list, "url"))
      .map((url) => ({ url: url.text.trim(), preference: preferenceOf(url) }))
      .sort((a, b) => b.preference - a.preference)
      .map(({ url }) => url)
      .filter((url) => url.endsWith(repomdPath)),
  );
  if (bases.length === 0) throw bad(label, "it names no http or https address");
  return { bases, versions };
}

/**
 * A mirror list: an address a line, comments from `#` on.
 *
 * @throws {Fault} `digest/bad-mirrorlist` where there is none in it
 */
export function parseMirrorlist(label: string, document: Uint8Array): Places {
  const lines = Buffer.from(document.buffer, document.byteOffset, document.length).toString().split("\n");
  const bases = basesOf(lines.map((line) => line.trim()));
  if (bases.length > 0) return { bases };
  throw new Fault("digest/bad-mirrorlist", `${label}: there is no http or https address in it`, {
    hint: "the address may lead to a page, or the repository may not be there for this architecture",
  });
}

/** Whether a repomd.xml is one of those that are vouched for. */
export function isVouchedFor(document: Uint8Array, versions: readonly RepomdVersion[]): boolean {
  const sha256 = createHash("sha256").update(document).digest("hex");
  const sha512 = createHash("sha512").update(document).digest("hex");
  return versions.some((version) =>
    version.sha512 === undefined ? version.sha256 === sha256 : version.sha512 === sha512,
  );
}

const metalinkLimits = {
  records: 1,
  depth: 12,
  elements: 100_000,
  record: placesLimit,
  piece: 1 << 16,
} as const;
const repomdPath = "/repodata/repomd.xml";

function basesOf(urls: readonly string[]): readonly string[] {
  const bases = urls
    .filter((url) => /^https?:\/\/[!-~]+$/i.test(url) && URL.canParse(url) && !/[?#]/.test(url))
    .map((url) => (url.endsWith(repomdPath) ? url.slice(0, -repomdPath.length) : url).replace(/\/+$/, ""));
  return [...new Set(bases)];
}

function preferenceOf({ attributes: { preference = "" } }: XmlElement): number {
  return /^\d{1,3}$/.test(preference) ? Number(preference) : 0;
}

function versionOf(element: XmlElement): RepomdVersion | undefined {
  const hashes = childrenOf(element, "verification").flatMap((each) => childrenOf(each, "hash"));
  const found: { sha256?: string; sha512?: string } = {};
  for (const { attributes, text } of hashes) {
    const { type } = attributes;
    const value = text.trim().toLowerCase();
    if (type !== "sha256" && type !== "sha512") continue;
    if (value.length === digestDigits.get(type) && /^[0-9a-f]+$/.test(value)) found[type] ??= value;
  }
  return found.sha256 === undefined && found.sha512 === undefined ? undefined : found;
}

function bad(label: string, why: string): Fault {
  return new Fault("digest/bad-metalink", `${label}: not a metalink of a repository: ${why}`, {
    hint: "is the repository there for this release and architecture? open the address in a browser",
  });
}
