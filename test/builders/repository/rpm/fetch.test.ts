// Repositories from mirrors: good, lagging, lying, unsigned and gone.
// Knows what fetching promises; does not know what the metadata says.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RepositoryQuestion } from "../../../../builders/repository/rpm/fetch.ts";
import { listGroups, listPackages } from "../../../../builders/repository/rpm/listing.ts";
import { sha256Of } from "../../../../store/model/digest.ts";
import { refusal } from "../../../rig/refusal.ts";
import { serve } from "../../fetch/server.ts";
import {
  type Contents,
  contentsOf,
  day,
  fetchFrom,
  fileOf,
  keys,
  mirror,
  now,
  type Options,
  open,
  prepare,
  repomd,
  served,
} from "./mirror.ts";
import { run } from "./sample.ts";

prepare();

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
