// Version comparison, against policy's examples and dpkg itself.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions, type Operator, satisfies } from "../../../evaluator/deb/version.ts";

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

  test.skipIf(!existsSync("/usr/bin/dpkg"))(
    "agrees with dpkg",
    () => {
      const pairs = fc.sample(fc.tuple(version, version), 300);
      // One shell for all of them: 900 processes of a few milliseconds each.
      const script =
        'while [ $# -gt 0 ]; do for op in lt eq gt; do dpkg --compare-versions "$1" $op "$2" && break; done; echo $op; shift 2; done';
      const { stdout } = spawnSync("sh", ["-c", script, "sh", ...pairs.flat()], { encoding: "utf8" });
      const answers = stdout.trim().split("\n");
      const signs = pairs.map(([a, b]) => ["lt", "eq", "gt"][Math.sign(compareVersions(a, b)) + 1]);
      expect(pairs.map((pair, i) => [...pair, answers[i]])).toEqual(
        pairs.map((pair, i) => [...pair, signs[i]]),
      );
    },
    60_000,
  );
});

test("satisfies knows the five operators", () => {
  const truth = (version: string) =>
    (["<<", "<=", "=", ">=", ">>"] as Operator[]).filter((operator) => satisfies(version, operator, "1.5"));
  expect(truth("1.4")).toEqual(["<<", "<="]);
  expect(truth("1.5-0")).toEqual(["<=", "=", ">="]);
  expect(truth("1.5-1")).toEqual([">=", ">>"]);
});
