// What is damaged, put aside: out of sight, for people to look at until the next collection.
// Knows where it goes; does not know how damage is found, nor how anything is built again.

import { mkdirSync, renameSync } from "node:fs";
import type { Layout } from "./layout.ts";
import type { Problem } from "./members.ts";

/** Moves it to `corrupt/`; what somebody else has moved or removed meanwhile is no loss. */
export function setAside(layout: Layout, { kind, place }: Pick<Problem, "kind" | "place">): void {
  mkdirSync(layout.corrupt, { recursive: true, mode: 0o700 });
  try {
    renameSync(
      `${layout.root}/${place}`,
      `${layout.corrupt}/${kind}-${place.slice(place.lastIndexOf("/") + 1)}`,
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder of the same name was put there before: this one is as bad.
    if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}
