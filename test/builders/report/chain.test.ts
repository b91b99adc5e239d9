// The shortest way from what a workload asks for: no way is shorter, and none leaves the workload.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chainWithin,
  type Membership,
  nearestChain,
  openMembers,
} from "../../../builders/report/page/web.ts";
import { toRising } from "../../../builders/report/rising.ts";

const count = 8;
const graph = fc.array(fc.array(fc.nat(count - 1), { maxLength: 3 }), { minLength: count, maxLength: count });
const part = fc.constantFrom("required", "dependency", "base", "none");
const parts = fc.array(part, { minLength: count, maxLength: count });

function membersOf(workloads: readonly (readonly string[])[]) {
  const lists = workloads.flatMap((its) =>
    ["required", "dependency", "base"].map((as) =>
      toRising(its.flatMap((one, row) => (one === as ? [row] : []))),
    ),
  );
  return openMembers({ lists, workloads: workloads.map((_, i) => [3 * i, 3 * i + 1, 3 * i + 2] as const) });
}

/** The length of the shortest way, by trying all of them. */
function shortest(
  needs: readonly (readonly number[])[],
  its: readonly string[],
  wanted: number,
): number | undefined {
  const lengths: number[] = [];
  const walk = (row: number, seen: readonly number[]) => {
    if (its[row] === "none" || seen.includes(row)) return;
    if (row === wanted) lengths.push(seen.length + 1);
    else for (const next of needs[row] ?? []) walk(next, [...seen, row]);
  };
  for (const [row, as] of its.entries()) if (as === "required") walk(row, []);
  return lengths.length === 0 ? undefined : Math.min(...lengths);
}

describe("chains", () => {
  it("are as short as any, and lead where they say", () => {
    fc.assert(
      fc.property(graph, parts, fc.nat(count - 1), (needs, its, wanted) => {
        const chain = chainWithin({ needs: (row) => needs[row] ?? [] }, membersOf([its]), 0, wanted);
        expect(chain?.length).toBe(shortest(needs, its, wanted));
        if (chain === undefined) return;
        expect(its[chain[0] ?? -1]).toBe("required");
        expect(chain.at(-1)).toBe(wanted);
        for (const [i, row] of chain.slice(1).entries()) expect(needs[chain[i] ?? -1]).toContain(row);
      }),
      { numRuns: 400 },
    );
  });

  it("of several workloads the shortest is taken, and what a base has is no chain", () => {
    fc.assert(
      fc.property(
        graph,
        fc.array(parts, { minLength: 1, maxLength: 4 }),
        fc.nat(count - 1),
        (needs, all, wanted) => {
          const web = {
            needs: (row: number) => needs[row] ?? [],
            neededBy: () => [],
            weights: () => new Uint32Array(),
          };
          const members = membersOf(all);
          const lengths = all.flatMap((its) =>
            its[wanted] === "base" || its[wanted] === "none" ? [] : (shortest(needs, its, wanted) ?? []),
          );
          const expected = lengths.length === 0 ? undefined : Math.min(...lengths);
          expect(nearestChain(web, members, wanted)?.rows.length).toBe(expected);
          const having = members.of(wanted).map(({ workload, as }: Membership) => [workload, as]);
          expect(having).toEqual(all.flatMap((its, i) => (its[wanted] === "none" ? [] : [[i, its[wanted]]])));
        },
      ),
    );
  });
});
