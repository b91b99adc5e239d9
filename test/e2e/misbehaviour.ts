// Everything that a cache may do wrong, on each kind of its files.
// Knows manners and names; does not know what a client makes of them.

import type { Manner, Spoiler } from "../rig/spoiler.ts";

export interface Misbehaviour {
  readonly title: string;
  readonly spoil: Spoiler["spoil"];
  /** Whether the client gets what it wants all the same. */
  readonly isHarmless: boolean;
  /** How many requests one question may cost: redirects are followed. */
  readonly hops: number;
}

/** Seconds that the client's configuration gives a cache. */
export const deadline = 2;

const manners: readonly (readonly [title: string, manner: Manner, more?: Partial<Misbehaviour>])[] = [
  ["delays a little", { kind: "delay", milliseconds: 100 }, { isHarmless: true }],
  ["delays beyond the deadline", { kind: "delay", milliseconds: 60_000 }],
  ["breaks off", { kind: "truncate", part: 0.6 }],
  ["sends less, and says so", { kind: "shorten", part: 0.7 }],
  ["flips a bit at the beginning", { kind: "flip", at: 0.02 }],
  ["flips a bit in the middle", { kind: "flip", at: 0.5 }],
  ["flips a bit near the end", { kind: "flip", at: 0.97 }],
  ["answers 500", { kind: "status", status: 500 }],
  ["answers 404", { kind: "status", status: 404 }],
  ["answers 403", { kind: "status", status: 403 }],
  ["answers with a page of its own", { kind: "wrong", body: Buffer.from("<html>please log in</html>\n") }],
  ["redirects in circles", { kind: "circle" }, { hops: 9 }],
  ["drips", { kind: "drip", milliseconds: 500 }],
  ["never answers", { kind: "silence" }],
  ["closes at once", { kind: "close" }],
  ["sends the whole file for a part", { kind: "whole" }, { isHarmless: true }],
];

const folders = ["kit-cache-info", "results/", "trees/", "packs/"] as const;

/** All of them, in order. */
export const misbehaviours: readonly Misbehaviour[] = folders.flatMap((folder) =>
  manners.map(([title, manner, more = {}]) => ({
    title: `${folder} ${title}`,
    spoil: ({ name }) => (name.startsWith(folder) ? manner : undefined),
    isHarmless: false,
    hops: 1,
    ...more,
  })),
);
