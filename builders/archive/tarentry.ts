// One entry of a tar archive, made of its header and the extended headers before it.
// Knows types, names and numbers; does not know the rest of the archive.

import { Fault } from "../../store/model/fault.ts";
import { parseTreePath, type TreePath } from "../../store/model/path.ts";
import { type PaxRecords, paxAttributes } from "./pax.ts";
import { badTar, type TarHeader } from "./tarheader.ts";

interface Common {
  readonly path: TreePath;
  /** The low twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** "" where the archive has no names. */
  readonly userName: string;
  readonly groupName: string;
  /** Bytes of content; 0 but for files. */
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Extended attributes, values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

export type TarEntry = Common &
  (
    | { readonly type: "file" | "directory" | "fifo" }
    | { readonly type: "symlink"; readonly target: string }
    /** A further name of an entry before it; carries that entry's owner and mode, or not. */
    | { readonly type: "hardlink"; readonly target: TreePath }
    | { readonly type: "character" | "block"; readonly major: number; readonly minor: number }
  );

/** What extended headers said of an entry: pax records, and GNU tar's long name and link target. */
export interface Extensions {
  readonly records: PaxRecords | undefined;
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
}

/**
 * @throws {Fault} `digest/unsafe-path` on a path or hard link target that is absolute, climbs, holds NUL or is
 * no UTF-8, and on a root that is no directory; `digest/bad-tar` on types and numbers no unpacker agrees on
 */
export function tarEntry(header: TarHeader, extensions: Extensions): TarEntry {
  const { records } = extensions;
  const name = textOf(records, "path", extensions.longName) ?? header.name;
  const link = textOf(records, "linkpath", extensions.longLink) ?? header.linkName;
  const type = typeOf(header.flag, name);
  const path = safePath(name, "path");
  if (path === "" && type !== "directory") throw unsafe(name, "path", "the root can only be a directory");
  const xattrs = records && paxAttributes(records);
  const common = {
    path,
    mode: header.mode,
    uid: numberOf(records, "uid", maxId) ?? header.uid,
    gid: numberOf(records, "gid", maxId) ?? header.gid,
    userName: textOf(records, "uname") ?? header.userName,
    groupName: textOf(records, "gname") ?? header.groupName,
    size: type === "file" ? (numberOf(records, "size", Number.MAX_SAFE_INTEGER) ?? header.size) : 0,
    mtime: timeOf(records) ?? header.mtime,
    ...(xattrs && { xattrs }),
  };
  if (common.uid > maxId || common.gid > maxId)
    throw badTar(`${JSON.stringify(name)} has an owner out of range`);
  switch (type) {
    case "symlink":
      return { type, ...common, target: symlinkTarget(link) };
    case "hardlink":
      return { type, ...common, target: hardlinkTarget(link) };
    case "character":
    case "block":
      return { type, ...common, ...deviceOf(header, records) };
    default:
      if (type === "directory" && header.flag === "0" && header.size > 0) {
        throw badTar(`${JSON.stringify(name)} is a file with a directory's name`);
      }
      return { type, ...common };
  }
}

// Linux ids are 32 bits, and the highest means "unchanged" to chown.
const maxId = 0xffff_fffe;

const types: Readonly<Record<string, TarEntry["type"]>> = {
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

// v7 archives have no flag for directories: a trailing slash says it.
function typeOf(flag: string, name: string): TarEntry["type"] {
  if (flag === "0" && name.endsWith("/")) return "directory";
  const type = types[flag];
  if (type === undefined) {
    throw badTar(
      `${JSON.stringify(name.slice(0, 200))} is of type ${JSON.stringify(flag)}, which kit does not unpack`,
    );
  }
  return type;
}

function safePath(text: string, what: string): TreePath {
  if (text === "") throw badTar(`an entry has an empty ${what}`);
  if (text.startsWith("/")) throw unsafe(text, what, "it is absolute");
  // Without the decoration of tar(1), most paths take parseTreePath's short way.
  return parseTreePath(text.slice(text.startsWith("./") ? 2 : 0, text.endsWith("/") ? -1 : undefined));
}

function hardlinkTarget(text: string): TreePath {
  const path = safePath(text, "hard link target");
  if (path === "") throw unsafe(text, "hard link target", "it is the root");
  return path;
}

function symlinkTarget(text: string): string {
  if (text === "") throw badTar("a symlink has an empty target");
  if (text.includes("\0") || text.includes("�")) {
    throw unsafe(text, "symlink target", "it is not UTF-8 or holds a NUL byte");
  }
  if (Buffer.byteLength(text) > 4095) throw unsafe(text, "symlink target", "it is longer than 4,095 bytes");
  return text;
}

function deviceOf(header: TarHeader, records: PaxRecords | undefined): { major: number; minor: number } {
  return {
    major: numberOf(records, "SCHILY.devmajor", maxId) ?? header.major,
    minor: numberOf(records, "SCHILY.devminor", maxId) ?? header.minor,
  };
}

// A text that pax and GNU both give could be read as either: refused.
function textOf(records: PaxRecords | undefined, keyword: string, gnu?: string): string | undefined {
  const value = records?.get(keyword);
  if (value === undefined || value.length === 0) return gnu;
  if (gnu !== undefined) throw badTar(`an entry says its ${keyword} twice`);
  return value.toString();
}

function numberOf(records: PaxRecords | undefined, keyword: string, max: number): number | undefined {
  const value = records?.get(keyword);
  if (value === undefined || value.length === 0) return undefined;
  const text = value.toString("latin1");
  if (!/^\d{1,16}$/.test(text) || Number(text) > max)
    throw badTar(`an extended header's ${keyword} is no number in range`);
  return Number(text);
}

function timeOf(records: PaxRecords | undefined): number | undefined {
  const text = records?.get("mtime")?.toString("latin1");
  if (!text) return undefined;
  if (!/^-?\d{1,15}(\.\d*)?$/.test(text)) throw badTar("an extended header's mtime is no number");
  return Math.floor(Number(text));
}

function unsafe(text: string, what: string, why: string): Fault {
  return new Fault("digest/unsafe-path", `refused ${what} ${JSON.stringify(text.slice(0, 200))}: ${why}`);
}
