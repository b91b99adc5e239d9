// Version comparison, against policy's examples and dpkg itself.

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions, type Operator, satisfies } from "../../../evaluator/deb/version.ts";
import { tellSeed } from "../../rig/seed.ts";

const isLong = process.env["KIT_TEST_LONG"] !== undefined;

const upstream = fc
  .tuple(
    fc.integer({ min: 0, max: 12 }),
    fc.array(fc.constantFrom("0", "1", "9", "10", "a", "z", "Z", "rc", "~", "+", ".", "~~", "-", "00"), {
      maxLength: 6,
    }),
  )
  .map(([first, rest]) => `${first}${rest.join("")}`);
const version = fc
  .tuple(
    fc.option(fc.integer({ min: 0, max: 3 })),
    upstream,
    fc.option(fc.constantFrom("0", "1", "1~", "1+b1", "~x", "01")),
  )
  .map(
    ([epoch, main, revision]) =>
      `${epoch === null ? "" : `${epoch}:`}${main}${revision === null ? "" : `-${revision}`}`,
  )
  // dpkg refuses an empty revision.
  .filter((text) => !text.endsWith("-"));

/** Often one that differs from the first by a piece in one place. */
const pair: fc.Arbitrary<[string, string]> = fc.oneof(
  fc.tuple(version, version),
  fc
    .tuple(version, fc.nat(), fc.nat({ max: 2 }), fc.constantFrom("0", "1", "~", "+", "a", "-", ".", "00"))
    .map(([first, at, removed, piece]): [string, string] => {
      const place = 1 + (at % first.length);
      return [first, first.slice(0, place) + piece + first.slice(place + removed)];
    })
    .filter(([, second]) => /^(?:\d+:)?\d[^:]*[^:-]$/.test(second)),
  version.map((first): [string, string] => [first, first.replace(/(\d+)/g, "0$1")]),
);

describe("compareVersions", () => {
  test.each([
    ["1.0", "1.0", 0],
    ["1.0", "1.0-0", 0],
    ["0:1.0", "1.0", 0],
    ["1.00", "1.0", 0],
    ["1.10", "1.9", 1],
    ["1.0~rc1", "1.0", -1],
    ["1.0~~", "1.0~", -1],
    ["1.0~~a", "1.0~", -1],
    ["1.0a", "1.0", 1],
    ["1.0a", "1.0+", -1],
    ["1:0.1", "99", 1],
    ["1.0-1", "1.0-1+b1", -1],
    ["1.0-1", "1.0-1~bpo1", 1],
    ["1-2-3", "1-2-4", -1],
    ["18446744073709551616", "18446744073709551615", 1],
    ["", "0", 0],
  ])("%s and %s", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
    expect(Math.sign(compareVersions(b, a))).toBe(sign === 0 ? 0 : -sign);
  });

  test("is a total order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(version, fc.string({ maxLength: 6 })), { minLength: 3, maxLength: 3 }),
        (versions) => {
          const [a = "", b = "", c = ""] = versions;
          expect(compareVersions(a, a)).toBe(0);
          expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
          if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
            expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("agrees with dpkg", { timeout: 600_000 }, () => {
    const seed = tellSeed("pairs of versions");
    const pairs = fc.sample(pair, { numRuns: 10_000, seed });
    const ours = pairs.map(([a, b]) => Math.sign(compareVersions(a, b)));
    const told = (signs: readonly number[]) =>
      pairs.slice(0, signs.length).map((two, i) => [...two, signs[i]]);
    const theirs = byPerl(pairs);
    expect(theirs.length).toBe(pairs.length);
    expect(told(ours)).toEqual(told(theirs));
    // A process for each question: 2 ms and more.
    const few = byDpkg(isLong ? pairs : pairs.slice(0, 300));
    expect(told(few)).toEqual(told(ours.slice(0, few.length)));
    for (const sign of [-1, 0, 1]) expect(ours.filter((item) => item === sign).length).toBeGreaterThan(500);
  });
});

/** What dpkg's own library for Perl says. */
function byPerl(pairs: readonly (readonly [string, string])[]): number[] {
  const script =
    'use Dpkg::Version; while (<STDIN>) { chomp; my ($a, $b) = split / /; print version_compare($a, $b), "\\n" }';
  const input = pairs.map(([a, b]) => `${a} ${b}\n`).join("");
  const { stdout, stderr } = spawnSync("perl", ["-e", script], { input, encoding: "utf8" });
  if (stderr !== "") throw new Error(`sh test/pretest.sh installs what this needs: ${stderr}`);
  return stdout.trim().split("\n").map(Number);
}

/** What the program says, in one shell for all. */
function byDpkg(pairs: readonly (readonly [string, string])[]): number[] {
  const script =
    'while read -r a b; do for op in lt eq gt; do dpkg --compare-versions "$a" $op "$b" && break; done; echo $op; done';
  const input = pairs.map(([a, b]) => `${a} ${b}\n`).join("");
  const { stdout } = spawnSync("sh", ["-c", script], { input, encoding: "utf8", maxBuffer: 1 << 26 });
  return stdout
    .trim()
    .split("\n")
    .map((word) => ["lt", "eq", "gt"].indexOf(word) - 1);
}

test("satisfies knows the five operators", () => {
  const truth = (version: string) =>
    (["<<", "<=", "=", ">=", ">>"] as Operator[]).filter((operator) => satisfies(version, operator, "1.5"));
  expect(truth("1.4")).toEqual(["<<", "<="]);
  expect(truth("1.5-0")).toEqual(["<=", "=", ">="]);
  expect(truth("1.5-1")).toEqual([">=", ">>"]);
});
