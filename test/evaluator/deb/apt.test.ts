// The resolver against apt itself, bookworm's 2.6 and trixie's 3.0, over their archives and over small ones.
// What apt chooses kit has to choose, package by package. Three classes are left to kit's own search:
// - apt gives up: its walk ended broken and no round of its problem resolver mended it. Where kit finds an answer,
//   apt has to accept it when it is asked for exactly those versions.
// - "repair with ties": the problem resolver mends package by package, in the order of their scores, and visits those
//   of one score in an order that hangs on its hash table, kit by name. One archive of 6,000 comes out otherwise.
// - "solver": trixie's apt gave up likewise and went on with its second solver ("3.0"), which bookworm's does not
//   have. kit answers the same for both; apt has to accept that answer too.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolve } from "../../../evaluator/deb/resolve.ts";
import { packagesIndex, type Universe, universe } from "../../../evaluator/deb/universe.ts";
import type { ChosenPackage } from "../../../evaluator/resolution.ts";
import type { StanzaIndex } from "../../../evaluator/stanzaindex.ts";
import { openPlace, type Place } from "../../e2e/place.ts";
import { randomFrom, tellSeed } from "../../rig/seed.ts";
import { type Apt, type AptAnswer, openApt } from "./aptprogram.ts";
import { drawSets } from "./sets.ts";
import { smallArchive, writeArchive } from "./smallarchive.ts";

const isLong = process.env["KIT_TEST_LONG"] !== undefined;
// 40 of both suites; 1.3 s each where nothing else runs.
const setsOfArchive = isLong ? 500 : 20;
// 80 ms each.
const smallSets = isLong ? 3_000 : 100;
const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
const kinds = [
  { title: "one version of each", options: { names, versions: false, foreign: false } },
  { title: "several versions", options: { names, versions: true, foreign: false } },
  { title: "two architectures", options: { names, versions: false, foreign: true } },
] as const;

describe.for(["bookworm", "trixie"] as const)("%s", (suite) => {
  let place: Place;
  let apt: Apt;
  beforeAll(async () => {
    place = openPlace("apt");
    apt = await openApt(suite, place.folder);
  });
  afterAll(() => place?.[Symbol.dispose]());

  test("closures are apt's", { timeout: 3_600_000 }, async () => {
    const seed = tellSeed(`${setsOfArchive} sets of packages of ${suite}`);
    const archive = universe({ architecture: "amd64", sources: apt.sources });
    const comparison = new Comparison();
    for (const { names: requests, recommends } of drawSets(archive, seed, setsOfArchive)) {
      await comparison.compare(apt, archive, { requests, recommends });
    }
    comparison.expectSame();
    // Some sets are drawn so that they clash: the rest must have something to compare.
    expect(comparison.compared).toBeGreaterThan(0.5 * setsOfArchive);
  });

  test("the order of an index and of the sources means nothing", { timeout: 1_800_000 }, () => {
    const count = isLong ? 100 : 6;
    const seed = tellSeed(`another order of ${suite}, and ${count} sets of packages`);
    const random = randomFrom(seed);
    const shuffled = apt.sources
      .toReversed()
      .map((source) => ({ ...source, index: shuffle(source.index, random) }));
    const archive = universe({ architecture: "amd64", sources: apt.sources });
    const other = universe({ architecture: "amd64", sources: shuffled });
    for (const { names: requests, recommends } of drawSets(archive, seed, count)) {
      const question = { base: ["essential"], recommends };
      const answer = JSON.stringify(resolve(archive, { ...question, requests }));
      expect(JSON.stringify(resolve(other, { ...question, requests: requests.toReversed() }))).toBe(answer);
    }
  });

  test.for(kinds)("small archives, $title", { timeout: 1_800_000 }, async ({ options }) => {
    const seed = tellSeed(`${smallSets} small archives for ${suite}`);
    const drawn = fc.sample(smallArchive(options), { numRuns: smallSets, seed });
    const comparison = new Comparison();
    for (const { packages, requests, recommends } of drawn) {
      const text = writeArchive(packages);
      const only = [{ index: packagesIndex(Buffer.from(text)), repository: "small", suite, priority: 500 }];
      const archive = universe({ architecture: "amd64", foreign: ["arm64"], sources: only });
      await comparison.compare(apt.over(text), archive, { requests, recommends }, text);
    }
    comparison.expectSame();
    expect(comparison.compared).toBeGreaterThan(0.1 * smallSets);
  });
});

interface Asked {
  readonly requests: readonly string[];
  readonly recommends: boolean;
}

class Comparison {
  readonly #outcomes: Record<string, number> = {};
  readonly #differences: object[] = [];
  /** How often kit had to choose the same. */
  compared = 0;

  async compare(apt: Apt, archive: Universe, asked: Asked, text?: string): Promise<void> {
    const theirs = await apt.install(asked.requests, asked);
    const resolution = resolve(archive, { ...asked, base: [] });
    const ours = resolution.ok ? resolution.packages.map(told).sort() : undefined;
    const how = "refusal" in theirs ? "refused" : theirs.how;
    const differ = (what: object): void => {
      this.#differences.push({ ...asked, ...(text !== undefined && { text }), how, ...what });
    };
    if (!("refusal" in theirs) && theirs.how !== "solver") {
      this.compared++;
      const missing = theirs.packages.filter((item) => !ours?.includes(item));
      const extra = (ours ?? []).filter((item) => !theirs.packages.includes(item));
      const isSame = missing.length + extra.length === 0;
      const isTie = !isSame && ours !== undefined && how === "repair with ties";
      this.#count(isTie ? `${how}, otherwise by kit` : how);
      if (isTie) await this.#judged(apt, ours, differ);
      else if (!isSame) differ({ missing, extra });
      return;
    }
    this.#count(`${how} by apt, ${ours === undefined ? "refused" : "solved"} by kit`);
    if (ours === undefined) {
      if (how === "solver") differ({ explanation: resolution.ok ? [] : resolution.explanation });
      return;
    }
    await this.#judged(apt, ours, differ);
  }

  /** Asked for just these versions, apt has to take them. */
  async #judged(apt: Apt, ours: readonly string[], differ: (what: object) => void): Promise<void> {
    const judgement = await judge(apt, ours);
    if ("refusal" in judgement || judgement.packages.join() !== ours.join()) differ({ ours, judgement });
  }

  expectSame(): void {
    console.log(this.#outcomes);
    expect(this.#differences).toEqual([]);
  }

  #count(outcome: string): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
  }
}

function shuffle(index: StanzaIndex, random: (below: number) => number) {
  const stanzas = Array.from({ length: index.size }, (_, number) => index.text(number));
  for (let i = stanzas.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [stanzas[i], stanzas[j]] = [stanzas[j] ?? "", stanzas[i] ?? ""];
  }
  return packagesIndex(Buffer.from(stanzas.map((text) => `${text}\n\n`).join("")));
}

function told({ name, version, architecture }: ChosenPackage): string {
  return `${architecture === "arm64" ? `${name}:arm64` : name} ${version}`;
}

/** What apt makes of a whole closure: the same again, where it is one. */
function judge(apt: Apt, packages: readonly string[]): Promise<AptAnswer> {
  const words = packages.map((item) => item.replace(" ", "="));
  return apt.install(words, { recommends: false });
}
