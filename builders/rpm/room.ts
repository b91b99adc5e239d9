// What specs are built in: a root of the distribution's own rpms, or one of debs, in which every requirement has to be
// mapped.
// Pure. Knows both kinds of roots; does not know what is built there.

import type { Planning } from "../../evaluator/evaluate.ts";
import { type Building, closureQuestion } from "../../evaluator/question.ts";
import type { Derivation, Input } from "../../store/model/derivation.ts";
import { Fault, type Place, shortList } from "../../store/model/fault.ts";
import { planBuildRoot } from "../buildroot/root.ts";
import type { Made, MadeSet } from "../distro/package.ts";
import type { DebDistro, RpmDistro } from "../distro/schema.ts";
import { sourceOf } from "../distro/source.ts";
import { planRepackaged } from "../repackage/plan.ts";
import { before } from "../rootfs/layers.ts";
import { planTools } from "../tools/plan.ts";
import { planRpmBuildRoot } from "./root.ts";

export interface Room {
  /** Undefined while a question is open. @param conflicts what is not to be in it */
  readonly rootFor: (
    requires: readonly string[],
    locals: readonly Made[],
    conflicts?: readonly string[],
  ) => Derivation | undefined;
  /** Which of these the distribution meets by itself; undefined while that is open. */
  readonly metOf: (requires: readonly string[]) => ReadonlySet<string> | undefined;
  /** Whether rpm's own database knows what is there. */
  readonly isKnownToRpm: boolean;
}

interface RoomWish {
  readonly name: string;
  readonly architecture: string;
  readonly launcher: Input;
  /** Packages that take the place of the distribution's own. */
  readonly toolchain: MadeSet;
  /** Where the manifest names the spec, and where what it needs is written. */
  readonly asked: Pick<Building, "place" | "written">;
}

/** Undefined while what all of its roots take is open. */
export function roomOfRpms(
  planning: Planning,
  distro: RpmDistro,
  { name, architecture, launcher, toolchain, asked }: RoomWish,
): Room | undefined {
  const repackaged = planRepackaged(planning, distro, architecture);
  const tools = planTools(planning, "rpm", distro.name);
  if (repackaged === undefined || tools === undefined) return undefined;
  const common = { distro, architecture, name, repackaged, toolchain, tools, launcher, asked };
  return {
    isKnownToRpm: true,
    rootFor: (requires, locals, conflicts = []) =>
      planRpmBuildRoot(planning, { ...common, locals, requires, conflicts }),
    metOf(requires) {
      const closure = planning.closure(
        closureQuestion({
          ...{ source: sourceOf(distro, architecture), base: [], exclude: [], requests: [], build: true },
          ...{
            optional: requires,
            locals: before(toolchain.packages, repackaged).map(({ stanza }) => stanza),
          },
        }),
      );
      const reasons = closure?.packages.flatMap((item) => item.reasons);
      return reasons && new Set(reasons.flatMap(({ by, relation }) => (by === "request" ? relation : [])));
    },
  };
}

/** Packages of the distribution by what specs ask for; who is asked for by the manifest is called as it calls them. */
interface Mapping {
  readonly table: Readonly<Record<string, string>>;
  readonly named: readonly string[];
  /** Where the manifest has the table. */
  readonly place: Place;
}

/** rpmbuild, and what its macros run to take debug information apart and to strip. */
const rpmbuild = ["rpm", "debugedit", "elfutils", "file"];

export function roomOfDebs(
  planning: Planning,
  distro: DebDistro,
  { architecture, launcher, toolchain, asked }: RoomWish,
  { table, named, place }: Mapping,
): Room {
  const isMapped = (text: string) => named.includes(text) || Object.hasOwn(table, text);
  const mapped = (texts: readonly string[]) =>
    texts.map((text) => (Object.hasOwn(table, text) ? (table[text] ?? text) : text));
  return {
    isKnownToRpm: false,
    rootFor(requires, _, conflicts = []) {
      const unmapped = [...requires, ...conflicts].filter((text) => !isMapped(text));
      if (unmapped.length > 0) {
        throw new Fault(
          "manifest/unmapped-requirement",
          `nobody says which package of ${distro.name} the spec means`,
          {
            place,
            details: shortList(unmapped),
            hint: `write rpm: {debian: {${JSON.stringify(unmapped[0])}: PACKAGE}}, one for each, or build it for a distribution of rpms`,
          },
        );
      }
      return planBuildRoot(planning, {
        ...{ distro, architecture, launcher, name: "spec", profiles: [], locals: [], toolchain, asked },
        source: {
          ...{ Source: "kit", "Rules-Requires-Root": "no" },
          ...(conflicts.length > 0 && { "Build-Conflicts": mapped(conflicts).join(", ") }),
        },
        more: [...rpmbuild, ...mapped(requires)],
      });
    },
    metOf: (requires) => new Set(requires),
  };
}
