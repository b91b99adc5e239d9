// Why an rpm, or a version of one, is not in a closure, and what asking for it would come to.

import { describe, expect, test } from "vitest";
import { absenceOf } from "../../../evaluator/rpm/absence.ts";
import { resolve } from "../../../evaluator/rpm/resolve.ts";
import { type UniverseOptions, universe } from "../../../evaluator/rpm/universe.ts";
import { rpm, source } from "./repository.ts";

type Sources = readonly ReturnType<typeof source>[];

/** `taken`: what a lock has, `NAME VERSION`; that is kept where something is tried. */
function ask(
  sources: Sources,
  requests: readonly string[],
  taken: readonly string[],
  wanted: string,
  options: Partial<UniverseOptions> = {},
) {
  const open = (more: Sources) =>
    universe({ architecture: "x86_64", sources: [...sources, ...more], ...options });
  const locked = specs.filter(({ name, version }) => taken.includes(`${name} ${version}`));
  const kept = open([source(locked, { repository: "locked", rank: 2 })]);
  const question = { requests, base: [], recommends: false };
  const attempt = (request: string) => resolve(kept, { ...question, requests: [...requests, request] });
  const closure = new Map(taken.map((text) => text.split(" ") as [string, string]));
  return absenceOf(open([]), question, closure, wanted, attempt);
}

const specs = [
  rpm("app 1-1", { Requires: ["lib"] }),
  rpm("lib 1-1"),
  rpm("lib 2-1"),
  rpm("lib 3-1 i686"),
  rpm("rest 1-1", { Provides: ["virtual"] }),
  rpm("old 1-1", { Requires: ["lib < 2"] }),
];
const main = source(specs);

describe("why", () => {
  test("it is taken", () => {
    const versions = ["2-1", "1-1"].map((version) => ({ version, priority: 99, from: "main" }));
    const answer = { taken: "2-1", reasons: ["lib 2-1 is taken"], versions, providers: [] };
    for (const wanted of ["lib", "lib-2", "lib-2-1", "lib-2-1.x86_64", "lib >= 2"])
      expect(ask([main], ["app"], ["app 1-1", "lib 2-1"], wanted)).toEqual({ wanted, ...answer });
  });

  test("there is no such thing, or no such version, or it is excluded", () => {
    expect(ask([main], ["app"], [], "virtual")).toMatchObject({
      reasons: ["there is no package virtual"],
      providers: ["rest"],
    });
    expect(ask([main], ["app"], ["rest 1-1"], "virtual").reasons).toEqual([
      "there is no package virtual",
      "rest 1-1 is taken, which provides it",
    ]);
    expect(ask([main], ["app"], [], "rets").reasons).toEqual([
      "there is no package rets",
      "did you mean rest?",
    ]);
    expect(ask([main], ["app"], [], "lib >= 4")).toMatchObject({ reasons: ["no repository has lib >= 4"] });
    expect(ask([main], ["app"], [], "rest", { exclude: ["rest"] }).reasons).toEqual([
      "rest is excluded: as far as this goes it does not exist",
    ]);
  });

  test("nobody needs it; then what asking for it adds", () => {
    expect(ask([main], ["app"], ["app 1-1", "lib 2-1"], "rest")).toMatchObject({
      reasons: ["nothing that is asked for needs rest"],
      attempt: { ok: true, moves: [{ name: "rest", after: "1-1" }] },
    });
    expect(ask([main], ["app"], ["app 1-1", "lib 2-1"], "lib.i686")).toMatchObject({
      reasons: ["nothing that is asked for needs lib:i686"],
    });
  });

  test("another version is newer, or of a better repository", () => {
    expect(ask([main], ["app"], ["app 1-1", "lib 2-1"], "lib-1-1")).toMatchObject({
      reasons: ["lib 2-1 is taken", "2-1 (main) is newer"],
      attempt: { ok: true, moves: [{ name: "lib", before: "2-1", after: "1-1" }] },
    });
    const spare = source([rpm("lib 4-1")], { repository: "spare", priority: 200 });
    expect(ask([main, spare], ["app"], ["app 1-1", "lib 2-1"], "lib = 4-1").reasons).toEqual([
      "lib 2-1 is taken",
      "2-1 (main) has the priority 99, 4-1 (spare) but 200",
    ]);
    const tier = source([rpm("lib 1-5")], { repository: "store", priority: 500, rank: 1 });
    expect(ask([main, tier], ["app"], ["app 1-1", "lib 1-5"], "lib = 2-1").reasons).toEqual([
      "lib 1-5 is taken",
      "1-5 (store) is in an earlier tier",
    ]);
  });

  test("the lock keeps another, or what else is asked for rules it out", () => {
    expect(ask([main], ["app"], ["app 1-1", "lib 1-1"], "lib = 2-1")).toMatchObject({
      reasons: ["lib 1-1 is taken", "the lock keeps what it has: `kit lock --update` moves it"],
      attempt: { ok: true, moves: [{ name: "lib", before: "1-1", after: "2-1" }] },
    });
    expect(ask([main], ["old"], ["old 1-1", "lib 1-1"], "lib = 2-1")).toMatchObject({
      reasons: ["lib 1-1 is taken", "what else is asked for rules it out"],
      attempt: { ok: false },
    });
  });
});
