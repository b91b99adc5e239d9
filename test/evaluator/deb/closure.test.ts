// Every small universe, against exhaustive search: solved where it can be, refused where it cannot, always the same.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolve } from "../../../evaluator/deb/resolve.ts";
import { type Source, universe } from "../../../evaluator/deb/universe.ts";
import type { Resolution } from "../../../evaluator/resolution.ts";
import { tellSeed } from "../../rig/seed.ts";
import { source } from "./archive.ts";
import {
  isSolvable,
  isValid,
  type Made,
  type SmallArchive,
  smallArchive,
  writeStanza,
} from "./smallarchive.ts";

const isLong = process.env["KIT_TEST_LONG"] !== undefined;
const timeout = 600_000;
const names = ["a", "b", "c", "d", "e", "f"];
const kinds = [
  { title: "one version of each", options: { names, versions: false, foreign: false } },
  { title: "several versions", options: { names, versions: true, foreign: false } },
  { title: "two architectures", options: { names: names.slice(0, 5), versions: true, foreign: true } },
] as const;

function suite(packages: readonly Made[], place: Partial<Omit<Source, "index">> = {}): Source {
  return source(packages.map(writeStanza), place);
}

function solve({ requests, recommends }: SmallArchive, sources: readonly Source[]): Resolution {
  const all = universe({ architecture: "amd64", foreign: ["arm64"], sources });
  return resolve(all, { requests, base: [], recommends });
}

describe.for(kinds)("$title", ({ options }) => {
  test("solves what can be solved, soundly, with a reason for each package, and explains the rest", {
    timeout,
  }, () => {
    const numRuns = isLong ? 20_000 : 1_000;
    const seed = tellSeed(`${numRuns} small archives`);
    let [solved, refused] = [0, 0];
    fc.assert(
      fc.property(smallArchive(options), (archive) => {
        const { packages, requests } = archive;
        const half = Math.ceil(packages.length / 2);
        const resolution = solve(archive, [suite(packages.slice(0, half)), suite(packages.slice(half))]);
        expect(resolution.ok).toBe(isSolvable(packages, requests));
        if (!resolution.ok) {
          refused++;
          expect(resolution.explanation.length).toBeGreaterThan(1);
          return;
        }
        solved++;
        const set = resolution.packages.flatMap(({ name, version, architecture }) =>
          packages.filter(
            (item) => item.name === name && item.version === version && item.architecture === architecture,
          ),
        );
        expect(set.length).toBe(resolution.packages.length);
        expect(isValid(set, requests)).toBe(true);
        expect(resolution.packages.filter(({ reasons }) => reasons.length === 0)).toEqual([]);
      }),
      { numRuns, seed },
    );
    expect([solved > numRuns / 10, refused > numRuns / 10]).toEqual([true, true]);
  });

  test("the order of stanzas, suites and requests changes nothing", { timeout }, () => {
    const numRuns = isLong ? 5_000 : 300;
    const seed = tellSeed(`${numRuns} small archives in another order`);
    const shuffled = smallArchive(options).chain((archive) => {
      const { packages, requests } = archive;
      return fc.record({
        archive: fc.constant(archive),
        packages: fc.shuffledSubarray([...packages], { minLength: packages.length }),
        requests: fc.shuffledSubarray([...requests], { minLength: requests.length }),
        isApart: fc.boolean(),
      });
    });
    fc.assert(
      fc.property(shuffled, ({ archive, packages, requests, isApart }) => {
        const suites = (list: readonly Made[]): Source[] => {
          if (!isApart) return [suite(list)];
          const of = (version: string): Made[] => list.filter((item) => item.version === version);
          return [suite(of("1")), suite(of("2"), { suite: "updates", priority: 400 })];
        };
        const first = solve(archive, suites(archive.packages));
        const second = solve({ ...archive, requests }, suites(packages).toReversed());
        expect(JSON.stringify(second)).toBe(JSON.stringify(first));
      }),
      { numRuns, seed },
    );
  });
});
