// Mirrors of a real rpm repository on the loopback, and fetching from them as the keeper does.
// Knows how a repository lies on a server; does not know what a test makes of it.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type Http, openHttp } from "../../../../builders/fetch/http.ts";
import {
  type FetchedRepository,
  fetchRepository,
  type RepositoryQuestion,
} from "../../../../builders/repository/rpm/fetch.ts";
import type { MetadataKind } from "../../../../builders/repository/rpm/repomd.ts";
import { prepareStore } from "../../../../store/format.ts";
import { noHolds } from "../../../../store/holds.ts";
import { blobAttributes, layoutOf } from "../../../../store/layout.ts";
import type { Digest } from "../../../../store/model/digest.ts";
import { openPool, type Pool } from "../../../../store/pool.ts";
import { openSystem } from "../../../../store/system.ts";
import { files, serve, type TestServer } from "../../fetch/server.ts";
import { makeSigner, type Signer, signBeside } from "../signing.ts";
import { buildPackages, describeRepository, type Metadata } from "./sample.ts";

export const now = Date.now();
export const day = 86_400;
const kinds: readonly MetadataKind[] = ["primary", "filelists", "group", "modules", "updateinfo"];
export const keys = {} as { keeper: Signer; stranger: Signer };
export const open = {} as { root: string; packages: string; http: Http; pool: Pool; servers: TestServer[] };

/** Packages, a store and keys for a file of tests; servers and connections for each test. */
export function prepare(): void {
  beforeAll(async () => {
    const created = new Date(now - 100 * day * 1000);
    keys.keeper = await makeSigner({ created });
    keys.stranger = await makeSigner({ created });
    open.root = mkdtempSync(join(tmpdir(), "kit-rpm-"));
    const layout = layoutOf(join(open.root, "store"));
    prepareStore(layout, openSystem());
    open.pool = openPool(layout, openSystem(), mkdtempSync(join(open.root, "staging-")), noHolds);
    open.packages = buildPackages(open.root);
  });
  afterAll(() => rmSync(open.root, { recursive: true }));

  beforeEach(() => {
    open.servers = [];
    open.http = openHttp({ sleep: async () => {}, connections: 4 });
  });
  afterEach(async () => {
    await open.http.close();
    for (const server of open.servers) await server.stop();
  });
}

export type Contents = Record<string, Buffer | string>;

export interface Options extends Partial<Metadata> {
  readonly signer?: Signer | undefined;
  readonly alter?: (contents: Contents) => unknown;
}

export const repomd = "/repo/repodata/repomd.xml";

export async function contentsOf({
  signer = keys.keeper,
  alter,
  ...metadata
}: Options = {}): Promise<Contents> {
  describeRepository(open.packages, { compression: "gz", ...metadata });
  const contents: Contents = {};
  for (const name of readdirSync(open.packages, { recursive: true, encoding: "utf8" })) {
    if (/\.(rpm|xml|yaml|gz|xz|zst)$/.test(name))
      contents[`/repo/${name}`] = readFileSync(join(open.packages, name));
  }
  contents[`${repomd}.asc`] = await signBeside(contents[repomd] as Buffer, [signer]);
  alter?.(contents);
  return contents;
}

export async function mirror(options: Options = {}): Promise<TestServer> {
  return await served(await contentsOf(options));
}

export async function served(contents: Contents): Promise<TestServer> {
  const server = await serve(files(contents));
  open.servers.push(server);
  return server;
}

export async function fetchFrom(
  servers: readonly TestServer[],
  more: Partial<RepositoryQuestion> = {},
  signal?: AbortSignal,
): Promise<FetchedRepository> {
  const [first, ...others] = servers.map(({ url }) => `${url}/repo`);
  const question: RepositoryQuestion = {
    repository: { name: "base", place: { baseurl: `${others.pop() ?? first}/` } },
    mirrors: servers.length > 1 ? [first ?? "", ...others] : [],
    kinds,
    trust: { keys: [keys.keeper.armoured] },
    ...more,
  };
  const folder = mkdtempSync(join(open.root, "scratch-"));
  let count = 0;
  return await fetchRepository(open.http, question, {
    // As the keeper does it, without remembering what was fetched.
    async fetch(_, wanted, __, urls) {
      const partial = join(folder, `file-${count++}`);
      await open.http.get(urls, { ...wanted, partial, ...(signal && { signal }) });
      return open.pool.adopt(partial, blobAttributes).blob;
    },
    now,
    ...(signal && { signal }),
  });
}

export const fileOf = (blob: Digest) => open.pool.find(blob) ?? "";
