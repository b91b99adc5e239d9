// What the rootfs tests share: packages written as a few lines, their blobs in memory.
// Knows what a package is made of; does not know what any test expects.

import type { Package } from "../../../builders/rootfs/package.ts";
import { type Digest, digestOf } from "../../../store/model/digest.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { directoryAt, type Entry, type FileEntry, makeTree, type Tree } from "../../../store/model/tree.ts";

/** A file's text, or its fields over a text; a link's target after `→ `; `/` for a folder. */
export type Files = Readonly<
  Record<string, string | { text: string; mode?: number; uid?: number; gid?: number; link?: number }>
>;

export interface Rig {
  read(blob: Digest): Buffer;
  put(bytes: Buffer, entry?: FileEntry): Digest;
  tree(files: Files): Tree;
  /** `fields` go over `Architecture: amd64`, `Version: 1`; `control` are the other control files. */
  package(name: string, files?: Files, fields?: Readonly<Record<string, string>>, control?: Files): Package;
  /** The text of an entry; undefined where the path is no file. */
  text(entries: readonly Entry[], path: string): string | undefined;
}

export function rig(): Rig {
  const blobs = new Map<Digest, Buffer>();
  const put = (bytes: Buffer) => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return digest;
  };
  const read = (blob: Digest) => {
    const bytes = blobs.get(blob);
    if (bytes === undefined) throw new Error(`the rig has no ${blob}`);
    return bytes;
  };
  const tree = (files: Files) =>
    makeTree(Object.entries(files).map(([path, value]) => entryOf(path, value, put)));
  return {
    read,
    put,
    tree,
    package(name, files = {}, fields = {}, control = {}) {
      const stanza = { Package: name, Version: "1", Architecture: "amd64", ...fields };
      const data = tree(files);
      return {
        name,
        version: stanza.Version,
        architecture: stanza.Architecture,
        stanza,
        control: tree(control),
        data,
        list: data.entries.map(({ path }) => (path === "" ? "/." : `/${path}`)),
        deb: digestOf(name),
      };
    },
    text(entries, path) {
      const entry = entries.find((item) => item.path === path);
      return entry?.type === "file" ? read(entry.blob).toString("utf8") : undefined;
    },
  };
}

function entryOf(name: string, value: Files[string], put: (bytes: Buffer) => Digest): Entry {
  const path = parseTreePath(name);
  if (value === "/") return directoryAt(path);
  if (typeof value === "string" && value.startsWith("→ "))
    return { type: "symlink", path, mode: 0o777, uid: 0, gid: 0, target: value.slice(2) };
  const { text, ...fields } = typeof value === "string" ? { text: value } : value;
  const bytes = Buffer.from(text);
  return { type: "file", path, mode: 0o644, uid: 0, gid: 0, ...fields, size: bytes.length, blob: put(bytes) };
}
