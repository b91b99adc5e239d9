// A host that does as it should, and hosts that do not: what is asked of them, and when they are given up.

import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Host, type HostOptions, HostTrouble, openHost } from "../../../builders/fetch/host.ts";
import { files, type Handler, serve } from "./server.ts";

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 4));

/** For hosts that are silent. */
const short = { deadline: 400 };

interface Asked extends AsyncDisposable {
  readonly host: Host;
  readonly requests: readonly string[];
  /** Why the host was given up, each time it was told. */
  readonly told: string[];
  readonly most: () => number;
}

async function asking(handler: Handler, options: Partial<HostOptions> = {}): Promise<Asked> {
  const server = await serve(handler);
  const told: string[] = [];
  const onLost = (why: string) => void told.push(why);
  const host = openHost({ url: server.url, name: "the cache", deadline: 5000, onLost, ...options });
  return {
    ...{ host, told, requests: server.requests, most: server.most },
    async [Symbol.asyncDispose]() {
      await host.close();
      await server.stop();
    },
  };
}

async function all(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of parts) pieces.push(piece);
  return Buffer.concat(pieces);
}

const troubled = async (task: Promise<unknown>): Promise<HostTrouble> => {
  const error = await task.catch((cause: unknown) => cause);
  if (error instanceof HostTrouble) return error;
  throw new Error(`no trouble: ${error}`);
};

/** Answers ranges as RFC 9110 has it. */
const ranged: Handler = (request, response) => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  if (from === undefined || to === undefined) return void response.end(bytes);
  if (Number(from) >= bytes.length)
    return void response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
  const part = bytes.subarray(Number(from), Number(to) + 1);
  const range = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { "content-range": range, "content-length": part.length }).end(part);
};

describe("a host that answers", () => {
  it("gives files, and tells that there is none", async () => {
    await using at = await asking(files({ "/a": bytes, "/empty": "" }));
    expect(await at.host.read("a", bytes.length)).toEqual(bytes);
    expect(await at.host.read("empty", 1)).toEqual(Buffer.alloc(0));
    for (let i = 0; i < 5; i++) expect(await at.host.read("none", 1)).toBeUndefined();
    expect(await at.host.has("a")).toBe(true);
    expect(await at.host.has("none")).toBe(false);
    expect(at.told).toEqual([]);
  });

  it("gives parts, also where it sends all of the file for them", async () => {
    const whole: Handler = (_, response) => void response.end(bytes);
    for (const handler of [ranged, whole]) {
      await using at = await asking(handler);
      for (const [offset, length] of [
        [11, 1],
        [1, 70_000],
        [200_000, 100_000],
      ] as const)
        expect(await all(at.host.part("pack", offset, length))).toEqual(
          bytes.subarray(offset, offset + length),
        );
      expect(at.requests[0]).toBe("/pack bytes=11-11");
      expect(at.told).toEqual([]);
    }
  });

  it("is asked at most 32 things at once, and each is answered", async () => {
    await using at = await asking(async (_, response) => {
      await sleep(5);
      response.end("x");
    });
    const asked = Array.from({ length: 200 }, (_, index) => at.host.read(`${index}`, 10));
    expect((await Promise.all(asked)).map(String)).toEqual(Array(200).fill("x"));
    expect(at.most()).toBe(32);
  });

  it("is sent the token, and whoever it redirects to is not", async () => {
    const seen: (string | undefined)[] = [];
    await using other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end("there");
    });
    await using at = await asking(
      (request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(302, { location: `${other.url}/x` }).end();
      },
      { token: "secret" },
    );
    expect(String(await at.host.read("a", 10))).toBe("there");
    expect(seen).toEqual(["Bearer secret", undefined]);
  });

  it("is sent the password of its address with whatever it is asked", async () => {
    const seen: string[] = [];
    await using server = await serve((request, response) => {
      seen.push(`${request.method} ${request.headers.authorization}`);
      request.resume();
      response.end();
    });
    const url = server.url.replace("//", "//me:p%40ss@");
    const host = openHost({ url, name: "x", deadline: 2000, onLost: () => {} });
    await host.read("a", 10);
    await host.has("a");
    await host.write("a", [bytes]);
    await host.post("a", "x", 10);
    await host.close();
    const basic = `Basic ${Buffer.from("me:p@ss").toString("base64")}`;
    expect(seen).toEqual(["GET", "HEAD", "PUT", "POST"].map((method) => `${method} ${basic}`));
  });

  it("is reached through a proxy", async () => {
    await using proxy = await serve((request, response) => void response.end(`proxied ${request.url}`));
    const http = proxy.url;
    const options = { name: "x", deadline: 2000, onLost: () => {} };
    const host = openHost({ ...options, url: "http://cache.invalid/at", proxy: { http } });
    expect(String(await host.read("a", 100))).toBe("proxied http://cache.invalid/at/a");
    await host.close();
  });

  it("is not taken to be silent where the reader takes his time", async () => {
    await using at = await asking(ranged, { deadline: 200 });
    const pieces: Buffer[] = [];
    for await (const piece of at.host.part("pack", 11, 250_000)) {
      pieces.push(Buffer.from(piece));
      if (pieces.length < 3) await sleep(500);
    }
    expect(Buffer.concat(pieces)).toEqual(bytes.subarray(11, 250_011));
    expect(at.told).toEqual([]);
  });
});

