// The server over real sockets: files, uploads, limits, slow clients, TLS, and how it stops.

import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { connect as connectSecurely } from "node:tls";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startServer } from "../../../builders/serve/server.ts";
import { folderStorage } from "../../../store/cache/folder.ts";
import { compress } from "../../../store/cache/frame.ts";
import { nameOf } from "../../../store/cache/names.ts";
import { readTrailer } from "../../../store/cache/pack.ts";
import type { Result } from "../../../store/model/derivation.ts";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import { generateKey } from "../../../store/model/key.ts";
import { encodeSignature, signStatement } from "../../../store/model/signature.ts";
import { badNames, hex, pack, request, sample } from "../../store/cache/contract.ts";
import { isRoot } from "../../store/rig.ts";
import { ask, connectTo, packOf, pause, put, type Served, serveSample, tokens, until } from "./rig.ts";

const { name: freshPack, bytes: fresh } = packOf("fresh bytes");
const whole = sample[pack] ?? Buffer.alloc(0);
const statement = `results/${request}/${hex("statement")}`;
const tree = `trees/${hex("tree")}`;

/** A pack with other lines in its index. */
function indexed(bytes: Buffer, change: (line: string) => string): Buffer {
  const trailer = readTrailer(bytes.subarray(-24), bytes.length);
  const index = bytes.subarray(trailer.offset, trailer.offset + trailer.length);
  const lines = zstdDecompressSync(index).toString("latin1").trimEnd().split("\n");
  const frame = compress(Buffer.from(`${lines.map(change).join("\n")}\n`));
  const tail = Buffer.from(bytes.subarray(-24));
  tail.writeBigUInt64LE(BigInt(frame.length), 8);
  return Buffer.concat([bytes.subarray(0, trailer.offset), frame, tail]);
}

