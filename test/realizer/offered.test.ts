// Realizing where caches offer results: what is brought, what is built all the same, and what is asked of whom.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Event } from "../../builders/event.ts";
import type { Means, RealizeOptions } from "../../builders/realizer/means.ts";
import { realize } from "../../builders/realizer/realize.ts";
import {
  type Content,
  contentOf,
  type Derivation,
  derivation,
  type Input,
  type Request,
  type Result,
  requestDigest,
} from "../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../store/model/digest.ts";
import { Fault, Faults } from "../../store/model/fault.ts";

const item = (name: string, inputs: readonly Derivation[] = [], builder = "tar", text = name): Derivation =>
  derivation({
    builder,
    label: name,
    parameters: { text },
    inputs: Object.fromEntries(
      inputs.map((input, index): [string, Input] => [`${index}`, { derivation: input, output: "out" }]),
    ),
    outputs: ["out"],
  });

/** What a request becomes, wherever it is built: the same, unless its text says that it is `like` another's. */
function resultOf(request: Request): Result {
  const { text } = request.parameters as { text: string };
  const digest = requestDigest(request);
  const of = text.startsWith("like ") ? text.slice(0, 6) : digest;
  return {
    format: "kit/result/1",
    request: digest,
    outputs: { out: contentOf("blob", digestOf(of)) },
    references: [],
  };
}

interface World extends Means {
  readonly recorded: Map<Digest, Result>;
  /** What is in the cache. */
  readonly cached: Map<Digest, Result>;
  /** Labels whose results the cache names and does not hold. */
  readonly hollow: Set<string>;
  readonly did: string[];
  readonly asked: Digest[][];
  readonly events: Event[];
}

function world(): World {
  const self: World = {
    recorded: new Map(),
    cached: new Map(),
    hollow: new Set(),
    did: [],
    asked: [],
    events: [],
    known: (request) => self.recorded.get(request),
    has: () => true,
    keep: async () => [],
    mend: async () => {},
    paces: (questions) => questions.map(() => undefined),
    emit: (event) => void self.events.push(event),
    now: () => 0,
    async offers(requests) {
      self.asked.push([...requests]);
      return new Map(
        requests.flatMap((one) => (self.cached.has(one) ? [[one, self.cached.get(one) as Result]] : [])),
      );
    },
    async bring({ request, derivation: { label } }) {
      if (self.hollow.has(label)) return undefined;
      const result = self.cached.get(requestDigest(request)) as Result;
      self.did.push(`brought ${label}`);
      self.recorded.set(result.request, result);
      return { result, how: "brought" };
    },
    async build({ request, derivation: { label } }) {
      const result = resultOf(request);
      self.did.push(`built ${label}`);
      self.recorded.set(result.request, result);
      return { result, how: "built" };
    },
  };
  return self;
}

/** A cache with everything that these are made of. */
async function pushed(...targets: readonly Derivation[]): Promise<Map<Digest, Result>> {
  const other = world();
  await realize(targets, other, { ...options, caches: "none" });
  return other.recorded;
}

const options: RealizeOptions = { jobs: 2, downloads: 3, memory: Infinity, rebuild: () => false };
const planOf = ({ events }: World) => events.flatMap((event) => (event.type === "plan" ? [event] : []));

const source = item("source", [], "fetch");
const unpacked = item("unpacked", [source]);
const root = item("root", [unpacked]);
const image = item("image", [root]);

/** The world of who has a cache with all that `targets` need. */
async function beside(...targets: readonly Derivation[]): Promise<World> {
  const there = world();
  for (const [request, result] of await pushed(...targets)) there.cached.set(request, result);
  return there;
}

