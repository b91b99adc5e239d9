// What is different between two views: packages with who has them, workloads, levels, sources.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStanza } from "../../evaluator/deb/stanza.ts";
import { type PresentView, viewChanges, viewsAnswered, viewsIn } from "../../evaluator/diff/views.ts";
import { emptyLock } from "../../evaluator/lock.ts";
import { composeView } from "../../evaluator/view/compose.ts";
import { debSupply } from "../../evaluator/view/debs.ts";
import { pinnedView, withView } from "../../evaluator/view/pinned.ts";
import { type ViewQuestion, viewQuestion } from "../../evaluator/view/question.ts";
import { pkg, universeOf } from "./deb/archive.ts";

interface State {
  readonly packages: readonly string[];
  readonly sources?: Readonly<Record<string, string>>;
  readonly workloads: Readonly<Record<string, readonly string[]>>;
  readonly buildroot?: boolean;
}

const view = ({ workloads, buildroot = false }: State): ViewQuestion =>
  viewQuestion({
    view: "view",
    source: { distro: "small", architecture: "amd64", repositories: [], pins: [] },
    base: ["base"],
    workloads: Object.entries(workloads).map(([name, requests]) => ({
      ...{ name, requests, groups: [], strict: name !== "lax", locals: [] },
    })),
    ...(buildroot && { buildroot: [] }),
    placeholders: {},
  });

function lockOf(state: State) {
  const { packages, sources = {} } = state;
  const question = view(state);
  const composed = composeView(question, (locals) =>
    debSupply(universeOf([pkg("base 1", "Installed-Size: 10"), ...packages], { locals }), (name, version) => {
      const needs = sources[name];
      if (needs === undefined) return undefined;
      return parseStanza(
        `Package: ${name}\nVersion: ${version}${needs === "" ? "" : `\nBuild-Depends: ${needs}`}`,
      );
    }),
  );
  const lock = withView(emptyLock, question, composed, { date: 0, indexes: [] });
  return { lock, question };
}

function present(state: State): readonly PresentView[] {
  return viewsIn(lockOf(state).lock);
}

const before: State = {
  packages: [
    pkg("app 1", "Depends: lib", "Installed-Size: 1"),
    pkg("lib 1", "Installed-Size: 2"),
    pkg("old 1"),
  ],
  workloads: { web: ["app"], gone: ["old"], breaks: ["lib"], heals: ["absent"], lax: ["old", "nowhere"] },
};

