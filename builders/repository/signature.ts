// Signatures of texts: the OpenPGP cleartext framework (RFC 9580, section 7), as InRelease files use it, and detached
// ones. Knows how a signed text is framed and verified; does not know what the text says or where keys come from.

import type { Message, PublicKey, VerifyMessageResult } from "openpgp";
import { Fault } from "../../store/model/fault.ts";
import { loadOpenpgp } from "../late.ts";

export interface SignedText {
  /** Exactly what was signed: lines parted by "\n", without white space at their ends. */
  readonly text: string;
  /** The key that signed, 16 upper-case hex digits. */
  readonly key: string;
  /** When, in seconds since 1970. */
  readonly signed: number;
}

export interface Verifier {
  /**
   * The text of a clearsigned document, where one of its signatures is by a key that was valid when it signed.
   * Signatures by keys that are not there do not harm: an archive signs with the next release's keys too.
   * `now` is milliseconds since 1970; a signature may be a day ahead of it. Without, it counts whenever it was made.
   *
   * @throws {Fault} `digest/unsigned` where it is no clearsigned text, or holds anything beside it;
   * `digest/unknown-key` where none of the keys signed it; `digest/bad-signature` where one did and it does not
   * hold, is made over MD5 or SHA-1, or its key was expired or revoked
   */
  verify(label: string, document: Uint8Array, now?: number): Promise<SignedText>;
  /**
   * Who signed a document, by the armoured signature that lies beside it (`gpg --detach-sign --armor`).
   *
   * @throws {Fault} as `verify`
   */
  verifyDetached(
    label: string,
    document: Uint8Array,
    signature: Uint8Array,
    now?: number,
  ): Promise<Omit<SignedText, "text">>;
}

/**
 * Reads keys, each text one or more armoured blocks; bytes may be these too, or keys as they are. Importing openpgp takes 50 ms, a key 1 ms, verifying an
 * InRelease of 150 kB 15 ms.
 *
 * @throws {Fault} `manifest/bad-key`
 */
export async function openVerifier(keyrings: readonly (string | Uint8Array)[]): Promise<Verifier> {
  const pgp = await loadOpenpgp();
  const keys: PublicKey[] = [];
  for (const block of keyrings.flatMap(keyBlocks)) {
    const read =
      typeof block === "string" ? pgp.readKeys({ armoredKeys: block }) : pgp.readKeys({ binaryKeys: block });
    keys.push(...(await read.catch(badKey)));
  }
  const check = async (
    label: string,
    message: Message<MaybeBytes>,
    armoredSignature: string,
    now: number | undefined,
  ) => {
    // Nothing is asked of the time where there is none: openpgp takes null for that, and no word for its own clock.
    const date = now === undefined ? (null as unknown as Date) : new Date(now + 86_400_000);
    const damaged = (cause: unknown): never => {
      throw unsigned(label, "its signature block is damaged", cause);
    };
    const signature = await pgp.readSignature({ armoredSignature }).catch(damaged);
    const { signatures } = await pgp
      .verify({ message, signature, verificationKeys: keys, date })
      .catch(damaged);
    return await firstValid(label, signatures, keys);
  };
  return {
    async verify(label, document, now) {
      const { lines, signature } = parseFrame(label, document);
      const message = await pgp.createMessage({ text: lines.join("\r\n") });
      return { text: lines.join("\n"), ...(await check(label, message, signature, now)) };
    },
    async verifyDetached(label, document, signature, now) {
      const message = await pgp.createMessage({ binary: document });
      return await check(label, message, parseDetached(label, signature), now);
    },
  };
}

/**
 * The text of a document that may be clearsigned, whoever signed it.
 *
 * @throws {Fault} `digest/unsigned` where it begins as a signed text and goes on otherwise, or is not UTF-8
 */
export function plainText(label: string, document: Uint8Array): string {
  const text = decode(label, document);
  return text.startsWith(marks.message) ? parseFrame(label, document).lines.join("\n") : text;
}

type MaybeBytes = string | Uint8Array;

interface Frame {
  /** Dash escapes undone, white space at the ends of lines removed: neither is signed. */
  readonly lines: readonly string[];
  /** The armoured block, its own first and last line included. */
  readonly signature: string;
}

const marks = {
  message: "-----BEGIN PGP SIGNED MESSAGE-----",
  signature: "-----BEGIN PGP SIGNATURE-----",
  end: "-----END PGP SIGNATURE-----",
} as const;

