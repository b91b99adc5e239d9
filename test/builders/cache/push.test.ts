// Pushing: what is sent and what is not, in which order, whose signatures go with it, and what a second push finds.

import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openOffers } from "../../../builders/cache/offers.ts";
import { type Digest, digestOf, hexOf } from "../../../store/model/digest.ts";
import { decodeSignature, encodeSignature, signStatement } from "../../../store/model/signature.ts";
import { flawsOfCache } from "../../rig/cacheflaws.ts";
import type { Spec } from "../../store/rig.ts";
import { type Depot, keys, noise, openDepot, openShop, type Shop } from "./rig.ts";

let shop: Shop;
let depot: Depot;
beforeEach(async () => {
  shop = openShop();
  depot = await openDepot();
});
afterEach(async () => {
  expect(flawsOfCache(depot.folder)).toEqual([]);
  await depot[Symbol.asyncDispose]();
});

const spec = (text: string): Spec => ({ "": { folder: true }, "etc/motd": text, "etc/same": "the same" });
const kindsOf = (asked: readonly { method: string; name: string }[]) =>
  asked.map(({ method, name }) => `${method} ${name.replace(/[0-9a-f]{32,64}/g, "X")}`);
const puts = () => kindsOf(depot.spoiler.asked).filter((line) => line.startsWith("PUT"));

describe("a first push", () => {
  it("sends bytes first, then what names them, then statements, then signatures", async () => {
    const request = shop.record("root", { tree: shop.tree(spec("hello")), log: shop.blob("by itself") });
    const pushed = await shop.push([request], depot.open());
    expect(pushed).toMatchObject({ pushed: 1, present: 0, conflicts: [] });
    const kinds = puts();
    expect(kinds[0]).toBe("PUT kit-cache-info");
    expect(kinds[1]).toBe("PUT packs/X");
    expect(kinds.slice(2, 4).sort()).toEqual(["PUT blobs/X", "PUT trees/X"]);
    expect(kinds.slice(4)).toEqual(["PUT results/X/X", "PUT results/X/X.sig"]);
  });

  it("sends what results need at run time too", async () => {
    const other = shop.tree(spec("needed"));
    await shop.push(
      [shop.record("root", { tree: shop.tree(spec("a")) }, { references: [other] })],
      depot.open(),
    );
    expect(await openShop().bringer(depot.open()).bring(other)).toBe(true);
  });

  it("sends a content once that several results have, and a file once that several trees have", async () => {
    const same = shop.tree(spec("same"));
    const requests = [
      shop.record("one", { tree: same }),
      shop.record("two", { tree: same, other: shop.tree(spec("other")) }),
    ];
    const pushed = await shop.push(requests, depot.open());
    expect(pushed.pushed).toBe(2);
    expect(depot.names("trees")).toHaveLength(2);
    expect(depot.names("packs")).toHaveLength(1);
  });

  it("begins another pack where one is full", async () => {
    const much = noise(1_000_000).toString("latin1");
    const spacious = Object.fromEntries(
      Array.from({ length: 80 }, (_, index) => [`f${index}`, `${index}${much}`]),
    );
    await shop.push([shop.record("large", { tree: shop.tree(spacious) })], depot.open());
    expect(depot.names("packs")).toHaveLength(2);
  });

  it("sends logs where they are asked for, and none of a build that printed nothing", async () => {
    const [a, b] = [shop.record("a", { f: shop.blob("a") }), shop.record("b", { f: shop.blob("b") })];
    writeFileSync(shop.store.layout.log(a), "it worked\n");
    await shop.push([a, b], depot.open());
    expect(depot.names()).not.toContain(`logs/${hexOf(a)}`);
    await using other = await openDepot();
    await shop.push([a, b], other.open(), { logs: true });
    expect(other.names("logs")).toEqual([`logs/${hexOf(a)}`]);
    expect(zstdDecompressSync(readFileSync(join(other.folder, "logs", hexOf(a)))).toString()).toBe(
      "it worked\n",
    );
  });
});

