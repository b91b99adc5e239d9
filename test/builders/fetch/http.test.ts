// Downloads against servers that behave badly in every way known to us.
// Knows what `Http` promises; does not know how it keeps it.

import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Http, type HttpOptions, openHttp } from "../../../builders/fetch/http.ts";
import { parseSha512, sha256Of } from "../../../store/model/digest.ts";
import { type Fault, faultsOf } from "../../../store/model/fault.ts";
import { files, type Handler, serve, type TestServer } from "./server.ts";

const content = randomBytes(300_000);
const sha256 = sha256Of(content);
const sha512 = parseSha512(createHash("sha512").update(content).digest("hex"));
const known = { sha256, size: content.length, limit: 1 << 30 };

const open: { http: Http[]; servers: TestServer[]; pauses: number[]; folder: string } = {
  http: [],
  servers: [],
  pauses: [],
  folder: "",
};

beforeEach(() => {
  open.folder = mkdtempSync(join(tmpdir(), "kit-http-"));
  open.pauses = [];
});
afterEach(async () => {
  for (const http of open.http.splice(0)) await http.close();
  for (const server of open.servers.splice(0)) await server.stop();
  rmSync(open.folder, { recursive: true });
});

async function connect(options: HttpOptions = {}): Promise<Http> {
  const sleep = async (milliseconds: number) => void open.pauses.push(milliseconds);
  const http = openHttp({ sleep, ...options });
  open.http.push(http);
  return http;
}

async function started(handler: Handler): Promise<TestServer> {
  const server = await serve(handler);
  open.servers.push(server);
  return server;
}

/** Answers the first requests with these handlers, all others with the last. */
function inTurn(...handlers: Handler[]): Handler {
  let turn = 0;
  return (request, response) => handlers[Math.min(turn++, handlers.length - 1)]?.(request, response);
}

const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    void response.writeHead(code, headers).end("sorry");

/** Sends this many bytes of the content, then cuts the connection. */
const cutAfter =
  (bytes: number, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(200, { "content-length": content.length, ...headers });
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
  };

const good = files({ "/f": content });

function partial(): string {
  return join(open.folder, "partial");
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => expect.unreachable("it succeeded"),
    (reason: unknown) => reason,
  );
  const [fault] = faultsOf(error);
  if (fault === undefined) throw error;
  return fault;
}

describe("a file that is there", () => {
  test("comes whole, with its digest, size and address", async () => {
    const server = await started(good);
    const http = await connect();
    const progress: number[] = [];
    const fetched = await http.get([`${server.url}/f`], {
      limit: 1 << 30,
      partial: partial(),
      onProgress: (received, total) => {
        expect(total).toBe(content.length);
        progress.push(received);
      },
    });
    expect(fetched).toEqual({ sha256, size: content.length, url: `${server.url}/f` });
    expect(readFileSync(partial())).toEqual(content);
    expect(progress.at(-1)).toBe(content.length);
  });

  test("comes into memory", async () => {
    const server = await started(good);
    const http = await connect();
    const fetched = await http.bytes([`${server.url}/f`], { limit: content.length });
    expect(fetched.bytes).toEqual(content);
    expect(fetched.sha256).toBe(sha256);
  });

  test("may be empty", async () => {
    const server = await started(files({ "/e": "" }));
    const http = await connect();
    const empty = { size: 0, sha256: sha256Of(""), limit: 10, partial: partial() };
    expect((await http.get([`${server.url}/e`], empty)).size).toBe(0);
    expect(readFileSync(partial()).length).toBe(0);
  });

  test("without a declared length ends where the server ends it", async () => {
    const server = await started((_, response) => void response.writeHead(200).end(content));
    const http = await connect();
    expect((await http.get([`${server.url}/f`], { limit: 1 << 20, partial: partial() })).sha256).toBe(sha256);
  });

  test("is asked for with the address's credentials, which a redirect elsewhere does not get", async () => {
    const seen: (string | undefined)[] = [];
    const note =
      (next: Handler): Handler =>
      (request, response) => {
        seen.push(request.headers.authorization);
        return next(request, response);
      };
    const elsewhere = await started(note(good));
    const server = await started(
      note((_, response) => void response.writeHead(302, { location: `${elsewhere.url}/f` }).end()),
    );
    const http = await connect();
    await http.bytes([`${server.url.replace("://", "://me:p%40ss@")}/f`], { limit: 1 << 20 });
    expect(seen).toEqual([`Basic ${btoa("me:p@ss")}`, undefined]);
  });
});

