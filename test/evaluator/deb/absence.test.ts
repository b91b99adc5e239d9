// Why a package, or a version of one, is not in a closure, and what asking for it would come to.

import { describe, expect, test } from "vitest";
import { absenceOf } from "../../../evaluator/deb/absence.ts";
import { resolve } from "../../../evaluator/deb/resolve.ts";
import { type UniverseOptions, universe } from "../../../evaluator/deb/universe.ts";
import { pkg, source, type source as sourceType } from "./archive.ts";

type Sources = readonly ReturnType<typeof sourceType>[];

/** `taken`: what a lock has, `NAME VERSION`; that is kept where something is tried. */
function ask(
  sources: Sources,
  requests: readonly string[],
  taken: readonly string[],
  wanted: string,
  options: Partial<UniverseOptions> = {},
) {
  const open = (more: Sources) =>
    universe({ architecture: "amd64", sources: [...sources, ...more], ...options });
  const texts = taken.flatMap((text) => {
    const [name = "", version = ""] = text.split(" ");
    const listed = sources.flatMap(({ index }) => index.named(name).map((number) => index.text(number)));
    return listed.filter((stanza) => stanza.includes(`\nVersion: ${version}\n`)).slice(0, 1);
  });
  const kept = open([source(texts, { suite: "locked", priority: 995 })]);
  const question = { requests, base: [], recommends: false };
  const attempt = (request: string) => resolve(kept, { ...question, requests: [...requests, request] });
  const closure = new Map(taken.map((text) => text.split(" ") as [string, string]));
  return absenceOf(open([]), question, closure, wanted, attempt);
}

const stable = [pkg("app 1", "Depends: lib"), pkg("lib 1"), pkg("lib 2"), pkg("rest", "Provides: virtual")];

describe("why", () => {
  test("it is taken", () => {
    expect(ask([source(stable)], ["app"], ["app 1", "lib 2"], "lib")).toEqual({
      wanted: "lib",
      taken: "2",
      reasons: ["lib 2 is taken"],
      versions: [
        { version: "2", priority: 500, from: "main stable" },
        { version: "1", priority: 500, from: "main stable" },
      ],
      providers: [],
    });
    expect(ask([source(stable)], ["app"], ["lib 2"], "lib (>= 2)").reasons).toEqual(["lib 2 is taken"]);
    // An index that has it no more.
    expect(ask([source(stable)], ["app"], ["lib 1.5"], "lib=1.5").reasons).toEqual(["lib 1.5 is taken"]);
  });

  test("there is no such thing, or no such version, or it is excluded", () => {
    expect(ask([source(stable)], ["app"], [], "virtual")).toMatchObject({
      reasons: ["there is no package virtual"],
      providers: ["rest"],
    });
    expect(ask([source(stable)], ["app"], [], "rets").reasons).toEqual([
      "there is no package rets",
      "did you mean rest?",
    ]);
    expect(ask([source(stable)], ["app"], [], "lib=3")).toMatchObject({ reasons: ["no index has lib=3"] });
    expect(ask([source(stable)], ["app"], [], "rest", { exclude: ["rest"] }).reasons).toEqual([
      "rest is excluded: as far as this goes it does not exist",
    ]);
  });

  test("nobody needs it; then what asking for it adds", () => {
    expect(ask([source(stable)], ["app"], ["app 1", "lib 2"], "rest")).toMatchObject({
      reasons: ["nothing that is asked for needs rest"],
      attempt: { ok: true, moves: [{ name: "rest", after: "1" }] },
    });
  });

  test("another version is newer, or of a higher priority, or it is never taken", () => {
    const backports = source([pkg("lib 3")], { suite: "backports", priority: 100 });
    expect(ask([source(stable)], ["app"], ["app 1", "lib 2"], "lib=1")).toMatchObject({
      reasons: ["lib 2 is taken", "2 (main stable) is newer"],
      attempt: { ok: true, moves: [{ name: "lib", before: "2", after: "1" }] },
    });
    expect(ask([source(stable), backports], ["app"], ["app 1", "lib 2"], "lib=3").reasons).toEqual([
      "lib 2 is taken",
      "2 (main stable) has the priority 500, 3 (main backports) but 100",
    ]);
    const never = source([pkg("lib 3")], { suite: "never", priority: -1 });
    expect(ask([source(stable), never], ["app"], ["app 1", "lib 2"], "lib (>= 3)").reasons).toEqual([
      "lib 2 is taken",
      "3 is never taken: its priority is -1",
    ]);
  });

  test("an earlier tier has another version: told with the priorities that manifests give", () => {
    const near = source([pkg("lib 1")], { suite: "near", rank: 2 });
    const told = ask([near, source(stable, { rank: 1 })], ["app"], ["app 1", "lib 1"], "lib=2");
    expect(told.reasons).toEqual(["lib 1 is taken", "1 (main near) is in an earlier tier"]);
    expect(told.versions.map(({ priority }) => priority)).toEqual([500, 500]);
  });

  test("the lock keeps an older one", () => {
    const told = ask([source(stable)], ["app"], ["app 1", "lib 1"], "lib=2");
    expect(told.reasons).toEqual([
      "lib 1 is taken",
      "the lock keeps what it has: `kit lock --update` moves it",
    ]);
    expect(told.attempt).toEqual({ ok: true, moves: [{ name: "lib", before: "1", after: "2" }] });
  });

  test("what else is asked for rules it out: those that clash are told", () => {
    const old = [...stable, pkg("old 1", "Depends: lib (<< 2)")];
    const told = ask([source(old)], ["app", "old"], ["app 1", "lib 1", "old 1"], "lib=2");
    expect(told.reasons).toEqual(["lib 1 is taken", "what else is asked for rules it out"]);
    expect(told.attempt).toMatchObject({
      ok: false,
      explanation: expect.arrayContaining(["old 1 needs lib (<< 2): lib 1"]),
    });
  });

  test("what is taken stays as it is where something is tried, though there is a newer one", () => {
    const told = ask([source([...stable, pkg("app 2")])], ["app"], ["app 1", "lib 1"], "rest");
    expect(told.attempt).toEqual({ ok: true, moves: [{ name: "rest", after: "1" }] });
  });

  test("of another architecture", () => {
    const both = source([pkg("lib 1"), pkg("lib 1", "Architecture: arm64")]);
    const told = ask([both], ["lib"], ["lib 1"], "lib:arm64", { foreign: ["arm64"] });
    expect(told.reasons).toEqual(["nothing that is asked for needs lib:arm64"]);
    expect(ask([both], ["lib"], ["lib 1"], "lib:any").reasons).toEqual(["lib 1 is taken"]);
    expect(ask([both], ["lib"], ["lib 1"], "lib:i386").reasons).toEqual([
      "no package of i386 takes part: this is of amd64",
    ]);
    expect(told.attempt).toMatchObject({ ok: false });
  });
});
