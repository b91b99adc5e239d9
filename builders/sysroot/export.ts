// Sysroots on their way out of the store: a folder, or an archive of each build type, and what is in it.
// Knows trees and files; does not know who planned them.

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { poolTime } from "../../store/layout.ts";
import type { BuildType } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { digestOfTree, type FileEntry, type Tree } from "../../store/model/tree.ts";
import { tarOf } from "../archive/tarwriter.ts";
import { loadZip } from "../late.ts";
import { prefix } from "./recipe.ts";

/** `folder`: as it is; the others one archive for each build type. */
export type ExportForm = "folder" | "tar" | "zip";

export interface ExportedSysroot {
  readonly buildType: BuildType;
  readonly architecture: string;
  readonly distro: string;
  readonly tree: Tree;
  /** Sorted by name. */
  readonly packages: readonly { readonly name: string; readonly version: string | undefined }[];
  /** Packages of the distribution that these need to run. */
  readonly runtime: readonly string[];
}

/** The file of a blob in the pool. @throws {Fault} `store/missing-blob` */
export type FileOf = (entry: FileEntry) => string;

/**
 * Told before anything is built.
 *
 * @throws {Fault} `usage/not-empty`, `usage/not-a-folder`
 */
export function refuseFull(folder: string): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  const hint = "name an empty folder, or one that is not there yet";
  if (stats === undefined) {
    if (statSync(dirname(folder), { throwIfNoEntry: false })?.isDirectory()) return;
    throw new Fault("usage/not-a-folder", `${folder} cannot be made: there is no folder to make it in`, {
      hint,
    });
  }
  if (!stats.isDirectory())
    throw new Fault("usage/not-a-folder", `${folder} is there, and is no folder`, { hint });
  const [first] = readdirSync(folder);
  if (first === undefined) return;
  throw new Fault("usage/not-empty", `${folder} is not empty: it has ${first} in it`, { hint });
}

/**
 * Writes them beside the place, and moves them there when they are whole.
 *
 * @throws {Fault} {@link refuseFull}, {@link FileOf}
 */
export async function exportSysroots(
  sysroots: readonly ExportedSysroot[],
  folder: string,
  { form, fileOf }: { readonly form: ExportForm; readonly fileOf: FileOf },
): Promise<void> {
  refuseFull(folder);
  const fresh = `${folder}.new-${randomBytes(4).toString("hex")}`;
  try {
    mkdirSync(fresh);
    for (const sysroot of sysroots) await writeSysroot(sysroot, join(fresh, sysroot.buildType), form, fileOf);
    writeFileSync(join(fresh, "sysroot.json"), aboutText(sysroots));
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
}

async function writeSysroot(
  { tree }: ExportedSysroot,
  place: string,
  form: ExportForm,
  fileOf: FileOf,
): Promise<void> {
  if (form === "folder") return writeFolder(tree, place, fileOf);
  if (form === "zip") return await writeZip(tree, `${place}.zip`, fileOf);
  const files = new Map<Digest, string>();
  for (const entry of tree.entries) if (entry.type === "file") files.set(entry.blob, fileOf(entry));
  const read = (blob: Digest) => createReadStream(files.get(blob) ?? "");
  await pipeline(Readable.from(tarOf(tree, read, { mtime: poolTime })), createWriteStream(`${place}.tar`));
}

function writeFolder(tree: Tree, place: string, fileOf: FileOf): void {
  const links = new Map<number, string>();
  for (const entry of tree.entries) {
    const path = join(place, entry.path);
    if (entry.type === "directory") mkdirSync(path, { recursive: true });
    else if (entry.type === "symlink") symlinkSync(entry.target, path);
    else if (entry.type === "file") {
      const first = entry.link === undefined ? undefined : links.get(entry.link);
      if (first !== undefined) linkSync(first, path);
      else {
        copyFileSync(fileOf(entry), path, constants.COPYFILE_FICLONE);
        chmodSync(path, entry.mode);
        utimesSync(path, poolTime, poolTime);
        if (entry.link !== undefined) links.set(entry.link, path);
      }
    }
  }
}

/** Links as Info-ZIP has them; the same tree gives the same bytes. */
async function writeZip(tree: Tree, file: string, fileOf: FileOf): Promise<void> {
  const { ZipFile } = await loadZip();
  const zip = new ZipFile();
  // A zip's times have no zone: the middle of the day is this day everywhere.
  const mtime = new Date(2000, 0, 1, 12);
  for (const entry of tree.entries) {
    if (entry.path === "") continue;
    if (entry.type === "directory") zip.addEmptyDirectory(entry.path, { mtime, mode: 0o40000 | entry.mode });
    else if (entry.type === "symlink")
      zip.addBuffer(Buffer.from(entry.target), entry.path, { mtime, mode: 0o120777, compress: false });
    else if (entry.type === "file")
      zip.addFile(fileOf(entry), entry.path, { mtime, mode: 0o100000 | entry.mode });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}

function aboutText(sysroots: readonly ExportedSysroot[]): string {
  const about = {
    format: "kit/sysroot/1",
    // Where the files say they are: `prefix=` of .pc files.
    prefix,
    sysroots: sysroots.map(({ buildType, architecture, distro, tree, packages, runtime }) => ({
      ...{ buildType, architecture, distro, packages, runtime },
      files: tree.entries.filter(({ type }) => type !== "directory").map(({ path }) => path),
      digest: digestOfTree(tree),
    })),
  };
  return `${JSON.stringify(about, null, 1)}\n`;
}
