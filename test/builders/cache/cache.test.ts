// A cache's files one by one: how large each may be, and that large ones do not add up.

import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, it } from "vitest";
import { openCache } from "../../../builders/cache/cache.ts";
import { openComplaints } from "../../../builders/cache/complaint.ts";
import { openOffers } from "../../../builders/cache/offers.ts";
import { openPlaces } from "../../../builders/fetch/places.ts";
import { startServer } from "../../../builders/serve/server.ts";
import { folderStorage } from "../../../store/cache/folder.ts";
import { nameOf } from "../../../store/cache/names.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { generateKey } from "../../../store/model/key.ts";
import { serve } from "../fetch/server.ts";

const treeNamed = (text: string) => nameOf({ kind: "tree", tree: digestOf(text) });

it.each([
  ["of up to 8 MiB are read beside others", 8 << 20, 12],
  ["of more are read one at a time, whichever cache they come from", (8 << 20) + 1, 1],
])("trees' files %s", async (_, size, atOnce) => {
  const seen = new Set<string>();
  let [now, most] = [0, 0];
  const serveAll = () =>
    serve(async ({ url, headers }, response) => {
      const name = `${headers.host} ${url}`;
      response.writeHead(200, { "content-length": size });
      // Of a large one the head is enough, the first time.
      if (size > 8 << 20 && !seen.has(name)) {
        seen.add(name);
        return void response.flushHeaders();
      }
      response.once("close", () => now--);
      most = Math.max(most, ++now);
      await sleep(30);
      response.end(Buffer.alloc(size));
    });
  const servers = [await serveAll(), await serveAll()];
  const large = openPlaces(1);
  const caches = servers.map(({ url }) =>
    openCache({ url, name: "x" }, { deadline: 5000, warn: () => {}, large }),
  );
  const names = Array.from({ length: 6 }, (_, index) => treeNamed(`${index}`));
  const read = caches.flatMap((cache) => names.map((name) => cache.file(name, ({ length }) => length)));
  expect(await Promise.all(read)).toEqual(Array(12).fill(size));
  expect(most).toBe(atOnce);
  for (const { host } of caches) await host.close();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

it("what a server of this kit's has told itself is not told once more", async () => {
  const folder = mkdtempSync(join(inject("scratch"), "own-"));
  writeFileSync(join(folder, "kit-cache-info"), '{"format":"kit/cache/2"}');
  const lines: string[] = [];
  const warn = (line: string) => void lines.push(line);
  const socket = `kit-test-${process.pid}-own`;
  const onTrouble = (error: unknown) => warn((error as Error).message);
  const server = await startServer(folderStorage(folder), { socket, onTrouble });
  const cache = openCache({ url: server.url, socket, name: folder }, { deadline: 5000, warn });
  const trust = { trusted: [generateKey("one").public], required: 1 };
  const offers = openOffers([cache], trust, { warn, complain: openComplaints(warn) });
  for (let index = 0; index < 5; index++)
    expect((await offers.ask([digestOf(`${index}`), digestOf(`other ${index}`)])).size).toBe(0);
  expect(new Set(lines)).toEqual(new Set([`the cache ${folder} has the format kit/cache/2`]));
  expect(cache.host.lost).toBe("HTTP 500");
  await cache.host.close();
  await server.close(100);
});

it.each([
  ["bases", nameOf({ kind: "bases", tree: digestOf("x") }), 64 * 65],
  ["a blob's map", nameOf({ kind: "blob", blob: digestOf("x") }), 68 << 20],
  ["a signature", nameOf({ kind: "statement", request: digestOf("x"), statement: digestOf("x") }), 1 << 20],
])("%s: more bytes than its kind may have are not taken", async (_, name, most) => {
  let taken = 0;
  await using server = await serve((request, response) => {
    response.writeHead(200);
    const piece = Buffer.alloc(1 << 16);
    const more = () => {
      for (let room = true; room && !response.destroyed; ) {
        taken += piece.length;
        room = response.write(piece);
      }
    };
    response.on("drain", more);
    request.on("close", () => response.destroy());
    more();
  });
  const cache = openCache({ url: server.url, name: "x" }, { deadline: 5000, warn: () => {} });
  await expect(cache.file(name, () => true)).rejects.toThrow(/more than \d+ bytes/);
  // Twice where it is larger than what is read beside others; and what sockets hold.
  expect(taken).toBeLessThan(most + (8 << 20) + (16 << 20));
  await cache.host.close();
});
