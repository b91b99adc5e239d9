// Rising lists of whole numbers as differences, which are short in text.
// Knows numbers; does not know what they count.

import type { Rising } from "./form.ts";

/** Sorts; what stands twice stays. */
export function toRising(numbers: Iterable<number>): Rising {
  let before = 0;
  return [...numbers]
    .sort((a, b) => a - b)
    .map((number) => {
      const step = number - before;
      before = number;
      return step;
    });
}

export function fromRising(rising: Rising): number[] {
  let sum = 0;
  return rising.map((step) => {
    sum += step;
    return sum;
  });
}

/** Stops where it can: a list is often asked for a small number. */
export function risingHas(rising: Rising, wanted: number): boolean {
  let sum = 0;
  for (const step of rising) {
    sum += step;
    if (sum >= wanted) return sum === wanted;
  }
  return false;
}
