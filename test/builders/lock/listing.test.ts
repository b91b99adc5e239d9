// What packages are chosen from, by tiers: ranks, what answers stand on, and which tier is told.

import { expect, test } from "vitest";
import { basisOf, type Held, nothingHeld, refuseUnknownBase } from "../../../builders/lock/answer.ts";
import {
  answererText,
  keptLists,
  type Listing,
  listsOf,
  openAnswerers,
} from "../../../builders/lock/listing.ts";
import type { Pinned } from "../../../builders/lock/pinned.ts";
import type { Listed } from "../../../builders/lock/supply.ts";
import { compactInMemory } from "../../../evaluator/compact.ts";
import { scanPackages } from "../../../evaluator/deb/packages.ts";
import { formatStanza } from "../../../evaluator/deb/stanza.ts";
import type { LockedIndex } from "../../../evaluator/lock.ts";
import { questionFrame, type Source, type Tier } from "../../../evaluator/question.ts";
import { poolTime } from "../../../store/layout.ts";
import { digestOf, sha256Of } from "../../../store/model/digest.ts";
import { Fault } from "../../../store/model/fault.ts";

const asked = (...search: readonly Tier[]): { readonly source: Source } => ({
  source: {
    distro: "small",
    architecture: "amd64",
    repositories: [{ name: "main", suites: ["stable"], components: ["main"], priority: 700 }],
    pins: [],
    ...(search.length > 0 && { search }),
  },
});
const pinned = (name: string, version: string): Pinned => ({
  from: "main stable",
  stanza: { Package: name, Version: version, Architecture: "all", SHA256: sha256Of(`${name} ${version}`) },
});
const index = (date: number, suite = "stable"): LockedIndex => ({
  repository: "main",
  suite,
  component: "main",
  architecture: "amd64",
  release: sha256Of(`${date}`),
  packages: sha256Of(`${date}`),
  date,
});
const stored = { packages: [pinned("a", "1")], indexes: [index(10)], frames: [] };

/** A fetched list of these. */
function listed(date: number, ...packages: readonly Pinned[]): Listing["indexes"][number] {
  const text = Buffer.from(packages.map(({ stanza }) => formatStanza(stanza)).join("\n"));
  const [sha256, blob] = [sha256Of(`${date}`), digestOf(`${date}`)];
  return {
    index: {
      ...index(date),
      ...{ release: { sha256, date }, packages: { sha256, size: 1, path: "x" }, compression: "none", blob },
    },
    list: compactInMemory(scanPackages(text), text),
  };
}

const versionOf = (list: Listed["list"]) =>
  "text" in list ? list.text(0).split("\n")[1] : `Version: ${list[0]?.["Version"]}`;

test("each tier ranks below the one before it; what is held above all of them", () => {
  const listing = { indexes: [listed(20, pinned("a", "2"))], stored };
  const ranks = (...search: readonly Tier[]) =>
    listsOf(asked(...search), listing).map(({ list, rank }) => [versionOf(list), rank]);
  expect(ranks("store", "repositories")).toEqual([
    ["Version: 2", 1],
    ["Version: 1", 2],
  ]);
  expect(ranks("local", "repositories", "store")).toEqual([
    ["Version: 2", 2],
    ["Version: 1", 1],
  ]);
  expect(keptLists(asked("store", "local"), [pinned("a", "1")], { indexes: [] })).toMatchObject([
    { repository: "main", suite: "stable", priority: 700, rank: 3 },
  ]);
});

test("where no tiers are named, pins and priorities decide as apt has them, but for what is held", () => {
  const sources = [
    ...listsOf(asked(), { indexes: [listed(20, pinned("a", "2"))] }),
    ...keptLists(asked(), [pinned("a", "1")], { indexes: [] }),
  ];
  expect(sources.map(({ rank, priority }) => [rank, priority])).toEqual([
    [0, 700],
    [1, 700],
  ]);
});

test("which tier gave a package: the first that has just this file, else the lock", () => {
  const listing = { indexes: [listed(20, pinned("a", "1"), pinned("b", "1"))], stored };
  const told = (name: string, version: string, ...search: readonly Tier[]) =>
    openAnswerers(
      asked(...search),
      listing,
    )({
      name,
      stanza: pinned(name, version).stanza,
      origin: { repository: "main", suite: "stable" },
    });
  expect(told("a", "1", "store", "repositories")).toBe("store");
  expect(told("a", "1", "repositories", "store")).toBe("repositories");
  expect(told("b", "1", "store", "repositories")).toBe("repositories");
  expect(told("a", "2", "store", "repositories")).toBe("lock");
  expect(told("a", "2")).toBe("repositories");
  const local = { name: "a", stanza: {}, origin: "local" } as const;
  expect(openAnswerers(asked(), { indexes: [] })(local)).toBe("local");
  expect(answererText(["store", "lock", "store", "local"])).toBe(
    "1 from manifests, 2 from the store, 1 as the lock has them",
  );
});

test("what an answer stands on: what was read; without repositories what gave the packages", () => {
  const held: Held = { ...nothingHeld, indexes: [index(5), index(7, "updates")], moves: false };
  const dates = (listing: Listing, search: readonly Tier[], one: Held = held) => {
    const { date, indexes } = basisOf(asked(...search), listing, one);
    return [date, ...indexes.map((each) => each.date)];
  };
  expect(dates({ indexes: [listed(20)] }, [])).toEqual([20, 20]);
  expect(dates({ indexes: [listed(20)], stored }, ["store", "repositories"])).toEqual([20, 20]);
  expect(dates({ indexes: [], stored }, ["store"])).toEqual([7, 5, 7]);
  expect(dates({ indexes: [], stored }, ["store"], { ...held, moves: true })).toEqual([10, 10, 7]);
  expect(dates({ indexes: [] }, ["local"], nothingHeld)).toEqual([poolTime]);
});

test("a base of sets is known without repositories only where a root with it was asked for", () => {
  const codeOf = (base: string[], exclude: string[], frames: Held["frames"], ...search: readonly Tier[]) => {
    try {
      refuseUnknownBase({ ...asked(...search), base, exclude }, { indexes: [] }, { ...nothingHeld, frames });
      return undefined;
    } catch (error) {
      return error instanceof Fault ? [error.code, ...error.details] : error;
    }
  };
  const frame = questionFrame("small amd64: <apt> <essential>, without tzdata");
  const code = "unresolved/unknown-base";
  expect(codeOf(["essential"], [], [])).toBeUndefined();
  expect(codeOf(["essential"], [], [], "store")).toEqual([code, "the base was not asked for"]);
  expect(codeOf(["bash"], [], [], "store")).toBeUndefined();
  expect(codeOf(["essential"], ["tzdata"], [frame], "store")).toBeUndefined();
  expect(codeOf(["essential"], [], [frame], "store")).toEqual([code, "tzdata was left out"]);
  expect(codeOf(["essential", "required"], ["tzdata"], [frame], "local")).toEqual([
    code,
    "the base was not asked for",
  ]);
});
