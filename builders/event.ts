// Events: everything kit tells while it works, as one typed stream.
// Knows what happened; does not know how it is shown.

import type { Digest } from "../store/model/digest.ts";
import type { FaultRecord } from "../store/model/fault.ts";

export type Event =
  | { readonly type: "plan"; readonly derivations: number; readonly known: number }
  | { readonly type: "start"; readonly id: Digest; readonly label: string; readonly builder: string }
  | {
      readonly type: "progress";
      readonly id: Digest;
      readonly done: number;
      readonly total: number;
      readonly unit: "bytes" | "steps";
    }
  | { readonly type: "waiting"; readonly id: Digest; readonly label: string; readonly reason: string }
  | {
      readonly type: "end";
      readonly id: Digest;
      readonly label: string;
      readonly builder: string;
      readonly how: "built" | "reused" | "brought" | "failed" | "blocked";
      /** Milliseconds. */
      readonly duration: number;
      readonly fault?: FaultRecord;
    }
  /** A manifest of a set that is not planned: `cause` is the file of another one, or the id of what has failed. */
  | {
      readonly type: "unplanned";
      readonly file: string;
      readonly name: string;
      readonly how: "failed" | "blocked";
      readonly cause?: string;
      readonly fault?: FaultRecord;
    }
  /** How long what is planned will still take, where enough of it was ever measured; told again when it changes. */
  | { readonly type: "estimate" /** Milliseconds. */; readonly left: number }
  | { readonly type: "step"; readonly text: string }
  | { readonly type: "warning"; readonly text: string };

export type Emit = (event: Event) => void;
