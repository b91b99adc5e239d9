// Keys and signed texts, made by a test for itself.
// Knows OpenPGP as a signer; does not know how kit verifies.

import * as openpgp from "openpgp";

export interface Signer {
  readonly armoured: string;
  /** 16 upper-case hex digits. */
  readonly id: string;
  readonly secret: openpgp.PrivateKey;
}

export interface SignerOptions {
  readonly created?: Date;
  /** Seconds the key lives; forever without. */
  readonly lifetime?: number;
  /** An RSA key, which can sign over any hash: this one. */
  readonly hash?: openpgp.enums.hash;
}

export async function makeSigner({ created, lifetime = 0, hash }: SignerOptions = {}): Promise<Signer> {
  const { privateKey, publicKey } = await openpgp.generateKey({
    ...(hash === undefined ? { type: "ecc", curve: "ed25519Legacy" } : { type: "rsa", rsaBits: 2048 }),
    userIDs: [{ name: "Archive", email: "archive@example.org" }],
    format: "object",
    keyExpirationTime: lifetime,
    ...(created && { date: created }),
  });
  for (const { selfCertifications } of hash === undefined ? [] : privateKey.users) {
    for (const certification of selfCertifications)
      certification.preferredHashAlgorithms = [hash as openpgp.enums.hash];
  }
  return { armoured: publicKey.armor(), id: publicKey.getKeyID().toHex().toUpperCase(), secret: privateKey };
}

/** The same key, certified anew to live only this many seconds. */
export async function reissued(signer: Signer, lifetime: number): Promise<Signer> {
  const { publicKey } = await openpgp.reformatKey({
    privateKey: signer.secret,
    userIDs: [{ name: "Archive", email: "archive@example.org" }],
    keyExpirationTime: lifetime,
    date: signer.secret.getCreationTime(),
    format: "object",
  });
  return { ...signer, armoured: publicKey.armor() };
}

export interface SigningOptions {
  readonly date?: Date;
  readonly config?: openpgp.PartialConfig;
}

/** The text clearsigned by all of them. */
export async function clearsign(
  text: string,
  signers: readonly Signer[],
  options: SigningOptions = {},
): Promise<string> {
  return await openpgp.sign({
    message: await openpgp.createCleartextMessage({ text }),
    signingKeys: signers.map(({ secret }) => secret),
    ...options,
  });
}

/** What `gpg --detach-sign --armor` writes for these bytes. */
export async function signBeside(
  bytes: Uint8Array,
  signers: readonly Signer[],
  options: SigningOptions = {},
): Promise<string> {
  return await openpgp.sign({
    message: await openpgp.createMessage({ binary: bytes }),
    signingKeys: signers.map(({ secret }) => secret),
    detached: true,
    ...options,
  });
}
