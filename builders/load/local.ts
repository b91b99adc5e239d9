// Local files and folders: their digests, and their bytes on the way to the keeper.
// Knows how the disk is walked; does not know which manifest names them.

import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { hashFile } from "../../store/filehash.ts";
import { type Content, contentOf } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { digestOfTree } from "../../store/model/tree.ts";
import { localTree } from "../keeper/local.ts";
import type { LocalEntry } from "../keeper/protocol.ts";

/** A file as a blob, a folder as a tree; undefined where there is neither. */
export function digestLocal(
  path: string,
): { readonly content: Content; readonly executable: boolean } | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isFile())
    // What a link leads to is what is named.
    return {
      content: contentOf("blob", hashFile(realpathSync(path)).digest),
      executable: (stats.mode & 0o100) !== 0,
    };
  if (!stats.isDirectory()) throw new Fault("manifest/wrong-type", `${path} is neither a file nor a folder`);
  const tree = localTree(walkFolder(path), (entry) => hashFile(`${path}/${entry.path}`));
  return { content: contentOf("tree", digestOfTree(tree)), executable: false };
}

/** A folder's entries with their bytes, as the keeper takes them. */
export function readFolder(path: string): LocalEntry[] {
  return walkFolder(path).map((entry) =>
    entry.kind === "file" ? { ...entry, bytes: readFileSync(`${path}/${entry.path}`) } : entry,
  );
}

/** Everything below a folder but `.git`, and the folder itself. */
export function walkFolder(folder: string): LocalEntry[] {
  const entries: LocalEntry[] = [{ path: "", mode: 0o755, kind: "directory" }];
  const visit = (relative: string) => {
    const path = `${folder}/${relative}`;
    const stats = lstatSync(path);
    const common = { path: relative, mode: stats.mode & 0o777 };
    if (stats.isSymbolicLink()) entries.push({ ...common, kind: "symlink", target: readlinkSync(path) });
    else if (stats.isFile()) entries.push({ ...common, kind: "file" });
    else if (stats.isDirectory()) {
      entries.push({ ...common, kind: "directory" });
      for (const name of readdirSync(path).sort()) visit(`${relative}/${name}`);
    } else {
      throw new Fault("manifest/wrong-type", `${path} is neither a file nor a folder nor a link`, {
        hint: "leave it out of the folder",
      });
    }
  };
  for (const name of readdirSync(folder).sort()) if (name !== ".git") visit(name);
  return entries;
}
