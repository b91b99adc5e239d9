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

/** As {@link changeLines} has them; where many were, say, added, they are counted after the others, with the first few. */
export function summaryLines(changes: readonly ToldChange[]): { lines: string[]; isWhole: boolean } {
  const all = changeLines(changes);
  const verbs = Map.groupBy(changes.keys(), (i) => changes[i]?.verb);
  const many = [...verbs].filter(([, members]) => members.length > mostLines);
  const counted = many.map(([verb, members]) => {
    const named = members.slice(0, mostNamed).map((i) => all[i]?.slice(`${verb} `.length));
    return `${verb} ${members.length} packages: ${named.join(", ")} and ${members.length - named.length} more`;
  });
  const others = all.filter((_, i) => !many.some(([verb]) => verb === changes[i]?.verb));
  return { lines: [...others, ...counted], isWhole: many.length === 0 };
}

/** Nobody reads the thousands that a view's first lock adds. */
const mostLines = 40;
const mostNamed = 5;

export function growthText(growth: number): string {
  return `${bytesText(Math.abs(growth))} ${growth > 0 ? "more" : "less"}`;
}

function versionsText({ before, after }: ToldChange): string {
  const [was, is] = [before.join(" and "), after.join(" and ")];
  if (was === is) return `${is}: another file of that version`;
  return [was, is].filter((text) => text !== "").join(" to ");
}
