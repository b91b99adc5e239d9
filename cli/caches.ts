// Caches as a keeper reaches them: a folder or a bundle is served to it, for it is nobody to the host's files.
// Knows places and kit's own server; does not know what is asked of a cache.

import { randomBytes } from "node:crypto";
import { readFileSync, type Stats, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { openBundle } from "../builders/cache/bundle.ts";
import type { CachePlace } from "../builders/cache/trust.ts";
import { folderStorage } from "../store/cache/folder.ts";
import { infoName, notACache, readInfo } from "../store/cache/info.ts";
import type { LocalStorage } from "../store/cache/storage.ts";
import { asCacheFault } from "../store/cache/trouble.ts";
import { Fault, faultsOf } from "../store/model/fault.ts";
import type { CacheSetting } from "./settings.ts";

export interface Places extends AsyncDisposable {
  /** Where the keeper finds it. `writable` for who pushes there. */
  reach(setting: CacheSetting, options?: { readonly writable?: boolean }): Promise<CachePlace>;
  /** The same of files that lie elsewhere than in a folder, or are not to be looked for by a setting. */
  serve(storage: LocalStorage, name: string, writable?: boolean): Promise<CachePlace>;
  /** What a folder failed with that was to be written to: over HTTP it is but a number. */
  readonly troubles: readonly Fault[];
}

/** People are told once of what cannot be read. */
export function openPlaces(warn: (line: string) => void): Places {
  const servers: AsyncDisposable[] = [];
  const troubles: Fault[] = [];
  const told = new Set<string>();
  const note = (error: unknown, writable: boolean) => {
    const [fault = new Fault("store/cache-failed", (error as Error).message, { cause: error })] =
      faultsOf(error);
    if (writable) troubles.push(fault);
    else if (!told.has(fault.message)) warn(fault.message);
    told.add(fault.message);
  };
  const bundles: AsyncDisposable[] = [];
  const open = async (file: string, writable: boolean): Promise<LocalStorage> => {
    if (writable)
      throw new Fault("usage/no-cache", `${file} is a file, and nothing can be added to a bundle`, {
        hint: "push into a folder; `kit export` writes a bundle",
      });
    const bundle = await openBundle(file);
    bundles.push(bundle);
    return bundle;
  };
  const serve = async (storage: LocalStorage, name: string, writable = false): Promise<CachePlace> => {
    // Whoever shares this machine can connect to it, and does not know what to ask for.
    const token = randomBytes(24).toString("hex");
    const tokens = { read: token, ...(writable && { write: token }) };
    // Loaded late: 70 ms, which who reaches an address does not need.
    const { startServer } = await import("../builders/serve/server.ts");
    const socket = `kit-${randomBytes(16).toString("hex")}`;
    const server = await startServer(storage, {
      // Not on the loopback: a machine without any network need not have it up.
      socket,
      prefix: `/${randomBytes(16).toString("hex")}`,
      tokens,
      limits,
      onTrouble: (error) => note(error, writable),
    });
    servers.push(server);
    return { url: server.url, socket, name, token };
  };
  return {
    troubles,
    serve,
    async reach({ address, priority, tokenFile }, { writable = false } = {}) {
      const order = priority === undefined ? {} : { priority };
      if (isAddress(address)) {
        const token = tokenFile === undefined ? {} : { token: readToken(tokenFile) };
        return { url: address, name: withoutPassword(address), ...token, ...order };
      }
      if (isFile(address)) return { ...(await serve(await open(address, writable), address)), ...order };
      const storage = folderStorage(address);
      if (writable) await requireCacheOrEmpty(storage);
      return { ...(await serve(storage, address, writable)), ...order };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      await Promise.all(bundles.map((bundle) => bundle[Symbol.asyncDispose]()));
    },
  };
}

/** One client, which asks as much as it may. */
const limits = { upload: 2 ** 40, perAddress: 512, connections: 512 };

/** @throws {Fault} `usage/bad-token` */
export function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new Fault("usage/bad-token", `the token cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (/^[\x21-\x7e]{1,1024}$/.test(token)) return token;
  throw new Fault("usage/bad-token", `${file} holds no token`, {
    hint: "one line of up to 1,024 characters without blanks",
  });
}

/**
 * Builds go on without a cache that is not there; who names one on the command line means it.
 *
 * @throws {Fault} `usage/no-cache`, `store/cache-unreadable`
 */
export function requireCache(folder: string): void {
  if (isAddress(folder)) return;
  const there = lookAt(folder);
  // A bundle is looked at when it is opened.
  if (there?.isFile()) return;
  const isFolder = there?.isDirectory() ?? false;
  if (isFolder && lookAt(`${folder}/${infoName}`) !== undefined) return;
  throw new Fault("usage/no-cache", `${folder} is no cache`, {
    hint: "`kit push FOLDER RESULT` makes one; a cache has a file kit-cache-info, or is a file of `kit export`'s",
  });
}

/**
 * Whether there is a cache; where there is none, that nothing else is there either.
 *
 * @throws {Fault} `store/not-a-cache`, `store/newer-cache`, `store/cache-unreadable`
 */
export async function requireCacheOrEmpty(storage: LocalStorage): Promise<boolean> {
  const { location } = storage;
  if ((await readInfo(storage)) !== undefined) return true;
  const names = await namesOf(location);
  if (names.every((name) => name === "lost+found" || name === ".incoming")) return false;
  throw notACache(location, `it holds other files, and no ${infoName}`);
}

async function namesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw asCacheFault(error, folder, "read");
  }
}

/** Where it may not be looked at it is taken for a folder, and told of when it is read. */
function isFile(place: string): boolean {
  try {
    return statSync(place).isFile();
  } catch {
    return false;
  }
}

/** @throws {Fault} `store/cache-…` */
function lookAt(place: string): Stats | undefined {
  try {
    return statSync(place);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw asCacheFault(error, place, "read");
  }
}

function isAddress(place: string): boolean {
  return /^https?:\/\//.test(place);
}

function withoutPassword(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.href.replace(/\/+$/, "");
}
