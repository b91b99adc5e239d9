// Room for what a build made: as many bytes as its file system has.
// Knows sizes as they are read; does not know how many blocks a file takes.

import { statfsSync } from "node:fs";
import { Fault } from "./model/fault.ts";

export interface Room {
  /** @throws {Fault} `build/output-too-large` */
  take(bytes: number, path: string): void;
}

/**
 * What may be taken out of a folder: no more bytes than its file system has in all. A sparse file takes few blocks, and hours
 * to be read (8 TiB at 1 GiB/s: over two): of what a build leaves, nobody said that it is meant.
 */
export function openRoom(folder: string): Room {
  const { blocks, bsize } = statfsSync(folder);
  // A tmpfs without a limit has no blocks.
  const most = blocks === 0 ? Number.POSITIVE_INFINITY : blocks * bsize;
  let taken = 0;
  return {
    take(bytes, path) {
      taken += bytes;
      if (taken <= most) return;
      const amount = (value: number) => `${Math.ceil(value / 2 ** 30)} GiB`;
      throw new Fault(
        "build/output-too-large",
        `with ${path}, of ${amount(bytes)}, what came out is larger than the whole file system that it is kept on, of ${amount(most)}`,
        {
          hint: "a sparse file counts as what it is when it is read: make it as large as it is meant to be used, or have the store where there is room: --store DIR",
        },
      );
    },
  };
}