describe("files", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveSample();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  it("are answered whole", async () => {
    for (const [name, content] of Object.entries(sample)) {
      if (name === "kit-cache-info") continue;
      const { status, headers, body } = await ask(`${served.url}/${name}`);
      expect({ status, length: headers["content-length"] }).toEqual({
        status: 200,
        length: String(content.length),
      });
      expect(body.equals(content)).toBe(true);
      expect(headers).toMatchObject({
        "accept-ranges": "bytes",
        etag: expect.stringMatching(/^"[0-9a-z-]+"$/),
      });
      const head = await ask(`${served.url}/${name}`, { method: "HEAD" });
      const { date: _, ...same } = head.headers;
      expect(headers).toMatchObject(same);
      expect(head.body).toHaveLength(0);
    }
  });

  it("are named by what they hold where their names say it, and kept for ever but for those that may change", async () => {
    const headersOf = async (name: string) => (await ask(`${served.url}/${name}`)).headers;
    const lasting = "public, max-age=31536000, immutable";
    expect(await headersOf(pack)).toMatchObject({ etag: `"${hex("pack")}"`, "cache-control": lasting });
    expect(await headersOf(statement)).toMatchObject({
      etag: `"${hex("statement")}"`,
      "cache-control": lasting,
      "content-type": "application/json",
    });
    expect(await headersOf(tree)).toMatchObject({ "cache-control": lasting });
    for (const name of [`${tree}.bases`, "kit-cache-info"])
      expect(await headersOf(name)).toMatchObject({ "cache-control": "public, max-age=60" });
    expect((await ask(`${served.url}/${hex("x")}`)).headers["cache-control"]).toBe("no-store");
  });

  it("are answered in part", async () => {
    const part = (range: string, more = {}) => ask(`${served.url}/${pack}`, { headers: { range, ...more } });
    const { status, headers, body } = await part("bytes=1000-1000999");
    expect(status).toBe(206);
    expect(headers).toMatchObject({
      "content-range": `bytes 1000-1000999/${whole.length}`,
      "content-length": "1000000",
    });
    expect(body.equals(whole.subarray(1000, 1_001_000))).toBe(true);
    expect((await part("bytes=-5")).body.equals(whole.subarray(-5))).toBe(true);
    expect(await part("bytes=2000000-")).toMatchObject({
      status: 416,
      headers: { "content-range": `bytes */${whole.length}` },
    });
    for (const odd of ["bytes=0-1,3-4", "lines=1-2", "bytes=5-1"]) expect((await part(odd)).status).toBe(200);
    expect((await part("bytes=0-1", { "if-range": `"${hex("pack")}"` })).status).toBe(206);
    expect((await part("bytes=0-1", { "if-range": '"other"' })).status).toBe(200);
    const head = await ask(`${served.url}/${pack}`, { method: "HEAD", headers: { range: "bytes=0-1" } });
    expect(head).toMatchObject({ status: 200, headers: { "content-length": String(whole.length) } });
  });

  it("are not sent again to who has them", async () => {
    const { headers } = await ask(`${served.url}/${tree}`);
    const again = await ask(`${served.url}/${tree}`, {
      headers: { "if-none-match": headers["etag"] as string },
    });
    expect(again).toMatchObject({ status: 304, headers: { etag: headers["etag"] } });
    expect(again.body).toHaveLength(0);
    expect((await ask(`${served.url}/${tree}`, { headers: { "if-match": '"x"' } })).status).toBe(412);
  });

  it("kit-cache-info says that it answers in bulk, beside what it says anyway", async () => {
    const { body, headers } = await ask(`${served.url}/kit-cache-info`);
    expect(JSON.parse(body.toString())).toEqual({ format: "kit/cache/1", bulk: 1 });
    expect(headers["content-length"]).toBe(String(body.length));
    const part = await ask(`${served.url}/kit-cache-info`, { headers: { range: "bytes=2-7" } });
    expect(part.body.toString()).toBe("format");
  });

  it("that are not there, and names of none, are 404", async () => {
    for (const name of [`packs/${hex("none")}`, ...badNames.filter((each) => !/[\n\0]|^bulk/.test(each))])
      expect((await ask(`${served.url}/${name}`)).status).toBe(404);
    expect((await ask(`${served.url}/../../../../etc/passwd`)).status).toBe(404);
  });

  it("are answered to the methods there are", async () => {
    for (const method of ["POST", "DELETE", "OPTIONS", "PATCH"])
      expect(await ask(`${served.url}/${pack}`, { method, token: tokens.write })).toMatchObject({
        status: 405,
        headers: { allow: "GET, HEAD, PUT" },
      });
    expect(await ask(`${served.url}/bulk/has`)).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  it("what a link leads to is not told, but to who runs the server", async () => {
    await using own = await serveSample();
    rmSync(join(own.folder, pack));
    symlinkSync("/etc/passwd", join(own.folder, pack));
    const { status, body } = await ask(`${own.url}/${pack}`);
    expect(status).toBe(500);
    expect(body.toString()).not.toContain(own.folder);
    expect(own.troubles).toMatchObject([{ code: "store/cache-damaged" }]);
  });

  it("many are answered on one connection, also asked for ahead", async () => {
    const { socket, ended } = await connectTo(served.url);
    const line = `GET /${statement} HTTP/1.1\r\nHost: x\r\n`;
    socket.write(
      `${line}\r\n${line}\r\nHEAD /${pack} HTTP/1.1\r\nHost: x\r\n\r\n${line}Connection: close\r\n\r\n`,
    );
    expect((await ended).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(4);
  });

  it.each([
    "",
    "\0\0\0\0",
    "GET\r\n\r\n",
    "GET / HTTP/9\r\n\r\n",
    `GET /${"x".repeat(20_000)} HTTP/1.1\r\n\r\n`,
  ])("who speaks no HTTP is sent away: %j", async (text) => {
    const { socket, ended } = await connectTo(served.url);
    socket.end(text);
    expect(await ended).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  });
});

describe("uploads", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveSample({ limits: { upload: 2_000_000 } });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const leftovers = () => {
    const waiting = join(served.folder, ".incoming");
    return existsSync(waiting) ? readdirSync(waiting) : [];
  };

  it("are taken once", async () => {
    expect((await put(`${served.url}/${freshPack}`, fresh)).status).toBe(201);
    expect(readFileSync(join(served.folder, freshPack))).toEqual(fresh);
    expect((await ask(`${served.url}/${freshPack}`)).body).toEqual(fresh);
    expect((await put(`${served.url}/${freshPack}`, fresh)).status).toBe(409);
    const conditional = { headers: { "if-none-match": "*" } };
    expect((await put(`${served.url}/${freshPack}`, fresh, conditional)).status).toBe(412);
    expect((await put(`${served.url}/kit-cache-info`, '{"format":"kit/cache/1"}')).status).toBe(409);
  });

  it("of one file at once, one is taken", async () => {
    const { name, bytes } = packOf("at once", 500_000);
    const answers = await Promise.all(Array.from({ length: 8 }, () => put(`${served.url}/${name}`, bytes)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    expect(readFileSync(join(served.folder, name)).equals(bytes)).toBe(true);
    expect(leftovers()).toEqual([]);
  });

  it("need the token", async () => {
    const name = `packs/${hexOf(digestOf("token"))}`;
    const refused = async (headers: Record<string, string>) =>
      (await ask(`${served.url}/${name}`, { method: "PUT", body: "token", headers })).status;
    expect(await refused({})).toBe(401);
    expect(await refused({ authorization: `Bearer ${tokens.write}x` })).toBe(403);
    expect(await refused({ authorization: `Basic ${tokens.write}` })).toBe(403);
    expect(existsSync(join(served.folder, name))).toBe(false);
    await using closed = await serveSample({ tokens: {} });
    expect((await put(`${closed.url}/${name}`, "token")).status).toBe(403);
  });

  it("of names that are none, of other bytes than the name says, and too large ones leave nothing", async () => {
    expect((await put(`${served.url}/packs/../x`, "x")).status).toBe(404);
    expect((await put(`${served.url}/${pack}.new`, "x")).status).toBe(404);
    const wrong = `packs/${hex("wrong")}`;
    expect((await put(`${served.url}/${wrong}`, "other")).status).toBe(422);
    expect((await put(`${served.url}/results/${hex("r")}/${hex("s")}`, "other")).status).toBe(422);
    const large = Buffer.alloc(2_000_001);
    const named = `packs/${hexOf(digestOf(large))}`;
    expect((await put(`${served.url}/${named}`, large)).status).toBe(413);
    const unsaid = await put(`${served.url}/${named}`, large, {
      headers: { "transfer-encoding": "chunked" },
    });
    expect(unsaid.status).toBe(413);
    const record = Buffer.alloc(2 ** 20 + 1);
    expect((await put(`${served.url}/results/${hex("r")}/${hexOf(digestOf(record))}`, record)).status).toBe(
      413,
    );
    expect((await put(`${served.url}/trees/${hex("t")}.bases`, Buffer.alloc(65 * 64 + 1))).status).toBe(413);
    for (const headers of [{ "content-range": "bytes 0-4/5" }, { "content-encoding": "gzip" }])
      expect((await put(`${served.url}/${wrong}`, "wrong", { headers })).status).toBeGreaterThan(399);
    expect(
      [wrong, named, `results/${hex("r")}`].filter((each) => existsSync(join(served.folder, each))),
    ).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  it.each<[string, (pack: Buffer) => Buffer]>([
    ["without a trailer", (bytes) => bytes.subarray(0, -24)],
    ["of less than a trailer", () => Buffer.from("x")],
    ["of nothing", () => Buffer.alloc(0)],
    [
      "whose trailer leads out of it",
      (bytes) => {
        bytes.writeBigUInt64LE(1n << 40n, bytes.length - 24);
        return bytes;
      },
    ],
    [
      "whose index is none",
      (bytes) => {
        bytes.fill(0, bytes.length - 30, bytes.length - 24);
        return bytes;
      },
    ],
    ["whose index leads out of it", (bytes) => indexed(bytes, (line) => line.replace(/\d+$/, "99999"))],
    ["whose index has gaps", (bytes) => indexed(bytes, (line) => line.replace(/ 11 /, " 12 "))],
  ])("a pack %s is refused, and leaves nothing", async (_, spoil) => {
    const bytes = spoil(Buffer.from(packOf("a pack by itself").bytes));
    const name = `packs/${hexOf(digestOf(bytes))}`;
    expect((await put(`${served.url}/${name}`, bytes)).status).toBe(422);
    expect(existsSync(join(served.folder, name))).toBe(false);
    expect(leftovers()).toEqual([]);
    expect(served.troubles).toEqual([]);
  });

  it("a signature is taken in its form, by the key of its name, on the request of its name, and a genuine one", async () => {
    const [one, two] = [generateKey("one"), generateKey("two")];
    const result: Result = { format: "kit/result/1", request: digestOf("r"), outputs: {}, references: [] };
    const nameFor = (of: string) =>
      nameOf({ kind: "signature", request: digestOf(of), key: one.public.fingerprint });
    const text = encodeSignature(signStatement(one, result));
    const others = [
      "",
      "signature",
      text.trimEnd(),
      encodeSignature(signStatement(two, result)),
      encodeSignature({ ...signStatement(two, result), key: one.public }),
    ];
    for (const other of others) expect((await put(`${served.url}/${nameFor("r")}`, other)).status).toBe(422);
    expect((await put(`${served.url}/${nameFor("x")}`, text)).status).toBe(422);
    expect(existsSync(join(served.folder, nameFor("r")))).toBe(false);
    expect(leftovers()).toEqual([]);
    expect((await put(`${served.url}/${nameFor("r")}`, text)).status).toBe(201);
  });

  it("make an empty folder a cache", async () => {
    const folder = mkdtempSync(join(inject("scratch"), "empty-"));
    await using server = await startServer(folderStorage(folder), { tokens });
    expect((await ask(`${server.url}/kit-cache-info`)).status).toBe(404);
    for (const bad of ["", "{}", '{"format":"kit/cache/2"}'])
      expect((await put(`${server.url}/kit-cache-info`, bad)).status).toBe(422);
    expect((await put(`${server.url}/kit-cache-info`, '{"format":"kit/cache/1","priority":7}')).status).toBe(
      201,
    );
    const { body } = await ask(`${server.url}/kit-cache-info`);
    expect(JSON.parse(body.toString())).toEqual({ format: "kit/cache/1", priority: 7, bulk: 1 });
  });

  it.each(["sized", "chunked"])("that break off leave nothing: %s", async (how) => {
    const name = `packs/${hex(how)}`;
    const { socket } = await connectTo(served.url);
    const size = how === "sized" ? "Content-Length: 1000000" : "Transfer-Encoding: chunked";
    socket.write(
      `PUT /${name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.write}\r\n${size}\r\n\r\n`,
    );
    socket.write(how === "sized" ? "x".repeat(50_000) : `c350\r\n${"x".repeat(50_000)}\r\n`);
    await until(() => leftovers().length === 1);
    socket.destroy();
    await until(() => leftovers().length === 0);
    expect(existsSync(join(served.folder, name))).toBe(false);
    expect(served.troubles).toEqual([]);
  });

  it("who waits to be asked is not asked for what is not wanted", async () => {
    const asking = async (name: string, size: number) => {
      const { socket, ended } = await connectTo(served.url);
      socket.write(
        `PUT /${name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.write}\r\nContent-Length: ${size}\r\n` +
          "Expect: 100-continue\r\nConnection: close\r\n\r\n",
      );
      return { socket, ended };
    };
    const known = await asking(pack, 10);
    await until(() => known.socket.bytesRead > 0);
    known.socket.end();
    expect(await known.ended).toMatch(/^HTTP\/1\.1 409 /);
    const { name, bytes } = packOf("asked for");
    const wanted = await asking(name, bytes.length);
    await until(() => wanted.socket.bytesRead > 0);
    wanted.socket.write(bytes);
    expect(await wanted.ended).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  });

  it("who is refused while sending comes to read why", async () => {
    const { socket, ended, received } = await connectTo(served.url);
    socket.write(
      `PUT /${pack} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.write}\r\nContent-Length: 1900000\r\n\r\n`,
    );
    for (let i = 0; i < 19; i++) {
      socket.write(Buffer.alloc(100_000));
      await pause(5);
    }
    socket.write(`HEAD /${pack} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await ended;
    expect(received()).toMatch(/^HTTP\/1\.1 409 [\s\S]*HTTP\/1\.1 200 /);
  });

  it("without room are told so, and who runs the server too", async () => {
    const folder = mkdtempSync(join(inject("scratch"), "full-"));
    if (!isRoot || spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", folder]).status !== 0)
      return;
    const troubles: unknown[] = [];
    const onTrouble = (error: unknown) => void troubles.push(error);
    const server = await startServer(folderStorage(folder), { tokens, onTrouble });
    try {
      const bytes = Buffer.alloc(600_000, 1);
      expect((await put(`${server.url}/packs/${hexOf(digestOf(bytes))}`, bytes)).status).toBe(507);
      expect(troubles).toMatchObject([{ code: "store/cache-full" }]);
      expect(readdirSync(join(folder, ".incoming"))).toEqual([]);
    } finally {
      await server.close();
      spawnSync("umount", [folder]);
    }
  });
});

describe("who may read", () => {
  it("is who has a token, where one is asked for", async () => {
    await using served = await serveSample({ tokens: { ...tokens, read: "read-read-read-read" } });
    const url = `${served.url}/${pack}`;
    expect(await ask(url)).toMatchObject({
      status: 401,
      headers: { "www-authenticate": 'Bearer realm="kit"' },
    });
    expect((await ask(`${served.url}/no-name`)).status).toBe(401);
    expect((await ask(`${served.url}/bulk/has`, { method: "POST", body: pack })).status).toBe(401);
    expect(await ask(url, { token: "read-read-read-read" })).toMatchObject({
      status: 200,
      headers: { "cache-control": "private, max-age=31536000, immutable" },
    });
    expect((await ask(url, { token: tokens.write })).status).toBe(200);
    expect((await put(`${served.url}/${freshPack}`, fresh, { token: "read-read-read-read" })).status).toBe(
      403,
    );
  });

  it("is who knows the prefix, where there is one", async () => {
    await using served = await serveSample({ prefix: "/a/secret" });
    expect(served.url).toMatch(/\/a\/secret$/);
    expect((await ask(`${served.url}/${pack}`)).status).toBe(200);
    expect((await ask(`${new URL(served.url).origin}/${pack}`)).status).toBe(404);
    expect((await put(`${served.url}/${freshPack}`, fresh)).status).toBe(201);
    expect((await ask(`${served.url}/bulk/has`, { method: "POST", body: pack })).body.toString()).toBe(
      `${pack}\n`,
    );
  });
});

describe("limits", () => {
  it("of requests at once from one address", async () => {
    await using served = await serveSample({ limits: { perAddress: 2 } });
    const slow = await Promise.all([connectTo(served.url), connectTo(served.url)]);
    const head = `PUT /${freshPack} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.write}\r\nContent-Length: 9\r\n\r\n`;
    for (const { socket } of slow) socket.write(head);
    const waiting = join(served.folder, ".incoming");
    await until(() => existsSync(waiting) && readdirSync(waiting).length === 2);
    expect(await ask(`${served.url}/${pack}`)).toMatchObject({
      status: 429,
      headers: { "retry-after": "1" },
    });
    for (const { socket } of slow) socket.destroy();
    await until(() => readdirSync(waiting).length === 0);
    expect((await ask(`${served.url}/${pack}`)).status).toBe(200);
  });

  it("of connections", async () => {
    await using served = await serveSample({ limits: { connections: 2 } });
    const kept = await Promise.all([connectTo(served.url), connectTo(served.url)]);
    const third = await connectTo(served.url);
    expect(await third.ended).toBe("");
    for (const { socket } of kept) socket.destroy();
    await pause(50);
    expect((await ask(`${served.url}/${pack}`)).status).toBe(200);
  });

  it("of bytes a second, of all together", async () => {
    const rate = { bytesPerSecond: 1_300_000, now: () => performance.now() };
    await using served = await serveSample({ rate });
    const start = performance.now();
    const answers = await Promise.all([1, 2].map(() => ask(`${served.url}/${pack}`)));
    expect(answers.every(({ body }) => body.equals(whole))).toBe(true);
    // 2.6 MB less the last piece, which is paid for afterwards.
    expect(performance.now() - start).toBeGreaterThan(1000);
    const before = performance.now();
    const { name, bytes } = packOf("rate", 1_300_000);
    expect((await put(`${served.url}/${name}`, bytes)).status).toBe(201);
    expect(performance.now() - before).toBeGreaterThan(700);
  });

  it("who sends no request is sent away, as is who sends it slowly", async () => {
    await using served = await serveSample({ limits: { head: 300 } });
    const [silent, slow] = await Promise.all([connectTo(served.url), connectTo(served.url)]);
    slow.socket.write("GET / HTTP/1.1\r\n");
    const timer = setInterval(() => slow.socket.write("X: y\r\n"), 50);
    const start = performance.now();
    expect(await slow.ended).toMatch(/^(HTTP\/1\.1 408 |$)/);
    clearInterval(timer);
    expect(await silent.ended).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("who sends no body, and who takes none, is sent away", async () => {
    await using served = await serveSample({ limits: { idle: 300 } });
    appendFileSync(join(served.folder, pack), Buffer.alloc(30_000_000));
    const sender = await connectTo(served.url);
    sender.socket.write(
      `PUT /${freshPack} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.write}\r\nContent-Length: 9\r\n\r\nx`,
    );
    const taker = await connectTo(served.url);
    taker.socket.pause();
    taker.socket.write(`GET /${pack} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await sender.ended).toBe("");
    await pause(1500);
    taker.socket.resume();
    expect((await taker.ended).length).toBeLessThan(30_000_000);
    expect(served.troubles).toEqual([]);
  });

  it("an exchange may take only so long, however it trickles", async () => {
    await using served = await serveSample({ limits: { idle: 300, exchange: 800 } });
    const { socket, ended } = await connectTo(served.url);
    socket.write(
      `PUT /${freshPack} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.write}\r\nContent-Length: 900\r\n\r\n`,
    );
    const timer = setInterval(() => socket.write("x"), 50);
    const start = performance.now();
    await ended;
    clearInterval(timer);
    expect(performance.now() - start).toBeLessThan(3000);
    await until(() => readdirSync(join(served.folder, ".incoming")).length === 0);
  });
});

describe("stopping", () => {
  it("lets what is under way end, and takes nothing new", async () => {
    const served = await serveSample();
    const idle = await connectTo(served.url);
    const busy = await connectTo(served.url);
    busy.socket.write(
      `PUT /${freshPack} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.write}\r\nContent-Length: ${fresh.length}\r\n\r\n`,
    );
    const waiting = join(served.folder, ".incoming");
    await until(() => existsSync(waiting) && readdirSync(waiting).length === 1);
    const closed = served.server.close(10_000);
    expect(await idle.ended).toBe("");
    await expect(ask(`${served.url}/${pack}`)).rejects.toThrow("ECONNREFUSED");
    busy.socket.write(fresh);
    expect(await busy.ended).toMatch(/^HTTP\/1\.1 201 /);
    await closed;
    await served.server.close();
    expect(readFileSync(join(served.folder, freshPack))).toEqual(fresh);
  });

  it("cuts off what does not end in time, which leaves nothing", async () => {
    const served = await serveSample();
    const busy = await connectTo(served.url);
    busy.socket.write(
      `PUT /${freshPack} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.write}\r\nContent-Length: 99\r\n\r\nx`,
    );
    const waiting = join(served.folder, ".incoming");
    await until(() => existsSync(waiting) && readdirSync(waiting).length === 1);
    const start = performance.now();
    await served.server.close(200);
    expect(performance.now() - start).toBeLessThan(2000);
    await until(() => readdirSync(waiting).length === 0);
    expect(existsSync(join(served.folder, freshPack))).toBe(false);
  });

  it("a throttled transfer does not keep it", async () => {
    const served = await serveSample({ rate: { bytesPerSecond: 1000, now: () => performance.now() } });
    const busy = await connectTo(served.url);
    busy.socket.write(`GET /${pack} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => busy.socket.bytesRead > 0);
    const start = performance.now();
    await served.server.close(100);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

it("a port that is taken is told", async () => {
  await using served = await serveSample();
  const port = Number(new URL(served.url).port);
  await expect(startServer(folderStorage(served.folder), { port })).rejects.toMatchObject({
    code: "host/cannot-listen",
    exit: 7,
  });
});

it("listens on IPv6 too", async () => {
  const server = await serveSample({ host: "::1" }).catch(() => undefined);
  if (server === undefined) return;
  expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await ask(`${server.url}/${pack}`)).status).toBe(200);
  await server[Symbol.asyncDispose]();
});

describe("TLS", () => {
  const place = mkdtempSync(join(inject("scratch"), "tls-"));
  const [certificate, key, otherKey] = ["host.pem", "host.key", "other.key"].map((name) =>
    join(place, name),
  ) as [string, string, string];
  const self = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
  ];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const hasOpenssl =
    spawnSync("openssl", [...self, ...subject, "-keyout", key, "-out", certificate]).status === 0 &&
    spawnSync("openssl", [...self, ...subject, "-keyout", otherKey, "-out", join(place, "other.pem")])
      .status === 0;
  const tlsOf = (keyFile: string) => ({ certificate: readFileSync(certificate), key: readFileSync(keyFile) });

  it.runIf(hasOpenssl)("serves and takes files", async () => {
    await using served = await serveSample({ tls: tlsOf(key) });
    const ca = readFileSync(certificate);
    expect(served.url).toMatch(/^https:/);
    expect((await ask(`${served.url}/${pack}`, { ca })).body.equals(whole)).toBe(true);
    expect((await put(`${served.url}/${freshPack}`, fresh, { ca })).status).toBe(201);
    await expect(ask(`${served.url}/${pack}`)).rejects.toThrow(/self-signed|self signed/);
    await expect(ask(served.url.replace("https", "http"))).rejects.toThrow();
  });

  it.runIf(hasOpenssl)("stops beside connections that say nothing, encrypted or not", async () => {
    const served = await serveSample({ tls: tlsOf(key) });
    const silent = await connectTo(served.url);
    const port = Number(new URL(served.url).port);
    const encrypted = connectSecurely({ port, host: "127.0.0.1", ca: readFileSync(certificate) });
    encrypted.on("error", () => {});
    await new Promise((resolve) => encrypted.once("secureConnect", resolve));
    const start = performance.now();
    await served.server.close(20_000);
    expect(performance.now() - start).toBeLessThan(5000);
    await silent.ended;
  });

  it.runIf(hasOpenssl)("sends away who does not shake hands", async () => {
    await using served = await serveSample({ tls: tlsOf(key), limits: { head: 300 } });
    const silent = await connectTo(served.url);
    expect(await silent.ended).toBe("");
  });

  it.runIf(hasOpenssl)("tells a key of another certificate, and files that are neither", async () => {
    const bad = { code: "usage/bad-certificate", exit: 2 };
    await expect(serveSample({ tls: tlsOf(otherKey) })).rejects.toMatchObject(bad);
    await expect(serveSample({ tls: tlsOf(certificate) })).rejects.toMatchObject(bad);
    const text = Buffer.from("text");
    await expect(serveSample({ tls: { certificate: text, key: text } })).rejects.toMatchObject(bad);
  });
});
