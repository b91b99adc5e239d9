// Inquiries: what a distribution gives for some packages, asked without a manifest that wants them.
// Pure. Knows how they become questions; does not know how those are answered.

import { type ClosureQuestion, closureQuestion } from "../../evaluator/question.ts";
import { Fault } from "../../store/model/fault.ts";
import type { DistroManifest } from "../distro/schema.ts";
import { architecturesIn, sourceOf } from "../distro/source.ts";

export interface Inquiry {
  /** As apt's or dnf's command line has them: `name`, `name:arch`, `name=version`; `name (>= 1)` and `@group` too. */
  readonly packages: readonly string[];
  /** The native one first; packages of the others may take part, as after `dpkg --add-architecture`. */
  readonly architectures: readonly [string, ...string[]];
  /** Whether the distribution's base is to be there too. */
  readonly base: boolean;
  readonly recommends: boolean;
}

/** @throws {Fault} `unresolved/malformed-request`, `usage/unknown-architecture` */
export function inquiryQuestion(distro: DistroManifest, inquiry: Inquiry): ClosureQuestion {
  const { architectures, base, recommends } = inquiry;
  const groups = inquiry.packages.flatMap((text) => groupIn(text) ?? []);
  const packages = inquiry.packages.filter((text) => groupIn(text) === undefined);
  const [native, ...foreign] = architectures;
  const further = [...foreign, ...(distro.format === "deb" ? architecturesIn(packages) : [])];
  const known: readonly string[] = distro.architectures;
  if (!known.includes(native))
    throw new Fault("usage/unknown-architecture", `${distro.name} is not there for ${native}`, {
      hint: `its manifest says: architectures: [${known.join(", ")}]`,
    });
  return closureQuestion({
    source: sourceOf(distro, native, further),
    requests: packages,
    base: base ? distro.base : [],
    exclude: [],
    locals: [],
    groups,
    ...(recommends && { recommends: true }),
  });
}

function groupIn(text: string): string | undefined {
  return /^@\s*(\S.*)$/.exec(text.trim())?.[1];
}
