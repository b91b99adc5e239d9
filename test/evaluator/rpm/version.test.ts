// rpm's version order, against its own examples and rpm itself.

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Bound,
  compareParts,
  compareVersions,
  type Operator,
  overlaps,
  parseEvr,
} from "../../../evaluator/rpm/version.ts";
import { tellSeed } from "../../rig/seed.ts";

const part = fc
  .array(
    fc.constantFrom("0", "1", "2", "9", "10", "00", "a", "b", "Z", "rc", "fc", "~", "^", ".", "_", "+", "~~"),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((pieces) => pieces.join(""));
const version = fc
  .tuple(fc.option(fc.constantFrom("0", "1", "2", "00", "10")), part, fc.option(part))
  .map(
    ([epoch, main, release]) =>
      `${epoch === null ? "" : `${epoch}:`}${main}${release === null ? "" : `-${release}`}`,
  );

describe("compareVersions", () => {
  test.each([
    ["1.0", "1.0", 0],
    ["1.0-1", "0:1.0-1", 0],
    ["1.0", "1.0-1", -1],
    ["1:0.1-1", "99-1", 1],
    ["1.10-1", "1.9-1", 1],
    ["1.010", "1.10", 0],
    ["1.0~rc1", "1.0", -1],
    ["1.0~rc1", "1.0~rc2", -1],
    ["1.0~~", "1.0~", -1],
    ["1.0^git1", "1.0", 1],
    ["1.0^git1", "1.0.1", -1],
    ["1.0^", "1.0", 1],
    ["1.0^git1~pre", "1.0^git1", -1],
    ["1.0~rc1^git1", "1.0~rc1", 1],
    ["1.0a", "1.0", 1],
    ["1.a", "1.1", -1],
    ["1.0.a", "1.0a", 0],
    ["2_0", "2.0", 0],
    ["1-2-3", "1-2-4", -1],
    ["18446744073709551616", "18446744073709551615", 1],
    ["1..", "1", 0],
    ["", "0", -1],
  ])("%s and %s", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
    expect(Math.sign(compareVersions(b, a))).toBe(sign === 0 ? 0 : -sign);
  });

  test("is a total order", () => {
    const any = fc.oneof(version, fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 5000 },
    );
  });

  test("takes time in proportion to what it reads", () => {
    const long = `${"1.".repeat(200_000)}~`;
    expect(compareParts(`${long}a`, `${long}b`)).toBeLessThan(0);
    expect(compareParts("0".repeat(400_000), "")).toBeGreaterThan(0);
  });

  test("agrees with rpm", { timeout: 120_000 }, () => {
    const count = process.env["KIT_TEST_LONG"] === undefined ? 2000 : 10_000;
    const seed = tellSeed(`comparing ${count} pairs of versions`);
    const pairs = fc.sample(fc.tuple(version, version), { numRuns: count, seed });
    const ours = pairs.map(([a, b]) => `${a} ${b} ${Math.sign(compareVersions(a, b))}`);
    const told = inRpm(pairs);
    expect(ours).toEqual(told);
  });
});

describe("overlaps", () => {
  const operators: readonly Operator[] = ["<", "<=", "=", ">=", ">"];
  const range = (text: string): Bound => {
    const [operator = "", evr = ""] = text.split(" ");
    return { operator: operator as Operator, evr: parseEvr(evr) };
  };

  test.each([
    ["= 1.0-1", "= 1.0", true],
    ["= 1.0-1", "> 1.0", false],
    ["= 1.0", "> 1.0-1", true],
    ["= 1.0-1", ">= 1.0", true],
    ["= 1.0-1", "< 1.0", false],
    ["= 1.0-1", "<= 1.0", true],
    ["= 1:1.0-1", "= 1.0", false],
    ["= 1:1.0-1", "> 2.0", true],
    ["= 1.0-", "= 1.0-5", true],
    ["< 2", "> 1", true],
    ["< 1", "> 2", false],
    ["< 1", "< 0", true],
    ["<= 1", ">= 1", true],
    ["< 1", ">= 1", false],
  ])("%s and %s", (a, b, expected) => {
    expect(overlaps(range(a), range(b))).toBe(expected);
    expect(overlaps(range(b), range(a))).toBe(expected);
  });

  test("ranges of full versions overlap just where a version lies in both", () => {
    const numbers = ["1-1", "1-2", "2-1", "1:1-1"];
    const between = [...numbers, "0-0", "1-1.5", "1-3", "3-1", "1:0-1", "1:2-1"];
    const holds = ({ operator, evr }: Bound, text: string) =>
      overlaps({ operator: "=", evr: parseEvr(text) }, { operator, evr });
    for (const a of operators.flatMap((operator) => numbers.map((evr) => range(`${operator} ${evr}`)))) {
      for (const b of operators.flatMap((operator) => numbers.map((evr) => range(`${operator} ${evr}`)))) {
        const common = between.some((text) => holds(a, text) && holds(b, text));
        expect([a, b, overlaps(a, b)]).toEqual([a, b, common]);
      }
    }
  });

  test("a version lies in a range as compareVersions has it", () => {
    fc.assert(
      fc.property(version, version, fc.constantFrom(...operators), (a, b, operator) => {
        if (!parseEvr(a).release || !parseEvr(b).release) return;
        const order = Math.sign(compareVersions(a, b));
        const expected = {
          "<": order < 0,
          "<=": order <= 0,
          "=": order === 0,
          ">=": order >= 0,
          ">": order > 0,
        };
        expect(overlaps({ operator: "=", evr: parseEvr(a) }, { operator, evr: parseEvr(b) })).toBe(
          expected[operator],
        );
      }),
    );
  });
});

/** The pairs with what rpm says of each, all from one process; written by Lua itself, for rpm's print overruns its buffer. */
function inRpm(pairs: readonly (readonly [string, string])[]): string[] {
  // Not print: rpm's own one overruns its buffer now and then.
  const script =
    "%{lua: for line in io.lines() do local a, b = line:match('(%S+) (%S+)'); io.write(line, ' ', math.tointeger(rpm.vercmp(a, b)), '\\n') end}";
  const { stdout, stderr, status } = spawnSync("rpm", ["--eval", script], {
    input: pairs.map((pair) => `${pair.join(" ")}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`rpm: ${stderr}`);
  return stdout.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim().replace(/\s+/g, " ")]));
}
