// A view's result: who needs what, on which architecture, and what is unwanted; from composed and locked answers.

import { expect, test } from "vitest";
import type { PlannedView } from "../../../builders/view/plan.ts";
import { viewResult } from "../../../builders/view/result.ts";
import { viewKind } from "../../../builders/view/schema.ts";
import { workloadKind } from "../../../builders/workload/schema.ts";
import { parseStanza, type Stanza } from "../../../evaluator/deb/stanza.ts";
import { universe } from "../../../evaluator/deb/universe.ts";
import { emptyLock } from "../../../evaluator/lock.ts";
import { composeView } from "../../../evaluator/view/compose.ts";
import { debSupply } from "../../../evaluator/view/debs.ts";
import { pinnedView, type ViewAnswer, withView } from "../../../evaluator/view/pinned.ts";
import { viewQuestion } from "../../../evaluator/view/question.ts";
import { source } from "../../evaluator/deb/archive.ts";

const packages = (architecture: string) =>
  [
    "Package: app\nDepends: lib, one | other\nInstalled-Size: 3\nSize: 7",
    "Package: lib\nSource: libs (2)\nInstalled-Size: 5",
    "Package: one\nProvides: other",
    "Package: gcc\nDepends: lib",
    "Package: gas",
    "Package: shell",
    "Package: app-data\nSource: app\nArchitecture: all",
    "Package: fonts\nArchitecture: all",
    "Package: tex\nArchitecture: all",
  ].map((text) => `${text}\nVersion: 1${text.includes("Arch") ? "" : `\nArchitecture: ${architecture}`}`);

const needs: Readonly<Record<string, string>> = {
  ...{
    app: "gcc, gas [arm64]\nBuild-Depends-Indep: tex",
    libs: "gcc\nBuild-Depends-Indep: tex",
    one: "missing",
  },
  ...{ fonts: "tex", tex: "shell" },
};

/** What a lock gives back of the view on one architecture. */
function answerOn(
  architecture: string,
  wanted: Readonly<Record<string, readonly string[]>>,
  locals: readonly Stanza[] = [],
): ViewAnswer {
  const question = viewQuestion({
    view: "v",
    source: { distro: "small", architecture, repositories: [], pins: [] },
    base: ["shell"],
    buildroot: [],
    ...(architecture === "amd64" && { independent: true as const }),
    placeholders: {},
    workloads: Object.entries(wanted).map(([name, requests]) => ({
      name,
      requests,
      groups: [],
      strict: true,
      locals,
    })),
  });
  const supply = debSupply(
    universe({ architecture, sources: [source(packages(architecture))], locals }),
    (name, version) =>
      needs[name] === undefined
        ? undefined
        : parseStanza(`Package: ${name}\nVersion: ${version}\nBuild-Depends: ${needs[name]}`),
  );
  const lock = withView(
    emptyLock,
    question,
    composeView(question, () => supply),
    { date: 86_400, indexes: [] },
  );
  const answer = pinnedView(lock, question);
  if (answer === undefined) expect.unreachable("it was locked just now");
  return answer;
}

function viewOn(wanted: Readonly<Record<string, readonly string[]>>, more: object = {}): PlannedView {
  return {
    manifest: viewKind.schema.parse({
      ...{ kind: "view", name: "v", distro: "./small.yaml", workloads: ["./workloads"] },
      ...more,
    }),
    distro: "small",
    workloads: new Map(
      Object.keys(wanted).map((name) => [
        name,
        workloadKind.schema.parse({ kind: "workload", name, maintainer: "team" }),
      ]),
    ),
    on: new Map(["amd64", "arm64"].map((architecture) => [architecture, answerOn(architecture, wanted)])),
  };
}

test("every package knows who has it and as what, what it needs and what it builds", () => {
  const result = viewResult(viewOn({ web: ["app"], library: ["lib"] }));
  expect(result.date).toBe("1970-01-02T00:00:00.000Z");
  const [app, ...others] = result.packages["amd64"] ?? [];
  expect(app).toEqual({
    ...{ name: "app", version: "1", architecture: "amd64", source: "app", size: 3072, download: 7, level: 0 },
    workloads: [{ name: "web", as: "required" }],
    needs: ["lib", "one"],
  });
  const told = others.map(({ name, level, workloads, builds }) => [
    name,
    level,
    workloads.map((each) => `${each.name} ${each.as}`).join(", "),
    builds?.sources.join(" "),
  ]);
  expect(told).toEqual([
    ["gcc", 1, "", "app libs"],
    ["lib", 0, "library required, web dependency", undefined],
    ["one", 0, "web dependency", undefined],
    ["shell", 0, "library base, web base", undefined],
  ]);
  expect(result.workloads.map(({ name, maintainer, on }) => [name, maintainer, on["amd64"]])).toEqual([
    ["library", "team", { packages: 2, size: 5120, missing: [] }],
    ["web", "team", { packages: 4, size: 8192, missing: [] }],
  ]);
});