describe("what a cache offers", () => {
  it("is brought where it is wanted, and nothing it was made of", async () => {
    const there = await beside(image);
    const done = await realize([image], there, options);
    expect(there.did).toEqual(["brought image"]);
    expect(done).toMatchObject({ built: 0, reused: 0, brought: 1 });
    expect(done.results.size).toBe(4);
    expect(planOf(there)).toEqual([{ type: "plan", derivations: 4, known: 3 }]);
    expect(there.events.filter(({ type }) => type === "end")).toEqual([
      { type: "end", id: image.digest, label: "image", builder: "tar", how: "brought", duration: 0 },
    ]);
  });

  it("with other outputs than are asked for is built: one line says so", async () => {
    const there = await beside(image);
    for (const [request, result] of there.cached)
      there.cached.set(request, { ...result, outputs: { other: result.outputs["out"] as Content } });
    const done = await realize([unpacked], there, options);
    expect(there.did).toEqual(["built source", "built unpacked"]);
    expect(done).toMatchObject({ built: 2, brought: 0 });
    const lines = there.events.flatMap((event) => (event.type === "warning" ? [event.text] : []));
    expect(lines).toEqual(
      ["source", "unpacked"].map((label) =>
        expect.stringMatching(
          `^${label}: a signed statement on blake3-.* names other outputs .*: other: ignored`,
        ),
      ),
    );
  });

  it("is brought where what is recorded has other outputs than are asked for", async () => {
    const there = await beside(image);
    for (const [request, result] of there.cached)
      there.recorded.set(request, { ...result, outputs: { other: result.outputs["out"] as Content } });
    const done = await realize([image], there, options);
    expect(done).toMatchObject({ built: 0, brought: 1, reused: 0 });
  });

  it("is asked for a depth at a time, and never again", async () => {
    const there = await beside(image);
    const wide = item("all", [image, ...Array.from({ length: 50 }, (_, index) => item(`${index}`))]);
    await realize([wide], there, options);
    expect(there.asked.map(({ length }) => length)).toEqual([51, 1, 1, 1, 1]);
    expect(new Set(there.asked.flat()).size).toBe(55);
  });

  it("is brought as input of what has to be built", async () => {
    const there = await beside(image);
    const other = item("other", [root, unpacked]);
    const done = await realize([other], there, options);
    expect([...there.did].sort()).toEqual(["brought root", "brought unpacked", "built other"]);
    expect(done).toMatchObject({ built: 1, brought: 2, reused: 0 });
    expect(planOf(there)).toEqual([{ type: "plan", derivations: 4, known: 1 }]);
  });

  it("is not asked for what is recorded", async () => {
    const there = await beside(image);
    await realize([image], there, { ...options, caches: "none" });
    there.did.length = 0;
    const done = await realize([image], there, options);
    expect([there.did, there.asked]).toEqual([[], []]);
    expect(done).toMatchObject({ built: 0, brought: 0, reused: 4 });
  });

  it("is not brought where it is recorded, as only what caches say of its inputs tells", async () => {
    const there = await beside(image);
    await realize([image], there, options);
    there.did.length = 0;
    const done = await realize([image], there, options);
    expect(there.did).toEqual([]);
    expect(done).toMatchObject({ built: 0, brought: 0, reused: 1 });
    // Nobody offers the image itself any more, nor needs to.
    there.cached.delete(done.requests.get(image.digest) as Digest);
    expect(await realize([image], there, { ...options, caches: "only" })).toMatchObject({
      brought: 0,
      reused: 1,
    });
  });

  it("counts as a download: as many at once as may be", async () => {
    const many = Array.from({ length: 20 }, (_, index) => item(`${index}`));
    const there = await beside(...many);
    const { bring } = there;
    let [now, most] = [0, 0];
    const slow: Means["bring"] = async (job) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      now--;
      return await bring(job);
    };
    await realize(many, { ...there, bring: slow }, options);
    expect(most).toBe(3);
  });
});

describe("what was offered and is not given", () => {
  it("is built, with its inputs as far as they can be brought", async () => {
    const there = await beside(image);
    there.hollow.add("image");
    const done = await realize([image], there, options);
    expect(there.did).toEqual(["brought root", "built image"]);
    expect(done).toMatchObject({ built: 1, brought: 1 });
    const all = world();
    for (const label of ["image", "root", "unpacked", "source"]) all.hollow.add(label);
    for (const [request, result] of there.cached) all.cached.set(request, result);
    await realize([image], all, options);
    expect(all.did).toEqual(["built source", "built unpacked", "built root", "built image"]);
    // Nobody is asked a second time for what he did not give.
    expect(new Set(all.asked.flat()).size).toBe(all.asked.flat().length);
  });

  it("goes on with other outputs than were offered", async () => {
    const there = await beside(image);
    const lied = contentOf("blob", digestOf("of another machine"));
    for (const [request, result] of there.cached)
      if (Object.values(result.outputs)[0] === resultOf((await requestOf(root)) as Request).outputs["out"])
        there.cached.set(request, { ...result, outputs: { out: lied } });
    there.hollow.add("root").add("image");
    const done = await realize([image], there, options);
    expect(there.did).toContain("built root");
    expect(there.did.at(-1)).toBe("built image");
    expect(done.results.get(root.digest)?.outputs["out"]).not.toBe(lied);
    expect(done.requests.get(image.digest)).toBe((await pushedRequest(image)).toString());
  });

  it("fails where nothing may be built, and tells of each", async () => {
    const there = await beside(image, item("second"));
    there.hollow.add("image").add("second");
    const refused = realize([image, item("second")], there, { ...options, caches: "only" });
    await expect(refused).rejects.toBeInstanceOf(Faults);
    await expect(refused).rejects.toMatchObject({
      faults: [{ code: "network/not-cached" }, { code: "network/not-cached" }],
    });
    expect(there.did).toEqual([]);
  });

  it("whatever is offered and whatever is hollow, the same comes of it", async () => {
    const graph = fc
      .array(fc.array(fc.nat(1000), { maxLength: 3 }), { minLength: 1, maxLength: 20 })
      .map((rows) => {
        const all: Derivation[] = [];
        for (const [index, row] of rows.entries()) {
          const inputs = new Set(row.flatMap((at) => all[at % Math.max(index, 1)] ?? []));
          all.push(
            item(
              `n${index}`,
              [...inputs],
              "tar",
              index % 4 === 1 ? `like ${index % 3}${index}` : `n${index}`,
            ),
          );
        }
        return all;
      });
    const bits = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(graph, bits, bits, bits, async (all, offered, hollow, recorded) => {
        const expected = await realize(all.slice(-1), world(), { ...options, caches: "none" });
        const there = world();
        const everything = await pushed(...all);
        for (const [index, result] of [...everything.values()].entries()) {
          if (offered[index]) there.cached.set(result.request, result);
          if (recorded[index] && !offered[index]) there.recorded.set(result.request, result);
        }
        for (const [index, { label }] of all.entries()) if (hollow[index]) there.hollow.add(label);
        const done = await realize(all.slice(-1), there, options);
        const target = all.at(-1)?.digest as Digest;
        expect(done.results.get(target)).toEqual(expected.results.get(target));
        expect(new Set(there.did).size).toBe(there.did.length);
        expect(done.built + done.brought).toBe(there.did.length);
      }),
      { numRuns: 150 },
    );
  });
});

