// Real rpm repositories, served on the loopback: what kit reads of them, and what dnf says.
// Knows createrepo_c's repositories and dnf's answers; does not know any real distribution.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Http, openHttp } from "../../../../builders/fetch/http.ts";
import { groupRequests } from "../../../../builders/repository/rpm/comps.ts";
import {
  type FetchedRepository,
  fetchRepository,
  type RepositoryQuestion,
} from "../../../../builders/repository/rpm/fetch.ts";
import { eachFileList, listGroups, listPackages } from "../../../../builders/repository/rpm/listing.ts";
import type { MetadataKind } from "../../../../builders/repository/rpm/repomd.ts";
import { parseStanzas, type Stanza } from "../../../../evaluator/deb/stanza.ts";
import { prepareStore } from "../../../../store/format.ts";
import { noHolds } from "../../../../store/holds.ts";
import { blobAttributes, layoutOf } from "../../../../store/layout.ts";
import { type Digest, sha256Of } from "../../../../store/model/digest.ts";
import { openPool, type Pool } from "../../../../store/pool.ts";
import { openSystem } from "../../../../store/system.ts";
import { files, serve, type TestServer } from "../../fetch/server.ts";
import { makeSigner, type Signer, signBeside } from "../signing.ts";
import { refusal } from "./documents.ts";
import { buildPackages, describeRepository, type Metadata, run } from "./sample.ts";

const now = Date.now();
const day = 86_400;
const kinds: readonly MetadataKind[] = ["primary", "filelists", "group", "modules", "updateinfo"];
const keys = {} as { keeper: Signer; stranger: Signer };
const open = {} as { root: string; packages: string; http: Http; pool: Pool; servers: TestServer[] };

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

type Contents = Record<string, Buffer | string>;

interface Options extends Partial<Metadata> {
  readonly signer?: Signer | undefined;
  readonly alter?: (contents: Contents) => unknown;
}

const repomd = "/repo/repodata/repomd.xml";