describe("a second push", () => {
  it.each([false, true])(
    "with logs sends those that are not there yet, and says how many (static: %s)",
    async (plain) => {
      await using other = await openDepot({ plain });
      const requests = ["a", "b", "c"].map((name) => shop.record(name, { f: shop.blob(name) }));
      const [a, b] = requests as [Digest, Digest];
      for (const request of [a, b]) writeFileSync(shop.store.layout.log(request), "it worked\n");
      expect(await shop.push([a], other.open(), { logs: true })).toMatchObject({ pushed: 1, logs: 1 });
      expect((await shop.push(requests, other.open())).logs).toBeUndefined();
      const again = { pushed: 0, present: 3 };
      expect(await shop.push(requests, other.open(), { logs: true })).toMatchObject({ ...again, logs: 1 });
      expect(other.names("logs")).toEqual([a, b].map((request) => `logs/${hexOf(request)}`).sort());
      expect(await shop.push(requests, other.open(), { logs: true })).toMatchObject({ ...again, logs: 0 });
    },
  );

  it.each([false, true])("sends nothing, in a few requests (static: %s)", async (plain) => {
    await using other = await openDepot({ plain });
    const requests = Array.from({ length: 50 }, (_, index) =>
      shop.record(`r${index}`, { tree: shop.tree(spec(`text ${index}`)) }),
    );
    await shop.push(requests, other.open());
    other.spoiler.forget();
    expect(await shop.push(requests, other.open())).toEqual({
      pushed: 0,
      present: 50,
      unsigned: 0,
      bytes: 0,
      conflicts: [],
    });
    expect(other.spoiler.asked.some(({ method }) => method === "PUT")).toBe(false);
    expect(other.spoiler.asked.length).toBeLessThanOrEqual(plain ? 52 : 3);
  });

  it("sends what changed, and neither what it shares with an earlier one of the same name nor its other files", async () => {
    const before: Spec = { ...spec("old"), "var/large": { text: noise(3_000_000).toString("latin1") } };
    await shop.push([shop.record("root", { tree: shop.tree(before) })], depot.open());
    const after: Spec = { ...before, "etc/motd": "new", "etc/more": "more" };
    depot.spoiler.forget();
    const fresh = shop.tree(after);
    const { bytes } = await shop.push(
      [shop.record("root", { tree: fresh }, { request: digestOf("later") })],
      depot.open(),
    );
    expect(bytes).toBeLessThan(4000);
    expect(puts().sort()).toEqual([
      "PUT packs/X",
      "PUT results/X/X",
      "PUT results/X/X.sig",
      "PUT trees/X",
      "PUT trees/X.bases",
      "PUT trees/X.from-X",
    ]);
    expect(await openShop().bringer(depot.open()).bring(fresh)).toBe(true);
  });

  it("goes on where the first one broke off, wherever that was", async () => {
    const requests = [
      shop.record("one", {
        tree: shop.tree({ ...spec("one"), large: noise(1_200_000).toString("latin1") }),
      }),
      shop.record("two", { tree: shop.tree(spec("two")), blob: shop.blob("by itself") }),
    ];
    let most = 0;
    for (let breaksAt = 0; breaksAt < 40; breaksAt++) {
      await using other = await openDepot();
      let count = 0;
      other.spoiler.spoil = () => (count++ === breaksAt ? { kind: "close" } : undefined);
      const first = await shop.push(requests, other.open()).catch((error: unknown) => error);
      expect(flawsOfCache(other.folder)).toEqual([]);
      other.spoiler.spoil = () => undefined;
      const second = await shop.push(requests, other.open());
      expect(flawsOfCache(other.folder)).toEqual([]);
      const all = openShop().bringer(other.open());
      for (const request of requests)
        for (const content of Object.values(shop.store.records.result(request)?.outputs ?? {}))
          expect(await all.bring(content)).toBe(true);
      most = breaksAt;
      if (!(first instanceof Error)) break;
      expect(second.pushed + second.present).toBe(2);
    }
    expect(most).toBeGreaterThan(10);
  });
});

