// Choosing among packages, against what following the needs one by one gives.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Choosable, selectPackages } from "../../../builders/packages/select.ts";
import { refusal } from "../../rig/refusal.ts";

const item = (name: string, ...needs: readonly string[]): Choosable => ({ file: name, name, needs });
/** app needs ui and core, ui needs core, tool needs nothing. */
const all = [item("core"), item("ui", "core"), item("app", "ui", "core"), item("tool"), item("late", "app")];
const choose = (selection: Partial<Parameters<typeof selectPackages>[1]>) =>
  selectPackages(all, { only: [], dependents: "none", ignore: [], ...selection }).map(({ name }) => name);

test("all, some by name, with those that need them near and far, without what is ignored and needs that", async () => {
  expect(choose({})).toEqual(["core", "ui", "app", "tool", "late"]);
  expect(choose({ only: ["tool", "ui"] })).toEqual(["ui", "tool"]);
  expect(choose({ only: ["ui"], dependents: "direct" })).toEqual(["ui", "app"]);
  expect(choose({ only: ["ui"], dependents: "all" })).toEqual(["ui", "app", "late"]);
  expect(choose({ ignore: ["app"] })).toEqual(["core", "ui", "tool"]);
  expect(choose({ only: ["core"], dependents: "all", ignore: ["late"] })).toEqual(["core", "ui", "app"]);
  const fault = await refusal(() => choose({ only: ["uy"] }));
  expect([fault.code, fault.hint]).toEqual(["usage/unknown-package", "did you mean ui?"]);
});

test("who needs one, however far away, is who has a way to it", () => {
  const graph = fc.array(fc.array(fc.nat(8), { maxLength: 3 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(graph, fc.nat(8), (edges, start) => {
      // Needs lead to earlier ones: manifests cannot refer to each other in a circle.
      const items = edges.map((needs, i) =>
        item(`p${i}`, ...needs.filter((one) => one < i).map((one) => `p${one}`)),
      );
      const wanted = `p${start % items.length}`;
      const reaches = (name: string): boolean =>
        name === wanted || (items.find((one) => one.name === name)?.needs ?? []).some(reaches);
      const chosen = selectPackages(items, { only: [wanted], dependents: "all", ignore: [] });
      expect(chosen.map(({ name }) => name)).toEqual(items.map(({ name }) => name).filter(reaches));
    }),
  );
});
