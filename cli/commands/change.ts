// Changes of a lock's packages, as lines.
// Pure. Knows how they are told; does not know why anything changed.

import type { PackageChange } from "../../evaluator/diff/packages.ts";
import { bytesText } from "../render/text.ts";

/** As far as a line tells of it. */
export type ToldChange = Omit<PackageChange, "role" | "growth">;

/** `added NAME VERSION`, `removed NAME VERSION`, `upgraded NAME OLD to NEW`, `downgraded …`; the distro where there are several. */
export function changeLines(changes: readonly ToldChange[]): string[] {
  const several = new Set(changes.map(({ distro }) => distro)).size > 1;
  const architectures = new Set(
    changes.map(({ architecture }) => architecture).filter((name) => name !== "all"),
  );
  return changes.map((change) => {
    const { name, architecture, distro } = change;
    const title = architectures.size > 1 ? `${name}:${architecture}` : name;
    return `${change.verb} ${title} ${versionsText(change)}${several ? ` (${distro})` : ""}`;
  });
}

export function growthText(growth: number): string {
  return `${bytesText(Math.abs(growth))} ${growth > 0 ? "more" : "less"}`;
}

function versionsText({ before, after }: ToldChange): string {
  const [was, is] = [before.join(" and "), after.join(" and ")];
  if (was === is) return `${is}: another file of that version`;
  return [was, is].filter((text) => text !== "").join(" to ");
}
