// What a worker thread can be asked.
// Knows the messages; does not know threads.

import type { CheckoutMethod } from "../../store/checkout.ts";
import type { Attributes } from "../../store/layout.ts";
import type { PoolReport } from "../../store/members.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { FaultRecord } from "../../store/model/fault.ts";
import type { FileEntry } from "../../store/model/tree.ts";
import type { Adopted } from "../../store/pool.ts";
import type { FoundFile, Walk } from "../../store/scan.ts";
import type { Stretch } from "../archive/tarwriter.ts";
import type { StretchTarget, TarBlob, TarOptions } from "../builder.ts";
import type { FrameBatch } from "../cache/frames.ts";
import type { BlobPart, PackedPart } from "../cache/packing.ts";
import type { ListForm, ListParts } from "../index/recipe.ts";
import type { FilesList, Owner } from "../repository/owners.ts";

export type Task =
  | { readonly task: "unpack"; readonly deb: Digest }
  | { readonly task: "index"; readonly lists: ListParts<Digest>; readonly form: ListForm }
  | { readonly task: "owners"; readonly list: FilesList; readonly ends: readonly string[] }
  | { readonly task: "place"; readonly files: readonly FileEntry[]; readonly folder: string }
  | { readonly task: "verify-fan"; readonly fan: string }
  | { readonly task: "flaw-of-shown"; readonly place: string }
  | { readonly task: "tar"; readonly tree: Digest; readonly options: TarOptions }
  | { readonly task: "tar-stretch"; readonly stretch: Stretch; readonly target: StretchTarget }
  | { readonly task: "adopt"; readonly file: string; readonly attributes?: Attributes }
  | { readonly task: "take-frames"; readonly batch: FrameBatch }
  | { readonly task: "pack-blobs"; readonly parts: readonly BlobPart[] }
  | { readonly task: "walk"; readonly folder: string }
  | { readonly task: "adopt-all"; readonly files: readonly FoundFile[] };

/** What was found below a folder; few files are in the pool at once, more are to be shared out. */
export interface Walked {
  readonly walk: Walk;
  readonly adopted?: readonly Adopted[];
}

export interface TaskResults {
  unpack: { control: Digest; data: Digest; list: Digest };
  index: Digest;
  owners: readonly Owner[];
  place: undefined;
  "verify-fan": PoolReport;
  "flaw-of-shown": string | undefined;
  tar: TarBlob;
  "tar-stretch": undefined;
  adopt: Adopted;
  walk: Walked;
  "adopt-all": readonly Adopted[];
  "take-frames": undefined;
  "pack-blobs": readonly PackedPart[];
}

/** Sent once, when the thread may use the store. */
export interface ThreadSetup {
  readonly root: string;
  /** The session that the thread works for; none where the process has the store for itself. */
  readonly session?: string;
  readonly staging: string;
  readonly method: CheckoutMethod;
}

export type ThreadMessage = { readonly setup: ThreadSetup } | { readonly id: number; readonly work: Task };

export type ThreadReply =
  /** First of all: everything the thread needs of kit's own files is in memory. */
  | { readonly loaded: true }
  | { readonly ready: true }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly fault: FaultRecord }
  | { readonly id: number; readonly defect: string };
