// The .dsc of a Debian source package: what it is of, and the files it is made of.
// Pure. Knows the fields (Debian Policy 5.4); does not know who signed it, nor where its files are.

import { Fault } from "../store/model/fault.ts";
import { fieldOf, linesOf, parseStanza, type Stanza } from "./deb/stanza.ts";
import { withoutEpoch } from "./deb/version.ts";
import { type ListedFile, listedFiles } from "./sourcepackage.ts";

export interface Dsc {
  readonly source: string;
  readonly version: string;
  /** What it is called, wherever it came from. */
  readonly name: string;
  /** What lies beside it, each name once. */
  readonly files: readonly ListedFile[];
}

/** Bytes; the largest one of Debian, of the kernel, has half of it. */
export const dscLimit = 512 << 10;

/**
 * What a .dsc says, without the signature around it.
 *
 * @throws {Fault} `digest/malformed-source` where it is no paragraph of such fields, one is missing or malformed, a file
 * is listed twice, or only in one of `Files` and `Checksums-Sha256`
 */
export function readDsc(text: string): Dsc {
  const stanza = stanzaOf(text);
  for (const field of required)
    if ((fieldOf(stanza, field) ?? "").trim() === "") throw malformed(`it has no ${field}`);
  const [source, version] = ["Source", "Version"].map((field) => (fieldOf(stanza, field) ?? "").trim());
  if (!source || !/^[a-z0-9][a-z0-9+.-]+$/.test(source))
    throw malformed(`its Source is ${JSON.stringify(source)}`);
  if (!version || !/^(?:\d+:)?\d[A-Za-z0-9.+~-]*$/.test(version))
    throw malformed(`its Version is ${JSON.stringify(version)}`);
  const name = `${source}_${withoutEpoch(version)}.dsc`;
  const files = listedFiles(stanza, malformed);
  refuseOdd([name, ...files.map((file) => file.name)], stanza);
  return { source, version, name, files };
}

const required = ["Format", "Source", "Version", "Checksums-Sha256", "Files"] as const;

function stanzaOf(text: string): Stanza {
  try {
    return parseStanza(text);
  } catch (cause) {
    if (cause instanceof Fault) throw malformed(cause.message, cause);
    throw cause;
  }
}

/** dpkg-source goes by both lists: what one of them has alone, nobody would have checked. */
function refuseOdd(names: readonly string[], stanza: Stanza): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw malformed(`it lists ${twice} twice`);
  const others = linesOf(stanza, "Files").map((line) => line.split(/\s+/)[2] ?? "");
  const alone = others.find((name) => !names.includes(name));
  if (alone !== undefined)
    throw malformed(`Checksums-Sha256 lacks ${JSON.stringify(alone)}, which Files lists`);
  const repeated = others.find((name, index) => others.indexOf(name) !== index);
  if (repeated !== undefined) throw malformed(`Files lists ${repeated} twice`);
}

function malformed(why: string, cause?: Fault): Fault {
  return new Fault("digest/malformed-source", why, {
    cause,
    hint: "no tool of Debian writes such a .dsc: make it anew, by dpkg-source --build",
  });
}
