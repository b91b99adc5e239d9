// Which roots can be configured here: maintainer scripts have to run.
// Pure. Knows what processors run beside their own; does not know how a root is made.

import type { Derivation } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";

/** `host` is the architecture builds run on, as Debian calls it. @throws {Fault} `host/foreign-architecture` */
export function refuseForeign(plan: readonly Derivation[], host: string): void {
  const runnable: readonly string[] = [host, ...(alsoRuns[host] ?? [])];
  const foreign = plan.find(
    ({ builder, system }) => builder === "rootfs" && system !== undefined && !runnable.includes(system),
  );
  if (foreign === undefined) return;
  throw new Fault(
    "host/foreign-architecture",
    `a root for ${foreign.system} cannot be configured on ${host}`,
    { hint: `run kit on a machine of ${foreign.system}, or ask for another one: --arch ${host}` },
  );
}

const alsoRuns: Readonly<Record<string, readonly string[]>> = { amd64: ["i386"], arm64: ["armhf"] };