describe("going on where it stopped", () => {
  test("an earlier process's partial file, where the digest is known", async () => {
    const server = await started(good);
    const http = await connect();
    writeFileSync(partial(), content.subarray(0, 100_000));
    await http.get([`${server.url}/f`], { ...known, partial: partial() });
    expect(server.requests).toEqual(["/f bytes=100000-"]);
    expect(readFileSync(partial())).toEqual(content);
  });

  test("also where it is known by its SHA-512", async () => {
    const server = await started(good);
    const http = await connect();
    writeFileSync(partial(), content.subarray(0, 100_000));
    const { size, limit } = known;
    const fetched = await http.get([`${server.url}/f`], { sha512, size, limit, partial: partial() });
    expect(server.requests).toEqual(["/f bytes=100000-"]);
    expect(fetched.sha256).toBe(sha256);
    expect(readFileSync(partial())).toEqual(content);
  });

  test("a complete file costs no request", async () => {
    const server = await started(good);
    const http = await connect();
    writeFileSync(partial(), content);
    await http.get([`${server.url}/f`], { ...known, partial: partial() });
    expect(server.requests).toEqual([]);
  });

  test("a complete file of unknown size is told by its digest", async () => {
    const server = await started(good);
    const http = await connect();
    writeFileSync(partial(), content);
    await http.get([`${server.url}/f`], { sha256, limit: 1 << 30, partial: partial() });
    expect(server.requests).toEqual([`/f bytes=${content.length}-`]);
  });

  test("an earlier file is forgotten where the digest is not known", async () => {
    const server = await started(good);
    const http = await connect();
    writeFileSync(partial(), randomBytes(400_000));
    await http.get([`${server.url}/f`], { limit: 1 << 30, partial: partial() });
    expect(server.requests).toEqual(["/f"]);
    expect(readFileSync(partial())).toEqual(content);
  });

  test.each([100_000, 300_000, 500_000])(
    "a damaged partial file of %i bytes is fetched anew",
    async (size) => {
      const server = await started(good);
      const http = await connect();
      writeFileSync(partial(), randomBytes(size));
      await http.get([`${server.url}/f`], { ...known, partial: partial() });
      expect(server.requests.at(-1)).toBe("/f");
      expect(readFileSync(partial())).toEqual(content);
    },
  );

  test("after a cut, with what came", async () => {
    const server = await started(inTurn(cutAfter(200_000), good));
    const http = await connect();
    await http.get([`${server.url}/f`], { ...known, partial: partial() });
    expect(server.requests).toEqual(["/f", "/f bytes=200000-"]);
    expect(readFileSync(partial())).toEqual(content);
  });

  test("at another address, where the digest is known", async () => {
    const bad = await started(inTurn(cutAfter(200_000), status(500)));
    const server = await started(good);
    const http = await connect();
    const fetched = await http.get([`${bad.url}/f`, `${server.url}/f`], { ...known, partial: partial() });
    expect(fetched.url).toBe(`${server.url}/f`);
    expect(server.requests).toEqual(["/f bytes=200000-"]);
  });

  test("of unknown digest only on the same ETag", async () => {
    const server = await started(
      inTurn(cutAfter(200_000, { etag: '"one"' }), files({ "/f": content }, { etag: '"one"' })),
    );
    const http = await connect();
    expect((await http.bytes([`${server.url}/f`], { limit: 1 << 20 })).bytes).toEqual(content);
    expect(server.requests).toEqual(["/f", "/f bytes=200000-"]);
  });

  test("of unknown digest not after the ETag changed", async () => {
    const other = randomBytes(250_000);
    const server = await started(
      inTurn(cutAfter(200_000, { etag: '"one"' }), files({ "/f": other }, { etag: '"two"' })),
    );
    const http = await connect();
    expect((await http.bytes([`${server.url}/f`], { limit: 1 << 20 })).bytes).toEqual(other);
  });

  test.each([{}, { etag: 'W/"weak"' }])("of unknown digest not with the head %o", async (headers) => {
    const server = await started(inTurn(cutAfter(200_000, headers), good));
    const http = await connect();
    expect((await http.bytes([`${server.url}/f`], { limit: 1 << 20 })).bytes).toEqual(content);
    expect(server.requests).toEqual(["/f", "/f"]);
  });

  test("a server that ignores Range sends all, and all is taken", async () => {
    const server = await started((_, response) => void response.writeHead(200).end(content));
    const http = await connect();
    writeFileSync(partial(), content.subarray(0, 100_000));
    await http.get([`${server.url}/f`], { ...known, partial: partial() });
    expect(server.requests).toEqual(["/f bytes=100000-"]);
    expect(readFileSync(partial())).toEqual(content);
  });

  test("a server that sends another range is asked for all", async () => {
    const server = await started(
      inTurn(
        (_, response) =>
          void response
            .writeHead(206, { "content-range": `bytes 0-9/${content.length}` })
            .end(content.subarray(0, 10)),
        good,
      ),
    );
    const http = await connect();
    writeFileSync(partial(), content.subarray(0, 100_000));
    await http.get([`${server.url}/f`], { ...known, partial: partial() });
    expect(server.requests).toEqual(["/f bytes=100000-", "/f"]);
    expect(readFileSync(partial())).toEqual(content);
  });
});

