// Ranges, conditions, addresses, tokens, runs and rates: what a server decides before it touches a file.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessWith, isToken } from "../../../builders/serve/access.ts";
import { rangeOf, verdictOf } from "../../../builders/serve/range.ts";
import { openRate } from "../../../builders/serve/rate.ts";
import { routeOf } from "../../../builders/serve/route.ts";
import { longestRun, runsOf } from "../../../builders/serve/runs.ts";
import { badNames, hex, sample } from "../../store/cache/contract.ts";

describe("a range", () => {
  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=0-", 0, 10],
    ["bytes=9-", 9, 1],
    ["bytes=3-5", 3, 3],
    ["bytes=3-99999999999999999999", 3, 7],
    ["bytes=-1", 9, 1],
    ["bytes=-10", 0, 10],
    ["bytes=-11", 0, 10],
    ["BYTES=1-2", 1, 2],
    ["bytes=0001-0002", 1, 2],
  ])("%s of ten bytes", (header, offset, length) => {
    expect(rangeOf(header, 10)).toEqual({ offset, length });
  });

  it.each(["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999-"])(
    "%s cannot be satisfied",
    (header) => {
      expect(rangeOf(header, 10)).toBe("unsatisfiable");
    },
  );

  it.each([
    undefined,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=5-4",
    "bytes=0-1,3-4",
    "bytes=+1-2",
    "bytes=1.0-2",
    "bytes=0x1-2",
    "bytes= 1-2",
    "bytes=1-2\n",
    "items=0-1",
  ])("%j is passed over", (header) => {
    expect(rangeOf(header, 10)).toBeUndefined();
  });

  it("of nothing there is none", () => {
    expect([rangeOf("bytes=0-", 0), rangeOf("bytes=-1", 0)]).toEqual(["unsatisfiable", "unsatisfiable"]);
  });

  it("whatever is asked, lies within the file", () => {
    const digits = fc.oneof(fc.constant(""), fc.nat().map(String), fc.bigInt({ min: 0n }).map(String));
    const near = fc.tuple(digits, digits).map(([first, last]) => `bytes=${first}-${last}`);
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), fc.nat(), (header, size) => {
        const range = rangeOf(header, size);
        if (range === undefined || range === "unsatisfiable") return;
        expect(range.length).toBeGreaterThan(0);
        expect(range.offset).toBeGreaterThanOrEqual(0);
        expect(range.offset + range.length).toBeLessThanOrEqual(size);
      }),
    );
  });
});

it.each([
  [{}, "part"],
  [{ "if-none-match": '"a"' }, "unchanged"],
  [{ "if-none-match": 'W/"a"' }, "unchanged"],
  [{ "if-none-match": '"b", "a"' }, "unchanged"],
  [{ "if-none-match": "*" }, "unchanged"],
  [{ "if-none-match": '"b"' }, "part"],
  [{ "if-match": '"a"' }, "part"],
  [{ "if-match": 'W/"a"' }, "failed"],
  [{ "if-match": '"b"' }, "failed"],
  [{ "if-match": "*" }, "part"],
  [{ "if-match": '"b"', "if-none-match": '"a"' }, "failed"],
  [{ "if-range": '"a"' }, "part"],
  [{ "if-range": 'W/"a"' }, "whole"],
  [{ "if-range": '"b"' }, "whole"],
  [{ "if-range": "Sat, 01 Jan 2000 00:00:00 GMT" }, "whole"],
] as const)('%j of the file "a": %s', (conditions, verdict) => {
  expect(verdictOf(conditions, '"a"')).toBe(verdict);
});

