// What running sessions hold while something is collected.
// Knows journals, and that what they tell is alive; does not know what is removed.

import type { HeldKind, Journals } from "./holds.ts";
import type { Live } from "./mark.ts";

/** What sessions hold, by digits; what is alive through them is in `live` as well. Grows only. */
export interface Held {
  readonly requests: ReadonlySet<string>;
  readonly trees: ReadonlySet<string>;
  readonly partials: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
  /** Reads what was taken since the last time. */
  refresh(): void;
}

/** Without journals there are no sessions. @throws {Fault} `store/corrupt` */
export function openHeld(live: Live, journals: Journals | undefined): Held {
  const sets = {
    requests: new Set<string>(),
    trees: new Set<string>(),
    partials: new Set<string>(),
    links: new Set<string>(),
  };
  const kept: Record<HeldKind, (hex: string) => void> = {
    blob: (hex) => live.blobs.add(hex),
    tree(hex) {
      sets.trees.add(hex);
      live.keepTree(hex);
    },
    request(hex) {
      sets.requests.add(hex);
      live.keepRequest(hex);
    },
    partial: (hex) => sets.partials.add(hex),
    link: (hex) => sets.links.add(hex),
  };
  const refresh = () => journals?.news((kind, hex) => kept[kind](hex));
  refresh();
  return { ...sets, refresh };
}
