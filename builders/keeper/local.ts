// Local files as a tree: the same whether they are only digested or stored.
// Knows what of a local file counts; does not read any disk.

import type { Digest } from "../../store/model/digest.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { type Entry, makeTree, type Tree } from "../../store/model/tree.ts";
import type { LocalEntry } from "./protocol.ts";

/** The blob of a local file that is to have this mode. */
export type BlobOf = (entry: LocalEntry, mode: number) => { readonly digest: Digest; readonly size: number };

/** Owners are not the caller's but root's; of the mode only the executable bit is kept, as git keeps it. */
export function localTree(entries: readonly LocalEntry[], blobOf: BlobOf): Tree {
  return makeTree(
    entries.map((entry): Entry => {
      const owned = { path: parseTreePath(entry.path), uid: 0, gid: 0 };
      switch (entry.kind) {
        case "directory":
          return { type: "directory", ...owned, mode: 0o755 };
        case "symlink":
          return { type: "symlink", ...owned, mode: 0o777, target: entry.target ?? "" };
        case "file": {
          const mode = entry.mode & 0o111 ? 0o755 : 0o644;
          const { digest, size } = blobOf(entry, mode);
          return { type: "file", ...owned, mode, size, blob: digest };
        }
      }
    }),
  );
}