describe("trying again", () => {
  test.each([408, 429, 500, 502, 503, 504])("after HTTP %i", async (code) => {
    const server = await started(inTurn(status(code), status(code), good));
    const http = await connect();
    await http.get([`${server.url}/f`], { ...known, partial: partial() });
    expect(server.requests.length).toBe(3);
    expect(open.pauses).toEqual([300, 900]);
  });

  test("after as long as the server says, but not forever", async () => {
    const server = await started(
      inTurn(status(503, { "retry-after": "2" }), status(503, { "retry-after": "86400" }), good),
    );
    const http = await connect();
    await http.get([`${server.url}/f`], { ...known, partial: partial() });
    expect(open.pauses).toEqual([2000, 10_000]);
  });

  test("a few times, then the next address", async () => {
    const bad = await started(status(500));
    const server = await started(good);
    const http = await connect();
    await http.get([`${bad.url}/f`, `${server.url}/f`], { ...known, partial: partial() });
    expect(bad.requests.length).toBe(4);
  });

  test("without end where each attempt brings a mebibyte", async () => {
    const large = randomBytes(9 << 20);
    const server = await started((request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
      const range = from > 0 ? { "content-range": `bytes ${from}-${large.length - 1}/${large.length}` } : {};
      response.writeHead(from > 0 ? 206 : 200, { "content-length": large.length - from, ...range });
      const part = large.subarray(from, from + 1_100_000);
      if (from + part.length === large.length) response.end(part);
      else response.write(part, () => setTimeout(() => response.destroy(), 20));
    });
    const http = await connect({ attempts: 2 });
    const wanted = { sha256: sha256Of(large), limit: 1 << 30, partial: partial() };
    expect((await http.get([`${server.url}/f`], wanted)).size).toBe(large.length);
    expect(server.requests.length).toBeGreaterThan(8);
  });

  test.each([404, 410])("not after HTTP %i: the next address", async (code) => {
    const bad = await started(status(code));
    const server = await started(good);
    const http = await connect();
    await http.get([`${bad.url}/f`, `${server.url}/f`], { ...known, partial: partial() });
    expect(bad.requests.length).toBe(1);
    expect(open.pauses).toEqual([]);
  });

  test.each([400, 401, 403])("not after HTTP %i: the next address", async (code) => {
    const bad = await started(status(code));
    const server = await started(good);
    const http = await connect();
    await http.get([`${bad.url}/f`, `${server.url}/f`], { ...known, partial: partial() });
    expect(bad.requests.length).toBe(1);
  });

  test("a host without connections is asked last from then on", async () => {
    const gone = await started(good);
    await gone.stop();
    const server = await started(good);
    const http = await connect();
    const urls = [`${gone.url}/f`, `${server.url}/f`];
    await http.get(urls, { ...known, partial: partial() });
    expect(open.pauses).toEqual([300]);
    await http.get(urls, { ...known, partial: `${partial()}2` });
    expect(open.pauses).toEqual([300]);
  });

  test("as is one that takes connections and says nothing", async () => {
    const silent = await started(() => {});
    const server = await started(good);
    const http = await connect({ deadlines: { headers: 200 } });
    const urls = [`${silent.url}/f`, `${server.url}/f`];
    for (const name of [partial(), `${partial()}2`]) await http.get(urls, { ...known, partial: name });
    expect(silent.requests).toEqual(["/f", "/f"]);
  });

  test("a connection that is reset at once", async () => {
    const sockets: Socket[] = [];
    const resetting = createServer((socket) => {
      sockets.push(socket);
      socket.resetAndDestroy();
    });
    await new Promise<void>((resolve) => resetting.listen(0, "127.0.0.1", resolve));
    const address = resetting.address() as { port: number };
    const http = await connect();
    const fault = await faultOf(http.bytes([`http://127.0.0.1:${address.port}/f`], { limit: 10 }));
    resetting.close();
    expect(fault.code).toBe("network/unreachable");
    expect(sockets.length).toBe(4);
  });

  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["a length below nothing", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"],
    ["a header without a name", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"],
    ["chunks of no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
  ])("what answers by %s: the next address is asked", async (_, answer) => {
    const odd = createServer((socket) => void socket.on("error", () => {}).end(answer));
    await new Promise<void>((resolve) => odd.listen(0, "127.0.0.1", resolve));
    const { port } = odd.address() as AddressInfo;
    const server = await started(good);
    const http = await connect({ attempts: 1 });
    const urls = [`http://127.0.0.1:${port}/f`, `${server.url}/f`];
    await http.get(urls, { ...known, partial: partial() });
    const fault = await faultOf(http.bytes(urls.slice(0, 1), { limit: 10 }));
    odd.close();
    expect([fault.code, ...fault.details]).toEqual([
      "network/unreachable",
      expect.stringContaining("what it answers is not HTTP"),
    ]);
  });

  test("an address whose password is no escape", async () => {
    const server = await started(good);
    const http = await connect({ attempts: 1 });
    const odd = server.url.replace("http://", "http://u:%zz@");
    await http.get([`${odd}/f`, `${server.url}/f`], { ...known, partial: partial() });
    const fault = await faultOf(http.bytes([`${odd}/f`], { limit: 10 }));
    expect([fault.code, ...fault.details]).toEqual([
      "network/unreachable",
      expect.stringContaining("write %25"),
    ]);
  });
});

describe("deadlines", () => {
  const deadlines = { connect: 200, headers: 200, idle: 200 };

  test("a server that never answers", async () => {
    const server = await started(() => {});
    const http = await connect({ deadlines, attempts: 1 });
    const fault = await faultOf(http.bytes([`${server.url}/f`], { limit: 10 }));
    expect(fault.code).toBe("network/unreachable");
    expect(fault.details[0]).toContain("no answer in time");
  });

  test("a server that stops sending", async () => {
    const server = await started((_, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("some");
    });
    const http = await connect({ deadlines, attempts: 1 });
    const fault = await faultOf(http.get([`${server.url}/f`], { ...known, size: 1000, partial: partial() }));
    expect(fault.code).toBe("network/unreachable");
    expect(fault.details[0]).toContain("stopped sending");
    expect(readFileSync(partial(), "utf8")).toBe("some");
  });

  /** Sends a byte again and again, in less time than makes an idle connection. */
  const dripping =
    (status: number): Handler =>
    (_, response) => {
      response.writeHead(status, { "content-length": 1000 });
      const drip = setInterval(() => response.write("x"), 50);
      response.on("close", () => clearInterval(drip));
    };

  test("a server that sends a byte now and then: tried again, then told, with what came kept", async () => {
    const server = await started(dripping(200));
    const http = await connect({ deadlines: { ...deadlines, pace: 400 }, attempts: 2 });
    const fault = await faultOf(http.get([`${server.url}/f`], { ...known, size: 1000, partial: partial() }));
    expect(fault.code).toBe("network/unreachable");
    expect(fault.details).toEqual([`${server.url}/f: it sends too slowly, less than 64 KiB in 0.4 s`]);
    expect(server.requests).toEqual(["/f", expect.stringMatching(/^\/f bytes=[4-9]-$/)]);
    expect(readFileSync(partial(), "utf8")).toMatch(/^x{8,18}$/);
  });

  test("a slow server that brings 64 KiB in time each time gives all", async () => {
    const server = await started(async (_, response) => {
      response.writeHead(200, { "content-length": content.length });
      for (let at = 0; at < content.length; at += 30_000) {
        response.write(content.subarray(at, at + 30_000));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      response.end();
    });
    const http = await connect({ deadlines: { ...deadlines, pace: 500 }, attempts: 1 });
    expect((await http.bytes([`${server.url}/f`], known)).sha256).toBe(sha256);
  });

  test("nor is what nobody wants waited for: the body of a failure", async () => {
    const server = await started(dripping(404));
    const http = await connect({ attempts: 1 });
    const begun = performance.now();
    expect((await faultOf(http.bytes([`${server.url}/f`], { limit: 10 }))).code).toBe("network/not-found");
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  test("a proxy that never answers who asks for a tunnel", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const http = await connect({ deadlines, attempts: 1, proxy: { https: `http://127.0.0.1:${port}` } });
    const fault = await faultOf(http.bytes(["https://mirror.example.org/f"], { limit: 10 }));
    expect(fault.details[0]).toContain("no answer in time");
    await http.close();
    silent.close();
  });

  test("an interruption ends it at once, with its reason, and keeps what came", async () => {
    const server = await started((_, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 1000));
    });
    const http = await connect();
    const interruption = new AbortController();
    const reason = new Error("interrupted by the user");
    const running = http.get([`${server.url}/f`], {
      ...known,
      partial: partial(),
      signal: interruption.signal,
      onProgress: () => interruption.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect(readFileSync(partial())).toEqual(content.subarray(0, 1000));
  });

  test("an interruption ends the pause between attempts", async () => {
    const server = await started(status(503));
    const http = openHttp();
    open.http.push(http);
    const reason = new Error("interrupted by the user");
    const interruption = new AbortController();
    const running = http.bytes([`${server.url}/f`], { limit: 10, signal: interruption.signal });
    setTimeout(() => interruption.abort(reason), 50);
    await expect(running).rejects.toBe(reason);
    expect(server.requests.length).toBe(1);
  });
});

describe("what is refused", () => {
  test("other bytes than asked for: nothing is kept", async () => {
    const server = await started(files({ "/f": randomBytes(content.length) }));
    const http = await connect();
    const fault = await faultOf(http.get([`${server.url}/f`], { ...known, partial: partial() }));
    expect(fault.code).toBe("digest/mismatch");
    expect(fault.exit).toBe(8);
    expect(fault.details[0]).toContain(sha256);
    expect(existsSync(partial())).toBe(false);
    expect(server.requests.length).toBe(1);
  });

  test("other bytes than those of a SHA-512", async () => {
    const server = await started(files({ "/f": randomBytes(content.length) }));
    const http = await connect();
    const fault = await faultOf(
      http.get([`${server.url}/f`], { sha512, limit: 1 << 30, partial: partial() }),
    );
    expect(fault.code).toBe("digest/mismatch");
    expect(fault.details[0]).toContain(`not ${sha512}`);
    expect(existsSync(partial())).toBe(false);
    const intoMemory = await faultOf(http.bytes([`${server.url}/f`], { sha512, limit: 1 << 30 }));
    expect(intoMemory.code).toBe("digest/mismatch");
  });

  test("other bytes from one address: the next may have the right ones", async () => {
    const bad = await started(
      (_, response) => void response.writeHead(200).end("<html>Please log in</html>"),
    );
    const server = await started(good);
    const http = await connect();
    const fetched = await http.get([`${bad.url}/f`, `${server.url}/f`], { ...known, partial: partial() });
    expect(fetched.url).toBe(`${server.url}/f`);
  });

  test("another size, before a byte of it is read", async () => {
    const server = await started(files({ "/f": randomBytes(content.length + 1) }));
    const http = await connect();
    const fault = await faultOf(http.get([`${server.url}/f`], { ...known, partial: partial() }));
    expect(fault.code).toBe("digest/mismatch");
    expect(fault.details[0]).toContain(`more than ${content.length} bytes`);
  });

  test("what is refused by its head does not hold its connection", async () => {
    const server = await started((request, response) => {
      response.writeHead(200, { "content-length": request.url === "/f" ? 10_000_000 : 1 });
      response.write("x");
    });
    const http = await connect({ connections: 1 });
    expect((await faultOf(http.bytes([`${server.url}/f`], { limit: 1000 }))).code).toBe("network/too-large");
    expect((await http.bytes([`${server.url}/g`], { limit: 1000 })).size).toBe(1);
  });

  test.each([{ size: 1_000_000 }, {}])("an endless body, with %o known of it", async (extra) => {
    const sent = { bytes: 0 };
    const server = await started((_, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(64 * 1024);
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sent.bytes += chunk.length;
      };
      response.on("drain", more);
      more();
    });
    const http = await connect();
    const fault = await faultOf(
      http.get([`${server.url}/f`], { limit: 1_000_000, partial: partial(), ...extra }),
    );
    expect(fault.code).toBe("size" in extra ? "digest/mismatch" : "network/too-large");
    expect(sent.bytes).toBeLessThan(40_000_000);
    expect(existsSync(partial())).toBe(false);
  });

  test("a declared length above the limit", async () => {
    const server = await started(good);
    const http = await connect();
    expect((await faultOf(http.bytes([`${server.url}/f`], { limit: 1000 }))).code).toBe("network/too-large");
  });

  test("a body that ends too early, each time", async () => {
    const server = await started((_, response) => void response.writeHead(200).end("short"));
    const http = await connect();
    const fault = await faultOf(http.get([`${server.url}/f`], { ...known, partial: partial() }));
    expect(fault.code).toBe("network/unreachable");
    expect(fault.details[0]).toContain(`5 of ${content.length} bytes`);
  });

  test("redirects in a circle", async () => {
    const server = await started((_, response) => void response.writeHead(302, { location: "/f" }).end());
    const http = await connect();
    const fault = await faultOf(http.bytes([`${server.url}/f`], { limit: 10 }));
    expect(fault.code).toBe("network/unreachable");
    expect(fault.details[0]).toContain("redirects");
    expect(server.requests.length).toBe(9);
  });

  test.each(["file:///etc/passwd", "ftp://example.org/f", "http://"])(
    "a redirect to %s",
    async (location) => {
      const server = await started((_, response) => void response.writeHead(302, { location }).end());
      const http = await connect();
      expect((await faultOf(http.bytes([`${server.url}/f`], { limit: 10 }))).code).toBe(
        "network/unreachable",
      );
    },
  );

  test("what no address has", async () => {
    const one = await started(status(404));
    const two = await started(status(404));
    const http = await connect();
    const fault = await faultOf(http.bytes([`${one.url}/pool/f`, `${two.url}/pool/f`], { limit: 10 }));
    expect(fault.code).toBe("network/not-found");
    expect(fault.exit).toBe(6);
    expect(fault.details).toEqual([`${one.url}/pool/f: HTTP 404`, `${two.url}/pool/f: HTTP 404`]);
  });

  test("what cannot be reached: each address with its reason, none with its secrets", async () => {
    const gone = await started(good);
    await gone.stop();
    const broken = await started(status(500));
    const http = await connect();
    const urls = [
      `${gone.url.replace("://", "://me:secret@")}/f?token=secret`,
      `${broken.url}/f`,
      "ftp://example.org/f",
    ];
    const fault = await faultOf(http.bytes(urls, { limit: 10 }));
    expect(fault.code).toBe("network/unreachable");
    expect(fault.details).toEqual([
      `${gone.url}/f: the connection was refused (ECONNREFUSED)`,
      `${broken.url}/f: HTTP 500`,
      "ftp://example.org/f: not an http or https address",
    ]);
    expect(fault.hint).toContain("KIT_MIRRORS");
    expect(fault.hint).toContain("--offline");
  });

  test("everything while offline", async () => {
    const server = await started(good);
    const http = await connect({ offline: true });
    const fault = await faultOf(http.get([`${server.url}/f`], { ...known, partial: partial() }));
    expect(fault.code).toBe("network/offline");
    expect(server.requests).toEqual([]);
  });

  test("a full disk is told as such", async () => {
    const server = await started(good);
    const http = await connect();
    symlinkSync("/dev/full", partial());
    const fault = await faultOf(http.get([`${server.url}/f`], { limit: 1 << 30, partial: partial() }));
    expect(fault.code).toBe("store/full");
  });
});

describe("many at once", () => {
  test("no more than asked for to one host, over kept connections", async () => {
    const server = await started((_, response) => void setTimeout(() => response.end("x"), 10));
    const http = await connect({ connections: 5 });
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => http.bytes([`${server.url}/${i}`], { limit: 10 })),
    );
    expect(server.most()).toBe(5);
    expect(server.connections()).toBe(5);
  });

  test("one that fails does not harm the others", async () => {
    const server = await started(
      (request, response) => void (request.url === "/3" ? response.writeHead(404).end() : response.end("x")),
    );
    const http = await connect();
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => http.bytes([`${server.url}/${i}`], { limit: 10 })),
    );
    expect(
      results.map(({ status: outcome }) => outcome).filter((outcome) => outcome === "rejected").length,
    ).toBe(1);
  });
});

