// Who needs whom on one architecture, both ways, and the shortest way from what a workload asks for.
// Pure. Knows rows; does not know names beyond their places.

import type { MembersData, NeedsData } from "../form.ts";
import { fromRising, risingHas } from "../rising.ts";
import { rowsNamed, type Shelf } from "./packages.ts";

/** Rows throughout. Nothing is made before it is asked for: a page that opens asks about one package. */
export interface Web {
  needs(row: number): readonly number[];
  /** Looks through all packages: 3 ms at 15,000. */
  neededBy(row: number): readonly number[];
  /** By row: how many need it. */
  weights(): Uint32Array;
}

export function openWeb(shelf: Shelf, { needs }: NeedsData): Web {
  const { names } = shelf;
  return {
    // A package that needs what it has itself needs nobody.
    needs: (row) =>
      fromRising(needs[row] ?? [])
        .flatMap((place) => rowsNamed(shelf, place))
        .filter((other) => other !== row),
    neededBy(row) {
      const name = names[row] ?? -1;
      return needs.flatMap((list, other) => (other !== row && risingHas(list, name) ? [other] : []));
    },
    weights() {
      const weights = new Uint32Array(needs.length);
      for (const list of needs)
        for (const place of fromRising(list))
          for (const row of rowsNamed(shelf, place)) weights[row] = (weights[row] ?? 0) + 1;
      return weights;
    },
  };
}

export type Part = "required" | "dependency" | "base";

export interface Membership {
  /** A place in the names of workloads. */
  readonly workload: number;
  readonly as: Part;
}

export interface Members {
  /** Of each row, in the order of the workloads. */
  of(row: number): readonly Membership[];
  rows(workload: number, as: Part): readonly number[];
}

const parts = ["required", "dependency", "base"] as const;

export function openMembers({ lists, workloads }: MembersData): Members {
  return {
    of: (row) =>
      workloads.flatMap((its, workload) => {
        const at = its === null ? -1 : its.findIndex((list) => risingHas(lists[list] ?? [], row));
        const as = parts[at];
        return as === undefined ? [] : [{ workload, as }];
      }),
    rows: (workload, as) => fromRising(lists[workloads[workload]?.[parts.indexOf(as)] ?? -1] ?? []),
  };
}

/** The rows from one that the workload asks for to the one in question, both with it; nothing where there is no way. */
export function chainWithin(
  { needs }: Pick<Web, "needs">,
  members: Members,
  workload: number,
  wanted: number,
): number[] | undefined {
  const inside = new Set(parts.flatMap((part) => members.rows(workload, part)));
  const before = new Map<number, number>();
  const queue = [...members.rows(workload, "required")];
  for (const row of queue) before.set(row, -1);
  for (const row of queue) {
    if (row === wanted) return back(before, wanted);
    for (const next of needs(row))
      if (inside.has(next) && !before.has(next)) {
        before.set(next, row);
        queue.push(next);
      }
  }
  return undefined;
}

export interface NearestChain {
  readonly workload: number;
  readonly rows: readonly number[];
}

/** The shortest of all workloads that have it, of equal ones the first; nothing where no workload's request leads to it. */
export function nearestChain(web: Web, members: Members, wanted: number): NearestChain | undefined {
  let nearest: NearestChain | undefined;
  for (const { workload, as } of members.of(wanted)) {
    if (as === "base") continue;
    const rows = chainWithin(web, members, workload, wanted);
    if (rows === undefined || (nearest !== undefined && nearest.rows.length <= rows.length)) continue;
    nearest = { workload, rows };
    if (rows.length === 1) break;
  }
  return nearest;
}

function back(before: ReadonlyMap<number, number>, last: number): number[] {
  const rows: number[] = [];
  for (let row = last; row >= 0; row = before.get(row) ?? -1) rows.unshift(row);
  return rows;
}
