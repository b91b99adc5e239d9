// The order of builds and what may begin beside what runs: by forecasts alone, never stuck, never the same twice over.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  forecastOf,
  type Rest,
  ranksOf,
  remainingPaths,
  timeLeft,
} from "../../builders/realizer/forecast.ts";
import { usersOf } from "../../builders/realizer/graph.ts";
import { nextBuild, openQueue, type Task } from "../../builders/realizer/queue.ts";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../store/model/digest.ts";

const item = (name: string, inputs: readonly Derivation[] = [], builder = "tree"): Derivation =>
  derivation({
    builder,
    label: name,
    parameters: { name },
    inputs: Object.fromEntries(
      inputs.map((input, index): [string, Input] => [`${index}`, { derivation: input, output: "out" }]),
    ),
    outputs: ["out"],
  });

const task = (rank: number, memory: number): Task => ({
  ...{ id: digestOf(`${rank}`), rank, memory },
  kind: "build",
});

/** Derivations that take some of those before them, and how long each takes. */
const plan = fc
  .array(fc.record({ from: fc.array(fc.nat(1000), { maxLength: 3 }), takes: fc.nat(20) }), {
    minLength: 1,
    maxLength: 25,
  })
  .map((rows) => {
    const all: Derivation[] = [];
    for (const [index, { from }] of rows.entries()) {
      const inputs = from.flatMap((at) => all[at % Math.max(index, 1)] ?? []);
      all.push(item(`n${index}`, [...new Set(inputs)]));
    }
    const takes = new Map(all.map(({ digest }, index) => [digest, rows[index]?.takes ?? 0]));
    return { all, durationOf: ({ digest }: Derivation) => takes.get(digest) ?? 0 };
  });

describe("the order", () => {
  it("is that of the longest remaining path, by what is recorded", () => {
    const [short, long, base] = [item("short"), item("long"), item("base")];
    const after = item("after", [base]);
    const all = [short, long, base, after];
    const took: Readonly<Record<string, number>> = { short: 30, long: 100, base: 20, after: 90 };
    const durationOf = ({ label }: Derivation) => took[label] ?? 0;
    const paths = remainingPaths(all, usersOf(all), durationOf);
    expect([...paths.values()].sort((a, b) => a - b)).toEqual([30, 90, 100, 110]);
    const ranks = ranksOf(all, paths);
    expect([base, long, after, short].map(({ digest }) => ranks.get(digest))).toEqual([0, 1, 2, 3]);
  });

  it("has no two in one place, puts inputs that take time before their users, and is the same each time", () => {
    fc.assert(
      fc.property(plan, ({ all, durationOf }) => {
        const ranksNow = () => ranksOf(all, remainingPaths(all, usersOf(all), durationOf));
        const ranks = ranksNow();
        expect([...ranks.values()].sort((a, b) => a - b)).toEqual(all.map((_, index) => index));
        expect(ranksNow()).toEqual(ranks);
        for (const one of all)
          for (const input of Object.values(one.inputs))
            if ("derivation" in input)
              expect(ranks.get(input.derivation.digest)).toBeLessThan(ranks.get(one.digest) ?? 0);
      }),
    );
  });

  it("is told by kind and size where nothing is recorded", () => {
    const sized = (builder: string, size: number) =>
      derivation({ builder, label: "x", parameters: { size }, inputs: {}, outputs: ["file"] });
    const [large, small] = [sized("fetch", 1e9), sized("fetch", 1e6)];
    const unpack = (fetch: Derivation) =>
      derivation({
        ...{ builder: "unpack", label: "x", parameters: {}, outputs: ["data"] },
        inputs: { deb: { derivation: fetch, output: "file" } },
      });
    const durations = [large, small, unpack(large), unpack(small)].map(
      (one) => forecastOf(one, undefined, false).duration,
    );
    expect(durations[0]).toBeGreaterThan(durations[1] ?? 0);
    expect(durations[2]).toBeGreaterThan(durations[3] ?? 0);
    expect(forecastOf(item("a"), undefined, false)).toMatchObject({ recorded: false });
    expect(forecastOf(item("a"), { duration: 7, memory: 2 ** 28 }, false)).toEqual({
      ...{ duration: 7, memory: 2 ** 28, recorded: true },
    });
    expect(forecastOf(item("a"), { duration: 7, memory: 0 }, false).memory).toBeGreaterThan(0);
  });
});