describe("inputs that come out as before", () => {
  const local = (text: string) => item("local", [], "tar", text);
  const made = (text: string) => {
    const packed = item("packed", [local(text)]);
    return item("tarred", [item("rooted", [packed, unpacked])]);
  };

  it("let the rest come out of a cache", async () => {
    const there = await beside(made("like x, said one"));
    const target = made("like x, said another");
    const done = await realize([target], there, options);
    // What is needed where it comes out otherwise is brought beside.
    expect([...there.did].sort()).toEqual(["brought tarred", "brought unpacked", "built local"]);
    expect(done).toMatchObject({ built: 1, brought: 2 });
  });

  it("and what is not in it is built of what is", async () => {
    const there = await beside(item("rooted", [item("packed", [local("like x, said one")]), unpacked]));
    await realize([made("like x, said another")], there, options);
    expect([...there.did].sort()).toEqual([
      "brought rooted",
      "brought unpacked",
      "built local",
      "built tarred",
    ]);
  });

  it("ask nobody where no cache is to be asked", async () => {
    const there = await beside(made("like x, said one"));
    await realize([made("like x, said another")], there, { ...options, caches: "none" });
    expect(there.asked).toEqual([]);
    expect(there.did).toHaveLength(6);
  });

  it("end the run where asking fails", async () => {
    const there = await beside(made("like x, said one"));
    let asks = 0;
    const offers: Means["offers"] = async (requests) => {
      if (++asks > 4) throw new Fault("host/keeper-killed", "the keeper ended");
      return await there.offers(requests);
    };
    await expect(
      realize([made("like x, said another")], { ...there, offers }, options),
    ).rejects.toMatchObject({
      code: "host/keeper-killed",
    });
  });
});

describe("caches", () => {
  it("none: nobody is asked", async () => {
    const there = await beside(image);
    const done = await realize([image], there, { ...options, caches: "none" });
    expect(there.asked).toEqual([]);
    expect(done).toMatchObject({ built: 4, brought: 0 });
  });

  it("only: nothing is begun where something would have to be built, and it is told what", async () => {
    const there = await beside(image);
    const missing = Array.from({ length: 12 }, (_, index) => item(`missing ${index}`, [root]));
    const refused = realize([image, ...missing], there, { ...options, caches: "only" });
    await expect(refused).rejects.toMatchObject({
      code: "network/not-cached",
      exit: 6,
      message: expect.stringContaining("12 results"),
      details: [...Array.from({ length: 10 }, (_, index) => `tar missing ${index}`), "and 2 more"],
    });
    expect(there.did).toEqual([]);
    await realize([image], there, { ...options, caches: "only" });
    expect(there.did).toEqual(["brought image"]);
  });

  it("what is to be rebuilt is asked of none, its inputs are", async () => {
    const there = await beside(image);
    const rebuild = ({ builder, label }: Derivation) => builder !== "fetch" && label === "image";
    const done = await realize([image], there, { ...options, rebuild });
    expect(there.did).toEqual(["brought root", "built image"]);
    expect(done).toMatchObject({ built: 1, brought: 1 });
  });

  it("offline: what a cache on this machine has need not be fetched", async () => {
    const there = await beside(image);
    await realize([image], there, { ...options, offline: true });
    expect(there.did).toEqual(["brought image"]);
    const other = world();
    await expect(realize([image], other, { ...options, offline: true })).rejects.toMatchObject({
      code: "network/offline",
    });
  });
});

async function requestOf(target: Derivation): Promise<Request | undefined> {
  let found: Request | undefined;
  const there = world();
  const build: Means["build"] = async (job) => {
    if (job.derivation.digest === target.digest) found = job.request;
    return await there.build(job);
  };
  await realize([target], { ...there, build }, { ...options, caches: "none" });
  return found;
}

async function pushedRequest(target: Derivation): Promise<Digest> {
  return requestDigest((await requestOf(target)) as Request);
}
