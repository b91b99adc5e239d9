// What unpacks faster than kit's own code: liblzma, out of the launcher's tool environment.
// Knows where a plan and a package have it; does not know how it is called.
//
// It changes nothing in what comes out, so it is no input: the first packages are unpacked without it, and the rest
// as soon as it is there. That it runs outside a sandbox makes it no more trusted than the launcher, which does too.

import type { Derivation } from "../../store/model/derivation.ts";
import type { FileEntry, Tree } from "../../store/model/tree.ts";
import { unpackedIn } from "../tools/recipe.ts";

/** The derivation that unpacks it, where anything is built in a sandbox. */
export function liblzmaIn(plan: readonly Derivation[]): Derivation | undefined {
  const launcher = plan.flatMap(({ inputs: { launcher } }) =>
    launcher !== undefined && "derivation" in launcher ? [launcher.derivation] : [],
  )[0];
  return launcher && unpackedIn(launcher, "liblzma5");
}

/** The library among the package's files. */
export function libraryIn(data: Tree): FileEntry | undefined {
  return data.entries.find(
    (entry): entry is FileEntry => entry.type === "file" && /\/liblzma\.so\.5[.\d]*$/.test(entry.path),
  );
}
