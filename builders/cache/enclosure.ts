// The enclosure: a manifest's files on their way into a bundle, and out of one.
// Knows files, links and folders on disk; does not know what a manifest means, nor a bundle's form.

import { createReadStream, mkdirSync, statSync, symlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { asCacheFault } from "../../store/cache/trouble.ts";
import { Fault } from "../../store/model/fault.ts";
import { walkFolder } from "../load/local.ts";
import {
  type About,
  aboutLimit,
  aboutName,
  decodeAbout,
  enclosedName,
  enclosedPath,
  encodeAbout,
  foldersOf,
} from "./about.ts";
import type { Bundle, ExtraSource } from "./bundle.ts";

/** Absolute paths of what goes along: files, and folders with all that is in them. */
export interface Belongings {
  readonly manifest: string;
  readonly others: readonly string[];
}

/** What stands for them in a bundle. @throws {Fault} `manifest/missing-file` where one has gone meanwhile */
export function enclose(
  { manifest, others }: Belongings,
  wish: Pick<About, "architecture" | "buildType">,
): ExtraSource[] {
  const paths = [...new Set([manifest, ...others])];
  const base = commonFolder(paths);
  const files = new Map<string, ExtraSource>();
  const links = new Map<string, string>();
  const folders = new Set<string>();
  for (const path of paths) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) throw new Fault("manifest/missing-file", `${path} has gone meanwhile`);
    const at = relative(base, path);
    if (!stats.isDirectory()) {
      files.set(at, fileSource(path, at, stats.size, (stats.mode & 0o100) !== 0));
      continue;
    }
    for (const entry of walkFolder(path)) {
      const [from, to] = [`${path}/${entry.path}`, relative(base, `${path}/${entry.path}`)];
      if (entry.kind === "directory") folders.add(to);
      else if (entry.kind === "symlink") links.set(to, entry.target ?? "");
      else if (!files.has(to))
        files.set(to, fileSource(from, to, statSync(from).size, (entry.mode & 0o111) !== 0));
    }
  }
  // What a folder holds makes it be there.
  for (const path of [...files.keys(), ...links.keys(), ...folders])
    for (const folder of foldersOf(path)) folders.delete(folder);
  const about = encodeAbout({
    ...wish,
    manifest: relative(base, manifest),
    links: Object.fromEntries([...links].filter(([path]) => !files.has(path))),
    folders: [...folders],
  });
  return [textSource(aboutName, about), ...files.values()];
}

/** What a bundle says of its manifest; undefined where it has none. @throws {Fault} `digest/bad-bundle` */
export async function readAbout(bundle: Bundle): Promise<About | undefined> {
  const extra = bundle.extras.find(({ path }) => path === aboutName);
  if (extra === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  if (extra.size <= aboutLimit) for await (const piece of bundle.readExtra(aboutName)) pieces.push(piece);
  const files = bundle.extras.flatMap(({ path }) => enclosedPath(path) ?? []);
  return decodeAbout(Buffer.concat(pieces), new Set(files), bundle.location);
}

/**
 * Writes a manifest's files into a folder, which is made. Links are made last, so that nothing is written through one.
 *
 * @throws {Fault} `store/cache-full`, `store/cache-unwritable`, `store/cache-failed`
 */
export async function unpackEnclosure(bundle: Bundle, about: About, folder: string): Promise<void> {
  const writing = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asCacheFault(error, folder, "written");
    }
  };
  await writing(() => mkdirSync(folder));
  for (const { path, executable } of bundle.extras) {
    const at = enclosedPath(path);
    if (at === undefined) continue;
    const file = `${folder}/${at}`;
    await writing(() => mkdirSync(dirname(file), { recursive: true }));
    const handle = await writing(() => open(file, "wx", executable ? 0o755 : 0o644));
    try {
      for await (const piece of bundle.readExtra(path)) await writing(() => writeFully(handle, piece));
    } finally {
      await handle.close();
    }
  }
  await writing(() => {
    for (const path of about.folders) mkdirSync(`${folder}/${path}`, { recursive: true });
    for (const path of Object.keys(about.links)) mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
    for (const [path, target] of Object.entries(about.links)) symlinkSync(target, `${folder}/${path}`);
  });
}

/** The deepest folder that all of them lie in. */
function commonFolder(paths: readonly string[]): string {
  const [first = "/", ...rest] = paths.map((path) => dirname(path));
  const isWithin = (folder: string, base: string) =>
    base === "/" || folder === base || folder.startsWith(`${base}/`);
  let base = first;
  while (!rest.every((folder) => isWithin(folder, base))) base = dirname(base);
  return base;
}

function fileSource(path: string, at: string, size: number, executable: boolean): ExtraSource {
  return { path: enclosedName(at), size, executable, read: () => createReadStream(path) };
}

function textSource(path: string, bytes: Buffer): ExtraSource {
  return {
    path,
    size: bytes.length,
    executable: false,
    read: async function* () {
      yield bytes;
    },
  };
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}
