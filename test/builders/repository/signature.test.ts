// Signed texts: what is believed and what is not.
// Knows what a verifier promises; does not know Release files.

import fc from "fast-check";
import { enums } from "openpgp";
import { beforeAll, describe, expect, test } from "vitest";
import { openVerifier, type SignedText } from "../../../builders/repository/signature.ts";
import { Fault } from "../../../store/model/fault.ts";
import { refusal as refusalOf } from "../../rig/refusal.ts";
import { clearsign, makeSigner, reissued, type Signer, signBeside } from "./signing.ts";

const text = "Origin: Example\nDate: Sat, 12 Sep 2026 07:55:41 UTC\n";
const now = Date.now();
const day = 86_400_000;
const signers = {} as { archive: Signer; next: Signer; stranger: Signer };

beforeAll(async () => {
  const created = new Date(now - 100 * day);
  signers.archive = await makeSigner({ created });
  signers.next = await makeSigner({ created });
  signers.stranger = await makeSigner({ created });
});

async function verify(
  document: string | Uint8Array,
  keys = [signers.archive],
  at = now,
): Promise<SignedText> {
  const verifier = await openVerifier(keys.map(({ armoured }) => armoured));
  return await verifier.verify("main trixie", Buffer.from(document), at);
}

const refusal = (document: string | Uint8Array, keys?: Signer[], at?: number) =>
  refusalOf(verify(document, keys, at));

describe("what is believed", () => {
  test("a text signed by a known key", async () => {
    const date = new Date(Math.floor((now - day) / 1000) * 1000);
    const signed = await verify(await clearsign(text, [signers.archive], { date }));
    expect(signed).toEqual({ text, key: signers.archive.id, signed: date.getTime() / 1000 });
  });

  test("one known signature among others, wherever it stands", async () => {
    const document = await clearsign(text, [signers.next, signers.archive, signers.stranger]);
    for (const signer of [signers.next, signers.archive, signers.stranger]) {
      expect((await verify(document, [signer])).key).toBe(signer.id);
    }
  });

  test("a key in a file of several blocks", async () => {
    const verifier = await openVerifier([`Two keys:\n${signers.next.armoured}\n${signers.archive.armoured}`]);
    const document = Buffer.from(await clearsign(text, [signers.archive]));
    expect((await verifier.verify("main", document, now)).text).toBe(text);
  });

  test("lines that had to be escaped, come back as they were", async () => {
    const dashed = "- a list\n-----BEGIN PGP SIGNATURE-----\n--\nFrom: me\n- - twice\n";
    const document = await clearsign(dashed, [signers.archive]);
    expect(document).toContain("- -----BEGIN PGP SIGNATURE-----");
    expect((await verify(document)).text).toBe(dashed);
  });

  test("line ends of another system, and white space that no signature covers", async () => {
    const document = (await clearsign(text, [signers.archive])).replaceAll("\r\n", "\n");
    expect((await verify(document.replaceAll("\n", "\r\n"))).text).toBe(text);
    expect((await verify(document.replace("Example", "Example \t"))).text).toBe(text);
  });

  test("a key that has expired since it signed", async () => {
    const old = await makeSigner({ created: new Date(now - 100 * day), lifetime: (50 * day) / 1000 });
    const document = await clearsign(text, [old], { date: new Date(now - 60 * day) });
    expect((await verify(document, [old])).key).toBe(old.id);
  });

  test("a signature a few hours ahead of this machine's clock", async () => {
    const document = await clearsign(text, [signers.archive], { date: new Date(now + day / 4) });
    expect((await verify(document)).key).toBe(signers.archive.id);
  });
});