describe("a proxy", () => {
  test("is asked for plain http by whole addresses, but for the hosts that go without", async () => {
    const proxy = await started((_, response) => void response.end("from the proxy"));
    const server = await started((_, response) => void response.end("from the server"));
    const http = await connect({ proxy: { http: proxy.url.replace("http://", ""), none: "127.0.0.1" } });
    expect((await http.bytes(["http://mirror.example.org/f"], { limit: 100 })).bytes.toString()).toBe(
      "from the proxy",
    );
    expect((await http.bytes([`${server.url}/f`], { limit: 100 })).bytes.toString()).toBe("from the server");
    expect(proxy.requests).toEqual(["http://mirror.example.org/f"]);
  });

  test("keeps to the number of connections", async () => {
    const proxy = await started((_, response) => void setTimeout(() => response.end("x"), 10));
    const http = await connect({ connections: 3, proxy: { http: proxy.url } });
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => http.bytes([`http://mirror.example.org/${i}`], { limit: 10 })),
    );
    expect(proxy.most()).toBe(3);
  });

  test("with an address that is none is refused", async () => {
    const opening = async () => openHttp({ proxy: { http: "ftp://proxy.example.org" } });
    expect((await faultOf(opening())).code).toBe("usage/bad-proxy");
  });
});
