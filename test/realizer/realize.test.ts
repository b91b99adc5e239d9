// Realizing over a world of the test's own: what is built, in which order, how much at once, and what a failure stops.

import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ended } from "../../builders/checks/recipe.ts";
import type { Event } from "../../builders/event.ts";
import { fetchDerivation } from "../../builders/fetch/recipe.ts";
import type { Means, RealizeOptions } from "../../builders/realizer/means.ts";
import { realize } from "../../builders/realizer/realize.ts";
import { resolveRequest } from "../../builders/realizer/resolve.ts";
import { tarDerivation } from "../../builders/tar/recipe.ts";
import { unpackDerivation } from "../../builders/unpack/recipe.ts";
import {
  contentOf,
  type Derivation,
  derivation,
  type Input,
  type Request,
  type Result,
  requestDigest,
} from "../../store/model/derivation.ts";
import { type Digest, digestOf, sha256Of } from "../../store/model/digest.ts";
import { Fault, Faults } from "../../store/model/fault.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { digestOfTree, makeTree } from "../../store/model/tree.ts";

/** A derivation that stands for any: what it becomes is decided by the world. */
const item = (name: string, inputs: readonly Derivation[] = [], builder = "tar"): Derivation =>
  derivation({
    builder,
    label: name,
    parameters: { name },
    inputs: Object.fromEntries(
      inputs.map((input, index): [string, Input] => [
        `${index}`,
        { derivation: input, output: input.outputs[0] ?? "" },
      ]),
    ),
    outputs: ["image"],
  });

interface World extends Means {
  readonly built: string[];
  readonly events: Event[];
  readonly most: { build: number; download: number };
  readonly recorded: Map<Digest, Result>;
  readonly lost: Set<string>;
}

type Becomes = (request: Request, item: Derivation) => string | Error | Promise<string | Error>;

/** Builds by making `becomes` of a request, and records what came of it. */
function world(becomes: Becomes = (request) => requestDigest(request)): World {
  const running = { build: 0, download: 0 };
  const self: World = {
    built: [],
    events: [],
    most: { build: 0, download: 0 },
    recorded: new Map(),
    lost: new Set(),
    known: (request) => self.recorded.get(request),
    has: (content) => !self.lost.has(content),
    keep: async () => [],
    offers: async () => new Map(),
    bring: async () => undefined,
    mend: async () => {},
    paces: (questions) => questions.map(() => undefined),
    emit: (event) => self.events.push(event),
    now: () => 0,
    async build({ request, derivation: made, rebuild }) {
      // As the keeper has it: what is recorded is not built again unless it was asked for.
      const recorded = rebuild ? undefined : self.recorded.get(requestDigest(request));
      if (recorded && Object.values(recorded.outputs).every(self.has))
        return { result: recorded, how: "reused" };
      const kind = made.builder === "fetch" ? "download" : "build";
      running[kind]++;
      self.most[kind] = Math.max(self.most[kind], running[kind]);
      try {
        self.built.push(made.label);
        const came = await becomes(request, made);
        if (came instanceof Error) throw came;
        const outputs = Object.fromEntries(
          made.outputs.map((name) => [name, contentOf("blob", digestOf(`${came} ${name}`))]),
        );
        const digest = requestDigest(request);
        const known = self.recorded.get(digest);
        const result = known ?? { format: "kit/result/1" as const, request: digest, outputs, references: [] };
        self.recorded.set(digest, result);
        return {
          result,
          how: "built",
          ...(rebuild &&
            known &&
            JSON.stringify(known.outputs) !== JSON.stringify(outputs) && { differs: outputs }),
        };
      } finally {
        running[kind]--;
      }
    },
  };
  return self;
}

const options: RealizeOptions = { jobs: 2, downloads: 3, memory: Infinity, rebuild: () => false };

