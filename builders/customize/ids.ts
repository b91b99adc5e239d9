// Which numbers users and groups get.
// Knows Debian's ranges (policy 9.2.2, adduser.conf(5)); does not know files. The order of what is wanted is no part of it.

import { Fault } from "../../store/model/fault.ts";
import type { WantedGroup, WantedUser } from "./recipe.ts";
import { numberIn, rowOf, type Table } from "./table.ts";

export interface Numbers {
  readonly uids: ReadonlyMap<string, number>;
  readonly gids: ReadonlyMap<string, number>;
}

/**
 * Numbers for every name that is there or wanted. Those given are taken first; then users, by name, get the lowest
 * number that is free as user and as group, their own group the same; then the groups that are left.
 *
 * @throws {Fault} `manifest/id-taken`, `manifest/no-free-id`, `manifest/bad-account`
 */
export function numberAccounts(
  wanted: { readonly users: readonly WantedUser[]; readonly groups: readonly WantedGroup[] },
  present: { readonly passwd: Table; readonly group: Table },
): Numbers {
  const uids = claim(
    "user",
    present.passwd,
    wanted.users.map(({ name, uid }) => ({ name, id: uid })),
  );
  const gids = claim(
    "group",
    present.group,
    wanted.groups.map(({ name, gid }) => ({ name, id: gid })),
  );
  const ownGroup = (user: WantedUser) => {
    if (gids.has(user.name)) return;
    const row = rowOf(present.passwd, user.name);
    const like = row ? numberIn(row, 3) : (uids.get(user.name) ?? Number.NaN);
    const taken = uses(gids, like);
    // Whoever is there already keeps the group it has, whatever its name.
    if (row && (taken || Number.isNaN(like) || hasGroup(present.group, like))) return;
    gids.set(user.name, taken ? firstFree(user, (id) => !uses(gids, id)) : like);
  };
  const numbered = sorted(wanted.users).filter(({ uid }) => uid !== undefined);
  for (const user of numbered) ownGroup(user);
  for (const user of sorted(wanted.users)) {
    const isFree = (id: number) => !uses(uids, id) && (gids.has(user.name) || !uses(gids, id));
    if (!uids.has(user.name)) uids.set(user.name, firstFree(user, isFree));
    ownGroup(user);
  }
  for (const group of sorted(wanted.groups)) {
    if (!gids.has(group.name))
      gids.set(
        group.name,
        firstFree(group, (id) => !uses(gids, id)),
      );
  }
  return { uids, gids };
}

export function sorted<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The names that are there with their numbers, those given laid over them. */
function claim(
  what: "user" | "group",
  table: Table,
  wanted: readonly { name: string; id: number | undefined }[],
): Map<string, number> {
  const ids = new Map<string, number>();
  for (const row of table.rows) {
    const id = numberIn(row, 2);
    if (!Number.isNaN(id)) ids.set(row[0] ?? "", id);
  }
  const given = wanted.filter((item): item is { name: string; id: number } => item.id !== undefined);
  for (const { name, id } of given) ids.set(name, id);
  for (const { name, id } of given) {
    if (name === "root" && id !== 0)
      throw new Fault(
        "manifest/bad-account",
        `the ${what} root cannot have the number ${id}: its number is 0`,
      );
    const row = rowOf(table, name);
    if (row && numberIn(row, 2) === id) continue;
    const other = [...ids].find(([holder, held]) => held === id && holder !== name)?.[0];
    if (other === undefined) continue;
    throw new Fault(
      "manifest/id-taken",
      `the ${what} ${name} cannot have the number ${id}: it is that of ${other}`,
      {
        hint: "give it another number, or none: then the next free one is taken",
      },
    );
  }
  return ids;
}

function firstFree(
  account: { readonly name: string; readonly system: boolean },
  isFree: (id: number) => boolean,
): number {
  const [first, last] = account.system ? [100, 999] : [1000, 59_999];
  for (let id = first; id <= last; id++) if (isFree(id)) return id;
  throw new Fault("manifest/no-free-id", `no number from ${first} to ${last} is left for ${account.name}`);
}

function uses(ids: ReadonlyMap<string, number>, id: number): boolean {
  for (const used of ids.values()) if (used === id) return true;
  return false;
}

function hasGroup(group: Table, gid: number): boolean {
  return group.rows.some((row) => numberIn(row, 2) === gid);
}