test("sources say on which architecture they need what, and which of them differ", () => {
  const { sources } = viewResult(viewOn({ web: ["app"] }));
  const byName = new Map(sources.map((each) => [each.name, each]));
  expect(sources.filter(({ archful }) => archful).map(({ name }) => name)).toEqual(["app"]);
  expect(byName.get("app")?.on).toEqual({
    amd64: { version: "1", level: 0, requirements: ["gcc"] },
    arm64: { version: "1", level: 0, requirements: ["gcc", "gas"] },
  });
  expect(byName.get("libs")?.packages).toEqual(["lib"]);
  expect(byName.get("one")?.on["amd64"]?.failure?.explanation).toContain(
    "building one 1 needs missing, which nothing satisfies: there is no package missing",
  );
});

test("what is of all architectures is built on the first; that makes no source differ", () => {
  const { sources, packages: told } = viewResult(viewOn({ web: ["app-data", "lib", "fonts"] }));
  const byName = new Map(sources.map((each) => [each.name, each]));
  expect(byName.get("app")?.on).toEqual({
    amd64: { version: "1", level: 0, requirements: ["gcc", "tex"] },
    arm64: { version: "1", level: 0 },
  });
  expect(byName.get("fonts")?.on).toEqual({
    amd64: { version: "1", level: 0, requirements: ["tex"] },
    arm64: { version: "1", level: 0 },
  });
  // Nobody builds what only another architecture has.
  expect(sources.filter(({ takenAsBuilt }) => takenAsBuilt)).toEqual([]);
  const on = new Map(
    (["amd64", "arm64"] as const).map((each) => [
      each,
      answerOn(each, { web: each === "amd64" ? ["app"] : ["app", "app-data", "fonts"] }),
    ]),
  );
  const uneven = viewResult({ ...viewOn({ web: [] }), on }).sources;
  expect(uneven.filter(({ takenAsBuilt }) => takenAsBuilt)).toMatchObject([
    { name: "app", takenAsBuilt: ["arm64"] },
    { name: "fonts", takenAsBuilt: ["arm64"] },
  ]);
  const both = viewResult(viewOn({ web: ["app-data", "app"] })).sources;
  expect(both.find(({ name }) => name === "app")).toMatchObject({
    archful: true,
    on: { amd64: { requirements: ["gcc", "tex"] }, arm64: { requirements: ["gcc", "gas"] } },
  });
  expect(sources.filter(({ archful }) => archful)).toEqual([]);
  const tools = Object.entries(told).map(([architecture, list]) => [
    architecture,
    list.filter(({ level }) => level > 0).map(({ name }) => name),
  ]);
  expect(tools).toEqual([
    ["amd64", ["gcc", "tex"]],
    ["arm64", ["gcc"]],
  ]);
});

test("what manifests make is local, and so are its sources", () => {
  const locals = ["mine", "libs-extra\nSource: libs"].map((text) =>
    parseStanza(`Package: ${text}\nVersion: 1\nArchitecture: amd64`),
  );
  const wanted = { web: ["mine", "libs-extra", "lib"] };
  const view = { ...viewOn(wanted), on: new Map([["amd64", answerOn("amd64", wanted, locals)]]) };
  const { packages: told, sources } = viewResult(view);
  expect(told["amd64"]?.filter(({ local }) => local).map(({ name }) => name)).toEqual(["libs-extra", "mine"]);
  // Of libs the archive has a package, too.
  expect(sources.filter(({ local }) => local)).toEqual([
    {
      ...{ name: "mine", packages: ["mine"], local: true, archful: false },
      on: { amd64: { version: "1", level: 0, requirements: [] } },
    },
  ]);
  expect(sources.find(({ name }) => name === "libs")?.on["amd64"]?.requirements).toEqual(["gcc"]);
});

test("what is unwanted is told once for each workload, with the way to it", () => {
  const { unwanted } = viewResult(
    viewOn(
      { web: ["app"], library: ["lib"] },
      { unwanted: { packages: ["one", "absent"], sources: ["libs"] } },
    ),
  );
  expect(unwanted.filter(({ architecture }) => architecture === "amd64")).toEqual([
    {
      ...{ what: "source", name: "libs", architecture: "amd64", workload: "library" },
      chain: [{ package: "lib", relation: "lib" }],
    },
    {
      ...{ what: "source", name: "libs", architecture: "amd64", workload: "web" },
      chain: [
        { package: "app", relation: "app" },
        { package: "lib", relation: "lib" },
      ],
    },
    {
      ...{ what: "package", name: "one", architecture: "amd64", workload: "web" },
      chain: [
        { package: "app", relation: "app" },
        { package: "one", relation: "one | other" },
      ],
    },
  ]);
});

test("a view that is added to another has what that one has not", () => {
  const added = { ...viewOn({ web: ["app"] }), subtracts: viewOn({ library: ["lib"] }) };
  const { packages, subtracts } = viewResult(added);
  expect(subtracts).toBe("v");
  expect(packages["amd64"]?.map(({ name }) => name)).toEqual(["app", "one"]);
});
