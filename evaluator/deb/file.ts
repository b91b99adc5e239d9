// The file of a binary package, as its stanza in an index tells it.
// Knows the fields; does not fetch anything.

import { isSha256, type Sha256 } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { fieldOf, type Stanza } from "./stanza.ts";

export interface PackageFile {
  readonly sha256: Sha256;
  /** Bytes. */
  readonly size: number;
  /** Relative to the archive's root, and not out of it. */
  readonly path: string;
}

/** @throws {Fault} `digest/malformed-stanza` where Filename, Size or SHA256 is missing, or none */
export function packageFile(stanza: Stanza): PackageFile {
  const malformed = (field: string): never => {
    const value = fieldOf(stanza, field);
    const what =
      value === undefined ? `has no ${field}` : `has the malformed ${field} ${JSON.stringify(value)}`;
    throw new Fault("digest/malformed-stanza", `${fieldOf(stanza, "Package") ?? "a stanza"} ${what}`);
  };
  const path = fieldOf(stanza, "Filename") ?? "";
  const written = fieldOf(stanza, "Size") ?? "";
  const sha256 = fieldOf(stanza, "SHA256") ?? "";
  if (path === "" || path.startsWith("/") || path.split("/").includes("..")) malformed("Filename");
  if (!/^\d{1,15}$/.test(written)) malformed("Size");
  if (!isSha256(sha256)) return malformed("SHA256");
  return { sha256, size: Number(written), path };
}
