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
    expect(resolution).toMatchObject({ ok: false, hint: "add a suite that has nowhere" });
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