describe("an address", () => {
  it("names a file or a question", () => {
    for (const name of Object.keys(sample)) {
      expect(routeOf(`/${name}`, "")).toEqual({ kind: "file", name });
      expect(routeOf(`/a/secret/${name}?x#y`, "/a/secret")).toEqual({ kind: "file", name });
      expect(routeOf(`http://host:1/${name}`, "")).toEqual({ kind: "file", name });
      for (const path of [`/a/secret/${name}`, name, `//${name}`, `/./${name}`, `/${name}/`, `/%2e/${name}`])
        expect(routeOf(path, "").kind).toBe("none");
      for (const path of [`/${name}`, `/a/secre/${name}`, `/a/secretx/${name}`, `/a/secret${name}`])
        expect(routeOf(path, "/a/secret").kind).toBe("none");
    }
    expect(routeOf("/bulk/has", "")).toEqual({ kind: "bulk", question: "has" });
    expect(routeOf("/bulk/constructor", "").kind).toBe("none");
    for (const name of badNames.filter((each) => each !== "bulk/has"))
      expect(routeOf(`/${name}`, "").kind).toBe("none");
  });

  it("of anything else is none", () => {
    fc.assert(fc.property(fc.webUrl(), (url) => routeOf(url, "").kind === "none"));
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => routeOf(text, "/x").kind === "none"));
  });
});

describe("tokens", () => {
  const [read, write] = ["r".repeat(20), "w".repeat(20)];

  it("open what they are for", () => {
    const access = accessWith({ read, write });
    expect([`Bearer ${read}`, `bearer  ${write} `].map(access)).toEqual(["read", "write"]);
    for (const header of [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      `Basic ${write}`,
      `Bearer ${write}x`,
      write,
      `Bearer x ${write}`,
    ])
      expect(access(header)).toBe("none");
  });

  it("are not needed to read where there is none for it", () => {
    expect([undefined, "Bearer x", `Bearer ${write}`].map(accessWith({ write }))).toEqual([
      "read",
      "read",
      "write",
    ]);
    expect(accessWith({})(undefined)).toBe("read");
    expect(accessWith({ read })("Bearer ")).toBe("none");
  });

  it("can stand in a header", () => {
    expect(
      ["short", "x".repeat(513), "with blank in between", "ä".repeat(16), "=".repeat(20)].filter(isToken),
    ).toEqual([]);
    expect(isToken(Buffer.alloc(32, 250).toString("base64"))).toBe(true);
  });
});

it("runs hold every part, in order, and are read once", () => {
  const part = fc.record({
    name: fc.constantFrom(`packs/${hex("a")}`, `packs/${hex("b")}`),
    offset: fc.oneof(fc.nat(100), fc.nat(10_000_000)),
    length: fc.oneof(fc.nat(100), fc.nat(3_000_000)),
  });
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const runs = runsOf(parts);
      expect(runs.flatMap((run) => run.parts)).toEqual(parts);
      for (const run of runs) {
        expect(run.length <= longestRun || run.parts.length === 1).toBe(true);
        for (const { name, offset, length } of run.parts)
          expect(
            name === run.name && offset >= run.offset && offset + length <= run.offset + run.length,
          ).toBe(true);
      }
    }),
  );
  const name = `packs/${hex("a")}`;
  const close = [0, 5000, 12_000, 900_000].map((offset) => ({ name, offset, length: 100 }));
  expect(runsOf(close).map(({ offset, length }) => [offset, length])).toEqual([
    [0, 12_100],
    [900_000, 100],
  ]);
});

describe("a rate", () => {
  const never = new AbortController().signal;

  it("lets the first pass at once, and those after when they are paid for", async () => {
    const rate = openRate({ bytesPerSecond: 100_000, now: () => performance.now() });
    const start = performance.now();
    await rate.take(100_000, never);
    expect(performance.now() - start).toBeLessThan(400);
    await Promise.all(Array.from({ length: 5 }, () => rate.take(10_000, never)));
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(1000);
    expect(took).toBeLessThan(2500);
  });

  it("keeps nobody who is gone", async () => {
    const rate = openRate({ bytesPerSecond: 1, now: () => performance.now() });
    const gone = new AbortController();
    await rate.take(1000, gone.signal);
    const waiting = rate.take(1000, gone.signal);
    gone.abort();
    await waiting;
    await rate.take(1000, gone.signal);
  });
});
