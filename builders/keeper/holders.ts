// Packages that the store has, and what they install.
// Knows by which results they are known; does not know what is looked for.

import type { History } from "../../store/history.ts";
import type { Note, Result } from "../../store/model/derivation.ts";
import { splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Tree } from "../../store/model/tree.ts";
import type { Holder } from "./suggestion.ts";

export interface HolderMeans {
  readonly history: Pick<History, "made">;
  readonly find: (request: Digest) => Result | undefined;
  /** @throws where it is not there, or damaged */
  readonly tree: (digest: Digest) => Tree;
  /** What an .rpm installs, absolute. @throws where it is not there, or damaged */
  readonly rpmPaths: (rpm: Digest) => readonly string[];
}

/** What was built into trees and rpms, and what was unpacked of .debs. One whose record is gone is passed over. */
export function* holdersIn({ history, find, tree, rpmPaths }: HolderMeans): Generator<Holder> {
  for (const [builder, output] of [
    ["tree", "files"],
    ["unpack", "data"],
  ] as const)
    for (const { request, note } of history.made(builder)) {
      const content = find(request)?.outputs[output];
      const paths = content === undefined ? undefined : pathsIn(splitContent(content).digest, tree);
      if (paths !== undefined) yield { name: nameOf(builder, note), isLocal: builder === "tree", paths };
    }
  for (const { request } of history.made("rpm")) {
    const content = find(request)?.outputs["rpms"];
    if (content !== undefined) yield* rpmsIn(splitContent(content).digest, { tree, rpmPaths });
  }
}

function* rpmsIn(
  digest: Digest,
  { tree, rpmPaths }: Pick<HolderMeans, "tree" | "rpmPaths">,
): Generator<Holder> {
  const files = whole(() => tree(digest).entries.filter((entry) => entry.type === "file")) ?? [];
  for (const { path, blob } of files) {
    const paths = whole(() => rpmPaths(blob).map((one) => one.slice(1)));
    // Called NAME.ARCHITECTURE.rpm by the build.
    if (paths !== undefined) yield { name: path.replace(/\.[^.]+\.rpm$/, ""), isLocal: true, paths };
  }
}

function pathsIn(digest: Digest, tree: HolderMeans["tree"]): string[] | undefined {
  return whole(() => tree(digest).entries.flatMap(({ type, path }) => (type === "directory" ? [] : [path])));
}

function whole<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** `libyaml-dev_0.2.5-1_amd64.deb`, or `units_1.2.0`. */
function nameOf(builder: "tree" | "unpack", { label }: Note): string {
  return builder === "tree" ? label.replace(/_[^_]*$/, "") : (label.split("_")[0] ?? label);
}