describe("who vouches", () => {
  const outputs = () => ({ tree: shop.tree(spec("hello")) });
  const signers = (request: Digest) =>
    depot
      .names(`results/${hexOf(request)}`)
      .filter((name) => name.endsWith(".sig"))
      .map((name) => decodeSignature(readFileSync(join(depot.folder, name))).key.name)
      .sort();

  it("is each who pushes what he built: two at once, neither in the other's way", async () => {
    const other = openShop();
    const requests = Array.from({ length: 20 }, (_, index) =>
      shop.record(`r${index}`, { tree: shop.tree(spec(`${index}`)) }),
    );
    for (let index = 0; index < 20; index++)
      other.record(`r${index}`, { tree: other.tree(spec(`${index}`)) });
    const both = await Promise.all([
      shop.push(requests, depot.open(), { key: keys.one }),
      other.push(requests, depot.open(), { key: keys.two }),
    ]);
    for (const pushed of both) expect(pushed).toMatchObject({ pushed: 20, conflicts: [] });
    for (const request of requests) expect(signers(request)).toEqual(["one", "two"]);
    const offers = openOffers(
      [depot.open()],
      { trusted: [keys.one.public, keys.two.public], required: 2 },
      { warn: () => {}, complain: () => {} },
    );
    expect((await offers.ask(requests)).size).toBe(20);
  });

  it("are those whose word it was taken for, where it came out of a cache: never who passes it on", async () => {
    const content = outputs();
    const request = digestOf("root");
    const result = { format: "kit/result/1" as const, request, outputs: content, references: [] };
    const signatures = [keys.two, keys.three].map((key) => encodeSignature(signStatement(key, result)));
    shop.record("root", content, { signatures });
    await shop.push([request], depot.open(), { key: keys.one });
    expect(signers(request)).toEqual(["three", "two"]);
    expect(await shop.push([request], depot.open(), { key: keys.one })).toMatchObject({
      pushed: 0,
      present: 1,
    });
  });

  it("contradicts nobody: what the same key said otherwise stays, and is told", async () => {
    const request = shop.record("root", outputs());
    await shop.push([request], depot.open());
    const names = depot.names();
    const other = openShop();
    other.record("root", { tree: other.tree(spec("otherwise")) });
    const more = other.record("more", { tree: other.tree(spec("more")) });
    const pushed = await other.push([request, more], depot.open());
    expect(pushed).toMatchObject({ pushed: 1, present: 0, conflicts: [request] });
    expect(depot.names(`results/${hexOf(request)}`)).toEqual(
      names.filter((name) => name.includes(hexOf(request))),
    );
    // Another key may say so.
    expect(await other.push([request], depot.open(), { key: keys.two })).toMatchObject({
      pushed: 1,
      conflicts: [],
    });
    expect(signers(request)).toEqual(["one", "two"]);
  });

  it("contradicts nobody who was faster either", async () => {
    const other = openShop();
    const request = shop.record("root", outputs());
    other.record("root", { tree: other.tree(spec("otherwise")) });
    let raced = false;
    // Between the look and the signature, somebody with the same key says something else.
    depot.spoiler.spoil = ({ method, name }) => {
      if (method === "PUT" && name.endsWith(".sig") && !raced) {
        raced = true;
        const result = other.store.records.result(request);
        if (result !== undefined)
          writeFileSync(join(depot.folder, name), encodeSignature(signStatement(keys.one, result)));
      }
      return undefined;
    };
    expect(await shop.push([request], depot.open())).toMatchObject({ pushed: 0, conflicts: [request] });
    // What is signed there is pushed with it, before the cache is looked at.
    depot.spoiler.spoil = () => undefined;
    await other.push([request], depot.open(), { key: keys.two });
  });

  it("is told where a file by that key's name is no signature", async () => {
    const request = shop.record("root", outputs());
    await shop.push([request], depot.open());
    const [signature = ""] = depot.names(`results/${hexOf(request)}`).filter((name) => name.endsWith(".sig"));
    const file = join(depot.folder, signature);
    const sound = readFileSync(file);
    writeFileSync(file, "torn");
    expect(await shop.push([request], depot.open())).toMatchObject({ pushed: 0, conflicts: [request] });
    writeFileSync(file, sound);
  });
});

