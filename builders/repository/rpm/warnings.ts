// Warnings about single packages: those that are skipped, so that the others can be used.
// Knows how many are told; does not know what is wrong with a package.

import { Fault } from "../../../store/model/fault.ts";
import { quote } from "./field.ts";

export interface Warnings {
  /** What the task gives, or undefined where it says that the package of this name is broken. */
  guard<T>(name: string | undefined, task: () => T): T | undefined;
  tell(warning: string): void;
  /** How many packages were skipped. */
  readonly skipped: number;
  /** The first hundred, and how many more there are. */
  all(): readonly string[];
}

/** @param label the file: it begins each warning */
export function openWarnings(label: string): Warnings {
  const told: string[] = [];
  let untold = 0;
  let skipped = 0;
  const tell = (warning: string) => {
    if (told.length < most) told.push(`${label}: ${warning}`);
    else untold++;
  };
  return {
    guard(name, task) {
      try {
        return task();
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== "digest/broken-package") throw error;
        skipped++;
        tell(`skipped ${name ? quote(name) : "a package without a name"}: ${error.message}`);
        return undefined;
      }
    },
    tell,
    get skipped() {
      return skipped;
    },
    all: () => (untold === 0 ? told : [...told, `${label}: ${untold} more warnings like these`]),
  };
}

const most = 100;