// Stricter than the RFC, which lets text stand before and after: nobody signed that text.
function parseFrame(label: string, document: Uint8Array): Frame {
  const all = decode(label, document)
    .split("\n")
    .map((line) => line.replace(/[ \t\r]+$/, ""));
  if (all[0] !== marks.message) throw unsigned(label, "it does not begin as a signed text");
  const blank = all.indexOf("");
  const begin = all.indexOf(marks.signature);
  const end = all.indexOf(marks.end);
  if (begin < 0 || end < begin) throw unsigned(label, "its signature is missing or cut off");
  if (blank > begin || all.slice(1, blank).some((line) => !line.startsWith("Hash: "))) {
    throw unsigned(label, "its head holds more than the names of hashes");
  }
  if (all.slice(end + 1).some((line) => line !== ""))
    throw unsigned(label, "there is text after its signature");
  const lines = all.slice(blank + 1, begin).map((line) => {
    if (line.startsWith("-") && !line.startsWith("- "))
      throw unsigned(label, "a line in it begins with an unescaped dash");
    return line.startsWith("- ") ? line.slice(2) : line;
  });
  return { lines, signature: `${all.slice(begin, end + 1).join("\n")}\n` };
}

// One block and nothing else: of several, openpgp reads the first.
function parseDetached(label: string, signature: Uint8Array): string {
  const text = decode(label, signature).replaceAll("\r\n", "\n").trim();
  const between = text.slice(marks.signature.length, -marks.end.length);
  if (!text.startsWith(marks.signature) || !text.endsWith(marks.end) || between.includes("-----"))
    throw unsigned(label, "what lies beside it is no signature");
  return `${text}\n`;
}

function decode(label: string, document: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(document);
  } catch (cause) {
    throw unsigned(label, "it is not UTF-8", cause);
  }
}

async function firstValid(
  label: string,
  signatures: VerifyMessageResult["signatures"],
  keys: readonly PublicKey[],
): Promise<{ key: string; signed: number }> {
  if (signatures.length === 0) throw unsigned(label, "its signature block holds no signature");
  const failures: { key: string; known: boolean; cause: Error }[] = [];
  for (const { keyID, verified, signature } of signatures) {
    const key = keyID.toHex().toUpperCase();
    try {
      await verified;
      const created = (await signature).packets[0]?.created;
      if (created) return { key, signed: Math.floor(created.getTime() / 1000) };
    } catch (cause) {
      const known = keys.some((candidate) => candidate.getKeys(keyID).length > 0);
      failures.push({ key, known, cause: cause as Error });
    }
  }
  const broken = failures.filter(({ known }) => known);
  if (broken.length === 0) {
    throw new Fault(
      "digest/unknown-key",
      `${label}: signed by unknown keys: ${failures.map(({ key }) => key).join(", ")}`,
      {
        details: [
          `keys that are trusted: ${keys.flatMap((key) => key.getKeyIDs().map((id) => id.toHex().toUpperCase())).join(", ")}`,
        ],
        hint: "if the archive has changed its key, give the new one in the distro's signedBy; else try another mirror through KIT_MIRRORS",
      },
    );
  }
  throw new Fault("digest/bad-signature", `${label}: the signature does not hold`, {
    details: broken.map(({ key, cause }) => `${key}: ${cause.message}`),
    cause: broken[0]?.cause,
    hint: "the file was damaged or altered on its way: try another mirror through KIT_MIRRORS",
  });
}

function keyBlocks(keyring: string | Uint8Array): (string | Uint8Array)[] {
  const text = typeof keyring === "string" ? keyring : Buffer.from(keyring).toString("latin1");
  // Packets of OpenPGP begin with a bit that no text has (RFC 9580, 4.2).
  if (typeof keyring !== "string" && ((keyring[0] ?? 0) & 0x80) !== 0) return [keyring];
  const blocks = text.match(
    /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g,
  );
  return blocks ?? badKey(new Error("there is no armoured public key block"));
}

function badKey(cause: Error): never {
  throw new Fault("manifest/bad-key", `a file of signing keys cannot be read: ${cause.message}`, {
    cause,
    hint: "signedBy names a file of public keys, as `gpg --armor --export KEY` writes it",
  });
}

function unsigned(label: string, why: string, cause?: unknown): Fault {
  return new Fault("digest/unsigned", `${label}: not a signed text: ${why}`, {
    cause,
    hint: "a proxy or portal may answer in the mirror's place: open its address in a browser, or try another through KIT_MIRRORS",
  });
}
