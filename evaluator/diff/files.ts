// What is different between two trees, path by path.
// Pure. Knows entries; does not know what a tree is of.

import { type Entry, entriesByPath, type Tree } from "../../store/model/tree.ts";

export interface FileChange {
  readonly path: string;
  readonly verb: "added" | "removed" | "changed";
  /** Of what changed: `content`, `target`, `mode`, `owner`, `attributes`; or what it was and is. */
  readonly aspects?: readonly string[];
  /** Bytes of content, more or less than before. */
  readonly growth: number;
}

/** Sorted by path. */
export function fileChanges(before: Tree, after: Tree): FileChange[] {
  const [known, now] = [entriesByPath(before), entriesByPath(after)];
  const paths = [...new Set([...known.keys(), ...now.keys()])].sort((a, b) => (a < b ? -1 : 1));
  return paths.flatMap((path): FileChange[] => {
    const [old, young] = [known.get(path), now.get(path)];
    const growth = bytesOf(young) - bytesOf(old);
    if (old === undefined) return [{ path, verb: "added", growth }];
    if (young === undefined) return [{ path, verb: "removed", growth }];
    const aspects = aspectsOf(old, young);
    return aspects.length === 0 ? [] : [{ path, verb: "changed", aspects, growth }];
  });
}

/** Bytes of all files, those of a hard link group once. */
export function contentBytes({ entries }: Tree): number {
  const groups = new Set<number>();
  return entries.reduce((sum, entry) => {
    if (entry.type !== "file" || (entry.link !== undefined && groups.has(entry.link))) return sum;
    if (entry.link !== undefined) groups.add(entry.link);
    return sum + entry.size;
  }, 0);
}

function aspectsOf(a: Entry, b: Entry): string[] {
  if (a.type !== b.type) return [`was a ${a.type}, is a ${b.type}`];
  const inside = a.type === "file" && b.type === "file" && a.blob !== b.blob;
  const target = a.type === "symlink" && b.type === "symlink" && a.target !== b.target;
  return [
    ...(inside ? ["content"] : []),
    ...(target ? ["target"] : []),
    ...(a.mode === b.mode ? [] : ["mode"]),
    ...(a.uid === b.uid && a.gid === b.gid ? [] : ["owner"]),
    ...(JSON.stringify(a.xattrs) === JSON.stringify(b.xattrs) ? [] : ["attributes"]),
  ];
}

function bytesOf(entry: Entry | undefined): number {
  return entry?.type === "file" ? entry.size : 0;
}
