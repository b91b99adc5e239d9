// The root that a spec is built in: what every build has, and exactly what this one asks for.
// Pure. Knows rpm's build requirements; does not know what is built there.

import type { Planning } from "../../evaluator/evaluate.ts";
import { type Building, type ClosureQuestion, closureQuestion } from "../../evaluator/question.ts";
import { poolTime } from "../../store/layout.ts";
import type { Derivation, Input } from "../../store/model/derivation.ts";
import type { Made, MadeSet } from "../distro/package.ts";
import type { RpmDistro } from "../distro/schema.ts";
import { sourceOf, withLocalsFirst } from "../distro/source.ts";
import { before } from "../rootfs/layers.ts";
import { planRpmRoot } from "../rpmroot/plan.ts";

export interface RpmBuildRootWish {
  readonly distro: RpmDistro;
  readonly architecture: string;
  /** What it is built for, for people. */
  readonly name: string;
  /** As the source package asks for them, rich ones too. */
  readonly requires: readonly string[];
  /** As it says what is not to be there. */
  readonly conflicts: readonly string[];
  /** Packages that the distribution has of another one. */
  readonly repackaged: readonly Made[];
  /** Those of manifests, which take the place of any that are called as they are. */
  readonly locals: readonly Made[];
  /** Tools that were built for this, which take the place of the distribution's own. */
  readonly toolchain: MadeSet;
  readonly tools: Input;
  readonly launcher: Input;
  /** Where the manifest names the spec, and where what it needs is written. */
  readonly asked: Pick<Building, "place" | "written">;
}

/** Undefined while a question is open. */
export function planRpmBuildRoot(planning: Planning, wish: RpmBuildRootWish): Derivation | undefined {
  const { distro, architecture, name, requires, conflicts, locals, toolchain, tools, launcher } = wish;
  const needs = `${name}-build-requirements`;
  const source = sourceOf(distro, architecture);
  const common: Omit<ClosureQuestion, "source" | "requests" | "locals"> = {
    base: distro.base,
    exclude: [],
    build: true,
  };
  const repackaged = before(toolchain.packages, wish.repackaged);
  const built = [...distro.build, ...toolchain.asked];
  const made = before(locals, repackaged);
  const stanzas = (packages: readonly Made[]) => packages.map(({ stanza }) => stanza);
  // As dnf's builddep has it: a package that needs what the build does, and is never installed.
  const needing = {
    ...{ Package: needs, Version: "1-1", Architecture: "noarch" },
    Requires: `\n ${requires.join("\n ")}`,
    ...(conflicts.length > 0 && { Conflicts: `\n ${conflicts.join("\n ")}` }),
  };
  const base = planning.closure(
    closureQuestion({
      ...{ ...common, source: withLocalsFirst(source, toolchain.packages) },
      ...{ requests: built, locals: stanzas(repackaged) },
    }),
  );
  const joint =
    requires.length + conflicts.length === 0
      ? base
      : planning.closure(
          closureQuestion({
            ...{ ...common, source: withLocalsFirst(source, [...locals, ...toolchain.packages]) },
            requests: [...built, needs],
            locals: [...stanzas(made), needing],
            building: { ...wish.asked, name, needs },
          }),
        );
  if (joint === undefined || base === undefined) return undefined;
  return planRpmRoot({
    ...{ distro, architecture, tools, launcher, repackaged, locals, joint, base, needs },
    epoch: poolTime,
    labels: { joint: `${name} build root`, base: `${distro.name} build base` },
  });
}
