// Indexes from mirrors on the loopback: good, lagging, lying and gone.
// Knows whole repositories signed here; does not know any real archive.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Http, openHttp } from "../../../builders/fetch/http.ts";
import { type FetchedIndex, fetchIndexes, type IndexQuestion } from "../../../builders/repository/indexes.ts";
import { prepareStore } from "../../../store/format.ts";
import { noHolds } from "../../../store/holds.ts";
import { blobAttributes, layoutOf } from "../../../store/layout.ts";
import { sha256Of } from "../../../store/model/digest.ts";
import { openPool, type Pool } from "../../../store/pool.ts";
import { openSystem } from "../../../store/system.ts";
import { refusal } from "../../rig/refusal.ts";
import { files, serve, type TestServer } from "../fetch/server.ts";
import { clearsign, makeSigner, type Signer } from "./signing.ts";

const now = Date.now();
const day = 86_400_000;
const packages = `Package: hello\nVersion: 1\n\n${"Package: filler\nVersion: 2\n\n".repeat(5000)}`;
const suites = ["trixie", "trixie-updates"] as const;
const keys = {} as { archive: Signer; stranger: Signer };

const open = {} as { root: string; folder: string; http: Http; pool: Pool; servers: TestServer[] };

beforeAll(async () => {
  keys.archive = await makeSigner({ created: new Date(now - 100 * day) });
  keys.stranger = await makeSigner({ created: new Date(now - 100 * day) });
  open.root = mkdtempSync(join(tmpdir(), "kit-indexes-"));
  const layout = layoutOf(join(open.root, "store"));
  prepareStore(layout, openSystem());
  open.pool = openPool(layout, openSystem(), mkdtempSync(join(open.root, "staging-")), noHolds);
});
afterAll(() => rmSync(open.root, { recursive: true }));

beforeEach(() => {
  open.folder = mkdtempSync(join(open.root, "scratch-"));
  open.servers = [];
  open.http = openHttp({ sleep: async () => {}, connections: 4 });
});
afterEach(async () => {
  await open.http.close();
  for (const server of open.servers) await server.stop();
});

type Contents = Record<string, Buffer | string>;

interface ArchiveOptions {
  readonly signer?: Signer;
  readonly date?: number;
  readonly validUntil?: number;
  readonly byHash?: boolean;
  /** Drops or replaces files by their path. */
  readonly alter?: (contents: Contents) => unknown;
}

/** The files of an archive of both suites: every index as gz, those of `all` apart. */
async function archive(options: ArchiveOptions = {}): Promise<Contents> {
  const contents: Contents = {};
  for (const suite of suites) {
    const indexes = ["amd64", "all"].map((architecture) => ({
      path: `main/binary-${architecture}/Packages.gz`,
      bytes: gzipSync(`${packages}Package: of-${suite}-${architecture}\n`),
    }));
    const list = indexes.map(({ path, bytes }) => ` ${sha256Of(bytes)} ${bytes.length} ${path}\n`).join("");
    const until =
      options.validUntil === undefined ? "" : `Valid-Until: ${new Date(options.validUntil).toUTCString()}\n`;
    const release = `Codename: ${suite}\nDate: ${new Date(options.date ?? now - day).toUTCString()}\n${until}${
      options.byHash === false ? "" : "Acquire-By-Hash: yes\n"
    }Architectures: all amd64\nComponents: main\nSHA256:\n${list}`;
    contents[`/debian/dists/${suite}/InRelease`] = await clearsign(release, [options.signer ?? keys.archive]);
    for (const { path, bytes } of indexes) {
      contents[`/debian/dists/${suite}/${path}`] = bytes;
      const byHash = path.replace("Packages.gz", `by-hash/SHA256/${sha256Of(bytes)}`);
      if (options.byHash !== false) contents[`/debian/dists/${suite}/${byHash}`] = bytes;
    }
  }
  options.alter?.(contents);
  return contents;
}

async function mirror(options: ArchiveOptions = {}): Promise<TestServer> {
  const server = await serve(files(await archive(options)));
  open.servers.push(server);
  return server;
}

async function fetchFrom(
  servers: readonly TestServer[],
  more: Partial<IndexQuestion> = {},
  signal?: AbortSignal,
): Promise<readonly FetchedIndex[]> {
  const question: IndexQuestion = {
    repository: { name: "main", uri: "http://127.0.0.1:1/debian", suites, components: ["main"] },
    architecture: "amd64",
    keys: [keys.archive.armoured],
    mirrors: servers.map(({ url }) => `${url}/debian`),
    ...more,
  };
  let files = 0;
  return await fetchIndexes(open.http, question, {
    // As the keeper does it, without remembering what was fetched.
    async fetch(_, wanted, __, urls) {
      const partial = join(open.folder, `file-${files++}`);
      await open.http.get(urls, { ...wanted, partial, ...(signal && { signal }) });
      return open.pool.adopt(partial, blobAttributes).blob;
    },
    now,
    ...(signal && { signal }),
  });
}

