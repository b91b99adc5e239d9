// Holds: what a session uses, and a collection beside it must leave alone.
// Knows journals and the gate between the two; does not know what is collected.
//
// A session writes down what it is about to look for before it looks; then it passes the gate, which a collection
// closes for each look at the journals with the deletes that follow. So whatever a session finds after it has taken
// hold of it stays: a collection either read of it in time, or had finished its delete before the session looked.

import { closeSync, constants, openSync, readdirSync, readSync, writeSync } from "node:fs";
import type { Layout } from "./layout.ts";
import type { System } from "./system.ts";

/**
 * What can be held, by 64 hexadecimal digits: a blob in any of its members; a tree with its record and blobs; a
 * request with its statement, outputs and log; a partial download by its SHA-256, or half of its SHA-512; the root of
 * a link by the digest of its path.
 */
export type HeldKind = "blob" | "tree" | "request" | "partial" | "link";

export interface Holds {
  /**
   * Takes hold until the session ends; then, and not before, it can be asked what is there. What is taken again
   * costs nothing. @throws what writing throws: a full disk
   */
  take(kind: HeldKind, hexes: readonly string[]): void;
}

const kinds: readonly HeldKind[] = ["blob", "tree", "request", "partial", "link"];
/**
 * A kind's number, the digest, and room: a write that a full disk cuts off ends with a page, and so with a whole
 * record. Half a one would shift what other threads append behind it.
 */
const recordSize = 64;

/** For one thread of a session, or its process; the session's journal must be there. 5 µs for each new digest. */
export function openHolds(layout: Layout, system: System, session: string): Holds & Disposable {
  const journal = openSync(layout.session(session), constants.O_WRONLY | constants.O_APPEND);
  const gate = openSync(layout.gate, "a", 0o644);
  const taken = new Set<string>();
  return {
    take(kind, hexes) {
      const fresh = hexes.filter((hex) => !taken.has(`${kind}${hex}`));
      if (fresh.length === 0) return;
      const records = recordsOf(kind, fresh);
      // Records of several threads may lie in any order (O_APPEND), so what a full disk left out can be asked for again.
      for (let at = 0; at < records.length; ) at += writeSync(journal, records, at);
      system.lock(gate, "shared");
      system.unlock(gate);
      for (const hex of fresh) taken.add(`${kind}${hex}`);
    },
    [Symbol.dispose]() {
      closeSync(journal);
      closeSync(gate);
    },
  };
}

/** For who has the store alone, and for tests of parts. */
export const noHolds: Holds = { take: () => {} };

function recordsOf(kind: HeldKind, hexes: readonly string[]): Buffer {
  const records = Buffer.alloc(hexes.length * recordSize);
  for (const [index, hex] of hexes.entries()) {
    records[index * recordSize] = kinds.indexOf(kind);
    records.write(hex, index * recordSize + 1, "hex");
  }
  return records;
}

/** When a session began: the boot's id, and milliseconds since 1970. */
export interface Beginning {
  readonly bootId: string;
  readonly now: number;
}

/** A journal's first record: when its session began. */
export function journalHeader({ bootId, now }: Beginning): string {
  return `${`${bootId} ${Math.floor(now)}`.padEnd(recordSize - 1)}\n`;
}

/** What a journal's first record says; none where it is cut off, or of a store of format 1, which told the boot alone. */
export function beginningOf(journal: string): Beginning | undefined {
  const fd = openSync(journal, "r");
  try {
    const header = Buffer.alloc(recordSize);
    const text = header.toString("latin1", 0, readSync(fd, header, 0, recordSize, 0));
    const [, bootId, now] = /^(\S+) (\d+) *\n$/.exec(text) ?? [];
    return bootId === undefined ? undefined : { bootId, now: Number(now) };
  } finally {
    closeSync(fd);
  }
}

/** What sessions hold, read as it grows. */
export interface Journals extends Disposable {
  /** Everything taken since the last call; the first tells all. Journals of sessions that have ended count too. */
  news(tell: (kind: HeldKind, hex: string) => void): void;
  /** Closes the gate, so that no session begins to look for anything, while the task runs. */
  withGateClosed<T>(task: () => T): T;
}

export function openJournals(layout: Layout, system: System): Journals {
  const gate = openSync(layout.gate, "a", 0o644);
  const open = new Map<string, { readonly fd: number; at: number }>();
  const buffer = Buffer.alloc(recordSize * 4096);
  const openNew = () => {
    for (const name of readdirSync(layout.sessions)) {
      if (open.has(name)) continue;
      try {
        open.set(name, { fd: openSync(layout.session(name), "r"), at: recordSize });
      } catch (error) {
        // It has ended, which it does only while nothing is collected, or before the collection began.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  };
  return {
    news(tell) {
      openNew();
      for (const journal of open.values()) {
        for (;;) {
          const count = readSync(journal.fd, buffer, 0, buffer.length, journal.at);
          const whole = count - (count % recordSize);
          for (let at = 0; at < whole; at += recordSize) {
            const kind = kinds[buffer[at] ?? -1];
            if (kind !== undefined) tell(kind, buffer.toString("hex", at + 1, at + 33));
          }
          journal.at += whole;
          if (count < buffer.length) break;
        }
      }
    },
    withGateClosed(task) {
      system.lock(gate, "exclusive");
      try {
        return task();
      } finally {
        system.unlock(gate);
      }
    },
    [Symbol.dispose]() {
      for (const { fd } of open.values()) closeSync(fd);
      closeSync(gate);
    },
  };
}
