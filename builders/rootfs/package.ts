// A package as a root file system needs it: its stanza, files and control files.
// Knows dpkg's names for it; does not know where the trees come from.

import type { Stanza } from "../../evaluator/deb/stanza.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Tree } from "../../store/model/tree.ts";

export interface Package {
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
  /** Parsed from the package's own `control` file, not from an index. */
  readonly stanza: Stanza;
  readonly control: Tree;
  readonly data: Tree;
  /** Paths in the archive's order, each starting with a slash; the root is `/.`. */
  readonly list: readonly string[];
  readonly deb: Digest;
}

/** The name of its files in `/var/lib/dpkg/info`: with the architecture where several can be installed together. */
export function infoName(item: Pick<Package, "name" | "architecture" | "stanza">): string {
  return item.stanza["Multi-Arch"] === "same" ? `${item.name}:${item.architecture}` : item.name;
}

/** The blob of one of its control files. */
export function controlFile(item: Package, name: string): Digest | undefined {
  const entry = item.control.entries.find((entry) => entry.path === name);
  return entry?.type === "file" ? entry.blob : undefined;
}
