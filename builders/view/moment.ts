// What a view came to at an earlier moment, as its lock of then has it.
// Pure. Knows locks; does not know how an earlier one is got at.

import { fieldOf } from "../../evaluator/deb/stanza.ts";
import type { Lock } from "../../evaluator/lock.ts";
import { viewPlace } from "../../evaluator/view/question.ts";
import type { ViewMoment } from "../../evaluator/view/result.ts";

/** By architecture; empty where the lock has no view of this name. Placeholders count as packages without a size. */
export function momentIn(lock: Lock, view: string): ViewMoment["on"] {
  const found = Object.values(lock.views ?? {}).flatMap(({ question, distro, workloads }) => {
    const place = viewPlace(question);
    if (place?.view !== view) return [];
    const keys = new Set(
      Object.values(workloads).flatMap(({ required, others }) => [...required, ...others]),
    );
    const known = lock.distros[distro]?.packages ?? {};
    const sizes = [...keys].map(
      (key) => Number(fieldOf(known[key]?.stanza ?? {}, "Installed-Size") ?? 0) * 1024,
    );
    const size = sizes.reduce((sum, each) => sum + (Number.isSafeInteger(each) ? each : 0), 0);
    return [[place.architecture, { packages: keys.size, size }] as const];
  });
  return Object.fromEntries(found);
}
