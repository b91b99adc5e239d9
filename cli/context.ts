// What every command is given of the process: streams, clock, host, interruption.
// Knows what they are; does not know where they come from.

import type { BaseContext } from "clipanion";
import type { Host } from "./settings.ts";

/** What makes two tellings of one fault the same. */
export function toldKey({ code, message }: { readonly code: string; readonly message: string }): string {
  return `${code} ${message}`;
}

export interface KitContext extends BaseContext {
  readonly host: Host;
  /** The command line's words. */
  readonly argv: readonly string[];
  /** Faults that progress has shown already, as {@link toldKey} names them: they are not told twice. */
  readonly told: Set<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called once at the first interrupt; returns how to stop listening. */
  onInterrupt(action: () => Promise<void>): () => void;
}
