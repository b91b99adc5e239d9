// What is believed of what caches say: numbers of keys, across caches, and a line on whatever is passed over.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cache } from "../../../builders/cache/cache.ts";
import { openComplaints } from "../../../builders/cache/complaint.ts";
import { openOffers } from "../../../builders/cache/offers.ts";
import { nameOf } from "../../../store/cache/names.ts";
import { contentOf, type Result } from "../../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../../store/model/digest.ts";
import type { Fingerprint, PublicKey, SecretKey } from "../../../store/model/key.ts";
import { type Claim, encodeSignature, signStatement } from "../../../store/model/signature.ts";
import { encodeStatement, statementDigest } from "../../../store/model/statement.ts";
import { type Depot, keys, openDepot } from "./rig.ts";

const statement = (of: string, output = of): Result => ({
  format: "kit/result/1",
  request: digestOf(of),
  outputs: { file: contentOf("blob", digestOf(output)) },
  references: [],
});
const a = statement("a");
const other = statement("a", "something else");

let depots: Depot[];
let one: Depot;
let two: Depot;
beforeEach(async () => {
  depots = [await openDepot({ name: "first" }), await openDepot({ name: "second" })];
  [one, two] = depots as [Depot, Depot];
  for (const depot of depots) write(depot, "kit-cache-info", '{"format":"kit/cache/1"}\n');
});
afterEach(async () => {
  await Promise.all(depots.map((depot) => depot[Symbol.asyncDispose]()));
});

