// Questions in bulk, over real sockets.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bulkLimits } from "../../../builders/serve/bulk.ts";
import { hex, pack, request, sample } from "../../store/cache/contract.ts";
import { ask, connectTo, type Served, serveSample } from "./rig.ts";

let served: Served;
beforeAll(async () => {
  served = await serveSample();
});
afterAll(() => served[Symbol.asyncDispose]());

const question = (kind: string, lines: readonly string[] | string) =>
  ask(`${served.url}/bulk/${kind}`, {
    method: "POST",
    body: typeof lines === "string" ? lines : lines.map((line) => `${line}\n`).join(""),
  });
const whole = sample[pack] ?? Buffer.alloc(0);
const other = `packs/${hex("other pack")}`;

describe("results", () => {
  it("are all files of the requests, in the requests' order", async () => {
    const second = hex("a");
    mkdirSync(join(served.folder, "results", second));
    const odd = 'line\n"quoted" \u2028 \u{1f600}';
    writeFileSync(join(served.folder, "results", second, hex("s")), odd);
    writeFileSync(join(served.folder, "results", second, "README"), "x");
    const { status, headers, body } = await question("results", [hex("none"), request, second, second]);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "content-type": "text/plain; charset=utf-8",
    });
    const lines = body.toString().split("\n");
    expect(lines.pop()).toBe("");
    const names = lines.map((line) => line.slice(0, line.indexOf(" ")));
    const ofFirst = Object.keys(sample)
      .filter((name) => name.startsWith("results/"))
      .map((name) => name.slice(8))
      .sort();
    // However often it is asked for.
    expect(names).toEqual([...ofFirst, `${second}/${hex("s")}`]);
    expect(JSON.parse(lines.at(-1)?.slice(130) ?? "")).toBe(odd);
    expect(JSON.parse(lines[0]?.slice((names[0]?.length ?? 0) + 1) ?? "")).toBe(
      sample[`results/${names[0]}`]?.toString(),
    );
  });

  it("leave out what is too large for a statement", async () => {
    const large = hex("large");
    mkdirSync(join(served.folder, "results", large));
    writeFileSync(join(served.folder, "results", large, hex("s")), Buffer.alloc(2 ** 20 + 1, "x"));
    expect((await question("results", [large])).body.toString()).toBe("");
  });

  it.each([[hex("x").slice(1)], [`blake3-${hex("x")}`], [`${request}/${hex("x")}`], [".."], [""]])(
    "%j is no request",
    async (line) => {
      expect((await question("results", [request, line])).status).toBe(400);
    },
  );
});

describe("what there is", () => {
  it("is told in the order of the question", async () => {
    const names = [other, `packs/${hex("none")}`, pack, "kit-cache-info", pack, `logs/${hex("none")}`];
    const { body, headers } = await question("has", names);
    expect(body.toString()).toBe(`${other}\n${pack}\nkit-cache-info\n${pack}\n`);
    expect(headers["content-length"]).toBe(String(body.length));
  });

  it("the last line may go without its end, and there may be none", async () => {
    expect((await question("has", `${pack}\n${other}`)).body.toString()).toBe(`${pack}\n${other}\n`);
    expect(await question("has", "")).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    expect((await question("has", "\n")).status).toBe(400);
  });

  it.each(["../x", "/etc/passwd", "packs", `${pack}\r`, `${pack} `, "ä"])("%j is no name", async (line) => {
    const { status, body } = await question("has", [pack, line]);
    expect(status).toBe(400);
    expect(body.toString()).toBe("line 2 is no name of a cache's file\n");
  });
});

describe("ranges", () => {
  it("are answered one after the other", async () => {
    const line = fc
      .record({
        offset: fc.oneof(fc.nat(50_000), fc.nat(whole.length)),
        length: fc.oneof(fc.nat(999), fc.nat(whole.length)),
      })
      .map(({ offset, length }) => ({ offset, length: Math.min(length, whole.length - offset) }));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), async (parts) => {
        const lines = parts.flatMap(({ offset, length }, i) =>
          i % 7 === 6 ? [`${other} 1 2`, `${pack} ${offset} ${length}`] : [`${pack} ${offset} ${length}`],
        );
        const expected = parts.flatMap(({ offset, length }, i) => [
          ...(i % 7 === 6 ? [Buffer.from([7, 7])] : []),
          whole.subarray(offset, offset + length),
        ]);
        const { status, body } = await question("ranges", lines);
        expect(status).toBe(200);
        expect(body.equals(Buffer.concat(expected))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    [`${pack} 0`, 400],
    [`${pack} 0 -1`, 400],
    [`${pack} -1 1`, 400],
    [`${pack} 1e3 1`, 400],
    [`${pack} 0 9999999999999999`, 400],
    [`${pack}  0 1`, 400],
    [`${pack} 0 1 `, 400],
    ["../../etc/passwd 0 1", 400],
    [`packs/${hex("none")} 0 1`, 404],
    [`${pack} 0 ${whole.length + 1}`, 416],
    [`${pack} ${whole.length + 1} 0`, 416],
    [`${pack} 0 999999999999999`, 413],
  ])("%j is answered with %d", async (line, status) => {
    const answer = await question("ranges", [`${pack} 0 1`, line]);
    expect(answer.status).toBe(status);
  });

  it("together are at most so much", async () => {
    const lines = Array.from({ length: 1000 }, () => `${pack} 0 ${whole.length}`);
    expect((await question("ranges", lines)).status).toBe(413);
  });
});

describe("questions", () => {
  it("are at most so many lines and bytes", async () => {
    expect((await question("has", "\n".repeat(bulkLimits.lines + 1))).status).toBe(413);
    expect((await question("has", "x".repeat(bulkLimits.question + 1))).status).toBe(413);
    const unsaid = await ask(`${served.url}/bulk/has`, {
      method: "POST",
      body: "x".repeat(bulkLimits.question + 1),
      headers: { "transfer-encoding": "chunked" },
    });
    expect(unsaid.status).toBe(413);
    const most = Math.floor(bulkLimits.question / (pack.length + 1));
    const { status, body } = await question(
      "has",
      Array.from({ length: most }, () => pack),
    );
    expect({ status, length: body.length }).toEqual({ status: 200, length: most * (pack.length + 1) });
  });

  it("at once are at most so many", async () => {
    await using own = await serveSample({ limits: { bulk: 1 } });
    const slow = await connectTo(own.url);
    slow.socket.write("POST /bulk/has HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx");
    await expect
      .poll(async () => (await ask(`${own.url}/bulk/has`, { method: "POST", body: pack })).status)
      .toBe(503);
    slow.socket.destroy();
    await expect
      .poll(async () => (await ask(`${own.url}/bulk/has`, { method: "POST", body: pack })).status)
      .toBe(200);
  });

  it("whatever they hold, they are answered", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc
        .array(fc.constantFrom(pack, other, request, "0", "1", " ", "\n", "/"))
        .map((words) => words.join("")),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("results", "has", "ranges"), text, async (kind, body) => {
        expect([200, 400, 404, 413, 416]).toContain((await question(kind, body)).status);
      }),
    );
    expect(served.troubles).toEqual([]);
  });
});
