// Header blocks of a tar archive, made from an entry's fields: ustar, and pax where ustar cannot say it.
// Knows fields and their limits; does not know trees or order.

import { Fault } from "../../store/model/fault.ts";
import { attributeKeyword, encodePax } from "./pax.ts";
import { blockSize } from "./tarheader.ts";

/** An entry as tar sees it. Directory names end in a slash; a hard link's target is the first member's name. */
export interface Fields {
  readonly name: string;
  readonly flag: "0" | "1" | "2" | "3" | "4" | "5" | "6" | "x";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly target: string;
  readonly major: number;
  readonly minor: number;
  /** Values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

/**
 * The entry's header block, after those of a pax header where one is needed.
 *
 * Names of other than ASCII letters stand in the ustar header as they are: a pax header says UTF-8, and
 * bsdtar 3.6.2 then cannot convert them in the C locale. Where they are too long to stand there, a consumer that
 * is built on libarchive needs a UTF-8 locale.
 */
export function headerBlocks(fields: Fields): Buffer {
  const split = splitName(fields.name);
  const records = paxRecords(fields, split !== undefined);
  const { prefix, name } = split ?? { prefix: "", name: fields.name };
  if (records.size === 0) return encodeHeader(Buffer.alloc(blockSize), fields, prefix, name);

  const pax = encodePax(records);
  const blocks = Buffer.alloc(2 * blockSize + Math.ceil(pax.length / blockSize) * blockSize);
  encodeHeader(blocks, { ...paxFields, mtime: fields.mtime, size: pax.length }, "", paxName);
  pax.copy(blocks, blockSize);
  encodeHeader(blocks.subarray(-blockSize), fields, prefix, name);
  return blocks;
}

/** How long {@link headerBlocks} are. */
export function headerSize(fields: Fields): number {
  const records = paxRecords(fields, splitName(fields.name) !== undefined);
  if (records.size === 0) return blockSize;
  return 2 * blockSize + Math.ceil(encodePax(records).length / blockSize) * blockSize;
}

// The name pax headers carry is read by nobody who knows them; this one is Python's.
const paxName = "././@PaxHeader";
const paxFields: Omit<Fields, "mtime" | "size"> = {
  name: paxName,
  flag: "x",
  mode: 0o644,
  uid: 0,
  gid: 0,
  target: "",
  major: 0,
  minor: 0,
};

const maxId = 0o7777777;
const maxSize = 0o77777777777;

function paxRecords(fields: Fields, nameFits: boolean): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  const say = (keyword: string, value: string | number) => records.set(keyword, Buffer.from(String(value)));
  if (!nameFits) say("path", fields.name);
  if (fields.target.length > 33 && Buffer.byteLength(fields.target) > 100) say("linkpath", fields.target);
  if (fields.size > maxSize) say("size", fields.size);
  if (fields.uid > maxId) say("uid", fields.uid);
  if (fields.gid > maxId) say("gid", fields.gid);
  for (const [name, value] of Object.entries(fields.xattrs ?? {})) {
    records.set(attributeKeyword(name), Buffer.from(value, "base64"));
  }
  return records;
}

// A name of more than 100 bytes may be cut at a slash, with at most 155 bytes before it and at least one after.
// Never just after `./`: sqfstar 4.5.1 refuses a prefix of ".".
function splitName(name: string): { prefix: string; name: string } | undefined {
  if (name.length <= 33 || Buffer.byteLength(name) <= 100) return { prefix: "", name };
  const bytes = Buffer.from(name);
  const slash = bytes.lastIndexOf(47, Math.min(155, bytes.length - 2));
  if (slash < 1 || bytes.length - slash - 1 > 100 || (slash === 1 && name.startsWith("."))) return undefined;
  return { prefix: bytes.toString("utf8", 0, slash), name: bytes.toString("utf8", slash + 1) };
}

function encodeHeader(block: Buffer, fields: Fields, prefix: string, name: string): Buffer {
  block.write(name, 0, 100);
  octal(block, 100, 7, fields.mode);
  octal(block, 108, 7, fields.uid > maxId ? 0 : fields.uid);
  octal(block, 116, 7, fields.gid > maxId ? 0 : fields.gid);
  octal(block, 124, 11, fields.size > maxSize ? 0 : fields.size);
  octal(block, 136, 11, fields.mtime);
  block.write(fields.flag, 156, 1, "latin1");
  block.write(fields.target, 157, 100);
  block.write("ustar\x0000", 257, 8, "latin1");
  if (fields.major > maxId || fields.minor > maxId) throw deviceTooLarge(fields);
  octal(block, 329, 7, fields.major);
  octal(block, 337, 7, fields.minor);
  block.write(prefix, 345, 155);
  let sum = 8 * 32;
  for (let i = 0; i < blockSize; i++) sum += block[i] ?? 0;
  octal(block, 148, 6, sum);
  block[155] = 32;
  return block;
}

// Digits filled up with zeros; the NUL after them is there already.
function octal(block: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    block[i] = 48 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

function deviceTooLarge({ name, major, minor }: Fields): Fault {
  return new Fault(
    "digest/bad-tree",
    `the device ${JSON.stringify(name)} has a number tar cannot hold: ${major}:${minor}`,
  );
}
