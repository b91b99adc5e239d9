// The questions of a view: for which architectures, where packages of all are built, and of the view it is added to.

import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { distroKind } from "../../../builders/distro/schema.ts";
import { planView } from "../../../builders/view/plan.ts";
import { viewKind } from "../../../builders/view/schema.ts";
import { workloadKind } from "../../../builders/workload/schema.ts";
import { evaluate, type Wish } from "../../../evaluator/evaluate.ts";
import { emptyLock } from "../../../evaluator/lock.ts";
import { assemble } from "../../../evaluator/manifest/assemble.ts";

const view = (name: string, rest: string) =>
  `kind: view\nname: ${name}\ndistro: ./small.yaml\nworkloads: [./w.yaml]\nbuildroot: {base: []}\n${rest}`;
const files: Readonly<Record<string, string>> = {
  "small.yaml": `kind: distro
name: small
format: deb
architectures: [i386, arm64, amd64]
repositories: [{name: main, uri: "http://127.0.0.1/small", suites: [stable], signedBy: ./key.asc}]
base: []
`,
  "w.yaml": "kind: workload\nname: w\npackages: [app]\n",
  "all.yaml": view("all", ""),
  "below.yaml": view("below", "architectures: [i386, arm64]\n"),
  "added.yaml": view("added", "architectures: [arm64, amd64]\nsubtract: ./below.yaml\n"),
};

/** `VIEW ARCHITECTURE`, and a mark where packages of all architectures are built. */
async function asked(root: string, wish: Wish = {}): Promise<string[]> {
  const read = async (file: string) => (dirname(file) === "/v" ? files[file.slice("/v/".length)] : undefined);
  const assembly = await assemble(join("/v", root), {
    ...{ kinds: [distroKind, viewKind, workloadKind], read, shipped: "/shipped" },
    ...{ has: () => true, list: () => undefined },
  });
  const world = {
    ...{ assembly, tools: new Map(), locals: new Map(), executables: new Set<string>(), host: "amd64" },
    ...{ lock: emptyLock, provisional: new Map(), facts: new Map(), untold: new Map() },
  };
  const { openViews } = evaluate(world, wish, (planning) => {
    planView(planning, assembly.root);
    return [];
  });
  return openViews.map(
    (one) => `${one.view} ${one.source.architecture}${one.independent === true ? " builds all" : ""}`,
  );
}

test("packages of all architectures are built on the first by name, whichever is asked about", async () => {
  expect(await asked("all.yaml")).toEqual(["all amd64 builds all", "all arm64", "all i386"]);
  expect(await asked("all.yaml", { architecture: "arm64" })).toEqual(["all arm64"]);
  expect(await asked("below.yaml")).toEqual(["below arm64 builds all", "below i386"]);
});

test("of a view that another is added to nothing is asked where that one is not", async () => {
  expect(await asked("added.yaml")).toEqual([
    "added amd64 builds all",
    "added arm64",
    "below arm64 builds all",
  ]);
  expect(await asked("added.yaml", { architecture: "amd64" })).toEqual(["added amd64 builds all"]);
});
