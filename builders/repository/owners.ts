// Owners: who has a file, out of the lists of all files that archives have.
// Knows how both kinds of lists are written; does not know which lists there are, nor who asks.

import type { Digest } from "../../store/model/digest.ts";
import type { Pool } from "../../store/pool.ts";
import { decompressor } from "../archive/decompress.ts";
import type { Compression } from "../archive/stream.ts";
import type { XzOpener } from "../archive/xz.ts";

/** A list of files, in the pool: Debian's Contents, or an rpm repository's filelists.xml. */
export interface FilesList {
  readonly format: FilesFormat;
  readonly list: Digest;
  readonly compression: Compression;
}

type FilesFormat = "contents" | "filelists";

/** A package, and those of its files that were asked for, without a slash before them. */
export interface Owner {
  readonly name: string;
  readonly paths: readonly string[];
}

/** Who has files whose paths end so. @throws {Fault} `digest/bomb`, `digest/bad-stream` */
export async function findOwners(
  { format, list, compression }: FilesList,
  ends: readonly string[],
  pool: Pick<Pool, "pieces">,
  openXz?: XzOpener,
): Promise<readonly Owner[]> {
  const reader = readOwners(format, ends);
  const stream = await decompressor(compression, mostText, reader.push, openXz);
  try {
    for (const piece of pool.pieces(list)) await stream.push(piece);
    await stream.end();
  } finally {
    stream.close();
  }
  return reader.owners();
}

/** Bytes of a list uncompressed. Fedora's has 0.8 GB. */
const mostText = 2 * 2 ** 30;

export interface OwnersReader {
  /** A piece of the list, valid until this returns. */
  push(piece: Uint8Array): void;
  /** To be called once, after the last piece. */
  owners(): readonly Owner[];
}

/**
 * Reads a list as it is unpacked. Its text is searched for the ends, and nothing looked at that has none of them:
 * bookworm's main for amd64, 148 MB, takes 0.9 s with six, its list for `all`, 520 MB, 3.5 s with ten, 0.8 s of it to
 * unpack it.
 */
export function readOwners(format: FilesFormat, ends: readonly string[]): OwnersReader {
  const { boundary, after, ownersAt } = forms[format];
  const wanted = ends.map((end) => Buffer.from(end));
  const found = new Map<string, string[]>();
  let [rest, count] = [Buffer.alloc(0), 0];
  const search = (text: Buffer) => {
    for (const end of wanted)
      for (let at = text.indexOf(end); at >= 0 && count < mostFound; at = text.indexOf(end, at + 1)) {
        if (!after.includes(text[at + end.length] ?? 0)) continue;
        const { names, path } = ownersAt(text, at, at + end.length);
        for (const name of names) found.set(name, [...(found.get(name) ?? []), path]);
        count++;
      }
  };
  return {
    push(piece) {
      const text = Buffer.concat([rest, piece]);
      const cut = text.lastIndexOf(boundary);
      if (cut > 0) search(text.subarray(0, cut));
      rest = text.subarray(text.length - cut > mostRest ? text.length : Math.max(cut, 0));
    },
    owners() {
      search(rest);
      return [...found].map(([name, paths]) => ({ name, paths }));
    },
  };
}

/** Where very many packages have a file of such a name, nobody learns from them what is missing. */
const mostFound = 2000;
/** Bytes; what is longer is no line of Contents, and no package either. */
const mostRest = 64 << 20;

interface Form {
  /** What a record begins with: no end is looked for across it. */
  readonly boundary: string;
  /** What stands behind a path, as bytes. */
  readonly after: Uint8Array;
  ownersAt(
    text: Buffer,
    at: number,
    stop: number,
  ): { readonly names: readonly string[]; readonly path: string };
}

const forms: Readonly<Record<FilesFormat, Form>> = {
  /** `usr/include/zlib.h   libdevel/zlib1g-dev,devel/other`, a line each (Debian wiki, RepositoryFormat, Contents indices). */
  contents: {
    boundary: "\n",
    after: Buffer.from(" \t"),
    ownersAt(text, at, stop) {
      const end = text.indexOf("\n", stop);
      const locations = text.toString("utf8", stop, end < 0 ? text.length : end).trim();
      const path = text.toString("utf8", text.lastIndexOf("\n", at) + 1, stop);
      // A path may hold blanks: then what was found is the beginning of another one.
      const names = /^\S+$/.test(locations) ? locations.split(",").map(lastPart) : [];
      return { names, path };
    },
  },
  /** `<package pkgid="…" name="zlib-devel" arch="…">…<file>/usr/include/zlib.h</file>`, as createrepo_c writes it. */
  filelists: {
    boundary: "<package ",
    after: Buffer.from("<"),
    ownersAt(text, at, stop) {
      const head = text.lastIndexOf("<package ", at);
      const tag = text.toString("utf8", Math.max(head, 0), text.indexOf(">", Math.max(head, 0)));
      const [, name] = /\sname="([^"]+)"/.exec(tag) ?? [];
      const path = text.toString("utf8", text.lastIndexOf(">", at) + 1, stop);
      return { names: name === undefined ? [] : [name], path: path.replace(/^\//, "") };
    },
  },
};

function lastPart(location: string): string {
  return location.slice(location.lastIndexOf("/") + 1);
}