describe("a good mirror", () => {
  test("gives every suite and architecture, in order, into the pool", async () => {
    const server = await mirror();
    const indexes = await fetchFrom([server]);
    expect(
      indexes.map(({ repository, suite, component, architecture }) => [
        repository,
        suite,
        component,
        architecture,
      ]),
    ).toEqual([
      ["main", "trixie", "main", "amd64"],
      ["main", "trixie", "main", "all"],
      ["main", "trixie-updates", "main", "amd64"],
      ["main", "trixie-updates", "main", "all"],
    ]);
    for (const index of indexes) {
      const text = gunzipSync(open.pool.readAll(index.blob)).toString();
      expect(text).toBe(`${packages}Package: of-${index.suite}-${index.architecture}\n`);
      expect(sha256Of(open.pool.readAll(index.blob))).toBe(index.packages.sha256);
      expect(index.packages.path).toBe(`dists/${index.suite}/main/binary-${index.architecture}/Packages.gz`);
      expect(index.release.date).toBe(Math.floor((now - day) / 1000));
    }
    expect(server.requests.filter((request) => !request.includes("by-hash")).length).toBe(2);
    expect(readdirSync(open.folder)).toEqual([]);
  });

  test("without files by digest gives them by name", async () => {
    const server = await mirror({ byHash: false });
    expect((await fetchFrom([server])).length).toBe(4);
    expect(server.requests.filter((request) => request.includes("by-hash"))).toEqual([]);
  });

  test("is asked at the repository's own address where there are no mirrors", async () => {
    const server = await mirror();
    const repository = {
      name: "main",
      uri: `${server.url}/debian/`,
      suites: ["trixie"],
      components: ["main"],
    };
    expect((await fetchFrom([], { repository })).length).toBe(2);
  });
});

describe("a mirror is passed over for the next", () => {
  const release = "/debian/dists/trixie/InRelease";
  const indexPaths = (contents: Contents) => Object.keys(contents).filter((path) => path.includes("binary-"));
  const bad: [string, ArchiveOptions][] = [
    ["has not got the suite", { alter: (contents) => delete contents[release] }],
    ["answers with a page", { alter: (contents) => Object.assign(contents, { [release]: "<html>" }) }],
    ["is expired", { validUntil: now - 1000 }],
    ["is older than the lock", { date: now - 20 * day }],
    [
      "swaps suites",
      {
        alter: (contents) =>
          Object.assign(contents, { [release]: contents["/debian/dists/trixie-updates/InRelease"] }),
      },
    ],
    [
      "lacks the indexes",
      {
        alter: (contents) => {
          for (const path of indexPaths(contents)) delete contents[path];
        },
      },
    ],
    [
      "has other indexes",
      {
        alter: (contents) => {
          for (const path of indexPaths(contents)) contents[path] = "other";
        },
      },
    ],
  ];

  test.each(bad)("that %s", async (_, options) => {
    const notBefore = new Map([["trixie", (now - 2 * day) / 1000]]);
    expect((await fetchFrom([await mirror(options), await mirror()], { notBefore })).length).toBe(4);
  });

  test("that has another signer", async () => {
    expect((await fetchFrom([await mirror({ signer: keys.stranger }), await mirror()])).length).toBe(4);
  });

  test("that is gone", async () => {
    const gone = await mirror();
    await gone.stop();
    expect((await fetchFrom([gone, await mirror()])).length).toBe(4);
  });
});

describe("where no mirror is good", () => {
  test.each<[string, ArchiveOptions, Partial<IndexQuestion>]>([
    ["digest/expired-index", { validUntil: now - 1000 }, {}],
    ["digest/future-index", { date: now + 2 * day }, {}],
    ["digest/stale-index", { date: now - 9 * day }, { notBefore: new Map([["trixie", (now - day) / 1000]]) }],
    ["unresolved/no-index", {}, { architecture: "riscv64" }],
    ["manifest/bad-key", {}, { keys: ["none"] }],
  ])("%s", async (code, options, more) => {
    const server = await mirror(options);
    const fault = await refusal(fetchFrom([server, server], more));
    expect(fault.code).toBe(code);
    expect(readdirSync(open.folder)).toEqual([]);
  });

  test("a dated archive may be past its time", async () => {
    expect((await fetchFrom([await mirror({ validUntil: now - 1000 })], { dated: true })).length).toBe(4);
  });

  test("the mirror that answered wrongly is told before those that did not, and they in the details", async () => {
    const gone = await mirror();
    await gone.stop();
    const fault = await refusal(fetchFrom([gone, await mirror({ signer: keys.stranger })]));
    expect(fault.code).toBe("digest/unknown-key");
    expect(fault.details.join("\n")).toContain(gone.url);
  });

  test("no mirror answers", async () => {
    const gone = await mirror();
    await gone.stop();
    expect((await refusal(fetchFrom([gone]))).code).toBe("network/unreachable");
  });

  test("wrong bytes of an index, by digest and by name", async () => {
    const alter = (contents: Contents) => {
      for (const path of Object.keys(contents)) if (path.includes("binary-all")) contents[path] = "other";
    };
    const fault = await refusal(fetchFrom([await mirror({ alter })]));
    expect(fault.code).toBe("digest/mismatch");
    expect(fault.details.length).toBe(2);
  });

  test("an interruption is its own reason", async () => {
    const server = await serve(() => {});
    open.servers.push(server);
    const interruption = new AbortController();
    const reason = new Error("interrupted by the user");
    const running = fetchFrom([server], {}, interruption.signal);
    setTimeout(() => interruption.abort(reason), 50);
    await expect(running).rejects.toBe(reason);
  });
});
