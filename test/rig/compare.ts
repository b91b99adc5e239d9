// Compares two roots path by path.
// Knows what of a file matters (type, mode, owner, link target, content, attributes, not dates); does not know which differences are allowed.

import type { TarContent, TarMember } from "./tar.ts";

export interface Difference {
  readonly path: string;
  /** One line for a person: `only in kit: directory 755 0:0`. */
  readonly text: string;
}

/** Every path in which two roots differ, in order; `names` say whose is whose. */
export function compareRoots(a: TarContent, b: TarContent, names: readonly [string, string]): Difference[] {
  const links = [linkSets(a), linkSets(b)] as const;
  const paths = [...new Set([...a.members.keys(), ...b.members.keys()])].sort();
  return paths.flatMap((path): Difference[] => {
    const one = resolved(a, path);
    const other = resolved(b, path);
    if (one === undefined || other === undefined) {
      const [name, present] = one === undefined ? [names[1], other] : [names[0], one];
      return [{ path, text: `only in ${name}: ${describe(present)}` }];
    }
    const sameLinks = links[0].get(path) === links[1].get(path);
    if (describe(one) === describe(other) && sameLinks) return [];
    const told = (member: TarMember, set: string | undefined) => describe(member) + (sameLinks ? "" : ` hard links: ${set ?? "none"}`);
    return [{ path, text: `${names[0]} ${told(one, links[0].get(path))} / ${names[1]} ${told(other, links[1].get(path))}` }];
  });
}

function resolved(content: TarContent, path: string): TarMember | undefined {
  const member = content.members.get(path);
  return member?.type === "hardlink" ? content.members.get(member.target ?? "") : member;
}

/** For each hard-linked path the paths of its inode. */
function linkSets({ members }: TarContent): Map<string, string> {
  const sets = new Map<string, string[]>();
  for (const [path, { type, target = "" }] of members) if (type === "hardlink") sets.set(target, [...(sets.get(target) ?? [target]), path]);
  return new Map([...sets.values()].flatMap((set) => set.map((path) => [path, [...set].sort().join(" ")])));
}

function describe(member: TarMember | undefined): string {
  if (member === undefined) return "nothing";
  const { type, mode, uid, gid, target, device, sha256, size, xattrs } = member;
  const shownMode = type === "symlink" ? "" : ` ${mode.toString(8)}`;
  const detail = target ?? device ?? (sha256 === undefined ? "" : `${size} bytes ${sha256.slice(0, 16)}`);
  const attributes = Object.entries(xattrs).sort().map(([name, value]) => ` ${name}=${value}`);
  return `${type}${shownMode} ${uid}:${gid} ${detail}${attributes.join("")}`.trim();
}
