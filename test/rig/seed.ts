// Chance that can be repeated: a seed is printed, and KIT_TEST_SEED takes one.
// Knows numbers; does not know what is drawn.

import { createHash } from "node:crypto";

/** The seed of a test, which is told as the one that decides `what`. */
export function tellSeed(what: string): number {
  const seed = Number(process.env["KIT_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${what} with KIT_TEST_SEED=${seed}`);
  return seed;
}

/** Whole numbers from 0 to below the one that is given: the row that belongs to a seed. */
export function randomFrom(seed: number): (below: number) => number {
  let drawn = 0;
  return (below) => {
    const digits = createHash("sha256").update(`${seed} ${drawn++}`).digest("hex");
    return Number.parseInt(digits.slice(0, 12), 16) % below;
  };
}

/** All of them in a long run, else so few, drawn with a seed that is told. */
export function draw<T>(what: string, all: readonly T[], few: number): T[] {
  if (process.env["KIT_TEST_LONG"] !== undefined) return [...all];
  const random = randomFrom(tellSeed(what));
  const left = [...all];
  return Array.from({ length: Math.min(few, all.length) }, () => left.splice(random(left.length), 1)).flat();
}
