// Chains of dependencies longer than calls can be deep, and than apt's first walk goes.

import { describe, expect, test } from "vitest";
import { openChains } from "../../../evaluator/chain.ts";
import { configurationOrder } from "../../../evaluator/deb/order.ts";
import { resolve } from "../../../evaluator/deb/resolve.ts";
import { pkg, universeOf } from "./archive.ts";

const length = 20_000;

/** `c0` needs `c1`, and so on; `last` stands in the last one's stanza. */
function chain(count: number, ...last: string[]): string[] {
  const links = Array.from({ length: count - 1 }, (_, i) => pkg(`c${i}`, `Depends: c${i + 1}`));
  return [...links, pkg(`c${count - 1}`, ...last)];
}

function ask(packages: readonly string[]) {
  return resolve(universeOf(packages), { requests: ["c0"], base: [], recommends: false });
}

describe(`a chain of ${length} packages`, { timeout: 120_000 }, () => {
  test("is chosen, ordered, and told from end to end", () => {
    const resolution = ask(chain(length));
    if (!resolution.ok) throw new Error(resolution.explanation.join("\n"));
    const { packages } = resolution;
    expect(packages.length).toBe(length);
    expect(configurationOrder(packages).slice(0, 2)).toEqual([`c${length - 1}`, `c${length - 2}`]);
    const { count, chains } = openChains(packages, "amd64")(`c${length - 1}`, 10);
    expect([count, chains[0]?.links.length]).toEqual([1, length]);
    expect(chains[0]?.links[1]).toEqual({ package: "c1", relation: "c1" });
  });

  test("that ends in nothing is refused for that", () => {
    const resolution = ask(chain(length, "Depends: nowhere"));
    if (resolution.ok) throw new Error("there is no such package");
    const { explanation, hint } = resolution;
    expect(explanation.slice(0, 2)).toEqual(["c0 is asked for, which is c0 1", "c0 1 needs c1: c1 1"]);
    expect(explanation[100]).toBe("and so on, 19801 steps");
    expect(explanation.at(-1)).toBe(
      `c${length - 1} 1 needs nowhere, which nothing satisfies: there is no package nowhere`,
    );
    expect(hint).toBe("add a suite that has nowhere");
  });

  test("of two each, the better of which cannot be, is searched", () => {
    const names = (i: number) => [`d${i}`, `e${i}`];
    const pairs = Array.from({ length: 3000 }, (_, i) =>
      names(i).map((name) => pkg(name, `Depends: ${names(i + 1).join(" | ")}`)),
    );
    const packages = [
      ...pairs.flat(),
      pkg("d3000", "Conflicts: root"),
      pkg("e3000"),
      pkg("root", "Depends: d0"),
    ];
    const resolution = resolve(universeOf(packages), { requests: ["root"], base: [], recommends: false });
    expect(resolution.ok && resolution.packages.map(({ name }) => name)).toContain("e3000");
  });
});

// As apt 2.6.1 answers: below 3,000 it is its problem resolver that brings packages in, one alternative at most.
test.each([2_990, 3_010])("what stands %i deep is as apt has it", (depth) => {
  const tail = [pkg("x", "Depends: nowhere"), pkg("y"), pkg("z", "Suggests: y")];
  const resolution = ask([...chain(depth, "Depends: x | y, z"), ...tail]);
  if (!resolution.ok) throw new Error(resolution.explanation.join("\n"));
  expect(resolution.packages.map(({ name }) => name).filter((name) => !name.startsWith("c"))).toEqual([
    "y",
    "z",
  ]);
});