describe("a file is written", () => {
  const answering =
    (status: number, there = false): Handler =>
    (request, response) => {
      if (request.method === "HEAD") return void response.writeHead(there ? 200 : 404).end();
      request.on("end", () => response.writeHead(status).end()).resume();
    };

  it.each([
    [200, "written"],
    [201, "written"],
    [204, "written"],
    [412, "present"],
  ] as const)("%d: %s", async (status, outcome) => {
    await using at = await asking(answering(status));
    expect(await at.host.write("a", [bytes, bytes])).toBe(outcome);
    expect(await at.host.write("empty", [])).toBe(outcome);
  });

  it("409 is looked into: the file may be there, or no folder for it", async () => {
    await using at = await asking(answering(409, true));
    expect(await at.host.write("a", [bytes])).toBe("present");
    await using other = await asking(answering(409));
    expect((await troubled(other.host.write("a", [bytes]))).status).toBe(409);
  });

  it.each([401, 403, 405, 413, 422, 500, 507])("%d is told with its number", async (status) => {
    await using at = await asking(answering(status));
    expect(await troubled(at.host.write("a", [bytes]))).toMatchObject({
      status,
      message: `HTTP ${status}`,
    });
    expect(at.told).toEqual([]);
  });

  it("all of it comes, as it is, with its length", async () => {
    const came: Buffer[] = [];
    let length = "";
    await using at = await asking((request, response) => {
      length = request.headers["content-length"] ?? "";
      request.on("data", (part: Buffer) => came.push(part));
      request.on("end", () => response.writeHead(201).end());
    });
    await at.host.write("a", [bytes, Buffer.alloc(0), bytes]);
    expect(Buffer.concat(came)).toEqual(Buffer.concat([bytes, bytes]));
    expect(length).toBe("600000");
  });

  it("who takes nothing of it is given up, who takes it slowly is not", async () => {
    const much = [Buffer.alloc(24 << 20)];
    await using dead = await asking(() => {}, short);
    expect((await troubled(dead.host.write("a", much))).message).toBe("no answer within 0.4 s");
    await using slow = await asking(
      async (request, response) => {
        let taken = 0;
        for await (const part of request) {
          taken += (part as Buffer).length;
          if (taken > 2 << 20) {
            taken = 0;
            await sleep(100);
          }
        }
        response.writeHead(201).end();
      },
      { ...short, patient: true },
    );
    expect(await slow.host.write("a", much)).toBe("written");
  });
});