describe("a store that is damaged", () => {
  it.each([
    ["a small blob", "the same"],
    ["a large one", noise(2_000_000).toString("latin1")],
  ])("passes %s on to nobody", async (_, text) => {
    const tree = shop.tree({ "": { folder: true }, file: text, other: "other" });
    const request = shop.record("root", { tree });
    const member = shop.store.pool.find(digestOf(text)) ?? "";
    const bytes = readFileSync(member);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    chmodSync(member, 0o644);
    writeFileSync(member, bytes);
    await expect(shop.push([request], depot.open())).rejects.toMatchObject({
      code: "store/corrupt",
      exit: 5,
    });
    expect(depot.names()).toEqual(["kit-cache-info"]);
  });

  it("names what it lacks", async () => {
    const request = shop.record("root", { tree: shop.tree(spec("gone")) });
    rmSync(shop.store.pool.find(digestOf("gone")) ?? "");
    await expect(shop.push([request], depot.open())).rejects.toMatchObject({ code: "store/missing-blob" });
    await expect(shop.push([digestOf("nothing")], depot.open())).rejects.toMatchObject({
      code: "store/no-result",
    });
  });
});

describe("a cache with a damaged file", () => {
  const damage = (name: string) => {
    const file = join(depot.folder, name);
    const sound = readFileSync(file);
    const bytes = Buffer.from(sound);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    chmodSync(file, 0o644);
    writeFileSync(file, bytes);
    return () => writeFileSync(file, sound);
  };
  const signaturesOf = (request: Digest) =>
    depot.names("results").filter((name) => name.includes(hexOf(request)) && name.endsWith(".sig"));

  it("takes another content like it all the same, and it is told where that one lies", async () => {
    const before = shop.tree(spec("old"));
    const old = shop.record("root", { tree: before });
    await shop.push([old], depot.open());
    const [name = ""] = depot.names("trees");
    const mend = damage(name);
    const fresh = shop.tree(spec("new"));
    const request = shop.record("root", { tree: fresh }, { request: digestOf("later") });
    // By itself it is a base, with the other one beside the result of another.
    for (const [requests, told] of [
      [[request], /^the cache depot: trees\/[0-9a-f]{64} is passed over: damaged file of the tree blake3-/],
      [
        [shop.record("more", { tree: shop.tree(spec("more")) }), old],
        /^the cache depot: trees\/.*; to push it anew, remove it there and results\/[0-9a-f]{64}, then repeat/,
      ],
    ] as const) {
      shop.lines.length = 0;
      expect(await shop.push(requests, depot.open())).toMatchObject({ pushed: 1 });
      expect(shop.lines).toEqual([expect.stringMatching(told)]);
    }
    mend();
    expect(await openShop().bringer(depot.open()).bring(fresh)).toBe(true);
  });

  it("is told of where that is what is to be pushed; all else is, and it when the file is gone", async () => {
    const same = shop.tree(spec("same"));
    const first = shop.record("first", { tree: same });
    await shop.push([first], depot.open(), { key: keys.two });
    const [name = ""] = depot.names("trees");
    damage(name);
    const more = shop.record("more", { tree: shop.tree(spec("more")) });
    const second = shop.record("second", { tree: same });
    await expect(shop.push([first, more, second], depot.open())).rejects.toMatchObject({
      code: "digest/damaged-cache",
      exit: 8,
      message: `the cache depot holds a damaged file in the place of one to be pushed: ${name}`,
      hint: "remove it there, then repeat the command: all else is pushed",
    });
    expect([first, more, second].map((one) => signaturesOf(one).length)).toEqual([1, 1, 0]);
    rmSync(join(depot.folder, name));
    expect(await shop.push([first, more, second], depot.open())).toMatchObject({ pushed: 2, present: 1 });
    expect(await openShop().bringer(depot.open()).bring(same)).toBe(true);
  });
});

describe("a destination that does not take it", () => {
  it("says so: the status is handed on, and nothing names what is not there", async () => {
    const request = shop.record("root", { tree: shop.tree(spec("hello")) });
    for (const [folder, status] of [
      ["packs/", 507],
      ["trees/", 403],
      ["results/", 500],
    ] as const) {
      await using other = await openDepot();
      other.spoiler.spoil = ({ method, name }) =>
        method === "PUT" && name.startsWith(folder) ? { kind: "status", status } : undefined;
      await expect(shop.push([request], other.open())).rejects.toMatchObject({ status });
      expect(flawsOfCache(other.folder)).toEqual([]);
      expect(other.names("").some((name) => name.endsWith(".sig"))).toBe(false);
    }
  });
});
