// Caches as a keeper reaches them: a folder or a bundle is served to it, for it is nobody to the host's files.
// Knows places and the server on the loopback; does not know what is asked of a cache.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import type { CachePlace } from "../builders/cache/trust.ts";
import { startServer } from "../builders/serve/server.ts";
import { folderStorage } from "../store/cache/folder.ts";
import type { LocalStorage } from "../store/cache/storage.ts";
import { Fault } from "../store/model/fault.ts";
import type { CacheSetting } from "./settings.ts";

export interface Places extends AsyncDisposable {
  /** Where the keeper finds it. `writable` for who pushes there. */
  reach(setting: CacheSetting, options?: { readonly writable?: boolean }): Promise<CachePlace>;
  /** The same of files that lie elsewhere than in a folder. */
  serve(storage: LocalStorage, name: string): Promise<CachePlace>;
}

export function openPlaces(): Places {
  const servers: AsyncDisposable[] = [];
  const serve = async (storage: LocalStorage, name: string, writable = false): Promise<CachePlace> => {
    // Whoever shares this machine can connect to it, and does not know where.
    const token = randomBytes(24).toString("hex");
    const tokens = { read: token, ...(writable && { write: token }) };
    const server = await startServer(storage, {
      prefix: `/${randomBytes(16).toString("hex")}`,
      tokens,
      limits,
    });
    servers.push(server);
    return { url: server.url, name, token, direct: true };
  };
  return {
    serve,
    async reach({ address, priority, tokenFile }, { writable = false } = {}) {
      const order = priority === undefined ? {} : { priority };
      if (/^https?:\/\//.test(address)) {
        const token = tokenFile === undefined ? {} : { token: readToken(tokenFile) };
        return { url: address, name: withoutPassword(address), ...token, ...order };
      }
      if (!writable) requireCache(address);
      return { ...(await serve(folderStorage(address), address, writable)), ...order };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
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

/** A folder that is named as a cache and is none is a mistake; it may not be there yet. @throws {Fault} `usage/no-cache` */
function requireCache(folder: string): void {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder && existsSync(`${folder}/kit-cache-info`)) return;
  throw new Fault("usage/no-cache", `${folder} is no cache`, {
    hint: "`kit push FOLDER RESULT` makes one; a cache has a file kit-cache-info",
  });
}

function withoutPassword(address: string): string {
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.href.replace(/\/+$/, "");
}
