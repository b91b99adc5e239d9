// Planning a root of rpm packages in layers: a base, and what lies over it.
// Pure. Knows closures; does not know what the root is for.

import type { Closure } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import type { Derivation, Input } from "../../store/model/derivation.ts";
import type { Made } from "../distro/package.ts";
import { rpmInput } from "../distro/rpm.ts";
import type { RpmDistro } from "../distro/schema.ts";
import { before, beyond, isReplacedIn } from "../rootfs/layers.ts";
import { rpmrootDerivation } from "./recipe.ts";

export interface RpmRootWish {
  readonly distro: RpmDistro;
  readonly architecture: string;
  readonly epoch: number;
  readonly tools: Input;
  readonly launcher: Input;
  /** Packages that the distribution has of another one: the base was chosen among these, beside repositories. */
  readonly repackaged: readonly Made[];
  /** Those of manifests, among which the whole was chosen too. */
  readonly locals: readonly Made[];
  readonly joint: Closure;
  readonly base: Closure;
  readonly labels: { readonly joint: string; readonly base: string };
  /** A package of the closure that stands for what somebody needs, and is none. */
  readonly needs?: string;
}

/** The base alone where the closure contains it whole, then the rest in one transaction; else all in one. */
export function planRpmRoot(wish: RpmRootWish): Derivation {
  const { distro, repackaged, locals, joint, base, labels, needs, ...common } = wish;
  const made = before(locals, repackaged);
  const layer = (label: string, items: readonly ChosenPackage[], below?: Derivation) =>
    rpmrootDerivation({
      ...common,
      label,
      packages: items.filter(({ name }) => name !== needs).map((item) => rpmInput(item, distro, made)),
      base: below,
    });
  const rest = isReplacedIn(base, locals)
    ? undefined
    : beyond(joint, base)?.filter(({ name }) => name !== needs);
  if (rest === undefined) return layer(labels.joint, joint.packages);
  const bottom = layer(labels.base, base.packages);
  return rest.length === 0 ? bottom : layer(labels.joint, rest, bottom);
}