describe("what begins beside what runs", () => {
  it("fits into memory, unless it is alone", () => {
    expect(nextBuild([task(0, 900)], [], 100)?.rank).toBe(0);
    expect(nextBuild([task(1, 40), task(2, 10)], [task(0, 60)], 100)?.rank).toBe(1);
    expect(nextBuild([task(0, 60)], [task(1, 41)], 100)).toBeUndefined();
  });

  it("passes one that does not fit only where that will still fit beside it", () => {
    const [running, held] = [task(0, 70), task(1, 60)];
    expect(nextBuild([held, task(2, 30)], [running], 100)?.rank).toBe(2);
    // 60 for the one that waits, 30 for the one that passed: 20 more would make it wait for those too.
    expect(nextBuild([held, task(3, 20)], [task(0, 40), task(2, 30)], 100)).toBeUndefined();
    expect(nextBuild([held, task(3, 10)], [task(0, 40), task(2, 30)], 100)?.rank).toBe(3);
    // It fits nowhere but alone: nothing passes it.
    expect(nextBuild([task(1, 500), task(2, 1)], [task(0, 1)], 100)).toBeUndefined();
  });

  const run = fc.record({
    tasks: fc.array(
      fc.record({ memory: fc.nat(150), steps: fc.integer({ min: 1, max: 6 }), at: fc.nat(12) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    ),
    jobs: fc.integer({ min: 1, max: 5 }),
  });

  /** Runs tasks that become ready at their moment and end after their steps; returns what ran at each moment. */
  function simulate({ tasks, jobs }: typeof run extends fc.Arbitrary<infer T> ? T : never): Task[][] {
    const queue = openQueue({ jobs, downloads: 1, memory: 100 });
    const all = tasks.map(({ memory }, rank) => task(rank, memory));
    const until = new Map<Digest, number>();
    const running = new Set<Task>();
    const moments: Task[][] = [];
    for (let now = 0; until.size < all.length || running.size > 0; now++) {
      for (const one of running) {
        if ((until.get(one.id) ?? 0) > now) continue;
        running.delete(one);
        queue.end(one);
      }
      for (const [index, one] of all.entries()) if (tasks[index]?.at === now) queue.add(one);
      for (let next = queue.take(); next !== undefined; next = queue.take()) {
        running.add(next);
        until.set(next.id, now + (tasks[next.rank]?.steps ?? 0));
      }
      if (now > 1000) throw new Error("stuck");
      moments.push([...running]);
    }
    return moments;
  }

  it("never takes more than there is, in memory and places, and everything comes to its turn", () => {
    fc.assert(
      fc.property(run, (given) => {
        for (const running of simulate(given)) {
          expect(running.length).toBeLessThanOrEqual(given.jobs);
          const memory = running.reduce((sum, one) => sum + one.memory, 0);
          if (running.length > 1) expect(memory).toBeLessThanOrEqual(100);
        }
      }),
    );
  });

  it("the first that waits has its turn once all that ran then has ended, and what comes before it", () => {
    fc.assert(
      fc.property(run, (given) => {
        const moments = simulate(given);
        const begins = given.tasks.map((_, rank) =>
          moments.findIndex((running) => running.some((one) => one.rank === rank)),
        );
        const waits = (rank: number, now: number) =>
          (given.tasks[rank]?.at ?? 0) <= now && now < (begins[rank] ?? 0);
        for (const rank of given.tasks.keys()) {
          let since: number | undefined;
          for (const [now, running] of moments.entries()) {
            const isFirst = waits(rank, now) && !begins.some((_, other) => other < rank && waits(other, now));
            since = isFirst ? (since ?? now) : undefined;
            if (since === undefined || running.length === given.jobs) continue;
            const from = since;
            expect(running.some((one) => one.rank < rank || (begins[one.rank] ?? 0) <= from)).toBe(true);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("begins in the order of ranks, in whichever order things became ready", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50), { minLength: 1 }), (ranks) => {
        const queue = openQueue({ jobs: 100, downloads: 1, memory: Infinity });
        for (const rank of [...ranks, ...ranks]) queue.add(task(rank, 1));
        const taken = ranks.map(() => queue.take()?.rank);
        expect(taken).toEqual(ranks.toSorted((a, b) => a - b));
        expect(queue.take()).toBeUndefined();
      }),
    );
  });
});

describe("the time that is left", () => {
  const rest = (left: number, more: Partial<Rest> = {}): Rest => ({
    ...{ left, recorded: true, download: false },
    ...more,
  });
  const places = { jobs: 2, downloads: 4 };
  const fetch = { download: true, recorded: false };

  it("is that of the longest path, or of all there is to do in the places there are", () => {
    expect(timeLeft([rest(10), rest(10)], 20, places)).toBe(20);
    expect(
      timeLeft(
        Array.from({ length: 10 }, () => rest(10)),
        20,
        places,
      ),
    ).toBe(50);
    expect(timeLeft([rest(10), rest(80, fetch)], 10, places)).toBeUndefined();
    expect(timeLeft([rest(80), rest(80, fetch)], 10, places)).toBe(40);
  });

  it("is not told where less than half of it was ever measured", () => {
    const guessed = { recorded: false };
    expect(timeLeft([rest(10, guessed)], 10, places)).toBeUndefined();
    expect(timeLeft([rest(10), rest(11, guessed)], 10, places)).toBeUndefined();
    expect(timeLeft([rest(10), rest(9, guessed)], 10, places)).toBe(10);
    expect(timeLeft([], 0, places)).toBeUndefined();
  });
});
