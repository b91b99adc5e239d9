// Source packages of a distribution: fetched by the lock's digests, unpacked by dpkg-source.
// Pure. Knows where their files are; does not know what is built of them.

import type { Planning } from "../../evaluator/evaluate.ts";
import { sourceFiles } from "../../evaluator/sourcepackage.ts";
import { type Input, placed } from "../../store/model/derivation.ts";
import type { Place } from "../../store/model/fault.ts";
import { archiveFile } from "../distro/package.ts";
import type { DebDistro } from "../distro/schema.ts";
import { sourceOf } from "../distro/source.ts";
import { sourceLists } from "../repository/release.ts";
import { planTools } from "../tools/plan.ts";
import { debUnpackDerivation } from "./recipe.ts";

export interface DscWish {
  readonly distro: DebDistro;
  readonly name: string;
  /** Just this one; else the archive's highest. */
  readonly version: string | undefined;
  /** Where the manifest names it. */
  readonly place: Place;
}

/** Its tree with its patches applied; undefined while a question is open. */
export function planDsc(planning: Planning, { distro, name, version, place }: DscWish): Input | undefined {
  const answer = planning.source({
    source: sourceOf(distro, sourceLists),
    name,
    ...(version !== undefined && { version }),
    places: { "": place },
  });
  const tools = planTools(planning, "dpkg-source", distro.name);
  const launcher = planTools(planning, "launcher", distro.name);
  if (answer === undefined || tools === undefined || launcher === undefined) return undefined;
  const [repository = ""] = answer.from.split(" ");
  const places = { "": place };
  const files = sourceFiles(answer.stanza).map((file) => {
    const fetched = archiveFile(distro, repository, file);
    return { name: file.name, input: { derivation: placed(fetched, places), output: "file" } };
  });
  const unpacked = debUnpackDerivation(name, files, { tools, launcher });
  return { derivation: placed(unpacked, places), output: "source" };
}
