// Cycles: manifests that need themselves.
// Knows the graph of references; does not know what they mean.

import { Fault } from "../../store/model/fault.ts";
import type { Assembled, ResolvedReference } from "./assembly.ts";

/**
 * One fault for each way back found by walking references from the root in the order they are written: every cycle is
 * broken by mending those, and none is told twice.
 */
export function cycleFaults(root: string, manifests: ReadonlyMap<string, Assembled>): Fault[] {
  const faults: Fault[] = [];
  const done = new Set<string>();
  const trail: Step[] = [];
  const visit = (file: string): void => {
    const assembled = manifests.get(file);
    if (assembled === undefined || done.has(file)) return;
    for (const reference of assembled.references) {
      const step = { from: assembled, reference };
      const start = trail.findIndex(({ from }) => from.file === reference.file);
      if (start >= 0) faults.push(cycleFault([...trail.slice(start), step]));
      else if (reference.file === file) faults.push(cycleFault([step]));
      else {
        trail.push(step);
        visit(reference.file);
        trail.pop();
      }
    }
    done.add(file);
  };
  visit(root);
  return faults;
}

interface Step {
  readonly from: Assembled;
  readonly reference: ResolvedReference;
}

function cycleFault(steps: readonly Step[]): Fault {
  const [first, ...rest] = steps as [Step, ...Step[]];
  const names = [...steps, first].map((step) => step.from.name);
  const single = rest.length === 0;
  return new Fault(
    "manifest/cycle",
    `circular ${first.from.kind.name.replace(/s$/, "")}s: ${names.join(" → ")}`,
    {
      place: placeOf(first),
      hint: single ? "leave it out: nothing can need itself" : several(first),
      related: rest.map((step, index) => ({
        place: placeOf(step),
        message: `${step.from.name} → ${names[index + 2] ?? first.from.name}`,
      })),
    },
  );
}

function several({ from: { kind } }: Step): string {
  const own = kind.circleHint === undefined ? "" : `, or ${kind.circleHint}`;
  return `leave one of these references out${own}`;
}

function placeOf(step: Step) {
  return step.from.document.place(step.reference.path);
}
