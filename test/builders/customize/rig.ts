// What the tests of customize share: roots written as a few lines, their blobs in memory.
// Knows trees; does not know what any test expects.

import { type CustomizeParameters, scriptParameters } from "../../../builders/customize/recipe.ts";
import type { Sources } from "../../../builders/package/place.ts";
import { type Content, contentOf } from "../../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../../store/model/digest.ts";
import { Fault } from "../../../store/model/fault.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { directoryAt, type Entry, makeTree, type Tree } from "../../../store/model/tree.ts";

/** A file's text; a link as `→ target`; `/` for a folder; or an entry's own fields over a text. */
export type Spec = Readonly<
  Record<string, string | { text: string; mode?: number; uid?: number; gid?: number }>
>;

export interface Rig {
  readonly sources: Sources;
  root(spec: Spec): Tree;
  /** Makes a text, or a folder, known as an input. */
  input(name: string, content: string | Spec): void;
  text(tree: Tree, path: string): string | undefined;
}

export function rig(): Rig {
  const blobs = new Map<Digest, Buffer>();
  const trees = new Map<Digest, Tree>();
  const inputs = new Map<string, Content>();
  const put = (bytes: Buffer) => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return digest;
  };
  const known = <K, V>(map: ReadonlyMap<K, V>, key: K): V => {
    const value = map.get(key);
    if (value === undefined) throw new Error(`the rig has no ${String(key)}`);
    return value;
  };
  const self: Rig = {
    sources: {
      put,
      read: (blob) => known(blobs, blob),
      input: (name) => known(inputs, name),
      tree: (digest) => known(trees, digest),
    },
    root: (spec) => makeTree(Object.entries(spec).map(([path, value]) => entryOf(path, value, put))),
    input(name, content) {
      if (typeof content === "string")
        return void inputs.set(name, contentOf("blob", put(Buffer.from(content))));
      const tree = self.root(content);
      const digest = digestOf(JSON.stringify(tree));
      trees.set(digest, tree);
      inputs.set(name, contentOf("tree", digest));
    },
    text(tree, path) {
      const entry = tree.entries.find((item) => item.path === path);
      return entry?.type === "file" ? known(blobs, entry.blob).toString("utf8") : undefined;
    },
  };
  return self;
}

function entryOf(written: string, value: Spec[string], put: (bytes: Buffer) => Digest): Entry {
  const path = parseTreePath(written);
  const { text, ...owned } = typeof value === "string" ? { text: value } : value;
  if (text === "/") return { ...directoryAt(path), ...owned };
  if (text.startsWith("→ "))
    return { type: "symlink", path, target: text.slice(2), mode: 0o777, uid: 0, gid: 0, ...owned };
  const bytes = Buffer.from(text);
  return { type: "file", path, mode: 0o644, uid: 0, gid: 0, ...owned, size: bytes.length, blob: put(bytes) };
}

export const nothing: CustomizeParameters = scriptParameters([], {
  architecture: "amd64",
  epoch: 86_400 * 20_000,
});

/** One line an entry that `after` has and `before` has not, or not so: `mode uid:gid path`, links with their target. */
export function changes(before: Tree, after: Tree): string[] {
  const lines = (tree: Tree) =>
    tree.entries.map((entry) => ({ line: lineOf(entry), key: JSON.stringify(entry) }));
  const known = new Set(lines(before).map(({ key }) => key));
  return lines(after)
    .filter(({ key }) => !known.has(key))
    .map(({ line }) => line);
}

function lineOf(entry: Entry): string {
  const { mode, uid, gid, path } = entry;
  const tail = entry.type === "symlink" ? ` → ${entry.target}` : entry.type === "directory" ? "/" : "";
  return `${mode.toString(8).padStart(4, "0")} ${uid}:${gid} ${path}${tail}`;
}

/** The fault that a function throws, as `code: message (hint)`. */
export function faultOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault)
      return `${error.code}: ${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}`;
    throw error;
  }
  throw new Error("nothing was thrown");
}
