// Whose ids the inside of kit's namespaces are.
// Pure: computes maps and tells what is missing; does not write them.

import { Fault } from "../../store/model/fault.ts";

/** How many ids a root file system may use: what Debian's and Fedora's policies know as 16-bit ids. */
export const idCount = 65_536;

/** Where the range of the host's root lies unless configured: past systemd's container ranges. */
export const defaultRangeStart = 29_000 * idCount;

export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

export interface IdMaps {
  readonly uid: readonly IdRange[];
  readonly gid: readonly IdRange[];
  /** Root writes the maps itself; others go through newuidmap and newgidmap. */
  readonly by: "root" | "uidmap";
}

/** As root: a configured high range, so that no inner id is one the host uses, id 0 above all. */
export function rootMaps(start: number): IdMaps {
  const range = [{ inside: 0, outside: start, count: idCount }];
  return { uid: range, gid: range, by: "root" };
}

/**
 * As an ordinary user: the inner root is the user, the rest the user's subordinate ids (subuid(5)).
 *
 * @throws {Fault} `host/no-subordinate-ids` where fewer than 65,535 are granted
 */
export function userMaps(
  user: { name: string; uid: number; gid: number },
  subuid: string,
  subgid: string,
): IdMaps {
  const startIn = (text: string) =>
    subordinateRanges(text, user).find(({ count }) => count >= idCount - 1)?.start;
  const [uids, gids] = [startIn(subuid), startIn(subgid)];
  if (uids === undefined || gids === undefined) {
    const free = firstFree(`${subuid}\n${subgid}`);
    const range = `${free}-${free + idCount - 1}`;
    const [files, options] = [
      [...(uids === undefined ? ["/etc/subuid"] : []), ...(gids === undefined ? ["/etc/subgid"] : [])],
      [
        ...(uids === undefined ? [`--add-subuids ${range}`] : []),
        ...(gids === undefined ? [`--add-subgids ${range}`] : []),
      ],
    ];
    throw new Fault(
      "host/no-subordinate-ids",
      `${user.name} has no ${idCount - 1} subordinate ids in ${files.join(" and ")}`,
      { hint: `as root: usermod ${options.join(" ")} ${user.name}` },
    );
  }
  return {
    uid: [
      { inside: 0, outside: user.uid, count: 1 },
      { inside: 1, outside: uids, count: idCount - 1 },
    ],
    gid: [
      { inside: 0, outside: user.gid, count: 1 },
      { inside: 1, outside: gids, count: idCount - 1 },
    ],
    by: "uidmap",
  };
}

/** Behind every range that anybody has, and where useradd(8) begins. */
function firstFree(text: string): number {
  const ends = rangesIn(text).map(({ start, count }) => start + count);
  return Math.max(100_000, ...ends);
}

function subordinateRanges(text: string, user: { name: string; uid: number }) {
  return rangesIn(text).filter(({ owner }) => owner === user.name || owner === String(user.uid));
}

function rangesIn(text: string): { owner: string; start: number; count: number }[] {
  return text
    .split("\n")
    .map((line) => line.trim().split(":"))
    .map(([owner = "", start, count]) => ({ owner, start: Number(start), count: Number(count) }))
    .filter(({ start, count }) => Number.isSafeInteger(start) && Number.isSafeInteger(count) && start > 0);
}
