// A fetched rpm repository's metadata, read from the pool into texts and plain data.
// Knows which file is read how; does not know how it was fetched, nor who asks.

import type { Digest } from "../../../store/model/digest.ts";
import { Fault } from "../../../store/model/fault.ts";
import { unpackFile } from "../unpack.ts";
import { type Comps, parseComps } from "./comps.ts";
import type { FetchedMetadata } from "./fetch.ts";
import { type FileList, readFilelists } from "./filelists.ts";
import { type Modules, modularField, readModules } from "./modules.ts";
import { readOther } from "./other.ts";
import { type PackagesReader, readPrimary } from "./primary.ts";
import type { MetadataKind } from "./repomd.ts";

export interface Fetched {
  /** By which it is told. */
  readonly repository: string;
  readonly files: readonly FetchedFile[];
}

/** What has to be known of a file to read it. */
export type FetchedFile = Pick<FetchedMetadata, "kind" | "path" | "compression" | "plainSize" | "blob">;

/** The path of a blob's file. */
export type FileOf = (blob: Digest) => string;

export interface PackageList {
  /** Stanzas with an empty line after each, UTF-8, in the order of primary.xml. */
  readonly text: Buffer;
  readonly packages: number;
  readonly warnings: readonly string[];
  /** Where the repository has modules and they were fetched; each stanza says to which it belongs. */
  readonly modules: Modules | undefined;
}

/**
 * Every package of a repository.
 *
 * @throws {Fault} `digest/bad-primary`, `digest/bad-xml`, `digest/bad-modules`, `digest/too-large`, `digest/bomb`,
 * `digest/bad-stream`
 */
export async function listPackages(fetched: Fetched, fileOf: FileOf): Promise<PackageList> {
  const modules = await listModules(fetched, fileOf);
  const file = theFile(fetched, "primary");
  if (file === undefined) throw new Error("primary metadata was not fetched");
  const text = gatherText(labelOf(fetched, file), file.plainSize);
  const options = modules === undefined ? {} : { modular: modularField(modules) };
  const reader = await readPrimary(labelOf(fetched, file), text.add, options);
  await unpackInto(reader, file, fileOf);
  const warnings = [...(modules?.warnings ?? []), ...reader.warnings()];
  return { text: text.whole(), packages: reader.packages, warnings, modules };
}

/**
 * Every package's files, each list given to `sink` and not kept: a large distribution's are 600 MB as text.
 * Gives the warnings; empty too where the repository has no filelists.
 *
 * @throws {Fault} `digest/bad-filelists`, `digest/bad-xml`, `digest/too-large`, `digest/bomb`, `digest/bad-stream`
 */
export async function eachFileList(
  fetched: Fetched,
  fileOf: FileOf,
  sink: (list: FileList) => void,
): Promise<readonly string[]> {
  const file = theFile(fetched, "filelists");
  if (file === undefined) return [];
  const reader = await readFilelists(labelOf(fetched, file), sink);
  await unpackInto(reader, file, fileOf);
  return reader.warnings();
}

/**
 * What changed in every package, as stanzas; none where the repository does not tell.
 *
 * @throws {Fault} `digest/bad-other`, `digest/bad-xml`, `digest/too-large`, `digest/bomb`, `digest/bad-stream`
 */
export async function listChanges(
  fetched: Fetched,
  fileOf: FileOf,
): Promise<Pick<PackageList, "text" | "packages" | "warnings">> {
  const file = theFile(fetched, "other");
  if (file === undefined) return { text: Buffer.alloc(0), packages: 0, warnings: [] };
  const text = gatherText(labelOf(fetched, file), file.plainSize);
  const reader = await readOther(labelOf(fetched, file), text.add);
  await unpackInto(reader, file, fileOf);
  return { text: text.whole(), packages: reader.packages, warnings: reader.warnings() };
}

/** @throws {Fault} `digest/bad-comps`, `digest/bad-xml`, `digest/too-large`, `digest/bomb`, `digest/bad-stream` */
export async function listGroups(
  fetched: Fetched,
  fileOf: FileOf,
  architecture?: string,
): Promise<Comps | undefined> {
  const file = theFile(fetched, "group");
  if (file === undefined) return undefined;
  return await parseComps(labelOf(fetched, file), await wholeFile(file, fileOf), architecture);
}

/** @throws {Fault} `digest/bad-modules`, `digest/too-large`, `digest/bomb`, `digest/bad-stream` */
export async function listModules(fetched: Fetched, fileOf: FileOf): Promise<Modules | undefined> {
  const file = theFile(fetched, "modules");
  if (file === undefined) return undefined;
  return readModules(labelOf(fetched, file), await wholeFile(file, fileOf));
}

const limits = {
  /** Bytes of a metadata file uncompressed. Fedora's filelists have 0.8 GB. */
  plain: 4 * 2 ** 30,
  /** Of one that is read whole. */
  whole: 64 * 2 ** 20,
  /** Of all stanzas. */
  text: 2 ** 29,
} as const;

function theFile({ files }: Fetched, kind: MetadataKind): FetchedFile | undefined {
  return files.find((file) => file.kind === kind);
}

function labelOf({ repository }: Fetched, { path }: FetchedFile): string {
  return `${repository} ${path.slice(path.lastIndexOf("/") + 1)}`;
}

async function unpackInto(reader: PackagesReader, file: FetchedFile, fileOf: FileOf): Promise<void> {
  const most = Math.min(file.plainSize ?? limits.plain, limits.plain);
  await unpackFile(fileOf(file.blob), file.compression, most, reader.push);
  reader.end();
}

async function wholeFile(file: FetchedFile, fileOf: FileOf): Promise<Buffer> {
  const parts: Buffer[] = [];
  const most = Math.min(file.plainSize ?? limits.whole, limits.whole);
  await unpackFile(fileOf(file.blob), file.compression, most, (part) => void parts.push(Buffer.from(part)));
  return Buffer.concat(parts);
}

interface GatheredText {
  readonly add: (text: string) => void;
  whole(): Buffer;
}

/**
 * As bytes, a MiB at a time: strings cut out of the unpacked text would keep all of it. The buffer is as large as the
 * file uncompressed, which stanzas do not reach (68 MB of 174); what is not written to takes no memory.
 */
function gatherText(label: string, plainSize = 16 << 20): GatheredText {
  let buffer: Buffer = Buffer.allocUnsafeSlow(Math.min(plainSize, limits.text));
  let used = 0;
  let pending = "";
  const settle = () => {
    const size = Buffer.byteLength(pending);
    if (used + size > limits.text) {
      throw new Fault(
        "digest/too-large",
        `${label}: its packages are more than ${limits.text} bytes as text`,
        {
          hint: "no distribution is this large: ask where the repository comes from",
        },
      );
    }
    if (used + size > buffer.length) buffer = enlarged(buffer, used, used + size);
    used += buffer.write(pending, used);
    pending = "";
  };
  return {
    add(text) {
      pending += text;
      if (pending.length >= 1 << 20) settle();
    },
    whole() {
      settle();
      return buffer.subarray(0, used);
    },
  };
}

function enlarged(buffer: Buffer, used: number, least: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(least, Math.min(2 * buffer.length, limits.text)));
  buffer.copy(larger, 0, 0, used);
  return larger;
}
