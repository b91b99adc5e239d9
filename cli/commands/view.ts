// A view, planned for a command: locked where it has to be, and as its manifests have it.
// Knows that evaluating again gives what planning threw away; does not know how it is shown.

import { type PlannedView, planView } from "../../builders/view/plan.ts";
import { evaluate, type Wish, type World } from "../../evaluator/evaluate.ts";
import { Fault } from "../../store/model/fault.ts";

/** @throws {Fault} `manifest/wrong-kind` where the manifest is no view */
export function viewIn(world: World, wish: Wish): PlannedView {
  const { assembly } = world;
  const root = assembly.manifests.get(assembly.root);
  if (root?.kind.name !== "view")
    throw new Fault(
      "manifest/wrong-kind",
      `a view belongs here, and this is a manifest of kind ${root?.kind.name}`,
      {
        ...(root && { place: root.document.place(["kind"]) }),
      },
    );
  const found: { view?: PlannedView | undefined } = {};
  evaluate(world, wish, (planning) => {
    found.view = planView(planning, assembly.root);
    return [];
  });
  if (found.view === undefined) throw new Error("the view was planned, and a question is open");
  return found.view;
}
