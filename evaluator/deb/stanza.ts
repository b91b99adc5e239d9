// Stanzas: the paragraphs of deb822 files (control, Packages, Sources, Release, status).
// Knows fields and continuation lines; does not know what any field means.

import { Fault } from "../../store/model/fault.ts";

/**
 * Fields in file order, under their names as written. A value is what stands after `Name: `, its continuation
 * lines exactly as in the file (with their leading space); it begins with a line break where the first line is
 * empty. So {@link formatStanza} gives back, byte for byte, every stanza of the form dpkg, dak and
 * apt-ftparchive write (one space after the colon, no comments).
 */
export type Stanza = Readonly<Record<string, string>>;

/** Bytes of one, at most. */
export const stanzaLimit = 8 << 20;

/**
 * Reads one paragraph: deb822(5). Comment lines (`#`) and empty lines around it are dropped.
 *
 * @throws {Fault} `digest/malformed-stanza` on a line that is no field, a field that appears twice, more than one
 * paragraph, or more than 8 MiB
 */
export function parseStanza(text: string): Stanza {
  if (text.length > stanzaLimit) throw malformed(text, `it is longer than ${stanzaLimit} bytes`);
  // No prototype: a field may be called `constructor`.
  const fields: Record<string, string> = Object.create(null);
  const seen = new Set<string>();
  let name: string | undefined;
  let ended = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    if (blank.test(line)) {
      ended = name !== undefined;
    } else if (ended) {
      throw malformed(text, "a second paragraph begins where one was expected");
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (name === undefined) throw malformed(text, "it begins with a continuation line");
      fields[name] += `\n${line}`;
    } else {
      const colon = line.indexOf(":");
      name = line.slice(0, colon);
      if (colon < 1 || !fieldName.test(name))
        throw malformed(text, `no field: ${JSON.stringify(line.slice(0, 80))}`);
      const key = name.toLowerCase();
      if (seen.has(key)) throw malformed(text, `field ${name} appears twice`);
      seen.add(key);
      fields[name] = valueAfter(line, colon);
    }
  }
  if (name === undefined) throw malformed(text, "it holds no field");
  return fields;
}

/** None where it is broken: it is as if it were not there. */
export function readableStanza(text: string): Stanza[] {
  try {
    return [parseStanza(text)];
  } catch {
    return [];
  }
}

/**
 * Every paragraph of a file, in order; the bytes are UTF-8.
 *
 * @throws {Fault} `digest/malformed-stanza` naming the first broken one
 */
export function parseStanzas(bytes: Uint8Array | string): Stanza[] {
  const text =
    typeof bytes === "string" ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  return text
    .split(/\n(?:[ \t\r]*\n)+/)
    .filter((paragraph) => /^[^#\s]/m.test(paragraph))
    .map(parseStanza);
}

/** The paragraph as text, ending in one line break. */
export function formatStanza(stanza: Stanza): string {
  return Object.entries(stanza)
    .map(([name, value]) => `${name}:${value === "" || value.startsWith("\n") ? "" : " "}${value}\n`)
    .join("");
}

/** A list of them, with an empty line between two. */
export function formatStanzas(stanzas: readonly Stanza[]): string {
  return stanzas.map(formatStanza).join("\n");
}

/** The field whatever the case of its name; names are case-insensitive in deb822. */
export function fieldOf(stanza: Stanza, name: string): string | undefined {
  const exact = stanza[name];
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  for (const key of Object.keys(stanza)) {
    if (key.toLowerCase() === lower) return stanza[key];
  }
  return undefined;
}

const blank = /^[ \t\r]*$/;
// Printable ASCII without the colon; an integer would not keep its place in a JavaScript object.
const fieldName = /^(?!\d+$)[!-,.-9;-~][!-9;-~]*$/;

function valueAfter(line: string, colon: number): string {
  const value = line.slice(colon + 1).replace(/\r$/, "");
  if (value.startsWith(" ") && value.length > 1) return value.slice(1);
  return value.trimStart();
}

function malformed(text: string, why: string): Fault {
  const start = text.trimStart().slice(0, 60).split("\n")[0] ?? "";
  return new Fault("digest/malformed-stanza", `malformed stanza ${JSON.stringify(start)}: ${why}`);
}

/** The lines of a field that is a list, without the blanks around them and without empty ones; none where it is not there. */
export function linesOf(stanza: Stanza, name: string): string[] {
  return linesIn(fieldOf(stanza, name));
}

/** The same of the field's text. */
export function linesIn(value = ""): string[] {
  return value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
