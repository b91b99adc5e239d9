// Compares two roots path by path.
// Knows what of a file counts (type, mode, owner, link, content, attributes, not dates); does not know which differences are allowed.

import type { TarContent, TarMember } from "./tar.ts";

export type Aspect = "type" | "mode" | "owner" | "target" | "content" | "attributes" | "hard links";

export interface Difference {
  readonly path: string;
  /** Absent where only the other root has the path. Of a hard link what it links to. */
  readonly one?: TarMember;
  readonly other?: TarMember;
  /** In what they differ, where both have it. */
  readonly aspects: readonly Aspect[];
}

/** Every path in which two roots differ, sorted. */
export function compareRoots(one: TarContent, other: TarContent): Difference[] {
  const [links, otherLinks] = [linkSets(one), linkSets(other)];
  const paths = [...new Set([...one.members.keys(), ...other.members.keys()])].sort();
  return paths.flatMap((path): Difference[] => {
    const [a, b] = [resolved(one, path), resolved(other, path)];
    if (a === undefined || b === undefined)
      return [{ path, aspects: [], ...(a && { one: a }), ...(b && { other: b }) }];
    const aspects = differing(a, b).concat(links.get(path) === otherLinks.get(path) ? [] : ["hard links"]);
    return aspects.length === 0 ? [] : [{ path, one: a, other: b, aspects }];
  });
}

/** One line for a person; `names` say whose is whose. */
export function tell({ path, one, other, aspects }: Difference, names: readonly [string, string]): string {
  if (one === undefined || other === undefined)
    return `/${path}: only in ${names[one === undefined ? 1 : 0]}: ${described(one ?? other)}`;
  return `/${path}: ${aspects.join(", ")}: ${names[0]} ${described(one)}, ${names[1]} ${described(other)}`;
}

function differing(a: TarMember, b: TarMember): Aspect[] {
  if (a.type !== b.type) return ["type"];
  const values: [Aspect, unknown, unknown][] = [
    ["mode", a.type === "symlink" || a.mode, b.type === "symlink" || b.mode],
    ["owner", `${a.uid}:${a.gid}`, `${b.uid}:${b.gid}`],
    ["target", a.target ?? a.device, b.target ?? b.device],
    ["content", a.sha256, b.sha256],
    ["attributes", attributesOf(a), attributesOf(b)],
  ];
  return values.flatMap(([aspect, x, y]) => (x === y ? [] : [aspect]));
}

function resolved({ members }: TarContent, path: string): TarMember | undefined {
  const member = members.get(path);
  return member?.type === "hardlink" ? members.get(member.target ?? "") : member;
}

/** For each path that shares its inode, all that do. */
function linkSets({ members }: TarContent): Map<string, string> {
  const sets = new Map<string, string[]>();
  for (const [path, { type, target = "" }] of members) {
    if (type === "hardlink") sets.set(target, [...(sets.get(target) ?? [target]), path]);
  }
  return new Map([...sets.values()].flatMap((set) => set.map((path) => [path, [...set].sort().join(" ")])));
}

function attributesOf({ xattrs }: TarMember): string {
  return JSON.stringify(Object.entries(xattrs).sort());
}

function described(member: TarMember | undefined): string {
  if (member === undefined) return "nothing";
  const { type, mode, uid, gid, target, device, sha256, size, xattrs } = member;
  const detail = target ?? device ?? (sha256 === undefined ? "" : `${size} bytes ${sha256.slice(0, 12)}`);
  const attributes = Object.keys(xattrs).length === 0 ? "" : attributesOf(member);
  return [type, mode.toString(8), `${uid}:${gid}`, detail, attributes]
    .filter((word) => word !== "")
    .join(" ");
}
