// What is asked of a collection, what it needs, and what came of it.
// Knows words only; does not know how anything is collected.

import type { History } from "./history.ts";
import type { Journals } from "./holds.ts";
import type { Layout } from "./layout.ts";
import type { Generation } from "./profiles.ts";
import type { RecordReader } from "./records.ts";
import type { RootFile } from "./roots.ts";
import type { Counts } from "./usage.ts";

/** What is asked of a collection; everything that no root keeps goes, unless it says otherwise. */
export interface CollectionWish {
  /** Root files, as they were when what keeps them was seen to be gone: they keep nothing and go. */
  readonly dead: readonly Pick<RootFile, "name" | "stamp">[];
  /** Generations that are let go, unless others have their numbers by now. */
  readonly generations: readonly ({ readonly profile: string } & Pick<Generation, "number" | "made">)[];
  /** What was used since stays, rooted or not: seconds since 1970. */
  readonly usedSince?: number;
  /** What no root keeps goes only as far as the store takes more bytes of disk than this: the longest unused first. */
  readonly maxSize?: number;
  /** The same, as bytes to be freed. */
  readonly free?: number;
  /** Only tells. */
  readonly dryRun: boolean;
}

export interface Collection {
  readonly removed: Counts;
  readonly kept: Counts;
  /** What the disk gives back, by its own blocks. */
  readonly bytes: number;
  readonly roots: { readonly kept: number; readonly dropped: readonly string[] };
  /** Bytes by which the store is still above the size that was wished for: what roots, or sessions, keep. */
  readonly above?: number;
}

export interface CollectionParts {
  readonly layout: Layout;
  readonly records: Pick<RecordReader, "result">;
  readonly history: Pick<History, "retain">;
  /** What sessions hold that may run meanwhile; absent where there can be none. */
  readonly journals?: Journals;
  /** A folder on the store's file system that goes with whoever collects. */
  readonly trash: string;
  /** Everything removed so far is removed on disk when this is fulfilled. */
  readonly flush: () => Promise<void> | void;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}
