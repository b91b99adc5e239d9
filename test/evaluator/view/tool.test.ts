// The way down to a package that only building takes: a step a level, and each step is one of the buildroot's.

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseStanza } from "../../../evaluator/deb/stanza.ts";
import { emptyLock } from "../../../evaluator/lock.ts";
import { composeView } from "../../../evaluator/view/compose.ts";
import { debSupply } from "../../../evaluator/view/debs.ts";
import { pinnedView, type ViewAnswer, withView } from "../../../evaluator/view/pinned.ts";
import { viewQuestion } from "../../../evaluator/view/question.ts";
import { toolReasons } from "../../../evaluator/view/tool.ts";
import { pkg, universeOf } from "../deb/archive.ts";

/** Of packages that are built each from a source of its own, or of the one that is said. */
function answerOf(
  requests: readonly string[],
  needs: Readonly<Record<string, readonly string[]>>,
  made: Readonly<Record<string, string>> = {},
): ViewAnswer {
  const question = viewQuestion({
    view: "view",
    source: { distro: "small", architecture: "amd64", repositories: [], pins: [] },
    base: [],
    workloads: [{ name: "web", requests, groups: [], strict: true, locals: [] }],
    buildroot: [],
    placeholders: {},
  });
  const names = [...new Set([...Object.keys(needs), ...Object.keys(made)])];
  const packages = names.map((name) =>
    made[name] === undefined ? pkg(`${name} 1`) : pkg(`${name} 1`, `Source: ${made[name]}`),
  );
  const composed = composeView(question, (locals) =>
    debSupply(universeOf(packages, { locals }), (name, version) => {
      const own = needs[name] ?? [];
      const field = own.length === 0 ? "" : `\nBuild-Depends: ${own.join(", ")}`;
      return parseStanza(`Package: ${name}\nVersion: ${version}${field}`);
    }),
  );
  const lock = withView(emptyLock, question, composed, { date: 0, indexes: [] });
  const answer = pinnedView(lock, question);
  if (answer === undefined) throw new Error("the view was put in just now");
  return answer;
}

test("from a source of the view down, level by level", () => {
  const answer = answerOf(
    ["app", "db"],
    { app: ["cc"], db: ["cc", "cc-doc"], gcc: ["as"], binutils: ["bison"], bison: [] },
    { cc: "gcc", "cc-doc": "gcc", as: "binutils" },
  );
  expect(toolReasons(answer, "cc")).toEqual([
    {
      ...{ name: "cc", version: "1", architecture: "amd64", level: 1, count: 2 },
      ways: [[{ source: "app", package: "cc" }], [{ source: "db", package: "cc" }]],
    },
  ]);
  expect(toolReasons(answer, "bison")).toMatchObject([
    {
      level: 3,
      ways: [
        [
          { source: "db", package: "cc-doc" },
          { source: "gcc", package: "as" },
          { source: "binutils", package: "bison" },
        ],
      ],
    },
  ]);
  expect(toolReasons(answer, "app")).toEqual([]);
  expect(toolReasons(answer, "nobody")).toEqual([]);
});

test("every way has as many steps as its package has levels, and leads from the view", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const needs = fc
    .tuple(...names.map(() => fc.subarray(names)))
    .map((lists) => Object.fromEntries(names.map((name, i) => [name, lists[i] ?? []])));
  fc.assert(
    fc.property(needs, (all) => {
      const answer = answerOf(["a"], all);
      for (const name of names) {
        for (const { level, count, ways } of toolReasons(answer, name)) {
          expect(ways).toHaveLength(count);
          for (const way of ways) {
            expect(way).toHaveLength(level);
            expect(way[0]?.source).toBe("a");
            expect(way.at(-1)?.package).toBe(name);
            for (const [i, step] of way.entries()) {
              expect(all[step.source]).toContain(step.package);
              if (i > 0) expect(step.source).toBe(way[i - 1]?.package);
            }
          }
        }
      }
    }),
  );
});
