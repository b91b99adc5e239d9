// kit doctor: what the host lacks, and what mends it.
// Knows how findings are told; does not know how they are found out.

import { Command } from "clipanion";
import { exitStatus } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { PartsCommand } from "./command.ts";
import { examine, type Finding } from "./examination.ts";
import { type DistroMirrors, mirrorsOfShipped } from "./shipped.ts";

export class DoctorCommand extends PartsCommand {
  static override paths = [["doctor"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "what this host lacks for kit, and the command that mends it",
    details: `
      Really enters the namespaces that builds run in, mounts an overlay there, and looks at identities, limits, the
      store's file system and the mirrors of the distributions that ship. \`ok\`: as it should be; \`weak\`: kit works,
      with the limitation that is told; \`lacks\`: kit does not work. Ends with 7 where anything is lacking.
    `,
    examples: [["Is this host ready?", "kit doctor"]],
  });

  override async work(parts: Parts): Promise<number> {
    const findings = await examine(this.host, this.settings, (store) => this.partsAt(store));
    const mirrors = await mirrorsOfShipped(parts);
    this.done();
    if (this.json) this.print(JSON.stringify({ findings, mirrors }));
    else this.print(...findings.flatMap(findingLines), ...mirrors.flatMap(mirrorLines));
    return findings.some(({ state }) => state === "lacks") ? exitStatus.host : exitStatus.done;
  }
}

export function findingLines({ name, state, detail, mend }: Finding): string[] {
  return [`${state.padEnd(5)}  ${name}: ${detail}`, ...(mend === undefined ? [] : [`       mend: ${mend}`])];
}

export function mirrorLines({ distro, repositories }: DistroMirrors): string[] {
  return [
    `mirrors of ${distro}, in order`,
    ...repositories.map(({ name, places }) => `       ${name}: ${places.join(" ")}`),
  ];
}
