// Where the launcher lies in its tool environment.
// Knows Debian's multi-arch paths; does not start anything.

import type { Tree } from "../../store/model/tree.ts";
import type { Launcher } from "./spec.ts";

const places: Readonly<Record<string, { loader: string; libraries: string }>> = {
  x64: { loader: "usr/lib64/ld-linux-x86-64.so.2", libraries: "usr/lib/x86_64-linux-gnu" },
  arm64: { loader: "usr/lib/ld-linux-aarch64.so.1", libraries: "usr/lib/aarch64-linux-gnu" },
};

/** What runs the programs of a tool environment from outside of it, by what that holds. */
export function loaderOf(tools: Tree, checkout: string): Pick<Launcher, "loader" | "libraries"> {
  const paths = new Set<string>(tools.entries.map(({ path }) => path));
  const place = Object.values(places).find(({ loader }) => paths.has(loader));
  if (place === undefined) throw new Error("the tool environment has no loader that kit knows");
  return { loader: `${checkout}/${place.loader}`, libraries: `${checkout}/${place.libraries}` };
}

/** `machine` as Node calls it. */
export function launcherIn(checkout: string, machine: string): Launcher {
  const place = places[machine];
  if (!place) throw new Error(`kit has no launcher for ${machine}`);
  return {
    loader: `${checkout}/${place.loader}`,
    libraries: `${checkout}/${place.libraries}`,
    program: `${checkout}/usr/bin/bwrap`,
    shell: `${checkout}/usr/bin/dash`,
  };
}
