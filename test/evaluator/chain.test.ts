// The shortest ways to a package: which, how many, and in what order.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openChains } from "../../evaluator/chain.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";

const native = "amd64";

/** `wants`: who wants it, `request` and `base` among them. */
function chosen(name: string, wants: readonly string[], architecture = native): ChosenPackage {
  const reasons = wants.map((by) => ({ by, relation: name }));
  return { name, version: "1", architecture, stanza: {}, origin: "local", reasons };
}

const told = (packages: readonly ChosenPackage[], wanted: string, most = 10) => {
  const { count, chains } = openChains(packages, native)(wanted, most);
  return {
    count,
    chains: chains.map(({ from, links }) => [from, ...links.map((link) => link.package)].join(" ")),
  };
};

describe("chains", () => {
  const packages = [
    chosen("c", ["b", "a2", "a1"]),
    chosen("b", ["a1"]),
    chosen("a1", ["request"]),
    chosen("a2", ["base", "request"]),
  ];

  test("are all of the shortest length, requests first", () => {
    expect(told(packages, "c")).toEqual({
      count: 3,
      chains: ["request a1 c", "request a2 c", "base a2 c"],
    });
  });

  test("what was asked for itself is one link", () => {
    expect(told(packages, "a1")).toEqual({ count: 1, chains: ["request a1"] });
  });

  test("are written out as far as somebody will read, and counted all", () => {
    expect(told(packages, "c", 1)).toEqual({ count: 3, chains: ["request a1 c"] });
  });

  test("a foreign package is called by its architecture too, and one for all is not", () => {
    const both = [
      chosen("data", ["lib:arm64"], "all"),
      chosen("lib", ["request"], "arm64"),
      chosen("lib", ["x"]),
    ];
    expect(told(both, "data")).toEqual({ count: 1, chains: ["request lib:arm64 data"] });
    expect(told(both, "lib")).toEqual({ count: 0, chains: [] });
  });

  test("circles and what nobody asked for lead nowhere", () => {
    const circle = [chosen("a", ["b"]), chosen("b", ["a"]), chosen("c", ["c", "request"])];
    expect(told(circle, "a")).toEqual({ count: 0, chains: [] });
    expect(told(circle, "none")).toEqual({ count: 0, chains: [] });
    expect(told(circle, "c")).toEqual({ count: 1, chains: ["request c"] });
  });

  test("are those that trying every way finds", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const wants = fc.uniqueArray(fc.constantFrom("request", "base", ...names), { maxLength: 4 });
    fc.assert(
      fc.property(fc.tuple(...names.map(() => wants)), (all) => {
        const packages = names.map((name, i) => chosen(name, all[i] ?? []));
        const ways = (name: string, seen: readonly string[]): string[] =>
          (packages.find((item) => item.name === name)?.reasons ?? []).flatMap(({ by }) => {
            if (by === "request" || by === "base") return [`${by} ${name}`];
            return seen.includes(by) ? [] : ways(by, [...seen, by]).map((way) => `${way} ${name}`);
          });
        for (const name of names) {
          const every = ways(name, [name]);
          const links = (way: string) => way.split(" ").length;
          const least = Math.min(...every.map(links));
          const { count, chains } = told(packages, name, 1000);
          expect(chains.toSorted()).toEqual(every.filter((way) => links(way) === least).sort());
          expect(count).toBe(chains.length);
        }
      }),
    );
  });
});
