// Keys: who vouches for statements.
// Knows ed25519 (RFC 8032) and how keys are written; does not know what is signed, nor which keys are trusted.

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import { digestOf, hexOf } from "./digest.ts";
import { Fault } from "./fault.ts";

/** The first 32 hexadecimal digits of the digest of a public key's bytes: it names files, and people compare it. */
export type Fingerprint = string & { readonly __brand: "Fingerprint" };

/** Only its bytes are the key; the name is for people. Data that goes between threads. */
export interface PublicKey {
  readonly name: string;
  /** 32 bytes in base64. */
  readonly bytes: string;
  readonly fingerprint: Fingerprint;
}

/** Goes between threads; what prints it does not print the secret. */
export interface SecretKey {
  readonly public: PublicKey;
  readonly key: KeyObject;
}

// RFC 8410: what stands before the 32 bytes of a public and of a private key in DER.
const publicHead = Buffer.from("302a300506032b6570032100", "hex");
const secretHead = Buffer.from("302e020100300506032b657004220420", "hex");

const secretWord = "kit-secret-key";

/** @throws {Fault} `usage/bad-key-name` */
export function generateKey(name: string): SecretKey {
  if (!isKeyName(name)) {
    throw new Fault("usage/bad-key-name", `not a key's name: ${JSON.stringify(name.slice(0, 100))}`, {
      hint: "a name has 1 to 64 of the characters A-Z a-z 0-9 . _ -",
    });
  }
  return secretKey(name, generateKeyPairSync("ed25519").privateKey);
}

export function isKeyName(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text);
}

/** Reads `NAME:BASE64`; blanks and line breaks around it do not matter. @throws {Fault} `digest/bad-key` */
export function parsePublicKey(text: string): PublicKey {
  const [name = "", bytes = "", ...rest] = text.trim().split(":");
  if (isKeyName(name) && isBase64(bytes, 32) && rest.length === 0) return publicKey(name, bytes);
  throw badKey("public", text);
}

export function formatPublicKey(key: PublicKey): string {
  return `${key.name}:${key.bytes}`;
}

/**
 * Reads what {@link formatSecretKey} wrote; the end of its line does not matter. Nothing of the text is told again.
 *
 * @throws {Fault} `digest/bad-key`
 */
export function parseSecretKey(text: string | Uint8Array): SecretKey {
  const line = typeof text === "string" ? text : Buffer.from(text).toString("latin1");
  const [word, name = "", seed = "", ...rest] = line.trim().split(":");
  if (word !== secretWord || !isKeyName(name) || !isBase64(seed, 32) || rest.length > 0)
    throw badKey("secret", line);
  const der = Buffer.concat([secretHead, Buffer.from(seed, "base64")]);
  return secretKey(name, createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

/** A line, its line feed included: what a key file holds. */
export function formatSecretKey(secret: SecretKey): string {
  const der = secret.key.export({ format: "der", type: "pkcs8" });
  return `${secretWord}:${secret.public.name}:${der.subarray(secretHead.length).toString("base64")}\n`;
}

/** The signature, 64 bytes in base64; the same each time. */
export function sign(secret: SecretKey, text: string): string {
  return signBytes(null, Buffer.from(text), secret.key).toString("base64");
}

/** Whether the key signed the text; `signature` is base64. */
export function verify(key: PublicKey, text: string, signature: string): boolean {
  return verifierOf(key)(text, signature);
}

/** Tells whether the key signed a text; signatures are base64. To make it takes 75 µs, to ask it 185. */
export function verifierOf(key: Pick<PublicKey, "bytes">): (text: string, signature: string) => boolean {
  const der = Buffer.concat([publicHead, Buffer.from(key.bytes, "base64")]);
  const imported = createPublicKey({ key: der, format: "der", type: "spki" });
  return (text, signature) =>
    verifyBytes(null, Buffer.from(text), imported, Buffer.from(signature, "base64"));
}

/** Whether the text is base64 of so many bytes, in the one form that they have. */
export function isBase64(text: string, bytes: number): boolean {
  if (text.length !== Math.ceil(bytes / 3) * 4) return false;
  const decoded = Buffer.from(text, "base64");
  return decoded.length === bytes && decoded.toString("base64") === text;
}

export function fingerprintOf(bytes: Uint8Array): Fingerprint {
  return hexOf(digestOf(bytes)).slice(0, 32) as Fingerprint;
}

/** Absent where the text is no fingerprint. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  return /^[0-9a-f]{32}$/.test(text) ? (text as Fingerprint) : undefined;
}

function publicKey(name: string, bytes: string): PublicKey {
  return { name, bytes, fingerprint: fingerprintOf(Buffer.from(bytes, "base64")) };
}

function secretKey(name: string, key: KeyObject): SecretKey {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return { public: publicKey(name, der.subarray(publicHead.length).toString("base64")), key };
}

const forms = {
  public: "a public key is one line, NAME:BASE64, as `kit key generate` prints it",
  secret: `a secret key is a file of one line, ${secretWord}:NAME:BASE64, as \`kit key generate\` writes it`,
} as const;

// What was found is named by its kind and never quoted: it may be somebody's secret.
function badKey(wanted: "public" | "secret", text: string): Fault {
  return new Fault("digest/bad-key", `not a ${wanted} key: ${kindOf(text)}`, { hint: forms[wanted] });
}

function kindOf(text: string): string {
  const line = text.trim();
  const [name = "", bytes = ""] = line.split(":");
  if (line === "") return "it is empty";
  if (/[^\t\r\n\x20-\x7e]/.test(line)) return "it is binary, or holds characters that no key has";
  if (line.startsWith("-----BEGIN")) return "it is a key or certificate in PEM form, of another program";
  if (line.startsWith("ssh-")) return "it is a key of OpenSSH's";
  if (line.includes("\n")) return "it has more than one line";
  if (line.startsWith(`${secretWord}:`)) return "it is a secret key, or was one";
  if (isKeyName(name) && isBase64(bytes, 64)) return "it is a secret key of Nix's";
  if (isKeyName(name) && isBase64(bytes, 32)) return "it is a public key";
  if (!line.includes(":")) return "it has no name and colon before its base64";
  if (!isKeyName(name)) return "its name is none: 1 to 64 of the characters A-Z a-z 0-9 . _ -";
  return "what follows its name is not 32 bytes in base64";
}
