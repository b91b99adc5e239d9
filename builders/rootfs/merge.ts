// Many packages' files as one tree, as dpkg would have unpacked them.
// Knows merged /usr, Replaces and shared files; pure: reads no blob.

import { parseRelations } from "../../evaluator/deb/relation.ts";
import { satisfies } from "../../evaluator/deb/version.ts";
import { Fault } from "../../store/model/fault.ts";
import { parentOf, parseTreePath, type TreePath } from "../../store/model/path.ts";
import {
  directoryAt,
  type Entry,
  type SymlinkEntry,
  sameContent,
  type Tree,
} from "../../store/model/tree.ts";
import type { Package } from "./package.ts";

/** Who owns a file: a package being laid down, or one that the base has installed. */
export type Owner = Pick<Package, "name" | "version" | "architecture" | "stanza">;

/** A root that packages are laid upon, and what its dpkg database says of its files. */
export interface Base {
  readonly tree: Tree;
  readonly owners: ReadonlyMap<TreePath, Owner>;
  /** The paths that each of its packages has listed. */
  readonly lists?: ReadonlyMap<Owner, readonly string[]>;
  readonly diversions: ReadonlyMap<TreePath, Diversion>;
}

/** Where everybody's file but one package's own goes (dpkg-divert(1)). */
export interface Diversion {
  readonly to: TreePath;
  /** Absent for a local diversion, which counts for every package. */
  readonly by?: string;
}

export interface Merged {
  readonly entries: readonly Entry[];
  /** What each package owns in the end, for its `.list`; of the base's packages those that lost something. */
  readonly lists: ReadonlyMap<Owner, readonly string[]>;
}

/** Top-level folders that a merged /usr has as links (Debian policy 10.1, usrmerge). */
const mergedFolders = ["bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"];

/**
 * Lays packages over a base in the order given. Paths are canonical under merged /usr; a folder that is there
 * already keeps its owner and mode; a file of two packages is the later one's only where it says Replaces, or
 * where both are Multi-Arch: same and bring the same bytes.
 *
 * @throws {Fault} `manifest/file-conflict` naming both packages and the path
 */
export function mergePackages(packages: readonly Package[], base: Base | undefined): Merged {
  const entries = new Map<TreePath, Entry>((base?.tree.entries ?? []).map((entry) => [entry.path, entry]));
  const owners = new Map<TreePath, Owner>(base?.owners ?? []);
  const replaced = new Map<Owner, Set<TreePath>>();
  let links = base === undefined ? 0 : 1_000_000;
  for (const item of packages) {
    const groups = new Map<number, number>();
    for (const entry of item.data.entries) {
      const path = diverted(canonicalPath(entry.path, entries), item, base);
      const present = entries.get(path);
      if (present === undefined || !owners.has(path)) {
        if (entry.type === "directory" && present !== undefined) continue;
        if (present !== undefined && isMergedLink(entry.path, present)) continue;
      } else if (!replaces(item, owners.get(path), present, entry, path, replaced)) {
        continue;
      }
      const moved = { ...entry, path };
      if (moved.type === "file" && moved.link !== undefined) {
        const number = groups.get(moved.link) ?? ++links;
        groups.set(moved.link, number);
        entries.set(path, { ...moved, link: number });
      } else {
        entries.set(path, moved);
      }
      if (entry.type !== "directory") owners.set(path, item);
    }
  }
  return { entries: [...entries.values()], lists: listsOf(packages, replaced, base) };
}

/** The links of a merged /usr for an architecture, and the folders they point to. */
export function mergedUsr(architecture: string): Entry[] {
  const folders = ["bin", "sbin", "lib", ...(multilib[architecture] ?? [])];
  return folders.flatMap((name): Entry[] => [
    { type: "symlink", path: parseTreePath(name), mode: 0o777, uid: 0, gid: 0, target: `usr/${name}` },
    directoryAt(parseTreePath(`usr/${name}`)),
  ]);
}

/** Folders for other word sizes, as base-files of trixie and mmdebstrap for older suites have them. */
const multilib: Readonly<Record<string, readonly string[]>> = {
  amd64: ["lib32", "lib64", "libx32"],
  i386: ["lib64", "libx32"],
  mips: ["lib32", "lib64"],
  ppc64el: ["lib64"],
  s390x: ["lib32"],
  loong64: ["lib64"],
};

