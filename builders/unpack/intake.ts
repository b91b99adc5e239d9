// A .deb on its way into the store: decompressed, hashed and stored as it streams by.
// Knows how archive entries become tree entries; does not know what packages are for.

import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { type Entry, type FileEntry, makeTree, type Tree } from "../../store/model/tree.ts";
import type { BlobWriter, Pool } from "../../store/pool.ts";
import { readDeb } from "../archive/deb.ts";
import type { TarEntry } from "../archive/tarentry.ts";
import type { TarSink } from "../archive/untar.ts";
import type { XzOpener } from "../archive/xz.ts";

export interface UnpackedDeb {
  readonly control: Tree;
  readonly data: Tree;
  /** The data member's paths in its own order, as dpkg writes them to `info/NAME.list`. */
  readonly list: Digest;
}

/**
 * @throws {Fault} `digest/bad-deb`, `digest/unsafe-path`, `digest/bomb`, `digest/bad-tree`
 */
export async function unpackDeb(deb: Digest, pool: Pool, openXz?: XzOpener): Promise<UnpackedDeb> {
  const control = intake(pool);
  const data = intake(pool);
  try {
    await readDeb(pool.pieces(deb), { control: control.sink, data: data.sink, ...(openXz && { openXz }) });
    control.finish();
    data.finish();
  } catch (error) {
    control.abandon();
    data.abandon();
    throw error;
  }
  const described = [...control.entries].some(({ path, type }) => path === "control" && type === "file");
  if (!described) {
    control.abandon();
    throw new Fault("digest/bad-deb", "the package has no control file", {
      hint: "no tool of Debian makes such a package: build it again with dpkg-deb",
    });
  }
  return {
    control: makeTree(control.entries),
    data: makeTree(data.entries),
    list: pool.put(Buffer.from(data.list())),
  };
}

/**
 * Content up to this size is gathered in memory, always the same, and stored with one write; 4 MiB covers 99.9 % of
 * Debian's files.
 */
const inMemory = 4 << 20;

/** What a tar may hold and a package may not. @throws {Fault} `digest/unsafe-path`, `digest/bad-deb` */
function refuseUnfit({ path, uid, gid }: TarEntry): void {
  if (path.includes("\n"))
    throw new Fault(
      "digest/unsafe-path",
      `the path ${JSON.stringify(path)} holds a line break, which ends a path in dpkg's lists`,
    );
  if (Math.max(uid, gid) > highestId)
    throw new Fault(
      "digest/bad-deb",
      `${path} belongs to ${uid}:${gid}; ids end at ${highestId} in a sandbox`,
    );
}

/** A sandbox has a range of 65,536; Debian gives packages none above (policy 9.2.2). */
const highestId = 65_535;

/** Some more, so that growing files do not each ask for memory. */
const roomFor = (size: number) => Math.min(Math.max(2 * size, 1 << 16), inMemory);

interface Intake {
  readonly sink: TarSink;
  readonly entries: Iterable<Entry>;
  list(): string;
  /** Everything that came is in the pool then. */
  finish(): void;
  abandon(): void;
}

function intake(pool: Pool): Intake {
  const entries = new Map<string, Entry>();
  const order: string[] = [];
  let links = 0;
  let current: (TarEntry & { type: "file" | "directory" | "fifo" }) | undefined;
  let content = Buffer.alloc(0);
  let filled = 0;
  let writer: BlobWriter | undefined;
  const batch = pool.batch();

  const add = (entry: Entry) => {
    // A later entry of the same path replaces the earlier one, as tar and dpkg have it.
    entries.set(entry.path, entry);
    order.push(entry.path === "" ? "/." : `/${entry.path}`);
  };
  const hardlink = (entry: TarEntry & { type: "hardlink" }) => {
    const target = entries.get(entry.target);
    if (target?.type !== "file")
      throw new Fault(
        "digest/bad-deb",
        `${entry.path} is a hard link to ${entry.target}, which is no file before it`,
      );
    const first: FileEntry = { ...target, link: target.link ?? ++links };
    entries.set(entry.target, first);
    add({ ...first, path: entry.path });
  };
  const sink: TarSink = {
    entry(entry) {
      const { path, mode, uid, gid } = entry;
      refuseUnfit(entry);
      const owned = { path, mode, uid, gid, ...(entry.xattrs && { xattrs: entry.xattrs }) };
      switch (entry.type) {
        case "file":
          current = entry as typeof current;
          filled = 0;
          if (entry.size > inMemory) writer = pool.writer(owned);
          else if (entry.size > content.length) content = Buffer.allocUnsafeSlow(roomFor(entry.size));
          return;
        case "directory":
        case "fifo":
          return add({ type: entry.type, ...owned });
        case "symlink":
          return add({ type: "symlink", ...owned, mode: 0o777, target: entry.target });
        case "character":
        case "block":
          return add({ type: entry.type, ...owned, major: entry.major, minor: entry.minor });
        case "hardlink":
          return hardlink(entry);
      }
    },
    data(chunk) {
      if (writer) return writer.write(chunk);
      content.set(chunk, filled);
      filled += chunk.length;
    },
    end() {
      if (!current) return;
      const { path, mode, uid, gid, size, xattrs } = current;
      const owned = { path, mode, uid, gid, ...(xattrs && { xattrs }) };
      const blob = writer ? writer.finish().blob : batch.put(content.subarray(0, filled), owned);
      add({ type: "file", ...owned, size, blob });
      current = undefined;
      writer = undefined;
    },
  };
  return {
    sink,
    get entries() {
      return entries.values();
    },
    list: () => `${order.join("\n")}\n`,
    finish: batch.finish,
    abandon: () => writer?.abandon(),
  };
}
