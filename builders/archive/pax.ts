// pax extended headers: the records that say what a ustar header cannot.
// Knows records and how attributes are named in them; does not know headers or archives.

import { badTar } from "./tarheader.ts";

/** Records by keyword, values as bytes; an empty value takes the record of a global header back. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

const attribute = "SCHILY.xattr.";

/**
 * Reads `LENGTH KEYWORD=VALUE\n` records; a value may hold any byte.
 *
 * Source: POSIX.1-2024 pax, "pax Extended Header".
 *
 * @throws {Fault} `digest/bad-tar`
 */
export function parsePax(bytes: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const digits = space < 0 || space - at > 10 ? "" : bytes.toString("latin1", at, space);
    const end = at + Number(digits);
    const equals = bytes.indexOf(61, space);
    if (
      !/^[1-9]\d*$/.test(digits) ||
      end > bytes.length ||
      bytes[end - 1] !== 10 ||
      equals <= space + 1 ||
      equals >= end
    ) {
      throw badTar("a pax extended header holds a malformed record");
    }
    records.set(bytes.toString("utf8", space + 1, equals), Buffer.from(bytes.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}

/** The records in the order given. The length of a record counts its own digits. */
export function encodePax(records: PaxRecords): Buffer {
  const parts: Buffer[] = [];
  for (const [keyword, value] of records) {
    const size = Buffer.byteLength(keyword) + value.length + 3;
    let length = size + String(size).length;
    if (String(length).length > String(size).length) length = size + String(length).length;
    parts.push(Buffer.from(`${length} ${keyword}=`), value, Buffer.from("\n"));
  }
  return Buffer.concat(parts);
}

/** Extended attributes by name, values in base64; undefined where there are none. */
export function paxAttributes(records: PaxRecords): Record<string, string> | undefined {
  const found: [string, string][] = [];
  for (const [keyword, value] of records) {
    if (keyword.startsWith(attribute))
      found.push([decodeName(keyword.slice(attribute.length)), value.toString("base64")]);
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

export function attributeKeyword(name: string): string {
  return attribute + encodeName(name);
}

// As GNU tar escapes attribute names, which a keyword cannot hold as they are.
function encodeName(name: string): string {
  return name.replaceAll("%", "%25").replaceAll("=", "%3D");
}

function decodeName(name: string): string {
  return name.replaceAll("%3D", "=").replaceAll("%25", "%");
}
