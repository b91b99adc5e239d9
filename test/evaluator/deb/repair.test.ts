// Where apt's walk ends broken, or nearly: examples, all as apt 2.6.1 and 3.0.4 answer with recommendations.

import { describe, expect, test } from "vitest";
import { resolve } from "../../../evaluator/deb/resolve.ts";
import { pkg, universeOf } from "./archive.ts";

function chosen(
  packages: readonly string[],
  requests: readonly string[],
  foreign: readonly string[] = [],
): readonly string[] {
  const resolution = resolve(universeOf(packages, { foreign }), { requests, base: [], recommends: true });
  return resolution.ok
    ? resolution.packages.map(({ name, version }) => `${name} ${version}`)
    : resolution.explanation;
}

test("a package that conflicts with what it needs is held back, and its rival found", () => {
  const packages = [
    pkg("b"),
    pkg("c", "Priority: important", "Depends: g | c, c, b | b", "Conflicts: b, e", "Recommends: i"),
    pkg("d", "Depends: d (= 1) | d | v"),
    pkg("e"),
    pkg("f", "Depends: g"),
    pkg("g", "Priority: standard", "Depends: i | d (= 1), w", "Recommends: c | e", "Provides: w (= 2)"),
    pkg("h", "Conflicts: v"),
    pkg("i", "Recommends: h | i (>= 1)"),
    pkg("j", "Depends: c | d, f (= 1)", "Suggests: a (= 1)"),
  ];
  const asked = chosen(packages, ["f", "g", "j"]);
  expect(asked).toEqual(["d 1", "f 1", "g 1", "i 1", "j 1"]);
});

test("a candidate that was discarded is hoped for until apt looks again", () => {
  const packages = [
    pkg("b", "Depends: f | w", "Recommends: c"),
    pkg("c", "Depends: nowhere"),
    pkg("d", "Recommends: c | e | b"),
    pkg("e", "Depends: b, c"),
    pkg("f", "Recommends: e | h"),
    pkg("h"),
  ];
  // When f is walked e is in, for c may come yet; so nobody asks for h.
  expect(chosen(packages, ["d"])).toEqual(["b 1", "d 1", "f 1"]);
});

describe("two architectures", () => {
  const archive = (first: string) => [
    pkg("c", first),
    pkg("e", "Depends: i | f, i", "Provides: v"),
    pkg("f", "Architecture: arm64", "Multi-Arch: foreign", "Essential: yes", "Provides: w"),
    pkg("g", "Depends: v | c"),
    pkg("i", "Architecture: arm64", "Multi-Arch: foreign", "Breaks: j, w"),
    pkg("j"),
  ];
  const foreign = ["arm64"];

  // i has f taken away and fails on j, which apt's cache has behind w: nothing spoke of j for amd64 before.
  test("a clash with what is not yet spoken of comes last", () => {
    expect(chosen(archive("Section: misc"), ["g", "j"], foreign)).toEqual(["c 1", "g 1", "j 1"]);
  });

  test("a clash with what is spoken of stays where it stands", () => {
    expect(chosen(archive("Suggests: j"), ["g", "j"], foreign)).toEqual(["c 1", "f 1", "g 1", "j 1"]);
  });

  test("what is wanted by name and architecture is brought back", () => {
    const packages = [
      pkg("a", "Architecture: arm64", "Suggests: w"),
      pkg("c", "Conflicts: w, e"),
      pkg("d", "Depends: i:arm64", "Recommends: c"),
      pkg("e"),
      pkg("f", "Architecture: arm64"),
      pkg("h", "Depends: d | f:arm64"),
      pkg("i", "Architecture: arm64", "Provides: w"),
    ];
    expect(chosen(packages, ["e", "h"], foreign)).toEqual(["d 1", "e 1", "h 1", "i 1"]);
  });
});
