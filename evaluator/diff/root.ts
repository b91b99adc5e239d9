// What is different between two root file systems, in an administrator's terms.
// Pure. Knows accounts, units and copyright files; does not know how a root is made.

import type { Tree } from "../../store/model/tree.ts";
import { contentBytes, type FileChange, fileChanges } from "./files.ts";

/** A root as it can be looked at: its record, and what is in a file of it; undefined where that is none, or too large. */
export interface Root {
  readonly tree: Tree;
  readonly bytes: (path: string) => Uint8Array | undefined;
  /** As text. */
  readonly read: (path: string) => string | undefined;
}

/** Something that has a name and came, went or is otherwise than before. */
export interface NamedChange {
  readonly name: string;
  /** As it was and is: `1000:1000 /home/a /bin/bash`; absent where it was or is not. */
  readonly before?: string;
  readonly after?: string;
}

export interface RootChange {
  readonly files: readonly FileChange[];
  readonly users: readonly NamedChange[];
  readonly groups: readonly NamedChange[];
  /** systemd's units: `multi-user.target` of who wants them, `masked`. */
  readonly services: readonly NamedChange[];
  /** By package, as its copyright file names them, where that is machine-readable (DEP-5). */
  readonly licences: readonly NamedChange[];
  /** Bytes of all files. */
  readonly size: { readonly before: number; readonly after: number };
}

export function rootChange(before: Root, after: Root): RootChange {
  const files = fileChanges(before.tree, after.tree);
  const both = (look: (root: Root) => ReadonlyMap<string, string>) => namedChanges(look(before), look(after));
  // Those of packages whose copyright file is as it was are, too.
  const documents = files.flatMap(({ path }) => (copyright.test(path) ? [path] : []));
  return {
    files,
    users: both(({ read }) =>
      accountsIn(read("etc/passwd"), ([, , uid, gid, , home, shell]) => `${uid}:${gid} ${home} ${shell}`),
    ),
    groups: both(({ read }) =>
      accountsIn(read("etc/group"), ([, , gid, members]) => `${gid}${members ? ` ${members}` : ""}`),
    ),
    services: both(({ tree }) => unitsIn(tree)),
    licences: both(({ read }) => licencesIn(documents, read)),
    size: { before: contentBytes(before.tree), after: contentBytes(after.tree) },
  };
}

export function namedChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): NamedChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    return [{ name, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
}

/** passwd(5) and group(5): lines of fields between colons, the name first. */
function accountsIn(
  text: string | undefined,
  describe: (fields: readonly (string | undefined)[]) => string,
): ReadonlyMap<string, string> {
  const lines = (text ?? "").split("\n").filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), describe(line.split(":"))]));
}

/** What `systemctl enable` and `mask` write: links in `TARGET.wants/`, or to /dev/null. */
function unitsIn({ entries }: Tree): ReadonlyMap<string, string> {
  const units = new Map<string, string[]>();
  for (const { path, ...entry } of entries) {
    if (entry.type !== "symlink") continue;
    const [, owner, name] =
      /^etc\/systemd\/system\/(?:([^/]+)\.(?:wants|requires)\/)?([^/]+)$/.exec(path) ?? [];
    if (name === undefined) continue;
    const state = entry.target === "/dev/null" ? "masked" : owner;
    if (state !== undefined) units.set(name, [...(units.get(name) ?? []), state]);
  }
  return new Map([...units].map(([name, states]) => [name, states.sort().join(", ")]));
}

const copyright = /^usr\/share\/doc\/([^/]+)\/copyright$/;

/** https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/ */
function licencesIn(paths: readonly string[], read: Root["read"]): ReadonlyMap<string, string> {
  return new Map(
    paths.flatMap((path): [string, string][] => {
      const [text, name] = [read(path), copyright.exec(path)?.[1]];
      if (text === undefined || name === undefined || !/^Format:/im.test(text)) return [];
      const named = [...text.matchAll(/^License:[ \t]*(\S.*)$/gim)].map(([, licence = ""]) => licence.trim());
      return [[name, [...new Set(named)].sort().join("; ")]];
    }),
  );
}
