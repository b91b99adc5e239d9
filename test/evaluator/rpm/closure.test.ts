// What packages of a set require of each other.

import { expect, test } from "vitest";
import { needsIn } from "../../../evaluator/rpm/closure.ts";
import type { Package } from "../../../evaluator/rpm/package.ts";
import { rpm, universeOf } from "./repository.ts";

test("a package needs those of the set that its requirements reach, each once", () => {
  const all = universeOf([
    rpm("app", {
      Requires: ["lib", "liblib.so.1", "app", "/usr/bin/tool", "(extra if lib)", "(other if absent)"],
      Recommends: ["wish"],
    }),
    rpm("lib", { Provides: ["liblib.so.1"] }),
    rpm("tool", { Files: ["/usr/bin/tool"], Requires: ["(lib or other)"] }),
    rpm("extra"),
    rpm("other"),
    rpm("absent"),
    rpm("wish"),
  ]);
  const chosen = ["tool", "app", "lib", "extra", "other", "wish"].flatMap((name) => all.named(name));
  const names = (packages: readonly Package[]) => packages.map(({ name }) => name);
  expect([...needsIn(all, chosen)].map(([pkg, needs]) => [pkg.name, names(needs)])).toEqual([
    ["tool", ["lib", "other"]],
    ["app", ["extra", "lib", "tool"]],
    ["lib", []],
    ["extra", []],
    ["other", []],
    ["wish", []],
  ]);
});
