// A view, for commands that show one: what planning found, and that it is one.
// Knows when it is looked at; does not know how it is shown.

import { type PlannedView, planView } from "../../builders/view/plan.ts";
import { evaluate, type Planning, type World } from "../../evaluator/evaluate.ts";
import { Fault } from "../../store/model/fault.ts";

/** The view that a world's lock answers; undefined where the manifest is none. */
export function plannedView(world: World): PlannedView | undefined {
  const { assembly } = world;
  if (assembly.manifests.get(assembly.root)?.kind.name !== "view") return undefined;
  let found: PlannedView | undefined;
  evaluate(world, {}, (planning) => {
    found = planView(planning, assembly.root);
    return [];
  });
  return found;
}

export interface ViewWatch {
  /** To be told of each planning. @throws {Fault} `manifest/wrong-kind` where the manifest is no view */
  readonly planned: (planning: Planning) => void;
  /** What the last planning found, which has no open question. */
  view(): PlannedView;
}

export function watchView(): ViewWatch {
  let found: PlannedView | undefined;
  return {
    planned(planning) {
      const { assembly } = planning.world;
      const root = assembly.manifests.get(assembly.root);
      if (root !== undefined && root.kind.name !== "view")
        throw new Fault(
          "manifest/wrong-kind",
          `a view belongs here, and this is a manifest of kind ${root.kind.name}`,
          { place: root.document.place(["kind"]) },
        );
      found = planView(planning, assembly.root);
    },
    view() {
      if (found === undefined) throw new Error("the view was planned, and a question is open");
      return found;
    },
  };
}
