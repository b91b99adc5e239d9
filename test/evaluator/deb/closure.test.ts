// Every small universe, against exhaustive search: solved where it can be, refused where it cannot, always the same.

import fc from "fast-check";
import { expect, test } from "vitest";
import { resolve } from "../../../evaluator/deb/resolve.ts";
import { universe } from "../../../evaluator/deb/universe.ts";
import type { Resolution } from "../../../evaluator/resolution.ts";
import { pkg, source } from "./archive.ts";

interface Made {
  readonly name: string;
  readonly version: string;
  readonly depends: readonly Wanted[][];
  readonly conflicts: readonly Wanted[];
  readonly provides: readonly string[];
}
interface Wanted {
  readonly name: string;
  /** With `atLeast` or exactly, where given. */
  readonly version?: string;
  readonly atLeast?: boolean;
}

const names = ["a", "b", "c", "d", "e"];
const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  fc.record({ name: fc.constantFrom(...names, "v", "w") }),
  fc.record({ name: fc.constantFrom(...names), version: fc.constantFrom("1", "2"), atLeast: fc.boolean() }),
);
const made: fc.Arbitrary<Made> = fc.record({
  name: fc.constantFrom(...names),
  version: fc.constantFrom("1", "2"),
  depends: fc.array(fc.array(wanted, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  conflicts: fc.array(wanted, { maxLength: 1 }),
  provides: fc.uniqueArray(fc.constantFrom("v", "w", "a"), { maxLength: 1 }),
});
const archive = fc.uniqueArray(made, {
  minLength: 4,
  maxLength: 9,
  selector: ({ name, version }) => `${name} ${version}`,
});
const requests = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 });

function write({ name, version, atLeast }: Wanted): string {
  return version === undefined ? name : `${name} (${atLeast ? ">=" : "="} ${version})`;
}

function stanzaOf({ name, version, depends, conflicts, provides }: Made): string {
  return pkg(
    `${name} ${version}`,
    ...(depends.length > 0
      ? [`Depends: ${depends.map((group) => group.map(write).join(" | ")).join(", ")}`]
      : []),
    ...(conflicts.length > 0 ? [`Conflicts: ${conflicts.map(write).join(", ")}`] : []),
    ...(provides.length > 0 ? [`Provides: ${provides.join(", ")}`] : []),
  );
}

function meets(item: Made, { name, version, atLeast }: Wanted): boolean {
  if (
    item.name === name &&
    (version === undefined || item.version === version || (atLeast === true && item.version > version))
  )
    return true;
  return version === undefined && item.provides.includes(name);
}

function isValid(set: readonly Made[], wantedNames: readonly string[]): boolean {
  return (
    new Set(set.map(({ name }) => name)).size === set.length &&
    wantedNames.every((name) => set.some((item) => item.name === name)) &&
    set.every(
      (item) =>
        item.depends.every((group) => group.some((want) => set.some((other) => meets(other, want)))) &&
        !item.conflicts.some((want) => set.some((other) => other.name !== item.name && meets(other, want))),
    )
  );
}

function isSolvable(all: readonly Made[], wantedNames: readonly string[]): boolean {
  const subsets = Array.from({ length: 2 ** all.length }, (_, bits) =>
    all.filter((_item, i) => bits & (1 << i)),
  );
  return subsets.some((set) => isValid(set, wantedNames));
}

function solve(all: readonly Made[], wantedNames: readonly string[], recommends = false): Resolution {
  const half = Math.ceil(all.length / 2);
  const suites = [all.slice(0, half), all.slice(half)].map((part) => source(part.map(stanzaOf)));
  return resolve(universe({ architecture: "amd64", sources: suites }), {
    requests: wantedNames,
    base: [],
    recommends,
  });
}

test("solves what can be solved, soundly, with a reason for each package, and explains the rest", () => {
  let [solved, refused] = [0, 0];
  fc.assert(
    fc.property(archive, requests, (all, chosen) => {
      // A name that is only provided is a virtual package: apt asks back, and so does kit.
      const wantedNames = chosen.filter((name) => all.some((item) => item.name === name));
      const resolution = solve(all, wantedNames);
      expect(resolution.ok).toBe(isSolvable(all, wantedNames));
      if (!resolution.ok) {
        refused++;
        expect(resolution.explanation.length).toBeGreaterThan(1);
        return;
      }
      solved++;
      const set = resolution.packages.flatMap(({ name, version }) =>
        all.filter((item) => item.name === name && item.version === version),
      );
      expect(set.length).toBe(resolution.packages.length);
      expect(isValid(set, wantedNames)).toBe(true);
      expect(resolution.packages.filter(({ reasons }) => reasons.length === 0)).toEqual([]);
    }),
    { numRuns: 2000 },
  );
  expect([solved > 500, refused > 100]).toEqual([true, true]);
});

test("the order of stanzas, suites and requests changes nothing", () => {
  const shuffled = archive.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );
  const orders = requests.chain((some) =>
    fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
  );
  fc.assert(
    fc.property(shuffled, orders, fc.boolean(), ([all, shuffledAll], [some, shuffledSome], apart) => {
      const suites = (list: readonly Made[]) => {
        if (!apart) return [source(list.map(stanzaOf))];
        const [one, two] = [
          list.filter(({ version }) => version === "1"),
          list.filter(({ version }) => version === "2"),
        ];
        return [source(one.map(stanzaOf)), source(two.map(stanzaOf), { suite: "updates", priority: 400 })];
      };
      const question = { base: [], recommends: false };
      const first = resolve(universe({ architecture: "amd64", sources: suites(all) }), {
        ...question,
        requests: some,
      });
      const second = resolve(universe({ architecture: "amd64", sources: suites(shuffledAll).toReversed() }), {
        ...question,
        requests: shuffledSome,
      });
      expect(second).toEqual(first);
    }),
    { numRuns: 500 },
  );
});
