// Where a plan's package files came from, in a line for people.
// Pure. Knows outcomes; does not know how a file is fetched.

import { archiveIn } from "../../builders/fetch/recipe.ts";
import type { Realized } from "../../builders/realizer/means.ts";
import type { Derivation } from "../../store/model/derivation.ts";

/** How many package files came from where: `3 from the store, 5 from repositories`; those that were not needed left out. */
export function fileText(all: readonly Derivation[], { outcomes }: Realized): string {
  const files = all.filter(({ builder, hints }) => builder === "fetch" && archiveIn(hints) !== undefined);
  const names = { reused: "from the store", brought: "from caches", built: "from repositories" } as const;
  return (["reused", "brought", "built"] as const)
    .map((how) => ({ how, count: files.filter(({ digest }) => outcomes.get(digest) === how).length }))
    .flatMap(({ how, count }) => (count === 0 ? [] : [`${count} ${names[how]}`]))
    .join(", ");
}
