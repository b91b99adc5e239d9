// Chains of packages that are longer than anybody's, each link of which must cost the same.

import { describe, expect, test } from "vitest";
import { choose } from "../../../evaluator/rpm/choice.ts";
import { needsIn } from "../../../evaluator/rpm/closure.ts";
import { answersTo, parseRequest } from "../../../evaluator/rpm/request.ts";
import { resolve } from "../../../evaluator/rpm/resolve.ts";
import { rpm, type Spec, universeOf } from "./repository.ts";

const length = 20_000;

/** `c0` wants `c1`, and so on, in that field; the last is `c20000`. */
function chain(field: "Requires" | "Recommends" | "Supplements"): Spec[] {
  return Array.from({ length: length + 1 }, (_, i) => {
    const other = field === "Supplements" ? i - 1 : i + 1;
    return rpm(`c${i}`, other < 0 || other > length ? {} : { [field]: [`c${other}`] });
  });
}

// Each takes one to four seconds by itself; before, those of weak relations took minutes, and the refusal longer.
describe(`a chain of ${length} packages`, { timeout: 60_000 }, () => {
  test.each(["Requires", "Recommends", "Supplements"] as const)("by %s", (field) => {
    const all = universeOf(chain(field));
    const resolution = resolve(all, { requests: ["c0"], base: [], recommends: true });
    expect(resolution.ok && resolution.packages.length).toBe(length + 1);
    const outcome = choose(all, [answersTo(all, parseRequest("c0"))], true);
    if (!("chosen" in outcome)) throw new Error("it is there");
    const needs = needsIn(all, outcome.chosen);
    expect([...needs.values()].filter((list) => list.length > 0).length).toBe(
      field === "Requires" ? length : 0,
    );
  });

  test("whose end clashes with what is asked for is refused for that", () => {
    const packages = [...chain("Requires"), rpm("z", { Conflicts: [`c${length}`] })];
    const resolution = resolve(universeOf(packages), { requests: ["c0", "z"], base: [], recommends: false });
    if (resolution.ok) throw new Error("they clash");
    const { explanation, hint } = resolution;
    expect(explanation.length).toBe(201);
    expect(explanation.at(-1)).toBe(`z 1-1 conflicts with c${length}, and so with c${length} 1-1`);
    expect(hint).toBe("it works without c0 or z");
  });
});
