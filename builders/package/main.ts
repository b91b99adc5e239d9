// Which of the packages that one source makes are what its manifest stands for.
// Pure. Knows names; does not know how a package is made.

import type { Made } from "../distro/package.ts";

/** The one that is called as its source is; where there is none, all but those with debug symbols. */
export function mainOf<M extends Pick<Made, "stanza">>(name: string, items: readonly M[]): readonly M[] {
  const named = items.filter(({ stanza }) => stanza["Package"] === name);
  if (named.length > 0) return named;
  return items.filter(({ stanza }) => !/-(?:dbgsym|debuginfo|debugsource)$/.test(stanza["Package"] ?? ""));
}