describe("what is not", () => {
  test("a signature by unknown keys, which are named", async () => {
    const fault = await refusal(await clearsign(text, [signers.stranger, signers.next]));
    expect(fault.code).toBe("digest/unknown-key");
    expect(fault.exit).toBe(8);
    expect(fault.message).toContain(signers.stranger.id);
    expect(fault.message).toContain(signers.next.id);
    expect(fault.details[0]).toContain(signers.archive.id);
  });

  test("an altered text", async () => {
    const fault = await refusal((await clearsign(text, [signers.archive])).replace("Example", "Examples"));
    expect(fault.code).toBe("digest/bad-signature");
    expect(fault.details[0]).toContain(signers.archive.id);
  });

  test("a text with another text's signature", async () => {
    const [one, other] = [
      await clearsign(text, [signers.archive]),
      await clearsign("Origin: Other\n", [signers.archive]),
    ];
    const [head] = other.split("-----BEGIN PGP SIGNATURE");
    const tail = one.slice(one.indexOf("-----BEGIN PGP SIGNATURE"));
    expect((await refusal(`${head}${tail}`)).code).toBe("digest/bad-signature");
  });

  test("a key that had expired when it signed", async () => {
    const created = new Date(now - 100 * day);
    const lasting = await makeSigner({ created });
    const document = await clearsign(text, [lasting], { date: new Date(now - day) });
    const expired = await reissued(lasting, (10 * day) / 1000);
    expect((await refusal(document, [expired])).code).toBe("digest/bad-signature");
  });

  test("a signature made days ahead of now", async () => {
    const document = await clearsign(text, [signers.archive], { date: new Date(now + 3 * day) });
    expect((await refusal(document)).code).toBe("digest/bad-signature");
  });

  test.each(["sha1", "md5"] as const)("a signature over %s", async (hash) => {
    const legacy = await makeSigner({ created: new Date(now - 2 * day), hash: enums.hash[hash] });
    const none = new Set<enums.hash>();
    const config = {
      preferredHashAlgorithm: enums.hash[hash],
      rejectMessageHashAlgorithms: none,
      rejectHashAlgorithms: none,
      nonDeterministicSignaturesViaNotation: false,
    };
    const document = await clearsign(text, [legacy], { config });
    expect(document).toContain(`Hash: ${hash.toUpperCase()}`);
    const fault = await refusal(document, [legacy]);
    expect(fault.code).toBe("digest/bad-signature");
    expect(fault.details[0]).toContain(hash.toUpperCase());
  });

  test.each([
    ["nothing", () => ""],
    ["a page of a portal", () => "<html>Please log in</html>"],
    ["an unsigned text", () => text],
    ["text before it", (document: string) => `Origin: Evil\n${document}`],
    ["text after it", (document: string) => `${document}Origin: Evil\n`],
    ["another signed text after it", (document: string) => document + document],
    [
      "no signature block",
      (document: string) => document.slice(0, document.indexOf("-----BEGIN PGP SIGNATURE")),
    ],
    ["half a signature block", (document: string) => document.slice(0, -60)],
    [
      "text in its head",
      (document: string) =>
        document.replace("\n\n", "\nOrigin: Evil\n\n").replace("\r\n\r\n", "\r\nOrigin: Evil\r\n\r\n"),
    ],
    ["no blank line", (document: string) => document.replace(/\r?\n\r?\n/, "\n")],
    ["an unescaped dash", (document: string) => document.replace("Date:", "-Date:")],
    [
      "a signature that is none",
      (document: string) => document.replace(/(SIGNATURE-----\r?\n\r?\n)[^=]*/, "$1AAAA\n"),
    ],
  ])("%s", async (_, alter) => {
    const fault = await refusal(alter(await clearsign(text, [signers.archive])));
    expect(fault.code).toBe("digest/unsigned");
  });

  test("bytes that are no UTF-8", async () => {
    const document = Buffer.from(await clearsign(text, [signers.archive]));
    document[document.indexOf("Example")] = 0xff;
    expect((await refusal(document)).code).toBe("digest/unsigned");
  });

  test("any other byte anywhere: refused, or the same text", async () => {
    const document = Buffer.from(await clearsign(text, [signers.archive]));
    const byte = fc.tuple(fc.nat(document.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(byte, async ([at, flip]) => {
        const altered = Buffer.from(document);
        altered[at] = (altered[at] ?? 0) ^ flip;
        try {
          expect((await verify(altered)).text).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("keys that are none", async () => {
    await expect(openVerifier(["not a key"])).rejects.toMatchObject({ code: "manifest/bad-key" });
    const damaged = signers.archive.armoured.replace(/\n\n[\s\S]{20}/, "\n\nAAAAAAAAAAAAAAAAAAAA");
    await expect(openVerifier([damaged])).rejects.toMatchObject({ code: "manifest/bad-key" });
  });
});

describe("a signature beside the document", () => {
  const document = Buffer.from("<repomd>\r\n \u00ef \n</repomd>\n\0");

  async function verifyBeside(signature: string | Uint8Array, bytes = document, keys = [signers.archive]) {
    const verifier = await openVerifier(keys.map(({ armoured }) => armoured));
    return await verifier.verifyDetached("base", bytes, Buffer.from(signature), now);
  }

  const refusalBeside = (...parts: Parameters<typeof verifyBeside>) => refusalOf(verifyBeside(...parts));

  test("holds for exactly its bytes", async () => {
    const signature = await signBeside(document, [signers.next, signers.archive]);
    expect((await verifyBeside(signature)).key).toBe(signers.archive.id);
    expect((await verifyBeside(signature.replaceAll("\n", "\r\n"))).key).toBe(signers.archive.id);
    const changed = Buffer.from(document);
    changed[0] = 0x5b;
    expect((await refusalBeside(signature, changed)).code).toBe("digest/bad-signature");
    expect((await refusalBeside(signature, document.subarray(1))).code).toBe("digest/bad-signature");
  });

  test("of a stranger, or by a hash that is weak, is not believed", async () => {
    expect((await refusalBeside(await signBeside(document, [signers.stranger]))).code).toBe(
      "digest/unknown-key",
    );
    const weak = await makeSigner({ created: new Date(now - 9 * day), hash: enums.hash.sha1 });
    const none = new Set<enums.hash>();
    const config = {
      preferredHashAlgorithm: enums.hash.sha1,
      rejectMessageHashAlgorithms: none,
      rejectHashAlgorithms: none,
      nonDeterministicSignaturesViaNotation: false,
    };
    const signature = await signBeside(document, [weak], { config });
    const fault = await refusalBeside(signature, document, [weak]);
    expect(fault.code).toBe("digest/bad-signature");
    expect(fault.details[0]).toContain("SHA1");
  });

  test("must be one armoured block and nothing else", async () => {
    const signature = await signBeside(document, [signers.archive]);
    const other = await signBeside(document, [signers.stranger]);
    for (const wrong of [
      "",
      "<html>",
      `${other}${signature}`,
      `x${signature}`,
      `${signature}x`,
      signature.slice(0, -9),
    ])
      expect((await refusalBeside(wrong)).code).toBe("digest/unsigned");
    expect((await refusalBeside(signature.replace(/\n\n[\s\S]{9}/, "\n\n!!!!!!!!!"))).code).toBe(
      "digest/unsigned",
    );
    expect((await refusalBeside(await clearsign("x", [signers.archive]))).code).toBe("digest/unsigned");
    expect((await refusalBeside(Buffer.from([0xff, 0xfe]))).code).toBe("digest/unsigned");
  });
});
