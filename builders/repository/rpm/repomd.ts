// repomd.xml: what an rpm repository says of itself and of its metadata files.
// Knows the format and which file to take; does not know how it was fetched, or whether to believe it.

import { Fault } from "../../../store/model/fault.ts";
import type { Compression } from "../../archive/stream.ts";
import { digestDigits, oneLine, quote, staysBelow } from "./field.ts";
import { childrenOf, parseXml, textOf, type XmlElement } from "./xml.ts";

export interface Repomd {
  /** As it stands there: mostly seconds since 1970, but anything may be. */
  readonly revision: string | undefined;
  /** Seconds since 1970: the latest of its files' timestamps and a revision that is one; 0 where there is none. */
  readonly date: number;
  /** By type, as `primary` or `group_gz`; only those kit reads. */
  readonly files: ReadonlyMap<string, MetadataFile>;
}

export interface MetadataFile {
  readonly type: string;
  /** Relative to the repository's root. */
  readonly path: string;
  readonly compression: Compression;
  /** Of the file as it is fetched. */
  readonly checksum: Checksum;
  /** Bytes. */
  readonly size: number;
  /** Bytes of it uncompressed, where it is told. */
  readonly plainSize?: number;
}

/** Lower-case hex digits. */
export interface Checksum {
  readonly kind: "sha224" | "sha256" | "sha384" | "sha512";
  readonly value: string;
}

/** What kit reads of a repository. */
export type MetadataKind = "primary" | "filelists" | "other" | "group" | "modules" | "updateinfo";

/** repomd.xml of the largest distributions has 10 kB. */
export const repomdLimit = 4 * 2 ** 20;

/**
 * Reads repomd.xml (createrepo_c's xml_dump_repomd.c). SQLite databases, zchunk files and types kit does not read are
 * passed over.
 *
 * @throws {Fault} `digest/bad-xml`; `digest/bad-repomd` where it is malformed, names a file outside the repository or
 * has no primary; `digest/weak-checksum` where MD5 or SHA-1 is all that vouches for a file
 */
export async function parseRepomd(label: string, document: Uint8Array): Promise<Repomd> {
  const root = await parseXml(label, document, repomdLimits);
  if (root.name !== "repomd") throw bad(label, `it begins with <${root.name.slice(0, 40)}>`);
  const files = new Map<string, MetadataFile>();
  let date = dateOf(textOf(root, "revision"));
  for (const data of childrenOf(root, "data")) {
    const type = data.attributes["type"] ?? "";
    if (!known.has(type)) continue;
    if (files.has(type)) throw bad(label, `it has two files of type ${type}`);
    files.set(type, fileOf(label, type, data));
    date = Math.max(date, dateOf(textOf(data, "timestamp")));
  }
  if (!files.has("primary")) throw bad(label, "it has no primary metadata");
  const revision = textOf(root, "revision");
  return { revision: revision === undefined ? undefined : oneLine(revision), date, files };
}

/** The repository's file of a kind, the smaller one where it is there twice; undefined where it has none. */
export function metadataFile({ files }: Repomd, kind: MetadataKind): MetadataFile | undefined {
  for (const suffix of suffixes) {
    const file = files.get(`${kind}${suffix}`);
    if (file !== undefined) return file;
  }
  return undefined;
}

const repomdLimits = { records: 1, depth: 8, elements: 20_000, record: repomdLimit, piece: 1 << 18 } as const;

// createrepo keeps comps twice, as it was given and compressed: group_gz, also where that is xz or zstd.
const suffixes = ["_gz", "_xz", "_zst", ""] as const;
const kinds: readonly MetadataKind[] = ["primary", "filelists", "other", "group", "modules", "updateinfo"];
const known = new Set(kinds.flatMap((kind) => suffixes.map((suffix) => `${kind}${suffix}`)));

function fileOf(label: string, type: string, data: XmlElement): MetadataFile {
  const [location, second] = childrenOf(data, "location");
  const path = location?.attributes["href"] ?? "";
  if (second !== undefined || !staysBelow(path))
    throw bad(label, `its ${type} has the place ${quote(path)}, which is none below the repository`);
  const base = location?.attributes["xml:base"];
  if (base !== undefined) throw bad(label, `its ${type} is said to be at ${quote(base)}, another place`);
  const size = sizeOf(label, data, "size");
  if (size === undefined) throw bad(label, `it does not tell the size of its ${type}`);
  const plainSize = sizeOf(label, data, "open-size");
  return {
    type,
    path,
    compression: compressionOf(label, path),
    checksum: checksumIn(label, type, data),
    size,
    ...(plainSize !== undefined && { plainSize }),
  };
}

function compressionOf(label: string, path: string): Compression {
  const suffix = /\.(gz|xz|zst|bz2|zck|lzma)$/.exec(path)?.[1];
  if (suffix === undefined) return "none";
  if (suffix === "gz" || suffix === "xz" || suffix === "zst") return suffix;
  throw new Fault("digest/bad-repomd", `${label}: ${path} is compressed in a way kit does not read`, {
    hint: "kit reads .gz, .xz, .zst and uncompressed metadata: make it with createrepo_c --general-compress-type=zstd",
  });
}

function checksumIn(label: string, type: string, data: XmlElement): Checksum {
  const [checksum, second] = childrenOf(data, "checksum");
  const kind = checksum?.attributes["type"] ?? "";
  const value = checksum?.text.trim() ?? "";
  if (checksum === undefined || second !== undefined)
    throw bad(label, `its ${type} has not got one checksum`);
  if (weak.has(kind)) {
    throw new Fault("digest/weak-checksum", `${label}: only ${kind.toUpperCase()} vouches for its ${type}`, {
      hint: "such sums can be forged: whoever keeps the repository makes better ones with createrepo_c --checksum=sha256",
    });
  }
  if (digestDigits.get(kind) !== value.length || !/^[0-9a-f]+$/.test(value))
    throw bad(label, `its ${type} has a malformed checksum of the kind ${quote(kind)}`);
  return { kind: kind as Checksum["kind"], value };
}

const weak = new Set(["md5", "sha", "sha1"]);

function sizeOf(label: string, data: XmlElement, name: string): number | undefined {
  const text = textOf(data, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw bad(label, `the <${name}> ${quote(text)} is no number`);
  return Number(text);
}

/** Seconds since 1970, which some tools write with a fraction. What is no time, as a build's number, says nothing. */
function dateOf(text: string | undefined): number {
  const digits = /^(\d{9,11})(?:\.\d+)?$/.exec(text ?? "")?.[1];
  return digits === undefined ? 0 : Number(digits);
}

function bad(label: string, why: string): Fault {
  return new Fault("digest/bad-repomd", `${label}: not a sound repomd.xml: ${why}`, {
    hint: "the address or the mirror's copy is wrong: is it the folder that holds repodata/?",
  });
}
