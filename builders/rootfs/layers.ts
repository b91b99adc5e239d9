// The layers of a root: what is there before the rest is configured.
// Pure. Knows closures; does not know what the root is for.

import { compareVersions } from "../../evaluator/deb/version.ts";
import type { Closure } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import type { Made } from "../distro/package.ts";

/** What a closure has beyond another; undefined where it does not hold the other whole, or that is empty. */
export function beyond(joint: Closure, base: Closure): readonly ChosenPackage[] | undefined {
  const joined = new Set(joint.packages.map(identity));
  const below = new Set(base.packages.map(identity));
  if (below.size === 0 || !base.packages.every((item) => joined.has(identity(item)))) return undefined;
  return joint.packages.filter((item) => !below.has(identity(item)));
}

/** Packages that kit makes, the first ones in the place of all others of their names. */
export function before(first: readonly Made[], others: readonly Made[]): readonly Made[] {
  const named = new Set(first.map(nameOf));
  return [...first, ...others.filter((item) => !named.has(nameOf(item)))];
}

/** Whether one of these takes the place of a package that is there: of its version, too, it is another file. */
export function isReplacedIn({ packages }: Closure, made: readonly Made[]): boolean {
  const named = new Set(made.map(nameOf));
  return packages.some(({ name }) => named.has(name));
}

function nameOf({ stanza }: Made): string {
  return stanza["Package"] ?? "";
}

function identity({ name, version, architecture, origin }: ChosenPackage): string {
  return `${name} ${version} ${architecture} ${origin === "local"}`;
}

/** base-files brings the links of a merged /usr from version 13 on; before, whoever makes a root does. */
export function needsLinks({ packages }: Closure): boolean {
  const baseFiles = packages.find(({ name }) => name === "base-files");
  return baseFiles !== undefined && compareVersions(baseFiles.version, "13~") < 0;
}