/** Any graph without circles: each item takes some of those before it. */
const graph = fc
  .array(fc.array(fc.nat(1000), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .map((rows) => {
    const all: Derivation[] = [];
    for (const [index, row] of rows.entries())
      all.push(
        item(
          `n${index}`,
          [...new Set(row.map((at) => all[at % Math.max(index, 1)]).filter((input) => input !== undefined))],
          index % 3 ? "tar" : "fetch",
        ),
      );
    return all;
  });

describe("realize", () => {
  it("builds everything once, inputs first, never more at once than allowed", async () => {
    await fc.assert(
      fc.asyncProperty(
        graph,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        async (all, jobs, downloads) => {
          const there = world(async (request) => {
            await sleep(0);
            return requestDigest(request);
          });
          const done = await realize(all, there, { ...options, jobs, downloads });
          expect([...there.built].sort()).toEqual(all.map(({ label }) => label).sort());
          expect(there.most.build).toBeLessThanOrEqual(jobs);
          expect(there.most.download).toBeLessThanOrEqual(downloads);
          expect(done).toMatchObject({ built: all.length, reused: 0, differing: [] });
          for (const [index, { label, inputs }] of all.entries()) {
            expect(done.results.has(all[index]?.digest ?? ("" as Digest))).toBe(true);
            for (const input of Object.values(inputs))
              if ("derivation" in input)
                expect(there.built.indexOf(input.derivation.label)).toBeLessThan(there.built.indexOf(label));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("builds nothing a second time", async () => {
    await fc.assert(
      fc.asyncProperty(graph, async (all) => {
        const there = world();
        const first = await realize(all, there, options);
        there.built.length = 0;
        const second = await realize(all, there, options);
        expect(there.built).toEqual([]);
        expect(second).toMatchObject({ built: 0, reused: all.length, results: first.results });
      }),
      { numRuns: 40 },
    );
  });

  it("stops where an input came out as before", async () => {
    const there = world((request) =>
      request.builder === "unpack" ? "always the same" : requestDigest(request),
    );
    const chain = (source: string) => {
      const fetch = fetchDerivation(source, { sha256: sha256Of(source) }, { urls: [] });
      const unpacked = unpackDerivation("unpacked", { derivation: fetch, output: "file" });
      return tarDerivation(
        "image",
        { derivation: unpacked, output: "data" },
        { file: "x", epoch: 0, compression: "none" },
      );
    };
    await realize([chain("one")], there, options);
    there.built.length = 0;
    const { built, reused } = await realize([chain("other")], there, options);
    expect(there.built).toEqual(["other", "unpacked"]);
    expect([built, reused]).toEqual([2, 1]);
  });

  it("builds again what is recorded and lost, and nothing else", async () => {
    const [a, b] = [item("a"), item("b")];
    const top = item("top", [a, b]);
    const there = world();
    const { results } = await realize([top], there, options);
    there.lost.add(results.get(a.digest)?.outputs["image"] ?? "");
    there.built.length = 0;
    await realize([top], there, options).catch(() => {});
    expect(there.built).toContain("a");
    expect(there.built).not.toContain("b");
  });

  it("one failure stops only what needs it, and all are told", async () => {
    const [good, bad, worse] = [item("good"), item("bad"), item("worse")];
    const [onGood, onBad, onBoth, far] = [
      item("on good", [good]),
      item("on bad", [bad]),
      item("on both", [bad, worse]),
      item("far", [item("between", [bad])]),
    ];
    const there = world((_, { label }) =>
      ["bad", "worse"].includes(label)
        ? new Fault("build/failed", `${label} broke`, { hint: "mend it", details: ["log"] })
        : label,
    );
    const error = await realize([onGood, onBad, onBoth, far], there, { ...options, jobs: 1 }).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(Faults);
    expect(
      (error as Faults).faults.map(({ code, message, hint, details }) => [code, message, hint, details]),
    ).toEqual([
      ["build/failed", "bad: bad broke", "mend it", ["log"]],
      ["build/failed", "worse: worse broke", "mend it", ["log"]],
    ]);
    expect(there.built).toContain("on good");
    expect(there.built.filter((label) => /on bad|on both|between|far/.test(label))).toEqual([]);
    const ends = there.events.flatMap((event) => (event.type === "end" ? [[event.label, event.how]] : []));
    expect(Object.fromEntries(ends)).toEqual({
      good: "built",
      bad: "failed",
      worse: "failed",
      "on good": "built",
      "on bad": "blocked",
      "on both": "blocked",
      between: "blocked",
      far: "blocked",
    });
  });

  it("checks that found something are run again for who asks for it, also those that a cache tells of", async () => {
    const checks = derivation({
      ...{ builder: "checks", label: "checks", parameters: {}, inputs: {}, outputs: ["result"] },
    });
    const request = requestDigest(resolveRequest(checks, new Map()) as Request);
    const builtAnew = async (text: string, retry: boolean, isOffered: boolean) => {
      const file = { type: "file" as const, path: parseTreePath("result"), mode: 0o644, uid: 0, gid: 0 };
      const tree = makeTree([{ ...file, blob: digestOf(text), size: text.length }]);
      const outputs = { result: contentOf("tree", digestOfTree(tree)) };
      const known: Result = { format: "kit/result/1", request, outputs, references: [] };
      const there = world();
      if (!isOffered) there.recorded.set(request, known);
      const means: Means = {
        ...there,
        offers: async () => new Map(isOffered ? [[request, known]] : []),
        bring: async () => ({ result: known, how: "brought" }),
        build: (job) => there.build({ ...job, rebuild: true }),
      };
      await realize([checks], means, { ...options, retry });
      return there.built;
    };
    for (const offered of [true, false]) {
      expect(await builtAnew(ended.badly, true, offered)).toEqual(["checks"]);
      expect(await builtAnew(ended.well, true, offered)).toEqual([]);
      expect(await builtAnew(ended.badly, false, offered)).toEqual([]);
    }
  });

  it("whatever fails, the rest is built", async () => {
    await fc.assert(
      fc.asyncProperty(graph, fc.nat(29), async (all, at) => {
        const broken = all[at % all.length]?.label;
        const there = world((request, { label }) =>
          label === broken ? new Fault("build/failed", "broke") : requestDigest(request),
        );
        await expect(realize(all, there, options)).rejects.toBeInstanceOf(Faults);
        const needs = (one: Derivation): boolean =>
          one.label === broken ||
          Object.values(one.inputs).some((input) => "derivation" in input && needs(input.derivation));
        expect(there.built.filter((label) => label !== broken).sort()).toEqual(
          all
            .filter((one) => !needs(one))
            .map(({ label }) => label)
            .sort(),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("a defect of kit's own ends the run, once what runs is over", async () => {
    let over = false;
    const there = world(async (_, { label }) => {
      if (label === "defect") return new TypeError("undefined is not a function");
      await sleep(50);
      over = true;
      return label;
    });
    await expect(
      realize([item("defect"), item("slow"), item("later", [item("slow")])], there, options),
    ).rejects.toThrow("undefined is not a function");
    expect(over).toBe(true);
    expect(there.built).not.toContain("later");
  });

  it("takes hold of all that it goes on from, also where nothing is to be built, and builds what is gone", async () => {
    const base = item("base");
    const [left, right] = [item("left", [base]), item("right", [base])];
    const top = item("top", [left, right]);
    const there = world();
    await realize([top], there, options);
    const [digestOfLeft = digestOf("")] = [...there.recorded.keys()].slice(1, 2);
    for (const gone of [[], [digestOfLeft]]) {
      const kept: (readonly Digest[])[] = [];
      there.built.length = 0;
      const keep: Means["keep"] = async (requests) => {
        kept.push(requests);
        if (kept.length > 1) return [];
        for (const request of gone) there.recorded.delete(request);
        return gone;
      };
      const { results } = await realize([top], { ...there, keep }, options);
      expect(results.size).toBe(4);
      // What was made of what was gone comes out as recorded, and is taken hold of when that is known.
      expect(kept.map(({ length }) => length)).toEqual(gone.length === 0 ? [4] : [4, 2, 1]);
      expect(there.built).toEqual(gone.length === 0 ? [] : ["left"]);
    }
  });

  it("rebuilds what it is told to, tells what differs, and keeps the recorded result", async () => {
    const [same, changing] = [item("same"), item("changing")];
    const top = item("top", [same, changing]);
    let count = 0;
    const there = world((_, { label }) => (label === "changing" ? `${count++}` : label));
    const first = await realize([top], there, options);
    const second = await realize([top], there, { ...options, rebuild: ({ label }) => label !== "top" });
    expect(second.differing.map(({ derivation }) => derivation)).toEqual([changing]);
    expect(second.results).toEqual(first.results);
    expect([second.built, second.reused]).toEqual([2, 1]);
  });

  it("takes the largest download first, and unpacks the largest first", async () => {
    const sizes = [3, 900, 20, 500, 1];
    const fetches = sizes.map((size) =>
      fetchDerivation(`fetch ${size}`, { sha256: sha256Of(String(size)), size }, { urls: [] }),
    );
    const unpacked = fetches.map((fetch) =>
      unpackDerivation(fetch.label.replace("fetch", "unpack"), { derivation: fetch, output: "file" }),
    );
    const there = world(async (request) => {
      await sleep(request.builder === "fetch" ? 1 : 10);
      return requestDigest(request);
    });
    await realize(unpacked, there, { ...options, downloads: 1, jobs: 1 });
    expect(there.built.filter((label) => label.startsWith("fetch"))).toEqual(
      [900, 500, 20, 3, 1].map((size) => `fetch ${size}`),
    );
    expect(there.built.filter((label) => label.startsWith("unpack"))[0]).toBe("unpack 900");
  });

  it("begins what holds up the most first, within the memory there is, and tells how long it will take", async () => {
    const [light, heavy, long, base] = ["light", "heavy", "long", "base"].map((name) => item(name));
    const top = item("top", [base as Derivation]);
    const took: Readonly<Record<string, readonly [number, number]>> = {
      ...{ light: [1000, 100], heavy: [4000, 900], long: [6000, 300], base: [2000, 300], top: [5000, 300] },
    };
    const there = world(async (request) => {
      await sleep(5);
      return requestDigest(request);
    });
    const paces: Means["paces"] = (questions) =>
      questions.map(({ label }) => {
        const [duration = 0, mebibytes = 0] = took[label] ?? [];
        return { duration, memory: mebibytes * 2 ** 20 };
      });
    const targets = [light, heavy, long, top].flatMap((one) => one ?? []);
    await realize(targets, { ...there, paces }, { ...options, jobs: 1 });
    expect(there.built).toEqual(["base", "long", "top", "heavy", "light"]);
    expect(there.events).toContainEqual({ type: "estimate", left: 18_000 });
    for (const [memory, most] of [
      [2 ** 30, 3],
      [2 ** 20, 1],
    ] as const) {
      there.recorded.clear();
      there.most.build = 0;
      await realize(targets, { ...there, paces }, { ...options, jobs: 8, memory });
      expect(there.most.build).toBe(most);
    }
  });

  it("tells all that would have to be fetched at once where it may not be, and builds nothing", async () => {
    const there = world();
    const known = item("known", [], "fetch");
    await realize([known], there, options);
    const missing = Array.from({ length: 12 }, (_, index) => item(`file ${index}`, [], "fetch"));
    const targets = [item("other"), item("all", [known, ...missing])];
    const refused = realize(targets, there, { ...options, offline: true });
    await expect(refused).rejects.toMatchObject({
      code: "network/offline",
      message: expect.stringContaining("12 files"),
      details: [...missing.slice(0, 10).map(({ label }) => label), "and 2 more"],
    });
    expect(there.built).toEqual(["known"]);
    await realize([item("of what is there", [known])], there, { ...options, offline: true });
    expect(there.built).toEqual(["known", "of what is there"]);
  });

  it("refuses at once what a distribution leaves out, and nothing that is there", async () => {
    const file = (name: string, leftOutBy?: string) =>
      fetchDerivation(
        name,
        { sha256: sha256Of(name) },
        { archive: "https://example.org/debian", path: name, ...(leftOutBy && { leftOutBy }) },
      );
    const there = world();
    await realize([file("known")], there, options);
    const left = Array.from({ length: 11 }, (_, index) => file(`${index}`, "mine"));
    const refused = realize([file("known", "mine"), file("free"), ...left], there, options);
    await expect(refused).rejects.toMatchObject({
      code: "network/left-out",
      exit: 6,
      message: expect.stringMatching(/^11 files .* and mine leaves its repositories out$/),
      details: [...left.slice(0, 10).map(({ label }) => label), "and 1 more"],
    });
    expect(there.built).toEqual(["known"]);
    const { outcomes } = await realize([file("known", "mine"), file("free")], there, options);
    expect([...outcomes.values()].sort()).toEqual(["built", "reused"]);
  });

  it("begins nothing more once there is no room", async () => {
    const there = world(() => new Fault("store/full", "no room"));
    const failed = realize(
      ["a", "b", "c"].map((name) => item(name)),
      there,
      { ...options, jobs: 1 },
    );
    await expect(failed).rejects.toMatchObject({ faults: [{ code: "store/full" }] });
    expect(there.built).toHaveLength(1);
  });

  it("begins nothing more once it is interrupted", async () => {
    const interruption = new AbortController();
    const there = world((request) => {
      interruption.abort();
      return requestDigest(request);
    });
    const many = Array.from({ length: 20 }, (_, index) => item(`${index}`));
    const failed = realize(many, there, { ...options, jobs: 2, signal: interruption.signal });
    await expect(failed).rejects.toMatchObject({ code: "interrupted/realize", exit: 130 });
    expect(there.built.length).toBeLessThanOrEqual(2);
  });

  it("does not grow slow, nor deep, with many", async () => {
    const wide = Array.from({ length: 5_000 }, (_, index) => item(`${index}`));
    const there = world();
    const begun = performance.now();
    await realize(wide, there, { ...options, jobs: 50 });
    await realize(wide, there, options);
    expect(there.built).toHaveLength(wide.length);
    let chain = item("first");
    for (let index = 0; index < 1000; index++) chain = item(`chain ${index}`, [chain]);
    expect((await realize([chain], there, options)).built).toBe(1001);
    expect(performance.now() - begun).toBeLessThan(15_000);
  });
});