async function contentsOf({ signer = keys.keeper, alter, ...metadata }: Options = {}): Promise<Contents> {
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

async function mirror(options: Options = {}): Promise<TestServer> {
  return await served(await contentsOf(options));
}

async function served(contents: Contents): Promise<TestServer> {
  const server = await serve(files(contents));
  open.servers.push(server);
  return server;
}

async function fetchFrom(
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

const fileOf = (blob: Digest) => open.pool.find(blob) ?? "";

/** Asks dnf, away from the machine's own repositories and caches. */
async function dnf(server: TestServer, ...args: readonly string[]): Promise<string> {
  const place = mkdtempSync(join(open.root, "dnf-"));
  const settings = [
    `cachedir=${place}`,
    `logdir=${place}`,
    `persistdir=${place}`,
    "reposdir=/dev/null",
    "module_platform_id=platform:none",
  ].map((setting) => `--setopt=${setting}`);
  const repository = ["--releasever=1", `--repofrompath=base,${server.url}/repo`, "--repo=base"];
  const { stdout } = await promisify(execFile)("dnf", ["-q", ...settings, ...repository, ...args], {
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  return stdout;
}

const sorted = (text: string | undefined) => (text ?? "").trim().split(/\n */).filter(Boolean).sort();

describe.each(["gz", "xz", "zst"] as const)("a repository in %s", (compression) => {
  test("is read as dnf reads it", async () => {
    const server = await mirror({ compression });
    const fetched = await fetchFrom([server]);
    expect(fetched.files.map((file) => [file.kind, file.compression])).toEqual(
      ["primary", "filelists", "group", "modules"].map((kind) => [kind, compression]),
    );
    const { text, packages, warnings, modules } = await listPackages(fetched, fileOf);
    expect([packages, warnings]).toEqual([3, []]);
    const stanzas = new Map(parseStanzas(text).map((stanza) => [stanza["Package"], stanza]));
    const paths = new Map<string, readonly string[]>();
    expect(await eachFileList(fetched, fileOf, (list) => void paths.set(list.name, list.paths))).toEqual([]);
    for (const name of ["sample", "sample-libs", "0odd+name_x"]) {
      const stanza = stanzas.get(name) ?? {};
      expect(await asDnfSays(server, stanza), name).toEqual(saidByStanza(stanza, paths.get(name) ?? []));
    }
    expect(modules?.defaults).toEqual(new Map([["sample", "1.10"]]));
    expect(stanzas.get("sample-libs")?.["Modular"]).toBe("sample:1.10:8010020190612143724:deadbeef:x86_64");
    expect(stanzas.get("sample")?.["Modular"]).toBeUndefined();
  });
});

const relations = "Provides Conflicts Obsoletes Recommends Suggests Supplements Enhances".split(" ");

async function asDnfSays(server: TestServer, stanza: Stanza): Promise<unknown> {
  const tags = ["name", "evr", "arch", "sourcerpm", "license", "summary", "vendor", "location"];
  const sizes = ["downloadsize", "installsize"];
  const many = [...relations.map((field) => field.toLowerCase()), "requires", "requires_pre", "files"];
  const format = [...tags, ...sizes, ...many].map((tag) => `%{${tag}}`).join("\n\x01");
  const text = await dnf(server, "repoquery", "--qf", format, `${stanza["Package"]}`);
  const said = text.replace(/\n$/, "").split("\n\x01");
  return {
    single: said.slice(0, tags.length + sizes.length),
    lists: said.slice(tags.length + sizes.length).map((list) => sorted(list)),
  };
}

function saidByStanza(stanza: Stanza, paths: readonly string[]): unknown {
  const tags =
    "Package Version Architecture Source License Summary Vendor Filename Size Installed-Size".split(" ");
  const requires = [...sorted(stanza["Requires"]), ...sorted(stanza["Requires-Pre"])].sort();
  const listed = relations.map((field) => sorted(stanza[field]));
  return {
    single: tags.map((tag) => stanza[tag]),
    lists: [...listed, requires, sorted(stanza["Requires-Pre"]), [...paths].sort()],
  };
}

test("groups ask for what dnf says is in them", async () => {
  const server = await mirror();
  const comps = await listGroups(await fetchFrom([server]), fileOf);
  const said = await dnf(server, "group", "info", "editors");
  const inDnf = new Map(
    said
      .split(/\n (?=\S)/)
      .slice(2)
      .map((part) => part.split(/:?\n */).filter(Boolean))
      .map(([type = "", ...names]) => [type.replace(" Packages", "").toLowerCase(), names]),
  );
  expect([...inDnf.keys()]).toEqual(["mandatory", "default", "optional", "conditional"]);
  for (const type of ["mandatory", "default", "optional", "conditional"] as const) {
    const requests = groupRequests(comps ?? expect.unreachable(), "editors", [type]);
    expect(requests.map(({ name }) => name).sort(), type).toEqual(inDnf.get(type));
  }
});

test("a package that is fetched is the one its stanza names", async () => {
  const server = await mirror();
  const fetched = await fetchFrom([server]);
  for (const stanza of parseStanzas((await listPackages(fetched, fileOf)).text)) {
    const { bytes } = await open.http.bytes([`${fetched.places[0]}/${stanza["Filename"]}`], { limit: 1e6 });
    expect([sha256Of(bytes), `${bytes.length}`]).toEqual([stanza["SHA256"], stanza["Size"]]);
  }
});

test("a repository without comps and modules has none, and a revision is its date", async () => {
  const revision = Math.floor(now / 1000) - 5 * day;
  const alter = (contents: Contents) => {
    const text = `${contents[repomd]}`.replace(/ *<data type="group.*?<\/data>\n/gs, "");
    contents[repomd] = text;
  };
  const server = await mirror({ revision, alter });
  const fetched = await fetchFrom([server], { trust: { unsigned: true } });
  expect(fetched.files.map(({ kind }) => kind)).toEqual(["primary", "filelists"]);
  expect(fetched.repomd).toMatchObject({ date: revision, revision: `${revision}` });
  expect(await listGroups(fetched, fileOf)).toBeUndefined();
  expect((await listPackages(fetched, fileOf)).modules).toBeUndefined();
});

test("a repository that names its files by SHA-512 is fetched by it", async () => {
  const contents = await contentsOf({ checksum: "sha512" });
  const fetched = await fetchFrom([await served(contents)]);
  expect(new Set(fetched.files.map(({ checksum }) => checksum.kind))).toEqual(new Set(["sha512"]));
  expect((await listPackages(fetched, fileOf)).packages).toBe(3);
  for (const path of Object.keys(contents)) if (path.includes("-primary.xml")) contents[path] = "other";
  const altered = await served(contents);
  expect((await refusal(() => fetchFrom([altered]))).code).toBe("digest/mismatch");
});

test("a repository signed by gpg is believed", async () => {
  const contents = await contentsOf();
  const home = mkdtempSync(join(open.root, "gpg-"));
  const gpg = (...args: readonly string[]) => run("gpg", ["--homedir", home, "--batch", "--quiet", ...args]);
  gpg("--passphrase", "", "--quick-generate-key", "Keeper <keeper@example.org>", "rsa2048", "sign", "never");
  writeFileSync(join(home, "repomd.xml"), contents[repomd] ?? "");
  gpg("--detach-sign", "--armor", join(home, "repomd.xml"));
  contents[`${repomd}.asc`] = readFileSync(join(home, "repomd.xml.asc"));
  const server = await served(contents);
  const armoured = gpg("--armor", "--export", "keeper@example.org");
  expect((await fetchFrom([server], { trust: { keys: [armoured] } })).files.length).toBe(4);
  gpg("--yes", "--textmode", "--detach-sign", "--armor", join(home, "repomd.xml"));
  contents[`${repomd}.asc`] = readFileSync(join(home, "repomd.xml.asc"));
  const again = await served(contents);
  expect((await fetchFrom([again], { trust: { keys: [armoured] } })).files.length).toBe(4);
  expect((await refusal(() => fetchFrom([again]))).code).toBe("digest/unknown-key");
  run("gpgconf", ["--homedir", home, "--kill", "all"]);
});

describe("a mirror is passed over for the next", () => {
  const old = Math.floor(now / 1000) - 20 * day;
  test.each<[string, Options]>([
    ["has no repomd.xml", { alter: (contents) => delete contents[repomd] }],
    ["has no signature", { alter: (contents) => delete contents[`${repomd}.asc`] }],
    ["answers with a page", { alter: (contents) => Object.assign(contents, { [repomd]: "<html>" }) }],
    [
      "answers with a page in place of the signature",
      { alter: (contents) => Object.assign(contents, { [`${repomd}.asc`]: "<html>" }) },
    ],
    [
      "changes a byte",
      { alter: (contents) => Object.assign(contents, { [repomd]: `${contents[repomd]} ` }) },
    ],
    ["is older than the lock", { revision: old }],
    ["has weak checksums", { checksum: "sha1" }],
  ])("that %s", async (_, options) => {
    const bad = await mirror(options);
    const good = await mirror({ revision: Math.floor(now / 1000) });
    const notBefore = Math.floor(now / 1000) - 2 * day;
    const fetched = await fetchFrom([bad, good], { notBefore });
    expect(fetched.places).toEqual([`${good.url}/repo`, `${bad.url}/repo`]);
    expect((await listPackages(fetched, fileOf)).packages).toBe(3);
  });

  test("that has another signer, or other files", async () => {
    const stranger = await mirror({ signer: keys.stranger });
    const contents = await contentsOf();
    const changed = { ...contents };
    for (const path of Object.keys(changed)) if (path.endsWith(".gz")) changed[path] = "other";
    const fetched = await fetchFrom([stranger, await served(changed), await served(contents)]);
    expect(fetched.files.length).toBe(4);
  });

  test("that is gone", async () => {
    const gone = await mirror();
    await gone.stop();
    expect((await fetchFrom([gone, await mirror()])).files.length).toBe(4);
  });
});

describe("where no mirror is good", () => {
  test.each<[string, Options, Partial<RepositoryQuestion>]>([
    ["network/not-found", { alter: (contents) => delete contents[repomd] }, {}],
    ["digest/unsigned", { alter: (contents) => delete contents[`${repomd}.asc`] }, {}],
    [
      "digest/bad-xml",
      { alter: (contents) => Object.assign(contents, { [repomd]: "<html>" }) },
      { trust: { unsigned: true } },
    ],
    ["digest/future-index", { revision: Math.floor(now / 1000) + 2 * day }, {}],
    [
      "digest/stale-index",
      { revision: Math.floor(now / 1000) - 9 * day },
      { notBefore: Math.floor(now / 1000) - day },
    ],
    ["digest/weak-checksum", { checksum: "sha1" }, {}],
    ["manifest/bad-key", {}, { trust: { keys: ["none"] } }],
    ["digest/unknown-key", {}, { trust: { keys: [] } }],
  ])("%s", async (code, options, more) => {
    const server = await mirror(options);
    expect((await refusal(() => fetchFrom([server], more))).code).toBe(code);
  });

  test("wrong bytes of a file", async () => {
    const alter = (contents: Contents) => {
      for (const path of Object.keys(contents)) if (path.includes("-primary.xml")) contents[path] = "other";
    };
    expect((await refusal(async () => fetchFrom([await mirror({ alter })]))).code).toBe("digest/mismatch");
  });

  test("the one that answered wrongly is told before those that did not", async () => {
    const gone = await mirror();
    await gone.stop();
    const fault = await refusal(async () => fetchFrom([gone, await mirror({ signer: keys.stranger })]));
    expect(fault.code).toBe("digest/unknown-key");
    expect(fault.details.join("\n")).toContain(gone.url);
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

describe("places", () => {
  const metalink = (urls: readonly string[], hash: string) => `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files><file name="repomd.xml">
  <verification><hash type="sha256">${hash}</hash></verification>
  <resources maxconnections="1">${urls.map((url) => `<url protocol="http" preference="100">${url}/repodata/repomd.xml</url>`).join("")}</resources>
 </file></files>
</metalink>`;

  test("from a metalink, which vouches for repomd.xml without a signature", async () => {
    const contents = await contentsOf();
    const lagging = await mirror({ revision: Math.floor(now / 1000) - 9 * day });
    const good = await served(contents);
    const urls = [`${lagging.url}/repo`, `${good.url}/repo`];
    const link = await served({ "/link": metalink(urls, sha256Of(contents[repomd] ?? "")) });
    const repository = { name: "base", place: { metalink: `${link.url}/link` } };
    const fetched = await fetchFrom([], { repository, trust: { unsigned: true } });
    expect(fetched.places).toEqual(urls.toReversed());
    const other = await served({ "/link": metalink(urls, "00".repeat(32)) });
    const lying = { name: "base", place: { metalink: `${other.url}/link` } };
    const fault = await refusal(() => fetchFrom([], { repository: lying, trust: { unsigned: true } }));
    expect(fault.code).toBe("digest/not-vouched-for");
  });

  test("from a mirror list, after the mirrors that were named", async () => {
    const server = await mirror();
    const list = await served({ "/list": `# mirrors\nftp://example.org/repo\n${server.url}/repo/\n` });
    const repository = { name: "base", place: { mirrorlist: `${list.url}/list` } };
    const named = `${server.url}/none`;
    const fetched = await fetchFrom([], { repository, mirrors: [named] });
    expect(fetched.places).toEqual([`${server.url}/repo`, named]);
  });

  test("from a list that is a page", async () => {
    const list = await served({ "/list": "<html>no such repository</html>" });
    const repository = { name: "base", place: { mirrorlist: `${list.url}/list` } };
    expect((await refusal(() => fetchFrom([], { repository }))).code).toBe("digest/bad-mirrorlist");
  });
});
