// What every command is given of the process: streams, clock, host, interruption.

import type { BaseContext } from "clipanion";
import type { Host } from "./settings.ts";

export interface KitContext extends BaseContext {
  readonly host: Host;
  /** The command line's words. */
  readonly argv: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called once at the first interrupt; returns how to stop listening. */
  onInterrupt(action: () => Promise<void>): () => void;
}