describe("a busy host", () => {
  it.each([429, 503])("that says when to come again (%d) is asked again", async (status) => {
    let busy = 2;
    await using at = await asking(
      (_, response) => {
        if (busy-- > 0) response.writeHead(status, { "retry-after": "0" }).end();
        else response.end("free");
      },
      { deadline: 3000 },
    );
    expect(String(await at.host.read("a", 10))).toBe("free");
    busy = 2;
    expect(String(await at.host.post("a", "x", 10))).toBe("free");
    busy = 2;
    expect(await at.host.has("a")).toBe(true);
    expect(at.told).toEqual([]);
  });

  it("that is never free is given up", async () => {
    await using at = await asking((_, response) => {
      response.writeHead(503, { "retry-after": "1" }).end();
    }, short);
    await troubled(at.host.read("a", 10));
    expect(at.told).toEqual(["no answer within 0.4 s"]);
  });

  it("that does not say when to come again has failed", async () => {
    await using at = await asking((_, response) => void response.writeHead(503).end());
    for (let i = 0; i < 5; i++)
      expect(await troubled(at.host.read("a", 10))).toMatchObject({ message: "HTTP 503" });
    expect(at.requests).toHaveLength(3);
  });
});

describe("what a host fails with", () => {
  const failing: [string, Handler][] = [
    ["500", (_, response) => void response.writeHead(500).end("no")],
    ["403", (_, response) => void response.writeHead(403).end("no")],
    [
      "redirects in circles",
      (request, response) => void response.writeHead(302, { location: `${request.url}` }).end(),
    ],
    ["a redirect to nowhere", (_, response) => void response.writeHead(302).end()],
    [
      "a redirect to a file",
      (_, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end(),
    ],
    ["more bytes than are taken", (_, response) => void response.end(bytes)],
    [
      "more bytes than are taken, untold",
      (_, response) => {
        for (let i = 0; i < 10; i++) response.write(bytes);
        response.end();
      },
    ],
    [
      "a body cut short",
      (_, response) => {
        response.writeHead(200, { "content-length": 1000 });
        response.write("x");
        setTimeout(() => response.destroy(), 20);
      },
    ],
    [
      "an answer that is none",
      (request) => {
        request.socket.write("kit/1 GO AWAY\r\n\r\n");
        request.socket.end();
      },
    ],
    ["a connection that closes at once", (request) => void request.socket.destroy()],
  ];

  it.each(failing)("%s: after three of it the host is not asked any more", async (_, handler) => {
    await using at = await asking(handler);
    for (let i = 0; i < 6; i++) await troubled(at.host.read("a", 1000));
    expect(at.requests.filter((request) => request === "/a").length).toBeGreaterThanOrEqual(3);
    expect(at.told).toHaveLength(1);
    const count = at.requests.length;
    for (const task of [
      at.host.has("a"),
      at.host.write("a", [bytes]),
      at.host.post("a", "x", 1),
      all(at.host.part("a", 11, 1)),
    ])
      expect((await troubled(task)).message).toBe(at.told[0]);
    expect(at.requests).toHaveLength(count);
    expect(at.host.lost).toBe(at.told[0]);
  });

  it("parts that are not what was asked for", async () => {
    const wrong: Handler[] = [
      (_, response) => void response.writeHead(206, { "content-range": "bytes 5-9/100" }).end("12345"),
      (_, response) => void response.writeHead(206, { "content-range": "bytes 11-14/100" }).end("1234"),
      (_, response) => void response.writeHead(206).end("12345"),
      (_, response) => void response.writeHead(200).end("too short for it"),
      (_, response) => void response.writeHead(416).end(),
      (_, response) => void response.writeHead(404).end(),
    ];
    for (const handler of wrong) {
      await using at = await asking(handler);
      await troubled(all(at.host.part("pack", 11, 10)));
    }
  });

  it("what it gave is blamed on it like a failure", async () => {
    await using at = await asking(ranged);
    for (const why of ["bad", "worse", "worst"]) at.host.blame(why);
    expect(at.told).toEqual(["worst"]);
    at.host.blame("once more");
    expect(at.told).toEqual(["worst"]);
  });

  it("no failure but of the run, where that is interrupted", async () => {
    const interruption = new AbortController();
    await using at = await asking(() => interruption.abort(new Error("interrupted")), {
      signal: interruption.signal,
    });
    await expect(at.host.read("a", 10)).rejects.toThrow("interrupted");
    await expect(all(at.host.part("a", 11, 10))).rejects.toThrow("interrupted");
    expect(at.requests).toHaveLength(1);
    expect(at.told).toEqual([]);
  });
});

describe("silence", () => {
  it("costs one deadline: everything under way ends with it, and nothing more is asked", async () => {
    await using at = await asking(() => {}, short);
    const begun = performance.now();
    const first = Array.from({ length: 40 }, (_, index) => troubled(at.host.read(`${index}`, 10)));
    await sleep(300);
    const late = troubled(at.host.read("late", 10));
    await Promise.all([...first, late]);
    expect(performance.now() - begun).toBeLessThan(690);
    await troubled(at.host.read("later", 10));
    expect(at.requests).toHaveLength(32);
    expect(at.told).toEqual(["no answer within 0.4 s"]);
  });

  it("of a host that nobody listens at is told at once", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const told: string[] = [];
    const onLost = (why: string) => void told.push(why);
    const host = openHost({ url: `http://127.0.0.1:${port}`, name: "x", deadline: 60_000, onLost });
    await troubled(host.read("a", 10));
    await host.close();
    expect(told).toEqual(["the connection was refused (ECONNREFUSED)"]);
  });

  it("is also a byte now and then", async () => {
    const drips: Handler = (_, response) => {
      response.writeHead(200, { "content-length": 1000 });
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    };
    await using at = await asking(drips, short);
    await troubled(at.host.read("a", 1000));
    expect(at.told).toEqual(["no answer within 0.4 s"]);
    await using other = await asking(drips, short);
    await troubled(all(other.host.part("a", 11, 500)));
    expect(other.told).toEqual(["no answer within 0.4 s"]);
  });

  it("an endless answer is ended by its size", async () => {
    const endless: Handler = (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(bytes));
      };
      response.on("drain", more);
      more();
    };
    await using at = await asking(endless);
    expect((await troubled(at.host.read("a", 1_000_000))).message).toContain("more than 1000000 bytes");
    expect(await all(at.host.part("a", 11, 500_000))).toHaveLength(500_000);
  });

  it("adds up: a host that lets each request wait is given up too, unless it is borne", async () => {
    const slow: Handler = async (_, response) => {
      await sleep(150);
      response.end("x");
    };
    await using at = await asking(slow, short);
    let count = 0;
    for (; at.host.lost === undefined && count < 50; count++) await at.host.read("a", 10).catch(() => {});
    expect(count).toBeLessThan(10);
    expect(at.told).toEqual(["its silences add up to more than 0.4 s"]);
    await using borne = await asking(slow, { ...short, patient: true });
    for (let i = 0; i < 8; i++) expect(String(await borne.host.read("a", 10))).toBe("x");
    expect(borne.told).toEqual([]);
  });

  it("does not add up where it is short, or much comes between", async () => {
    const much = Buffer.alloc(4 << 20);
    await using at = await asking(
      async (request, response) => {
        await sleep(request.url === "/much" ? 420 : 20);
        response.end(request.url === "/much" ? much : "x");
      },
      { deadline: 2000 },
    );
    for (let i = 0; i < 12; i++) await at.host.read("little", 10);
    for (let i = 0; i < 7; i++) await at.host.read("much", much.length);
    expect(at.told).toEqual([]);
  });
});
