// Which roots can be made here: what is in them has to run.
// Pure. Knows whose programs a host runs, itself or emulated; does not know how a root is made.

import type { Derivation } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { type Binfmt, emulatorOf, handlerOf, runsItself } from "../sandbox/emulation.ts";

/**
 * `host` is the architecture builds run on, as Debian calls it; what it emulates is asked for where it has to.
 *
 * @throws {Fault} `host/foreign-architecture`
 */
export function refuseForeign(plan: readonly Derivation[], host: string, binfmt: () => Binfmt): void {
  const roots = plan.filter(({ builder }) => builder === "rootfs" || builder === "rpmroot");
  const systems = new Set(roots.flatMap(({ system }) => system ?? []));
  for (const system of systems) {
    if (runsItself(host, system)) continue;
    const emulator = emulatorOf(system);
    if (emulator !== undefined && handlerOf(binfmt(), emulator) !== undefined) continue;
    throw new Fault("host/foreign-architecture", `a root for ${system} cannot be configured on ${host}`, {
      hint: `${emulator === undefined ? "no emulator runs its programs" : whatWouldHelp}; or run kit on a machine of ${system}, or ask for another one: --arch ${host}`,
    });
  }
}

/** Where there is an emulator and nothing that starts it. */
export const whatWouldHelp =
  "kit emulates it on a kernel from 6.7 on; on an older one where the host does, as root: apt-get install qemu-user-static binfmt-support";
