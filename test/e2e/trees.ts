// Manifests of packages that are built into trees, as texts; and what was built of them.
// Knows the language; does not know what is tested.

import { built, type Outcome } from "./kit.ts";

/** A package of one script, which installs a header called as it is. */
export const manifest = (name: string, rest: string, builder = "script") =>
  `kind: package\nname: ${name}\nbuilder: ${builder}\ndistro: debian/bookworm\n${rest}\n`;
export const simple = (name: string, rest = "", text = name) =>
  manifest(
    name,
    `sources: [{dir: ./empty}]\nscript: {install: "mkdir -p $OUT$PREFIX/include; echo '${text}' > $OUT$PREFIX/include/${name}.h"}\n${rest}`,
  );

/** Labels of packages that were built, sorted; without what they are built in. */
export const buildsOf = (outcome: Outcome): string[] =>
  built(outcome).filter((label) => !/\.deb$|root$|base$|^tools|^index/.test(label));
