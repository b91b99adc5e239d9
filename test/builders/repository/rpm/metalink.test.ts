// Metalinks and mirror lists: places in order, and what is vouched for.
// Knows both formats; does not know any place.

import { describe, expect, test } from "vitest";
import {
  isVouchedFor,
  parseMetalink,
  parseMirrorlist,
} from "../../../../builders/repository/rpm/metalink.ts";
import { sha256Of } from "../../../../store/model/digest.ts";
import { refusal } from "../../../rig/refusal.ts";

const hashes = (name: string) => `<size>6285</size><verification>
    <hash type="md5">${"00".repeat(16)}</hash><hash type="sha1">${"00".repeat(20)}</hash>
    <hash type="sha256">${sha256Of(name).toUpperCase()}</hash></verification>`;
const url = (address: string, preference: string) =>
  `<url protocol="http" type="http" location="DE" preference="${preference}">${address}</url>`;

const metalink = (urls: string, verification = hashes("now")) => `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" generator="mirrormanager" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files>
  <file name="other.xml"><verification><hash type="sha256">${"00".repeat(32)}</hash></verification></file>
  <file name="repomd.xml">
   <mm0:timestamp>1700000000</mm0:timestamp>
   ${verification}
   <mm0:alternates><mm0:alternate><mm0:timestamp>1690000000</mm0:timestamp>${hashes("before")}</mm0:alternate></mm0:alternates>
   <resources maxconnections="1">${urls}</resources>
  </file>
 </files>
</metalink>`;

const parse = (text: string) => parseMetalink("base's metalink", Buffer.from(text));
const good = url("https://a.example.org/f/repodata/repomd.xml", "90");

describe("a metalink", () => {
  test("gives places by falling preference, and hashes of this repomd.xml and those before", async () => {
    const { bases, versions } = await parse(
      metalink(
        [
          good,
          url("http://b.example.org/f/repodata/repomd.xml", "100"),
          url("rsync://c.example.org/f/repodata/repomd.xml", "100"),
          url("https://d.example.org/f/repomd.xml", "100"),
          url("https://e.example.org/f/repodata/repomd.xml", "90"),
          url("https://a.example.org/f//repodata/repomd.xml", "1"),
          url("https://f.example.org/?x=/repodata/repomd.xml", "100"),
          url("https://g.example.org/a b/repodata/repomd.xml", "100"),
          url("https://h.example.org/f/repodata/repomd.xml", "-1"),
        ].join("\n"),
      ),
    );
    expect(bases).toEqual([
      "http://b.example.org/f",
      "https://a.example.org/f",
      "https://e.example.org/f",
      "https://h.example.org/f",
    ]);
    expect(versions).toEqual([{ sha256: sha256Of("now") }, { sha256: sha256Of("before") }]);
    expect(isVouchedFor(Buffer.from("now"), versions ?? [])).toBe(true);
    expect(isVouchedFor(Buffer.from("before"), versions ?? [])).toBe(true);
    expect(isVouchedFor(Buffer.from("later"), versions ?? [])).toBe(false);
  });

  test("with SHA-512 is held to that", () => {
    const sha512 =
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    expect(isVouchedFor(Buffer.from("abc"), [{ sha512 }])).toBe(true);
    expect(isVouchedFor(Buffer.from("abd"), [{ sha512, sha256: sha256Of("abd") }])).toBe(false);
  });

  test.each([
    ["another document", "<html/>"],
    ["no repomd.xml", metalink(good).replace("repomd.xml", "x").replace('"repomd.xml"', '"y"')],
    ["weak hashes alone", metalink(good, "").replaceAll('type="sha256"', 'type="sha1"')],
    ["malformed hashes alone", metalink(good, "").replaceAll(sha256Of("before").toUpperCase(), "ab")],
    ["no address", metalink("")],
    ["no address kit reads", metalink(url("ftp://a.example.org/repodata/repomd.xml", "100"))],
  ])("with %s is refused", async (_, text) => {
    expect((await refusal(() => parse(text))).code).toBe("digest/bad-metalink");
  });
});

describe("a mirror list", () => {
  const list = (text: string) => parseMirrorlist("base's mirror list", Buffer.from(text)).bases;

  test("gives its addresses in order, each once", () => {
    const text =
      "# repo = base\r\nhttps://a.example.org/f/\r\n\nhttp://b.example.org/f\nftp://c.example.org/f\nhttps://a.example.org/f\nhttp://d.example.org/x/repodata/repomd.xml\nnone\n";
    expect(list(text)).toEqual([
      "https://a.example.org/f",
      "http://b.example.org/f",
      "http://d.example.org/x",
    ]);
  });

  test.each(["", "<html><a href='https://example.org'>here</a></html>", "# https://example.org\n"])(
    "without any is refused: %j",
    async (text) => {
      expect((await refusal(() => list(text))).code).toBe("digest/bad-mirrorlist");
    },
  );
});
