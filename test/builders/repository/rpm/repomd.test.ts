// repomd.xml: what is read of it, and what is refused.
// Knows the format; does not know how it is fetched.

import { describe, expect, test } from "vitest";
import { metadataFile, parseRepomd } from "../../../../builders/repository/rpm/repomd.ts";
import { refusal } from "../../../rig/refusal.ts";
import { dataXml, repomdXml } from "./documents.ts";

const parse = (text: string) => parseRepomd("base", Buffer.from(text));

describe("what is read", () => {
  test("a file's place, checksum, sizes and compression", async () => {
    const repomd = await parse(repomdXml("1700000100", dataXml()));
    expect(repomd.revision).toBe("1700000100");
    expect(metadataFile(repomd, "primary")).toEqual({
      type: "primary",
      path: "repodata/0101-primary.xml.gz",
      compression: "gz",
      checksum: { kind: "sha256", value: "01".repeat(32) },
      size: 1020,
      plainSize: 3212,
    });
    expect(metadataFile(repomd, "filelists")).toBeUndefined();
  });

  test.each([
    ["xz", "a.xml.xz"],
    ["zst", "a.xml.zst"],
    ["none", "a.xml"],
  ])("%s", async (compression, href) => {
    const repomd = await parse(repomdXml("1", dataXml({ location: `<location href="${href}"/>` })));
    expect(metadataFile(repomd, "primary")?.compression).toBe(compression);
  });

  test("SHA-512", async () => {
    const checksum = `<checksum type="sha512">${"0f".repeat(64)}</checksum>`;
    const repomd = await parse(repomdXml("1", dataXml({ checksum })));
    expect(metadataFile(repomd, "primary")?.checksum).toEqual({ kind: "sha512", value: "0f".repeat(64) });
  });

  test("the compressed comps rather than the plain one, and no databases, zchunks or what is unknown", async () => {
    const types = ["primary", "primary_db", "primary_zck", "group", "group_gz", "prestodelta", "productid"];
    const alien = dataXml({ type: "filelists_db", location: '<location href="../../x.sqlite.bz2"/>' });
    const repomd = await parse(repomdXml("1", alien, ...types.map((type) => dataXml({ type }))));
    expect([...repomd.files.keys()]).toEqual(["primary", "group", "group_gz"]);
    expect(metadataFile(repomd, "group")?.type).toBe("group_gz");
  });

  test.each([
    ["1700000100", 1_700_000_100],
    ["1699999999", 1_700_000_000],
    ["42", 1_700_000_000],
    ["20231114T22", 1_700_000_000],
    ["99999999999999999999", 1_700_000_000],
    ["1700000100.25", 1_700_000_100],
  ])("the date of a revision %s", async (revision, date) => {
    expect((await parse(repomdXml(revision, dataXml()))).date).toBe(date);
  });
});

describe("what is refused", () => {
  const location = (href: string, more = "") => ({ location: `<location href="${href}" ${more}/>` });
  const checksum = (type: string, value: string) => ({
    checksum: `<checksum type="${type}">${value}</checksum>`,
  });
  test.each([
    ["a place above", location("../primary.xml.gz")],
    ["a place above, later", location("repodata/../../primary.xml.gz")],
    ["a place above, encoded", location("repodata/%2e%2E/%2e./primary.xml.gz")],
    ["a place above, all of it encoded", location("repodata%2f..%2Fprimary.xml.gz")],
    ["a place above, with backslashes", location("repodata\\..\\primary.xml.gz")],
    ["a place at the root", location("/etc/primary.xml.gz")],
    ["another host", location("//example.org/primary.xml.gz")],
    ["an address", location("http://example.org/primary.xml.gz")],
    ["a place with a query", location("repodata/x?primary.xml.gz")],
    ["a place of two lines", location("repodata/x&#10;primary.xml.gz")],
    ["no place", { location: "" }],
    ["two places", { location: '<location href="a.gz"/><location href="b.gz"/>' }],
    ["another base", location("a.xml.gz", 'xml:base="http://example.org/"')],
    ["a compression kit does not read", location("a.xml.bz2")],
    ["no checksum", { checksum: "" }],
    ["two checksums", { more: `<checksum type="sha256">${"03".repeat(32)}</checksum>` }],
    ["a short checksum", checksum("sha256", "01")],
    ["a checksum in capitals", checksum("sha256", "AB".repeat(32))],
    ["a checksum of an unknown kind", checksum("crc32", "01020304")],
    ["a checksum called as what every object has", checksum("toString", "01")],
    ["no size", { size: "" }],
    ["a negative size", { size: "<size>-1</size>" }],
    ["an endless size", { size: `<size>${"9".repeat(20)}</size>` }],
  ])("%s", async (_, parts) => {
    expect((await refusal(() => parse(repomdXml("1", dataXml(parts))))).code).toBe("digest/bad-repomd");
  });

  test.each(["md5", "sha", "sha1"])("%s alone, as weak", async (kind) => {
    const fault = await refusal(() => parse(repomdXml("1", dataXml(checksum(kind, "01".repeat(20))))));
    expect(fault.code).toBe("digest/weak-checksum");
    expect(fault.message).toBe(`base: only ${kind.toUpperCase()} vouches for its primary`);
  });

  test.each([
    ["no primary", repomdXml("1", dataXml({ type: "filelists" }))],
    ["primary twice", repomdXml("1", dataXml(), dataXml())],
    ["another document", "<metalink/>"],
  ])("%s", async (_, text) => {
    expect((await refusal(() => parse(text))).code).toBe("digest/bad-repomd");
  });

  test("more than any repository says", async () => {
    const fault = await refusal(() => parse(repomdXml("1", dataXml(), "<x/>".repeat(30_000))));
    expect(fault.code).toBe("digest/too-large");
  });
});
