// What is thought of a .dsc by its signature and the keys that are trusted.

import { readKey } from "openpgp";
import { beforeAll, describe, expect, test } from "vitest";
import { parseVerdict, verdictOn } from "../../../builders/deb-source/verdict.ts";
import { clearsign, makeSigner, reissued, type Signer } from "../repository/signing.ts";

const text = "Format: 3.0 (native)\nSource: hello\n";
const day = 86_400_000;
const signers = {} as { own: Signer; stranger: Signer; short: Signer };

beforeAll(async () => {
  const created = new Date(Date.now() - 100 * day);
  signers.own = await makeSigner({ created });
  signers.stranger = await makeSigner({ created });
  signers.short = await makeSigner({ created, lifetime: (10 * day) / 1000 });
});

const binary = async ({ armoured }: Signer) => (await readKey({ armoredKey: armoured })).toPublic().write();
const verdict = async (document: string | Uint8Array, keys?: string | Uint8Array) =>
  await verdictOn(Buffer.from(document), keys === undefined ? undefined : Buffer.from(keys));

describe("believed", () => {
  test("what one of the keys signed: armoured, several of them, or as they are", async () => {
    const { own, stranger } = signers;
    const signed = await clearsign(text, [own]);
    const both = Buffer.concat([await binary(stranger), await binary(own)]);
    for (const keys of [own.armoured, `${stranger.armoured}\n${own.armoured}`, await binary(own), both])
      expect(await verdict(signed, keys)).toEqual({ text });
  });

  test("whenever it was signed, and though the key has expired since", async () => {
    const ahead = await clearsign(text, [signers.own], { date: new Date(Date.now() + 1000 * day) });
    expect(await verdict(ahead, signers.own.armoured)).toEqual({ text });
    const old = await clearsign(text, [signers.short], { date: new Date(Date.now() - 95 * day) });
    expect(await verdict(old, signers.short.armoured)).toEqual({ text });
  });

  test("anything where nobody need have signed, without the signature around it", async () => {
    expect(await verdict(text)).toEqual({ text });
    expect(await verdict(await clearsign(text, [signers.stranger]))).toEqual({ text });
  });
});

describe("not", () => {
  test.each([
    ["digest/unsigned", async () => text],
    ["digest/unsigned", async () => `${await clearsign(text, [signers.own])}\nSource: other\n`],
    ["digest/unknown-key", async () => await clearsign(text, [signers.stranger])],
    ["digest/bad-signature", async () => (await clearsign(text, [signers.own])).replace("hello", "hallo")],
  ])("%s", async (code, document) => {
    expect(await verdict(await document(), signers.own.armoured)).toMatchObject({ code });
  });

  test("a key that had expired when it signed", async () => {
    const late = await clearsign(text, [signers.own], { date: new Date(Date.now() - day) });
    const expired = await reissued(signers.own, (10 * day) / 1000);
    expect(await verdict(late, expired.armoured)).toMatchObject({ code: "digest/bad-signature" });
  });

  test.each([
    ["nothing", ""],
    ["a text", "no keys"],
    ["bytes that are none", Uint8Array.of(0xff, 0x00, 0x01)],
    ["a block that is cut off", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"],
  ])("by keys that are %s", async (_, keys) => {
    const signed = await clearsign(text, [signers.own]);
    expect(await verdict(signed, keys)).toMatchObject({ code: "manifest/bad-key" });
  });

  test("a signed text that is broken, though nobody need have signed", async () => {
    const broken = (await clearsign(text, [signers.own])).replace("-----END PGP SIGNATURE-----", "");
    expect(await verdict(broken)).toMatchObject({ code: "digest/unsigned" });
  });

  test("one that is too large to be one", async () => {
    expect(await verdictOn(undefined, undefined)).toMatchObject({ code: "digest/malformed-source" });
  });
});

test("is read as it was written, and nothing else is one", async () => {
  for (const one of [await verdict(text), await verdict(text, signers.own.armoured)])
    expect(parseVerdict(JSON.stringify(one))).toEqual(one);
  expect(() => parseVerdict('{"code": "host/no-such", "why": "", "details": []}')).toThrow();
});
