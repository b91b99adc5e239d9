// Packages that the store has, and what they install.
// Knows by which results they are known; does not know what is looked for.

import type { History } from "../../store/history.ts";
import type { Note, Result } from "../../store/model/derivation.ts";
import { splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Tree } from "../../store/model/tree.ts";
import type { Holder } from "./missing.ts";

export interface HolderMeans {
  readonly history: Pick<History, "made">;
  readonly find: (request: Digest) => Result | undefined;
  /** @throws where it is not there, or damaged */
  readonly tree: (digest: Digest) => Tree;
}

/** What was built into trees, and what was unpacked of .debs. One whose record is gone is passed over. */
export function* holdersIn({ history, find, tree }: HolderMeans): Generator<Holder> {
  for (const [builder, output] of [
    ["tree", "files"],
    ["unpack", "data"],
  ] as const)
    for (const { request, note } of history.made(builder)) {
      const content = find(request)?.outputs[output];
      const paths = content === undefined ? undefined : pathsIn(splitContent(content).digest, tree);
      if (paths !== undefined) yield { name: nameOf(builder, note), isLocal: builder === "tree", paths };
    }
}

function pathsIn(digest: Digest, tree: HolderMeans["tree"]): string[] | undefined {
  try {
    return tree(digest).entries.flatMap(({ type, path }) => (type === "directory" ? [] : [path]));
  } catch {
    return undefined;
  }
}

/** `libyaml-dev_0.2.5-1_amd64.deb`, or `units_1.2.0`. */
function nameOf(builder: "tree" | "unpack", { label }: Note): string {
  return builder === "tree" ? label.replace(/_[^_]*$/, "") : (label.split("_")[0] ?? label);
}