function write(depot: Depot, name: string, content: string): void {
  const file = join(depot.folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const signatureName = (request: Digest, { public: { fingerprint: key } }: SecretKey) =>
  nameOf({ kind: "signature", request, key });

/** Statement and signature, as they are pushed. */
function say(depot: Depot, result: Result, ...by: readonly SecretKey[]): void {
  const { request } = result;
  write(
    depot,
    nameOf({ kind: "statement", request, statement: statementDigest(result) }),
    encodeStatement(result),
  );
  for (const key of by)
    write(depot, signatureName(request, key), encodeSignature(signStatement(key, result)));
}

async function offered(
  policy: { trusted: readonly PublicKey[]; required: number },
  requests: readonly Digest[] = [a.request],
  caches: readonly Cache[] = depots.map((depot) => depot.open()),
) {
  const lines: string[] = [];
  const warn = (line: string) => void lines.push(line);
  const offers = openOffers(caches, policy, { warn, complain: openComplaints(warn) });
  const found = await offers.ask(requests);
  return { found, lines, offers };
}

const trusting = (required: number, ...trusted: readonly SecretKey[]) => ({
  trusted: trusted.map((key) => key.public),
  required,
});

describe("a statement is believed", () => {
  it("that a trusted key signed, with its signature to be passed on", async () => {
    say(one, a, keys.one);
    const { found, lines } = await offered(trusting(1, keys.one));
    expect(found).toEqual(
      new Map([[a.request, { result: a, signatures: [encodeSignature(signStatement(keys.one, a))] }]]),
    );
    expect(lines).toEqual([]);
  });

  it("that as many keys signed as are needed, wherever they are found", async () => {
    say(one, a, keys.one);
    say(two, a, keys.two);
    const { found, lines } = await offered(trusting(2, keys.one, keys.two, keys.three));
    expect(found.get(a.request)?.signatures).toHaveLength(2);
    expect(lines).toEqual([]);
  });

  it.each([false, true])("in bulk and one by one (static: %s)", async (plain) => {
    const depot = await openDepot({ plain });
    depots.push(depot);
    write(depot, "kit-cache-info", '{"format":"kit/cache/1"}\n');
    const many = Array.from({ length: 300 }, (_, index) => statement(`${index}`));
    for (const [index, result] of many.entries()) if (index % 2 === 0) say(depot, result, keys.one);
    const requests = many.map(({ request }) => request);
    const { found, offers } = await offered(trusting(1, keys.one), requests, [depot.open()]);
    expect([...found.values()].map(({ result }) => result)).toEqual(
      many.filter((_, index) => index % 2 === 0),
    );
    const count = depot.spoiler.asked.length;
    expect(count).toBe(plain ? 301 : 2);
    if (plain) expect(depot.spoiler.most()).toBeLessThanOrEqual(32);
    // What is not there is not asked for again either, in one run.
    expect((await offers.ask(requests)).size).toBe(150);
    expect(depot.spoiler.asked).toHaveLength(count);
  });
});

describe("nothing is believed, and one line says why,", () => {
  const told = async (policy: ReturnType<typeof trusting>) => {
    const { found, lines } = await offered(policy);
    expect(found.size).toBe(0);
    expect(lines).toHaveLength(1);
    return lines[0];
  };

  it("of a key that is not trusted", async () => {
    say(one, a, keys.two);
    expect(await told(trusting(1, keys.one))).toMatch(/^first: ignored a statement.*not trusted: two:/);
  });

  it("of one without a signature", async () => {
    say(one, a);
    expect(await told(trusting(1, keys.one))).toMatch(/^first: .*no trusted key signed it/);
  });

  it("of one that was altered after it was signed", async () => {
    const signed = signStatement(keys.one, a);
    write(one, signatureName(a.request, keys.one), encodeSignature({ ...signed, statement: other }));
    expect(await told(trusting(1, keys.one))).toMatch(/^first: .*it is not what one signed/);
  });

  it("of a signature that is none", async () => {
    write(one, signatureName(a.request, keys.one), "<html>");
    expect(await told(trusting(1, keys.one))).toMatch(/^first: .*not a signature/);
  });

  it("of one on another request", async () => {
    const signed = encodeSignature(signStatement(keys.one, statement("b")));
    write(one, signatureName(a.request, keys.one), signed);
    expect(await told(trusting(1, keys.one))).toMatch(/^first: .*it is on blake3-/);
  });

  it("of too few keys, however often one of them signed", async () => {
    say(one, a, keys.one);
    say(two, a, keys.one);
    expect(await told(trusting(2, keys.one, keys.two))).toMatch(/1 of the 2 keys it needs signed it: one/);
  });

  it("where trusted keys contradict each other, in one cache or in two", async () => {
    say(one, a, keys.one, keys.three);
    say(two, other, keys.two);
    expect(await told(trusting(1, keys.one, keys.two, keys.three))).toMatch(
      /contradict each other.*first.*second/,
    );
  });

  it("but one for many of a kind", async () => {
    const many = Array.from({ length: 20 }, (_, index) => statement(`${index}`));
    for (const result of [...many, a]) say(one, result, keys.two);
    const { found, lines, offers } = await offered(
      trusting(1, keys.one),
      many.map(({ request }) => request),
    );
    expect(found.size).toBe(0);
    await offers.ask([a.request]);
    expect(lines).toEqual([expect.stringMatching(/not trusted.*\(and 19 more like it\)$/)]);
  });
});

it("however many claims are wrong, one line says why", async () => {
  const claims = Array<Claim>(200_000).fill({ from: "first", text: "<html>" });
  const cache = Object.assign(one.open(), { claims: async () => new Map([[a.request, claims]]) });
  const { found, lines } = await offered(trusting(1, keys.one), [a.request], [cache]);
  expect(found.size).toBe(0);
  expect(lines).toEqual([expect.stringMatching(/not a signature.*\(and 199999 more like it\)$/)]);
});

describe("a cache that has more files on a request than anybody wrote", () => {
  const line = (name: string, text: string) => `${name.slice("results/".length)} ${JSON.stringify(text)}\n`;
  /** By the trusted key's bytes, as anybody can write them. */
  const forged = encodeSignature({ ...signStatement(keys.one, a), statement: other });
  const numbered = (index: number) =>
    nameOf({
      kind: "signature",
      request: a.request,
      key: index.toString(16).padStart(32, "0") as Fingerprint,
    });

  it("is believed as far as a trusted key's own file goes, and has few others looked at; it is told once", async () => {
    const own = line(signatureName(a.request, keys.one), encodeSignature(signStatement(keys.one, a)));
    const many = Array.from({ length: 10_000 }, (_, index) => line(numbered(index), forged));
    one.spoiler.spoil = ({ method }) =>
      method === "POST" ? { kind: "wrong", body: Buffer.from([...many, own, own].join("")) } : undefined;
    const cache = one.open();
    const claims = await cache.claims([a.request], [keys.one.public]);
    expect(claims.get(a.request)).toHaveLength(65);
    const { found, lines } = await offered(trusting(1, keys.one), [a.request], [cache]);
    expect(found.get(a.request)?.result).toEqual(a);
    expect(lines).toEqual([
      expect.stringMatching(/its file is not named by what it holds \(and 63 more like it\)$/),
    ]);
    expect(cache.lines).toEqual([
      "the cache first has more than 64 files on a request that no trusted key wrote: 9936 are not looked at",
    ]);
  });

  it("is not believed where a trusted key's signature lies under another name", async () => {
    write(one, numbered(7), encodeSignature(signStatement(keys.one, a)));
    write(
      one,
      nameOf({ kind: "statement", request: a.request, statement: digestOf("x") }),
      encodeSignature(signStatement(keys.one, a)),
    );
    const { found, lines } = await offered(trusting(1, keys.one));
    expect(found.size).toBe(0);
    expect(lines).toEqual([expect.stringContaining("not named by what it holds (and 1 more like it)")]);
  });
});

describe("caches that do not answer", () => {
  it("offer nothing, and the others what they have; it is told once", async () => {
    say(two, a, keys.one);
    one.spoiler.spoil = () => ({ kind: "close" });
    const { found, lines, offers } = await offered(trusting(1, keys.one));
    expect(found.size).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^the cache first: the connection/)]);
    await offers.ask([digestOf("another")]);
    expect(lines).toHaveLength(1);
  });

  it("are asked again the next time", async () => {
    say(one, a, keys.one);
    one.spoiler.spoil = () => ({ kind: "status", status: 500 });
    const { found, lines, offers } = await offered(trusting(1, keys.one), [digestOf("before")], [one.open()]);
    expect([found.size, lines]).toEqual([0, ["the cache first: HTTP 500"]]);
    one.spoiler.spoil = () => undefined;
    expect((await offers.ask([a.request])).size).toBe(1);
  });

  it("answer a question in bulk with something else: they are told of", async () => {
    say(one, a, keys.one);
    one.spoiler.spoil = ({ method }) =>
      method === "POST" ? { kind: "wrong", body: Buffer.from("<html>\n") } : undefined;
    const cache = one.open();
    const requests = [a.request, digestOf("x")];
    for (let i = 0; i < 4; i++)
      expect((await offered(trusting(1, keys.one), requests, [cache])).found.size).toBe(0);
    expect(cache.lines).toEqual([
      "the cache first is left out from now on: its answer to a question in bulk is none",
    ]);
  });

  it("answer with more lines than anybody asked for: they are told of, however many", async () => {
    say(one, a, keys.one);
    one.spoiler.spoil = ({ method }) =>
      method === "POST" ? { kind: "wrong", body: Buffer.alloc(250_000, "\n") } : undefined;
    const { found, lines } = await offered(trusting(1, keys.one), [a.request], [one.open()]);
    expect(found.size).toBe(0);
    expect(lines).toEqual(["the cache first: its answer to a question in bulk is none"]);
  });

  it.each([
    ["no file kit-cache-info", "status", /it has no file kit-cache-info/],
    ["another page in its place", "<html>", /kit-cache-info is none/],
    ["a later format", '{"format":"kit/cache/2"}', /has the format kit\/cache\/2/],
  ] as const)("are no caches, or none that is known: %s", async (_, body, why) => {
    say(one, a, keys.one);
    one.spoiler.spoil = ({ name }) => {
      if (name !== "kit-cache-info") return undefined;
      return body === "status" ? { kind: "status", status: 404 } : { kind: "wrong", body: Buffer.from(body) };
    };
    const cache = one.open();
    const { found } = await offered(trusting(1, keys.one), [a.request], [cache]);
    expect(found.size).toBe(0);
    expect(cache.lines).toEqual([expect.stringMatching(why)]);
    // Nothing but that was asked.
    expect(one.spoiler.asked).toHaveLength(1);
  });
});
