// Planning a package of files as they are.
// Pure. Knows what its file is made with; does not know where its files come from.

import type { Planning } from "../../evaluator/evaluate.ts";
import { poolTime } from "../../store/layout.ts";
import { placed } from "../../store/model/derivation.ts";
import type { Place } from "../../store/model/fault.ts";
import type { Made } from "../distro/package.ts";
import type { DebFilesManifest } from "../package/deb-files.ts";
import { planTools } from "../tools/plan.ts";
import { controlFields, type DebFilesPlan, debFilesDerivation } from "./recipe.ts";

export interface DebFilesContext
  extends Pick<DebFilesPlan, "architecture" | "buildType" | "locals" | "packages" | "variables"> {
  /** Name of the distribution it is built for. */
  readonly distro: string;
  /** Where the manifest says what is taken of a package, by the file's number. */
  readonly place: (index: number) => Place;
}

/** Undefined while a question is open. */
export function planDebFiles(
  planning: Planning,
  manifest: DebFilesManifest,
  { distro, place, ...made }: DebFilesContext,
): Made | undefined {
  const tools = planTools(planning, "dpkg", distro);
  const launcher = planTools(planning, "launcher", distro);
  if (tools === undefined || launcher === undefined) return undefined;
  const epoch = manifest.sourceDateEpoch ?? poolTime;
  const built = debFilesDerivation({ ...made, manifest, epoch, tools, launcher });
  const places = Object.fromEntries(
    manifest.files.flatMap(({ path, subpath }, index) =>
      subpath === undefined ? [] : [[path, place(index)]],
    ),
  );
  return {
    stanza: controlFields(manifest, made.architecture),
    archive: { derivation: placed(built, places), output: "deb" },
    label: built.label,
  };
}
