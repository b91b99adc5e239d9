// What the tests of caches share: stores with results in them, caches they are pushed to, and what is asked of those.
// Knows how they are put together; does not know what any test expects.

import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import type { Crew, Store } from "../../../builders/builder.ts";
import { openBringer } from "../../../builders/cache/bring.ts";
import { type Cache, openCache } from "../../../builders/cache/cache.ts";
import { openComplaints } from "../../../builders/cache/complaint.ts";
import { takeFrames } from "../../../builders/cache/frames.ts";
import { packBlobs } from "../../../builders/cache/packing.ts";
import { type Pushed, push } from "../../../builders/cache/push.ts";
import { startServer } from "../../../builders/serve/server.ts";
import { folderStorage } from "../../../store/cache/folder.ts";
import { packLimits } from "../../../store/cache/pack.ts";
import { openZstd } from "../../../store/cache/zstd.ts";
import { noHolds } from "../../../store/holds.ts";
import { blobAttributes } from "../../../store/layout.ts";
import { type Content, contentOf, type Origin, type Result } from "../../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../../store/model/digest.ts";
import { generateKey, type SecretKey } from "../../../store/model/key.ts";
import { openSpoiler, type Spoiler } from "../../rig/spoiler.ts";
import { openTestStore, plant, type Spec, system } from "../../store/rig.ts";

export interface Recorded extends Pick<Origin, "signatures"> {
  /** The label's digest unless told. */
  readonly request?: Digest;
  readonly references?: Result["references"];
}

export interface Shop {
  readonly store: Store;
  readonly crew: Crew;
  /** How the disk takes in what was written; the test may have another one. */
  flush: () => Promise<void>;
  /** A tree of a few lines. */
  tree(spec: Spec): Content;
  blob(bytes: Uint8Array | string): Content;
  /** Records a result; returns its request. */
  record(label: string, outputs: Readonly<Record<string, Content>>, more?: Recorded): Digest;
  /** What pushing told people. */
  readonly lines: string[];
  /** Pushes to a cache. */
  push(
    requests: readonly Digest[],
    cache: Cache,
    more?: { key?: SecretKey; logs?: boolean },
  ): Promise<Pushed>;
  /** What brings contents out of caches, and what it said on the way. */
  bringer(...caches: readonly Cache[]): {
    readonly bring: ReturnType<typeof openBringer>;
    readonly lines: readonly string[];
    /** Bytes that came. */
    readonly came: () => number;
  };
}

export const keys = {
  one: generateKey("one"),
  two: generateKey("two"),
  three: generateKey("three"),
} as const;

/** A store of its own, whose threads' work is done where it is asked for, or as the test has it. */
export function openShop(others: Partial<Crew> = {}): Shop {
  const { layout, pool, records, staging } = openTestStore();
  const zstd = openZstd(system, packLimits.content);
  const store: Store = { layout, system, pool, records, holds: noHolds, method: "hardlink" };
  const crew = {
    size: 1,
    takeFrames: async (batch) => takeFrames(batch, { pool, zstd }),
    packBlobs: async (parts) => packBlobs(parts, { pool, zstd }),
    adopt: async (file, attributes = blobAttributes) => {
      pool.dress(file, attributes);
      return pool.adopt(file, attributes);
    },
    ...others,
  } satisfies Partial<Crew> as unknown as Crew;
  const shop: Shop = {
    store,
    crew,
    flush: async () => {},
    lines: [],
    tree: (spec) => contentOf("tree", records.writeTree(plant(pool, spec))),
    blob: (bytes) => contentOf("blob", pool.put(Buffer.from(bytes as string))),
    record(label, outputs, { references = [], request = digestOf(label), signatures } = {}) {
      const note = { label, builder: "tar", duration: 1, finished: 1 };
      const result: Result = { format: "kit/result/1", request, outputs, references };
      records.writeResult(result, { note, ...(signatures && { signatures }) });
      return result.request;
    },
    push: (requests, cache, { key = keys.one, logs = false } = {}) =>
      push(requests, {
        ...{ store, crew, cache, key, logs },
        warn: (line) => void shop.lines.push(line),
        onProgress: () => {},
        signal: new AbortController().signal,
      }),
    bringer(...caches) {
      const lines: string[] = [];
      let bytes = 0;
      const complain = openComplaints((line) => void lines.push(line));
      const bring = openBringer({
        ...{ store, crew, caches, complain },
        scratch: `${staging}/brought`,
        flush: () => shop.flush(),
      });
      return {
        lines,
        came: () => bytes,
        bring(content) {
          let before = 0;
          return bring(content, (done) => {
            bytes += done - before;
            before = done;
          });
        },
      };
    },
  };
  return shop;
}

export interface Depot extends AsyncDisposable {
  readonly folder: string;
  readonly spoiler: Spoiler;
  /** A client of its own, with nothing in memory; what it told people is in `lines`. */
  open(options?: { deadline?: number; priority?: number }): Cache & { readonly lines: readonly string[] };
  /** Names of the files there, sorted. */
  names(under?: string): string[];
}

/** A cache's folder behind a server, and a proxy before it. `plain`: one that does not answer in bulk. */
export async function openDepot({ plain = false, name = "depot" } = {}): Promise<Depot> {
  const folder = mkdtempSync(join(inject("scratch"), "depot-"));
  const token = "a-token-that-is-long-enough";
  const server = await startServer(folderStorage(folder), { tokens: { read: token, write: token } });
  const spoiler = await openSpoiler(server.url, { plain });
  const caches: Cache[] = [];
  return {
    folder,
    spoiler,
    open({ deadline = 5000, priority = 40 } = {}) {
      const lines: string[] = [];
      const warn = (line: string) => void lines.push(line);
      const cache = openCache({ url: spoiler.url, name, token, priority }, { deadline, warn });
      caches.push(cache);
      return Object.assign(cache, { lines });
    },
    names: (under = "") =>
      readdirSync(join(folder, under), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.includes(".incoming"))
        .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
        .sort(),
    async [Symbol.asyncDispose]() {
      await Promise.all(caches.map(({ host }) => host.close()));
      await spoiler[Symbol.asyncDispose]();
      await server.close(100);
    },
  };
}

/** ASCII without a pattern, the same for the same seed: seven bits of each byte cannot be packed. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[at] = state >>> 25;
  }
  return bytes;
}
