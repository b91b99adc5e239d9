// What the line from a manifest to artefacts needs of the world.
// Knows words only.

import type { PlannedOutput, Planning } from "../../evaluator/evaluate.ts";
import type { Kind } from "../../evaluator/kind.ts";
import type { Lock } from "../../evaluator/lock.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { FileServers } from "../fetch/recipe.ts";
import type { Keeper } from "../keeper/client.ts";
import type { AskMeans } from "./asking.ts";
import type { BesideMeans } from "./beside.ts";
import type { Means } from "./means.ts";
import type { MendMeans } from "./mend.ts";

/** The world as the line reaches it. */
export interface LineMeans extends AskMeans {
  readonly kinds: readonly Kind<unknown>[];
  /** Plans a manifest by its kind. @throws {Fault} `usage/not-realizable` */
  readonly plan: (planning: Planning) => readonly PlannedOutput[];
  /** The folder of the manifests that ship. */
  readonly shipped: string;
  /** The architecture builds run on, as Debian calls it. */
  readonly host: string;
  readonly readLock: () => Lock | undefined;
  readonly writeLock: (lock: Lock) => void;
  /** Started when first asked for. */
  readonly keeper: () => Promise<Keeper>;
  readonly known: Means["known"];
  readonly paces: Means["paces"];
  readonly has: Means["has"];
  readonly beside: BesideMeans["beside"];
  /** The text of a file in a tree of the store. @throws {Fault} `store/missing-blob`, `digest/bomb` */
  readonly readText: (tree: Digest, path: string) => string;
  /** Where an archive's files may be found, nearest first. */
  readonly mirrors: FileServers["mirrors"];
  readonly sourceServers: FileServers["sourceServers"];
  /** Makes room on the disk, where there is little and that is wanted, before more is written. */
  readonly makeRoom: () => Promise<void>;
  /** Whether there are caches to ask. */
  readonly caches: boolean;
  readonly absentOutputs: MendMeans["absentOutputs"];
  readonly now: () => number;
}
