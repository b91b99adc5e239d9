// Who may read and write: bearer tokens (RFC 6750).
// Knows tokens; does not know what they open.

import { createHash, timingSafeEqual } from "node:crypto";

export interface Tokens {
  /** Without one, everybody may read. */
  readonly read?: string | undefined;
  /** Without one, nobody may write. Who may write may read. */
  readonly write?: string | undefined;
}

export type Access = "none" | "read" | "write";

/** What an `Authorization` header opens. How long it takes tells nothing of the tokens. */
export function accessWith(tokens: Tokens): (header: string | undefined) => Access {
  const [read, write] = [tokens.read, tokens.write].map((token) =>
    token === undefined ? undefined : digestOf(token),
  );
  return (header = "") => {
    const [, token = ""] = /^Bearer +(\S+) *$/i.exec(header) ?? [];
    const given = digestOf(token);
    if (write !== undefined && timingSafeEqual(given, write)) return "write";
    return read === undefined || timingSafeEqual(given, read) ? "read" : "none";
  };
}

/** Whether it can stand in a header (RFC 6750, 2.1), and is long enough not to be guessed. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9._~+/-]{16,512}=*$/.test(text);
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
