// Users and groups: /etc/passwd, group, shadow and gshadow as they become.
// Pure: text in, text out, as adduser(8), useradd(8) and usermod(8) would have it; does not know home folders' content.

import { Fault } from "../../store/model/fault.ts";
import { numberAccounts, sorted } from "./ids.ts";
import type { WantedGroup, WantedUser } from "./recipe.ts";
import { addMember, formatTable, numberIn, parseTable, type Row, rowOf, type Table } from "./table.ts";

/** Empty where the file is missing; without gshadow, none is made: group(5) says all there is to say. */
export interface AccountTexts {
  readonly passwd: string;
  readonly group: string;
  readonly shadow: string;
  readonly gshadow?: string;
}

export interface Home {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
  readonly path: string;
  /** Whether it is made where it is missing. */
  readonly make: boolean;
  readonly system: boolean;
  readonly sshKeys: readonly string[];
}

export interface EditedAccounts {
  readonly texts: AccountTexts;
  readonly homes: readonly Home[];
  /** Numbers of accounts that were there and now have others: old → new. */
  readonly uids: ReadonlyMap<number, number>;
  readonly gids: ReadonlyMap<number, number>;
}

export const noHome = "/nonexistent";

/**
 * Adds what is wanted and not there, changes what is there to what is given, and leaves every other line alone.
 * `day` is the day of change, since 1970. The order of users, groups and their lists changes nothing.
 *
 * @throws {Fault} `manifest/unknown-group`, and as {@link numberAccounts}
 */
export function editAccounts(
  texts: AccountTexts,
  wanted: { readonly users: readonly WantedUser[]; readonly groups: readonly WantedGroup[] },
  day: number,
): EditedAccounts {
  const [users, groups] = [sorted(wanted.users), sorted(wanted.groups)];
  const [passwd, group, shadow] = [
    parseTable(texts.passwd),
    parseTable(texts.group),
    parseTable(texts.shadow),
  ];
  const gshadow = texts.gshadow === undefined ? undefined : parseTable(texts.gshadow);
  const numbers = numberAccounts({ users, groups }, { passwd, group });
  const [uids, gids] = [movedIds(passwd, numbers.uids), movedIds(group, numbers.gids)];

  const present = new Set(passwd.rows.map(([name]) => name));
  for (const row of passwd.rows) {
    const gid = gids.get(numberIn(row, 3));
    if (gid !== undefined) row[3] = String(gid);
  }
  for (const name of [...new Set([...groups, ...users].map((item) => item.name))].sort()) {
    const gid = numbers.gids.get(name);
    if (gid !== undefined) editGroup(name, gid, group, gshadow);
  }
  const homes = users.map((user) => {
    const row = editUser(user, numbers, passwd);
    editShadow(user, day, shadow);
    for (const name of [...user.groups].sort()) join(user.name, name, group, gshadow);
    return homeOf(user, row, present.has(user.name));
  });
  const edited = { passwd: formatTable(passwd), group: formatTable(group), shadow: formatTable(shadow) };
  return { texts: { ...edited, ...(gshadow && { gshadow: formatTable(gshadow) }) }, homes, uids, gids };
}

/** Numbers that change, but for those which another name has as well. */
function movedIds(table: Table, ids: ReadonlyMap<string, number>): Map<number, number> {
  const held = table.rows.map((row) => numberIn(row, 2));
  const moved = table.rows.flatMap((row): [number, number][] => {
    const [old, now] = [numberIn(row, 2), ids.get(row[0] ?? "")];
    const shared = held.filter((id) => id === old).length > 1;
    return now === undefined || now === old || Number.isNaN(old) || shared ? [] : [[old, now]];
  });
  return new Map(moved);
}

function editGroup(name: string, gid: number, group: Table, gshadow: Table | undefined): void {
  const row = rowOf(group, name);
  if (row) row[2] = String(gid);
  else group.rows.push([name, "x", String(gid), ""]);
  if (gshadow && !rowOf(gshadow, name)) gshadow.rows.push([name, "!", "", rowOf(group, name)?.[3] ?? ""]);
}

function editUser(
  user: WantedUser,
  numbers: { uids: ReadonlyMap<string, number>; gids: ReadonlyMap<string, number> },
  passwd: Table,
): Row {
  const uid = String(numbers.uids.get(user.name));
  const row = rowOf(passwd, user.name);
  if (row) {
    row[2] = uid;
    if (user.passwordHash !== undefined) row[1] = "x";
    if (user.home !== undefined) row[5] = user.home;
    if (user.shell !== undefined) row[6] = user.shell;
    return row;
  }
  const home = user.home ?? (user.system ? noHome : `/home/${user.name}`);
  const shell = user.shell ?? (user.system ? "/usr/sbin/nologin" : "/bin/bash");
  const made = [user.name, "x", uid, String(numbers.gids.get(user.name)), "", home, shell];
  passwd.rows.push(made);
  return made;
}

/**
 * shadow(5). Without a password a person's account has `*`, which ssh's keys still open (adduser's
 * --disabled-password), and a system's has `!` and no ageing (useradd's --system).
 */
function editShadow(user: WantedUser, day: number, shadow: Table): void {
  const expires = user.expires === undefined ? undefined : String(user.expires);
  const row = rowOf(shadow, user.name);
  if (row) {
    if (user.passwordHash !== undefined) {
      row[1] = user.passwordHash;
      row[2] = String(day);
    }
    if (expires !== undefined) row[7] = expires;
    return;
  }
  const ageing = user.system ? ["", "", ""] : ["0", "99999", "7"];
  shadow.rows.push([
    user.name,
    user.passwordHash ?? (user.system ? "!" : "*"),
    String(day),
    ...ageing,
    "",
    expires ?? "",
    "",
  ]);
}

function join(user: string, name: string, group: Table, gshadow: Table | undefined): void {
  const row = rowOf(group, name);
  if (row === undefined) {
    throw new Fault(
      "manifest/unknown-group",
      `the user ${user} is to be in the group ${name}, which the root does not have`,
      {
        hint: "declare it under `groups`, or add the package that makes it",
      },
    );
  }
  addMember(row, 3, user);
  const secret = gshadow && rowOf(gshadow, name);
  if (secret) addMember(secret, 3, user);
}

/** A home is made for whoever is new or a person, or where the manifest names it. */
function homeOf(user: WantedUser, row: Row, present: boolean): Home {
  const [uid, gid, path] = [numberIn(row, 2), numberIn(row, 3), row[5] ?? ""];
  const person = uid >= 1000 && uid < 60_000;
  const make = path.startsWith("/") && path !== noHome && (!present || person || user.home !== undefined);
  return { user: user.name, uid, gid, path, make, system: user.system, sshKeys: user.sshKeys };
}