describe("views", () => {
  test("a lock and a plan tell the same of one, but for what kit builds", () => {
    const { lock, question } = lockOf(before);
    const answer = pinnedView(lock, question);
    expect(viewsAnswered(answer ? [answer] : [])).toEqual(viewsIn(lock));
    expect(viewsIn(emptyLock)).toEqual([]);
  });

  test("packages with their sizes and who has them, and what became of workloads", () => {
    const after: State = {
      packages: [
        pkg("app 2", "Depends: lib, more", "Installed-Size: 3"),
        pkg("lib 1", "Installed-Size: 2"),
        pkg("more 1", "Installed-Size: 4"),
        pkg("absent 1"),
      ],
      workloads: {
        web: ["app"],
        breaks: ["lib (>= 9)"],
        heals: ["absent"],
        lax: ["lib", "nowhere"],
        fresh: ["app"],
      },
    };
    const [change, ...others] = viewChanges(present(before), present(after));
    expect(others).toEqual([]);
    expect(change).toMatchObject({
      view: "view",
      architecture: "amd64",
      verb: "changed",
      tools: [],
      levels: [],
    });
    expect(
      change?.packages.map(({ name, verb, growth, workloads }) => [name, verb, growth / 1024, workloads]),
    ).toEqual([
      ["absent", "added", 0, ["heals"]],
      ["app", "upgraded", 2, ["fresh", "web"]],
      ["more", "added", 4, ["fresh", "web"]],
      ["old", "removed", 0, ["gone", "lax"]],
    ]);
    expect(change?.workloads.map(({ name, verb, before: was, after: is }) => [name, verb, was, is])).toEqual([
      ["breaks", "failed", 2, 0],
      ["fresh", "added", 0, 4],
      ["gone", "removed", 2, 0],
      ["heals", "recovered", 0, 2],
      ["lax", "changed", 2, 2],
      ["web", "changed", 3, 4],
    ]);
    expect(change?.workloads[0]?.failure?.explanation.join()).toContain("lib (>= 9)");
    expect(change?.workloads[4]?.missing).toEqual(["nowhere"]);
    expect(change?.installed).toEqual({ before: 13 * 1024, after: 19 * 1024 });
  });

  test("what building takes, level by level, and sources that cannot be built any more", () => {
    const building: State = {
      packages: [pkg("app 1"), pkg("cc 1"), pkg("as 1", "Installed-Size: 5"), pkg("doc 1")],
      workloads: { web: ["app"] },
      sources: { app: "cc", cc: "as", as: "", base: "", doc: "" },
      buildroot: true,
    };
    const broken = {
      ...building,
      sources: { app: "cc, doc", cc: "absent", as: "", base: "", doc: "absent" },
    };
    const [change] = viewChanges(present(building), present(broken));
    expect(change).toMatchObject({ packages: [], workloads: [] });
    expect(change?.tools.map(({ name, verb, workloads }) => [name, verb, workloads])).toEqual([
      ["as", "removed", []],
      ["doc", "added", []],
    ]);
    expect(change?.levels).toEqual([
      { level: 1, before: { packages: 1, sources: 1 }, after: { packages: 2, sources: 2 } },
      { level: 2, before: { packages: 1, sources: 1 }, after: { packages: 0, sources: 0 } },
    ]);
    expect(change?.sources.map(({ name, verb }) => [name, verb])).toEqual([
      ["cc", "failed"],
      ["doc", "added"],
    ]);
    const [back] = viewChanges(present(broken), present(building));
    expect(back?.sources.map(({ name, verb }) => [name, verb])).toEqual([["cc", "recovered"]]);
  });

  test("there is a change just where there is a difference, and the way back is its opposite", () => {
    const version = fc.constantFrom(0, 1, 2);
    const state = fc
      .record({
        a: version,
        b: version,
        c: version,
        web: fc.subarray(["a", "b"]),
        db: fc.subarray(["b", "c"]),
      })
      .map(
        ({ web, db, ...versions }): State => ({
          packages: Object.entries(versions).flatMap(([name, number]) =>
            number === 0 ? [] : [pkg(`${name} ${number}`)],
          ),
          workloads: { web, db },
        }),
      );
    const opposite = { added: "removed", removed: "added", upgraded: "downgraded", downgraded: "upgraded" };
    fc.assert(
      fc.property(state, state, (one, two) => {
        const [was, is] = [present(one), present(two)];
        expect(viewChanges(was, was)).toEqual([]);
        const there = viewChanges(was, is);
        const { question: _, ...first } = was[0]?.locked ?? { question: "" };
        const { question: __, ...second } = is[0]?.locked ?? { question: "" };
        expect(there.length === 0).toBe(JSON.stringify(first) === JSON.stringify(second));
        const told = (changes: typeof there) =>
          changes.flatMap(({ packages }) => packages.map(({ name, verb }) => [name, verb]));
        expect(told(viewChanges(is, was))).toEqual(
          told(there).map(([name, verb]) => [name, opposite[verb as keyof typeof opposite]]),
        );
      }),
    );
  });

  test("one that is on one side alone is there with all it has", () => {
    const [change, ...others] = viewChanges([], present(before));
    expect(others).toEqual([]);
    expect(change).toMatchObject({ verb: "added", installed: { before: 0, after: 13 * 1024 } });
    expect(change?.packages.every(({ verb }) => verb === "added")).toBe(true);
    expect(viewChanges(present(before), [])).toMatchObject([{ verb: "removed" }]);
  });
});
