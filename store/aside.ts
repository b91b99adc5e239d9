// What is damaged, put aside: out of sight, for people to look at until the next collection.
// Knows where it goes; does not know how damage is found, nor how anything is built again.

import { lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import type { Layout } from "./layout.ts";
import type { Problem } from "./members.ts";

/**
 * Moves it to `corrupt/`, in the place of what was put there before under the same name; what somebody else has moved
 * or removed meanwhile is no loss.
 */
export function setAside(layout: Layout, { kind, place }: Pick<Problem, "kind" | "place">): void {
  const aside = `${layout.corrupt}/${kind}-${namesOf(kind, place).join("-")}`;
  // What was put aside before stays for who looks for it.
  if (lstatSync(`${layout.root}/${place}`, { throwIfNoEntry: false }) === undefined) return;
  mkdirSync(layout.corrupt, { recursive: true, mode: 0o700 });
  rmSync(aside, { recursive: true, force: true });
  try {
    renameSync(`${layout.root}/${place}`, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Numbers of generations are told apart by their profiles; all other names are of one thing alone. */
function namesOf(kind: Problem["kind"], place: string): readonly string[] {
  return place.split("/").slice(kind === "generation" ? 1 : -1);
}