function diverted(path: TreePath, item: Package, base: Base | undefined): TreePath {
  const diversion = base?.diversions.get(path);
  return diversion === undefined || diversion.by === item.name ? path : diversion.to;
}

/** Where dpkg would write a path: through links to folders that are there. */
function canonicalPath(path: TreePath, entries: ReadonlyMap<TreePath, Entry>): TreePath {
  const parent = parentOf(path);
  if (parent === path) return path;
  const slash = path.indexOf("/");
  const top = slash < 0 ? path : path.slice(0, slash);
  const usr = mergedFolders.includes(top) && entries.get(top as TreePath)?.type === "symlink";
  const merged = usr && slash >= 0 ? parseTreePath(`usr/${path}`) : path;
  return resolveParents(merged, entries);
}

function resolveParents(path: TreePath, entries: ReadonlyMap<TreePath, Entry>, depth = 0): TreePath {
  for (let at = parentOf(path); at !== ""; at = parentOf(at)) {
    const entry = entries.get(at);
    if (entry?.type !== "symlink") continue;
    if (depth > 40) throw new Fault("digest/unsafe-path", `${path} lies behind a circle of links`);
    return resolveParents(parseTreePath(`${linkTarget(entry)}${path.slice(at.length)}`), entries, depth + 1);
  }
  return path;
}

/** A link's target from the root, links that climb stopping there. */
export function linkTarget(entry: SymlinkEntry): string {
  const start = entry.target.startsWith("/") ? [] : parentOf(entry.path).split("/");
  const parts = start.filter((part) => part !== "");
  for (const part of entry.target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** `/bin` as a package's folder or link, where the root has its link already. */
function isMergedLink(path: string, present: Entry): boolean {
  return mergedFolders.includes(path) && present.type === "symlink";
}

function replaces(
  item: Package,
  owner: Owner | undefined,
  present: Entry,
  entry: Entry,
  path: TreePath,
  replaced: Map<Owner, Set<TreePath>>,
): boolean {
  if (owner === undefined || owner === item) return true;
  if (entry.type === "directory" && present.type === "directory") return false;
  const shared =
    owner.name === item.name && item.stanza["Multi-Arch"] === "same" && owner.stanza["Multi-Arch"] === "same";
  if (shared && sameContent(present, entry)) return false;
  if (entry.type === "directory" || present.type === "directory") {
    // A link to a folder and the folder itself: dpkg leaves what came first.
    if (present.type === "symlink" || entry.type === "symlink") return false;
  }
  if (saysReplaces(item, owner)) {
    const lost = replaced.get(owner) ?? new Set();
    replaced.set(owner, lost.add(path));
    return true;
  }
  if (saysReplaces(owner, item)) {
    const lost = replaced.get(item) ?? new Set();
    replaced.set(item, lost.add(path));
    return false;
  }
  throw new Fault(
    "manifest/file-conflict",
    `/${path} is in ${owner.name} ${owner.version} and, different, in ${item.name} ${item.version}`,
    {
      hint: `leave one of them out, or let one say "Replaces" of the other`,
    },
  );
}

function saysReplaces(item: Owner, other: Owner): boolean {
  return parseRelations(item.stanza["Replaces"] ?? "").some((alternatives) =>
    alternatives.some(
      ({ name, operator, version }) =>
        name === other.name && (operator === undefined || satisfies(other.version, operator, version ?? "")),
    ),
  );
}

function listsOf(
  packages: readonly Package[],
  replaced: ReadonlyMap<Owner, ReadonlySet<TreePath>>,
  base: Base | undefined,
): Map<Owner, readonly string[]> {
  const lists = new Map<Owner, readonly string[]>(packages.map((item) => [item, item.list]));
  for (const [owner, lost] of replaced) {
    const list = lists.get(owner) ?? base?.lists?.get(owner) ?? [];
    lists.set(
      owner,
      list.filter((path) => !lost.has(parseTreePath(path)) && !lost.has(parseTreePath(`usr${path}`))),
    );
  }
  return lists;
}
