// Keys: RFC 8032's own examples, and what people give in place of a key.

import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault } from "../../../store/model/fault.ts";
import {
  formatPublicKey,
  formatSecretKey,
  generateKey,
  isBase64,
  parseFingerprint,
  parsePublicKey,
  parseSecretKey,
  sign,
  verify,
} from "../../../store/model/key.ts";
import { expectGolden } from "../../goldens/golden.ts";
import { codeOf, expectFaults } from "../cache/fuzz.ts";

const base64 = (hex: string) => Buffer.from(hex, "hex").toString("base64");
// RFC 8032, 7.1, test 1: the empty message.
const seed = base64("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
const bytes = base64("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
const signature = base64(
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
);
const line = `kit-secret-key:alice:${seed}\n`;

function told(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "";
}

describe("keys", () => {
  it("sign as RFC 8032 says", () => {
    const secret = parseSecretKey(line);
    expect(formatPublicKey(secret.public)).toBe(`alice:${bytes}`);
    expect(sign(secret, "")).toBe(signature);
    expect(verify(secret.public, "", signature)).toBe(true);
    expect(verify(secret.public, "x", signature)).toBe(false);
    expect(verify(generateKey("alice").public, "", signature)).toBe(false);
  });

  it("have a golden fingerprint, which their name is no part of", () => {
    expectGolden("key-fingerprint", "1", `${bytes}\n${parsePublicKey(`a:${bytes}`).fingerprint}\n`);
    expect(parsePublicKey(`b:${bytes}`).fingerprint).toBe(parsePublicKey(`a:${bytes}`).fingerprint);
    expect(parseFingerprint(parsePublicKey(`a:${bytes}`).fingerprint)).toBeDefined();
    expect(parseFingerprint("x".repeat(32))).toBeUndefined();
  });

  it("come back as they were written, with blanks and another system's line ends too", () => {
    const secret = generateKey("build.example-1_x");
    const text = formatSecretKey(secret);
    for (const form of [text, text.trimEnd(), ` ${text.trimEnd()}\r\n`, Buffer.from(text)])
      expect(formatSecretKey(parseSecretKey(form))).toBe(text);
    const key = formatPublicKey(secret.public);
    expect(parsePublicKey(`${key}\n`)).toEqual(secret.public);
    expect(parseSecretKey(text).public).toEqual(secret.public);
  });

  it("do not show their secret", () => {
    const secret = parseSecretKey(line);
    expect(inspect(secret, { depth: 9, showHidden: true })).not.toContain(seed.slice(0, 12));
    expect(JSON.stringify(secret)).not.toContain(seed.slice(0, 12));
  });

  it("have a name of a few characters", () => {
    for (const name of ["", "a b", "a:b", "ä", "a/b", "a".repeat(65), "a\n"])
      expect(codeOf(() => generateKey(name))).toBe("usage/bad-key-name");
  });
});

describe("what is no key", () => {
  const pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n";
  const nix = `cache:${Buffer.alloc(64, 7).toString("base64")}`;
  const cases = [
    ["", /it is empty/],
    [`alice:${bytes}`, /it is a public key/],
    [pem, /PEM form/],
    ["ssh-ed25519 AAAA x@y", /OpenSSH/],
    [Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]), /it is binary/],
    [nix, /a secret key of Nix's/],
    [`${line}${line}`, /more than one line/],
    [`kit-secret-key:alice:${seed.slice(0, -4)}`, /it is a secret key, or was one/],
    [bytes, /no name and colon/],
    [`al ice:${bytes}`, /its name is none/],
    ["alice:x", /not 32 bytes in base64/],
  ] as const;

  it.each(cases)("%j", (text, why) => {
    const message = told(() => parseSecretKey(text));
    expect(message).toMatch(/^digest\/bad-key: not a secret key: /);
    expect(message).toMatch(why);
  });

  it("a secret key where a public one is wanted, and it is not told again", () => {
    const message = told(() => parsePublicKey(line));
    expect(message).toMatch(/^digest\/bad-key: not a public key: it is a secret key/);
    for (const [text] of cases.slice(2)) {
      const message = told(() => parsePublicKey(text.toString()));
      expect(message).toMatch(/^digest\/bad-key/);
      expect(message).not.toContain(seed.slice(0, 8));
    }
  });

  it("is refused in one way, whatever it is", () => {
    expectFaults(line, ["digest/bad-key"], (bytes) => parseSecretKey(bytes));
    expectFaults(`alice:${bytes}`, ["digest/bad-key"], (bytes) => parsePublicKey(bytes.toString("latin1")));
  });

  it("any 32 bytes pass for a public key, and sign nothing by chance", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (key, of) => {
          const parsed = parsePublicKey(`x:${Buffer.from(key).toString("base64")}`);
          expect(verify(parsed, "text", Buffer.from(of).toString("base64"))).toBe(false);
        },
      ),
    );
  });

  it("base64 has one form", () => {
    expect(isBase64(bytes, 32)).toBe(true);
    const loose = `${bytes.slice(0, -2)}${bytes.at(-2) === "p" ? "q" : "p"}=`;
    for (const other of [bytes.replace("=", ""), ` ${bytes}`, bytes.replace("1", "_"), loose, `${bytes}=`])
      expect([other, isBase64(other, 32)]).toEqual([other, false]);
  });
});
