// Profiles: which generations a policy lets go, and how several processes add to one.

import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentOf } from "../../store/model/derivation.ts";
import { digestOf } from "../../store/model/digest.ts";
import {
  addGeneration,
  checkProfileName,
  expired,
  type Generation,
  generationPlace,
  readProfile,
  readProfiles,
} from "../../store/profiles.ts";
import { openTestStore } from "./rig.ts";

const generation = (made: number, output = `outputs/${made}`): Omit<Generation, "number"> => ({
  made,
  label: "image.yaml",
  outputs: { tar: output },
  contents: [contentOf("tree", digestOf(output))],
  requests: [digestOf(`request of ${output}`)],
});

describe("a policy", () => {
  const profile = (...made: readonly number[]) => ({
    name: "edge",
    generations: made.map((at, index) => ({ number: index + 1, ...generation(at) })),
  });
  const gone = (made: readonly number[], policy: Parameters<typeof expired>[1]) =>
    expired(profile(...made), policy).map(({ number }) => number);
  const always = Number.POSITIVE_INFINITY;

  it("keeps the newest, however old, and the current one always", () => {
    expect(gone([10, 20, 30], { keep: 2, madeBefore: always })).toEqual([1]);
    expect(gone([10, 20, 30], { keep: 1, madeBefore: always })).toEqual([1, 2]);
    expect(gone([10, 20, 30], { keep: 0, madeBefore: always })).toEqual([1, 2]);
    expect(gone([10, 20, 30], { keep: 9, madeBefore: always })).toEqual([]);
    expect(gone([], { keep: 1, madeBefore: always })).toEqual([]);
  });

  it("spares what is young", () => {
    expect(gone([10, 20, 30, 40], { keep: 1, madeBefore: 20 })).toEqual([1]);
    expect(gone([10, 20, 30, 40], { keep: 3, madeBefore: 100 })).toEqual([1]);
    expect(gone([10, 20, 30, 40], { keep: 1, madeBefore: 10 })).toEqual([]);
  });

  it("lets go only what is both old and behind the newest, whatever the clock said", () => {
    const policy = fc.record({ keep: fc.integer({ min: 0, max: 5 }), madeBefore: fc.integer({ max: 50 }) });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 8 }), policy, (made, policy) => {
        const numbers = gone(made, policy);
        const stays = made.map((_, index) => index + 1).filter((number) => !numbers.includes(number));
        if (made.length > 0) expect(stays).toContain(made.length);
        expect(stays.length).toBeGreaterThanOrEqual(Math.min(policy.keep, made.length));
        for (const number of numbers) expect(made[number - 1]).toBeLessThan(policy.madeBefore);
      }),
    );
  });
});

describe("a profile", () => {
  it("has its generations in their order, with all they keep", () => {
    const { layout } = openTestStore();
    for (let nth = 1; nth <= 12; nth++) expect(addGeneration(layout, "edge", generation(nth))).toBe(nth);
    const { generations } = readProfile(layout, "edge");
    expect(generations).toEqual(
      Array.from({ length: 12 }, (_, nth) => ({ number: nth + 1, ...generation(nth + 1) })),
    );
    expect(readProfiles(layout)).toEqual([{ name: "edge", generations }]);
    expect(readProfile(layout, "other")).toEqual({ name: "other", generations: [] });
  });

  it("does not take what it has just now, and takes what it had before", () => {
    const { layout } = openTestStore();
    expect(addGeneration(layout, "edge", generation(1, "outputs/a"))).toBe(1);
    expect(addGeneration(layout, "edge", generation(2, "outputs/a"))).toBe(1);
    expect(addGeneration(layout, "edge", generation(3, "outputs/b"))).toBe(2);
    expect(addGeneration(layout, "edge", generation(4, "outputs/a"))).toBe(3);
  });

  it("gives no number twice, whoever adds at once", async () => {
    const { layout } = openTestStore();
    const script = fileURLToPath(new URL("./generations.ts", import.meta.url));
    const labels = ["one", "two", "three"];
    const told = await Promise.all(
      labels.map(async (label) => {
        const argv = ["--disable-warning=ExperimentalWarning", script, layout.root, "edge", label, "40"];
        const { stdout } = await promisify(execFile)(process.execPath, argv);
        return (JSON.parse(stdout) as number[]).map((number) => ({ number, label }));
      }),
    );
    const all = told.flat().sort((a, b) => a.number - b.number);
    expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 120 }, (_, nth) => nth + 1));
    const { generations } = readProfile(layout, "edge");
    expect(generations.map(({ number, label }) => ({ number, label }))).toEqual(all);
    expect(readdirSync(`${layout.profiles}/edge`)).toHaveLength(120);
  });

  it("passes over a number that a killed process took, and never gives it again", () => {
    const { layout } = openTestStore();
    addGeneration(layout, "edge", generation(1));
    writeFileSync(generationPlace(layout, "edge", 2), "");
    writeFileSync(`${generationPlace(layout, "edge", 2)}.tmp-1234`, '{"made":');
    expect(readProfile(layout, "edge").generations.map(({ number }) => number)).toEqual([1]);
    expect(addGeneration(layout, "edge", generation(3))).toBe(3);
    expect(readProfile(layout, "edge").generations.map(({ number }) => number)).toEqual([1, 3]);
    // One that nobody got further with than that.
    mkdirSync(`${layout.profiles}/begun`);
    writeFileSync(generationPlace(layout, "begun", 1), "");
    expect(readProfiles(layout).map(({ name }) => name)).toEqual(["edge"]);
  });

  it("does not give the number of one that was let go to another", () => {
    const { layout } = openTestStore();
    for (const made of [1, 2]) addGeneration(layout, "edge", generation(made));
    rmSync(generationPlace(layout, "edge", 1));
    expect(addGeneration(layout, "edge", generation(3))).toBe(3);
  });

  it.each(["{", "[]", "{}", '{"made": 1, "label": "x", "outputs": {}, "contents": ["x"], "requests": []}'])(
    "that is damaged (%s) is told, with its place",
    (text) => {
      const { layout } = openTestStore();
      addGeneration(layout, "edge", generation(1));
      writeFileSync(generationPlace(layout, "edge", 1), text);
      expect(() => readProfiles(layout)).toThrow(/generation .*profiles\/edge\/1/);
    },
  );

  it.each(["", ".", "..", "a/b", "-a", ".a", "a b", "ä", "a".repeat(65), "a\n"])("is not called %j", (name) =>
    expect(() => checkProfileName(name)).toThrow(/not a profile's name/),
  );

  it.each(["a", "edge", "v1.2_x-3", "a".repeat(64)])("may be called %j", (name) =>
    expect(() => checkProfileName(name)).not.toThrow(),
  );
});
