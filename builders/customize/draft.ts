// A root while it is changed: files found and placed as they would be inside it.
// Knows links, folders and owners; does not know why anything is placed.

import type { Attributes } from "../../store/layout.ts";
import { Fault } from "../../store/model/fault.ts";
import { comparePaths, parentOf, parseTreePath, rootPath, type TreePath } from "../../store/model/path.ts";
import {
  directoryAt,
  type Entry,
  entriesByPath,
  type FileEntry,
  makeTree,
  type Tree,
} from "../../store/model/tree.ts";
import { type Contents, fileEntry } from "../package/place.ts";

/** What a root can be asked. Paths may begin with a slash; links are followed as inside the root. */
export interface Lookup {
  /** What a path leads to. */
  find(path: string): Entry | undefined;
  /** The text of a file; absent where there is none. */
  text(path: string): string | undefined;
  /** Everything below a folder, in path order. */
  below(path: string): readonly Entry[];
}

/** A file or a link to lay over the root; a file's mode is 0644 without one. */
export type Setting =
  | { readonly path: string; readonly content: string | Buffer; readonly mode?: number }
  | { readonly path: string; readonly target: string };

export interface Draft extends Lookup {
  /** Places root's own file or link. @throws {Fault} as {@link place} */
  set(setting: Setting): void;
  /**
   * Places a file, a link or a folder, with the folders that are missing above it (0755, root), and returns where
   * it is. Links in the path are followed; a link at its end is replaced, or followed where a folder is placed.
   * A folder that is there keeps its owner and mode.
   *
   * @throws {Fault} `manifest/path-conflict` where a folder is to be a file or the other way round
   */
  place(entry: Entry): TreePath;
  /** Replaces a file's text, its owner and mode as they are or else these. */
  rewrite(path: string, text: string, attributes: Attributes): void;
  /** Gives what belongs to one number to another. */
  reown(uids: ReadonlyMap<number, number>, gids: ReadonlyMap<number, number>): void;
  tree(): Tree;
}

export function openDraft(root: Tree, contents: Contents): Draft {
  const entries = entriesByPath(root);
  const draft: Draft = {
    find: (path) => entries.get(follow(path, entries, true)),
    text(path) {
      const entry = draft.find(path);
      return entry?.type === "file" ? contents.read(entry.blob).toString("utf8") : undefined;
    },
    below(path) {
      const folder = follow(path, entries, true);
      const found = [...entries.values()].filter((entry) => entry.path.startsWith(`${folder}/`));
      return found.sort((a, b) => comparePaths(a.path, b.path));
    },
    set(setting) {
      const path = parseTreePath(setting.path);
      if ("target" in setting)
        draft.place({ type: "symlink", path, target: setting.target, mode: 0o777, uid: 0, gid: 0 });
      else
        draft.place(
          fileEntry(
            path,
            Buffer.from(setting.content),
            { mode: setting.mode ?? 0o644, uid: 0, gid: 0 },
            contents,
          ),
        );
    },
    place(entry) {
      const path = follow(entry.path, entries, entry.type === "directory");
      const present = entries.get(path);
      for (let at = path; at !== rootPath; ) {
        at = parentOf(at);
        const parent = entries.get(at);
        if (parent === undefined) entries.set(at, directoryAt(at));
        else if (parent.type !== "directory") throw conflict(entry, `/${at} is no folder`);
        else break;
      }
      if (entry.type === "directory") {
        if (present !== undefined && present.type !== "directory") throw conflict(entry, "there is a file");
        if (present === undefined) entries.set(path, { ...entry, path });
        return path;
      }
      if (present?.type === "directory") throw conflict(entry, "there is a folder");
      // What is placed is a file of its own: a link group's number would be one of another tree.
      const { link: _, ...single } = entry as FileEntry;
      entries.set(path, { ...single, path });
      return path;
    },
    rewrite(path, text, attributes) {
      const present = draft.find(path);
      const { mode, uid, gid } = present ?? attributes;
      const at = present?.path ?? parseTreePath(path);
      draft.place(fileEntry(at, Buffer.from(text), { mode, uid, gid }, contents));
    },
    reown(uids, gids) {
      if (uids.size === 0 && gids.size === 0) return;
      for (const [path, entry] of entries) {
        const [uid, gid] = [uids.get(entry.uid) ?? entry.uid, gids.get(entry.gid) ?? entry.gid];
        if (uid !== entry.uid || gid !== entry.gid) entries.set(path, { ...entry, uid, gid });
      }
    },
    tree: () => makeTree(entries.values()),
  };
  return draft;
}

const maxHops = 40;

/** Where a path leads inside the root (path_resolution(7)): absolute links start at the root, `..` stops there. */
function follow(path: string, entries: ReadonlyMap<TreePath, Entry>, last: boolean): TreePath {
  const todo = parseTreePath(path).split("/").reverse();
  const at: string[] = [];
  for (let hops = 0; todo.length > 0; ) {
    const part = todo.pop() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      at.pop();
      continue;
    }
    at.push(part);
    const entry = entries.get(at.join("/") as TreePath);
    if (entry?.type !== "symlink" || (todo.length === 0 && !last)) continue;
    if (++hops > maxHops)
      throw new Fault("manifest/path-conflict", `${path} lies behind a circle of links in the root`);
    at.pop();
    if (entry.target.startsWith("/")) at.length = 0;
    todo.push(...entry.target.split("/").reverse());
  }
  return parseTreePath(at.join("/"));
}

function conflict(entry: Entry, why: string): Fault {
  const what = entry.type === "directory" ? "folder" : entry.type === "symlink" ? "link" : "file";
  return new Fault("manifest/path-conflict", `the ${what} /${entry.path} cannot be placed: ${why}`, {
    hint: "what the manifest places replaces files, never folders, and no file a folder",
  });
}
