// Result links: where a user wants to find an output.
// Knows when one can be placed, and what tells two apart; does not know what it leads to, nor that it is a root.

import { lstatSync, readlinkSync, statSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import type { PlannedOutput } from "../../evaluator/evaluate.ts";
import { Fault } from "../../store/model/fault.ts";

/** Told before anything is built: of several links all can be placed, or none is. @throws {Fault} `usage/not-a-link` */
export function refuseUnplaceable(link: string): void {
  const present = lstatSync(link, { throwIfNoEntry: false });
  if (present !== undefined && !present.isSymbolicLink()) throw notALink(link, "is there and is no link");
  const folder = dirname(link);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw notALink(link, `cannot be made: there is no folder ${folder}`);
}

function notALink(link: string, why: string, cause?: unknown): Fault {
  return new Fault("usage/not-a-link", `${link} ${why}`, { hint: "name another place with -o", cause });
}

/** Replaces a link of kit's making, and nothing else. @throws {Fault} `usage/not-a-link` */
export function placeLink(link: string, target: string): void {
  refuseUnplaceable(link);
  const present = lstatSync(link, { throwIfNoEntry: false });
  if (present !== undefined && readlinkSync(link) === target) return;
  try {
    if (present !== undefined) unlinkSync(link);
    symlinkSync(target, link);
  } catch (cause) {
    throw notALink(link, `cannot be made: ${(cause as Error).message}`, cause);
  }
}

/** Two architectures of one output take links of different names. */
export function architectureSuffix(output: PlannedOutput, all: readonly PlannedOutput[]): string {
  return all.some((other) => other.name === output.name && other.architecture !== output.architecture)
    ? `-${output.architecture}`
    : "";
}
