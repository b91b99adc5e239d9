// Sysroots on their way out of the store: a folder, or an archive of each build type, and what is in it.
// Knows trees and files; does not know who planned them.

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  createReadStream,
  createWriteStream,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
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
import { asFolderFault, isEmptyFolder, moveUp } from "../outfolder.ts";
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

export interface ExportMeans {
  readonly form: ExportForm;
  /** The file of a blob in the pool. @throws {Fault} `store/missing-blob` */
  readonly fileOf: (entry: FileEntry) => string;
  /** Whose the files are to be: who exports them. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

/**
 * The folder itself, where a link leads to it. Told before anything is built.
 *
 * @throws {Fault} `usage/not-empty`, `usage/not-a-folder`
 */
export function exportPlace(written: string): string {
  const hint = "name an empty folder, or one that is not there yet";
  const refused = (why: string) => new Fault("usage/not-a-folder", `${written} ${why}`, { hint });
  const isLink = lstatSync(written, { throwIfNoEntry: false })?.isSymbolicLink();
  const stats = statSync(written, { throwIfNoEntry: false });
  if (stats === undefined) {
    if (isLink) throw refused("is a link that leads nowhere");
    if (statSync(dirname(written), { throwIfNoEntry: false })?.isDirectory()) return written;
    throw refused("cannot be made: there is no folder to make it in");
  }
  if (!stats.isDirectory()) throw refused("is there, and is no folder");
  const [first] = readdirSync(written);
  if (first === undefined) return realpathSync(written);
  throw new Fault("usage/not-empty", `${written} is not empty: it has ${first} in it`, { hint });
}

/**
 * Writes them apart, and moves them to their place when they are whole.
 *
 * @throws {Fault} {@link exportPlace}, `usage/no-zip` for a name that no zip can hold, `usage/unwritable`, `host/full`
 */
export async function exportSysroots(
  sysroots: readonly ExportedSysroot[],
  folder: string,
  means: ExportMeans,
): Promise<void> {
  const place = exportPlace(folder);
  const isThere = isEmptyFolder(place);
  const fresh = `${isThere ? join(place, ".new") : `${place}.new`}-${randomBytes(4).toString("hex")}`;
  try {
    mkdirSync(fresh);
    for (const sysroot of sysroots) await writeSysroot(sysroot, join(fresh, sysroot.buildType), means);
    writeFileSync(join(fresh, "sysroot.json"), aboutText(sysroots));
    if (isThere) moveUp(fresh, place, "sysroot.json");
    else renameSync(fresh, place);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw asFolderFault(error, folder, "sysroot");
  }
}

async function writeSysroot({ tree }: ExportedSysroot, place: string, means: ExportMeans): Promise<void> {
  if (means.form === "folder") return writeFolder(tree, place, means);
  if (means.form === "zip") return await writeZip(tree, `${place}.zip`, means);
  const files = new Map<Digest, string>();
  for (const entry of tree.entries) if (entry.type === "file") files.set(entry.blob, means.fileOf(entry));
  const read = (blob: Digest) => createReadStream(files.get(blob) ?? "");
  await pipeline(Readable.from(tarOf(tree, read, { mtime: poolTime })), createWriteStream(`${place}.tar`));
}

/** Modes and times are the tree's, whatever umask there is; a pool's file has an owner of its own. */
function writeFolder(tree: Tree, place: string, { fileOf, owner: { uid, gid } }: ExportMeans): void {
  const links = new Map<number, string>();
  for (const entry of tree.entries) {
    const path = join(place, entry.path);
    if (entry.type === "directory") mkdirSync(path, { recursive: true, mode: 0o700 });
    else if (entry.type === "symlink") symlinkSync(entry.target, path);
    else if (entry.type === "file") {
      const first = entry.link === undefined ? undefined : links.get(entry.link);
      if (first !== undefined) linkSync(first, path);
      else {
        copyFileSync(fileOf(entry), path, constants.COPYFILE_FICLONE);
        chownSync(path, uid, gid);
        chmodSync(path, entry.mode);
        utimesSync(path, poolTime, poolTime);
        if (entry.link !== undefined) links.set(entry.link, path);
      }
    }
  }
  // When all is in it: a folder may be one that nobody writes into.
  for (const { type, path, mode } of tree.entries.toReversed())
    if (type === "directory") {
      chmodSync(join(place, path), mode);
      utimesSync(join(place, path), poolTime, poolTime);
    }
}

/** Links as Info-ZIP has them; the same tree gives the same bytes. @throws {Fault} `usage/no-zip` */
async function writeZip(tree: Tree, file: string, { fileOf }: ExportMeans): Promise<void> {
  const odd = tree.entries.find(({ path }) => path.includes("\\"));
  if (odd !== undefined)
    throw new Fault("usage/no-zip", `a zip cannot hold the name ${JSON.stringify(odd.path)}`, {
      hint: "a backslash is what parts folders there: use --tar",
    });
  const { ZipFile } = await loadZip();
  const zip = new ZipFile();
  // A zip's own times have no zone: what a clock here shows is what is written, and a time with one left out.
  const common = { mtime: new Date(2000, 0, 1, 12), forceDosTimestamp: true };
  for (const entry of tree.entries) {
    if (entry.path === "") continue;
    if (entry.type === "directory")
      zip.addEmptyDirectory(entry.path, { ...common, mode: 0o40000 | entry.mode });
    else if (entry.type === "symlink")
      zip.addBuffer(Buffer.from(entry.target), entry.path, { ...common, mode: 0o120777, compress: false });
    else if (entry.type === "file")
      zip.addFile(fileOf(entry), entry.path, { ...common, mode: 0o100000 | entry.mode });
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
