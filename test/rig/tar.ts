// Reads a tar as a list of what it holds, to compare trees made by different programs.
// Knows ustar, GNU and pax headers; shares no code with what it checks, and trusts its input.

import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

export interface TarMember {
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo";
  /** The low twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly size: number;
  /** Of a symbolic link as written; of a hard link a path as the keys have them. */
  readonly target?: string;
  readonly device?: string;
  readonly sha256?: string;
  /** Names to values in hexadecimal. */
  readonly xattrs: Readonly<Record<string, string>>;
}

export interface TarContent {
  /** Without `./` in front and slash at the end; the root is "". */
  readonly members: ReadonlyMap<string, TarMember>;
  /** A regular file's bytes, hard links followed. */
  read(path: string): Buffer;
}

const types: Readonly<Record<string, TarMember["type"]>> = {
  "0": "file",
  "\0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

/** @throws {Error} on a header that is none, and on a path that appears twice */
export function readTar(file: string): TarContent {
  const members = new Map<string, TarMember>();
  const places = new Map<string, { offset: number; size: number }>();
  const fd = openSync(file, "r");
  try {
    let pax = new Map<string, Buffer>();
    for (let offset = 0; ; ) {
      const header = readAt(fd, offset, 512);
      if (header.length < 512 || header.every((byte) => byte === 0)) break;
      offset += 512;
      const kind = String.fromCharCode(header[156] ?? 0);
      const size = numberOf(pax.get("size"), header.subarray(124, 136));
      const next = offset + Math.ceil(size / 512) * 512;
      if (kind === "x" || kind === "g") {
        pax = paxRecords(readAt(fd, offset, size));
      } else if (kind === "L" || kind === "K") {
        pax.set(kind === "L" ? "path" : "linkpath", readAt(fd, offset, size - 1));
      } else {
        const type = types[kind];
        if (type === undefined)
          throw new Error(`${file}: a member of type ${JSON.stringify(kind)} at ${offset - 512}`);
        const path = plain(pax.get("path")?.toString() ?? ustarPath(header));
        if (members.has(path)) throw new Error(`${file}: ${path} appears twice`);
        members.set(path, {
          ...member(header, type, pax, size),
          ...(type === "file" && { sha256: digest(fd, offset, size) }),
        });
        places.set(path, { offset, size });
        pax = new Map();
      }
      offset = next;
    }
  } finally {
    closeSync(fd);
  }
  const content: TarContent = {
    members,
    read(path) {
      const found = members.get(path);
      if (found?.type === "hardlink") return content.read(found.target ?? "");
      const place = places.get(path);
      if (found?.type !== "file" || place === undefined) throw new Error(`${file} holds no file ${path}`);
      const again = openSync(file, "r");
      try {
        return readAt(again, place.offset, place.size);
      } finally {
        closeSync(again);
      }
    },
  };
  return content;
}

function member(
  header: Buffer,
  type: TarMember["type"],
  pax: ReadonlyMap<string, Buffer>,
  size: number,
): TarMember {
  const target = pax.get("linkpath")?.toString() ?? text(header.subarray(157, 257));
  const xattrs = [...pax].flatMap(([key, value]) =>
    key.startsWith("SCHILY.xattr.") ? [[key.slice(13), value.toString("hex")]] : [],
  );
  return {
    type,
    mode: octal(header.subarray(100, 108)) & 0o7777,
    uid: numberOf(pax.get("uid"), header.subarray(108, 116)),
    gid: numberOf(pax.get("gid"), header.subarray(116, 124)),
    time: numberOf(pax.get("mtime"), header.subarray(136, 148)),
    size: type === "file" ? size : 0,
    ...(type === "symlink" && { target }),
    ...(type === "hardlink" && { target: plain(target) }),
    ...((type === "character" || type === "block") && {
      device: `${octal(header.subarray(329, 337))}:${octal(header.subarray(337, 345))}`,
    }),
    xattrs: Object.fromEntries(xattrs),
  };
}

function readAt(fd: number, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readSync(fd, bytes, 0, size, offset));
}

function digest(fd: number, offset: number, size: number): string {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(1 << 20);
  for (let done = 0; done < size; ) {
    const count = readSync(fd, piece, 0, Math.min(piece.length, size - done), offset + done);
    if (count === 0) throw new Error("the tar ends inside a file");
    hash.update(piece.subarray(0, count));
    done += count;
  }
  return hash.digest("hex");
}

/** `LENGTH KEY=VALUE\n`, again and again; values may hold any byte. */
function paxRecords(bytes: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.subarray(at, bytes.indexOf(" ", at)).toString());
    const record = bytes.subarray(bytes.indexOf(" ", at) + 1, at + length - 1);
    const equals = record.indexOf("=");
    records.set(record.subarray(0, equals).toString(), record.subarray(equals + 1));
    at += length;
  }
  return records;
}

function ustarPath(header: Buffer): string {
  const name = text(header.subarray(0, 100));
  const prefix =
    header.subarray(257, 263).toString("latin1") === "ustar\0" ? text(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function plain(path: string): string {
  return path
    .replace(/^(\.?\/)+/, "")
    .replace(/^\.$/, "")
    .replace(/\/+$/, "");
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? field.length : end).toString();
}

function numberOf(pax: Buffer | undefined, field: Buffer): number {
  return pax === undefined ? octal(field) : Math.floor(Number(pax.toString()));
}

function octal(field: Buffer): number {
  return Number.parseInt(text(field).trim() || "0", 8);
}
