// The manifest's own files, as entries to lay over the root.
// Knows modes, owners and where content comes from; does not know what is in the root.

import { type Content, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { joinPath, parseTreePath } from "../../store/model/path.ts";
import type { Entry, Tree } from "../../store/model/tree.ts";
import { modeWithin } from "../package/file.ts";
import { type Contents, fileEntry } from "./draft.ts";
import type { WantedFile } from "./recipe.ts";

export interface Sources extends Contents {
  input(name: string): Content;
  tree(digest: Digest): Tree;
}

/** A file, or a folder and all below it, its mode and owner given to each. A folder that is there keeps its own. */
export function entriesOf(file: WantedFile, sources: Sources): Entry[] {
  const path = parseTreePath(file.path);
  const [uid = 0, gid = 0] = (file.owner ?? "0:0").split(":").map(Number);
  const mode = file.mode === undefined ? undefined : Number.parseInt(file.mode, 8);
  const owned = { mode: mode ?? 0o644, uid, gid };
  if (file.input === undefined) return [fileEntry(path, Buffer.from(file.content ?? ""), owned, sources)];
  const { kind, digest } = splitContent(sources.input(file.input));
  if (kind === "blob") return [fileEntry(path, sources.read(digest), owned, sources)];
  return sources.tree(digest).entries.map((entry) => ({
    ...entry,
    path: joinPath(path, entry.path),
    uid,
    gid,
    ...modeWithin(entry, mode),
  }));
}

/** The bytes of an input that has to be a file. @throws {Fault} `manifest/wrong-type` */
export function readInput(name: string, sources: Sources): Buffer {
  const { kind, digest } = splitContent(sources.input(name));
  if (kind === "tree")
    throw new Fault(
      "manifest/wrong-type",
      `${name.slice(name.indexOf(" ") + 1)} is a folder where a file is expected`,
    );
  return sources.read(digest);
}
