// Where the launcher lies in its tool environment.
// Knows Debian's multi-arch paths; does not start anything.

import type { Launcher } from "./spec.ts";

const places: Readonly<Record<string, { loader: string; libraries: string }>> = {
  x64: { loader: "usr/lib64/ld-linux-x86-64.so.2", libraries: "usr/lib/x86_64-linux-gnu" },
  arm64: { loader: "usr/lib/ld-linux-aarch64.so.1", libraries: "usr/lib/aarch64-linux-gnu" },
};

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
