// What is remembered of a `kit realize` that went well, and where.
// Knows which command lines qualify; does not know how a memo is kept.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { cacheFolder } from "./entry.ts";
import { secretPrefix } from "./secrets.ts";

/** What a realize printed, and what has to be there for it to be true still. */
export interface RealizeMemo {
  readonly lines: readonly string[];
  readonly paths: readonly string[];
  /** Links made with -o, by where they lead. */
  readonly links: Readonly<Record<string, string>>;
}

/** Where the memo of a command line is; absent where it must not be answered from one. */
export function memoPlace(
  argv: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const plain =
    argv[0] === "realize" &&
    !argv.some((word) =>
      /^(--rebuild|--check|--profile(=.*)?|--states(=.*)?|--json|--help|-h|--keep-failed)$/.test(word),
    );
  if (!plain) return undefined;
  const settings = Object.entries(environment).filter(
    // Of secrets nothing is kept, not even a digest.
    ([name]) =>
      (name.startsWith("KIT_") && !name.startsWith(secretPrefix)) ||
      name === "XDG_DATA_HOME" ||
      name === "HOME",
  );
  const key = createHash("sha256")
    .update(JSON.stringify([import.meta.url, argv, directory, settings.sort()]))
    .digest("hex");
  return join(cacheFolder(environment), "memo", key);
}
