// kit graph as users type it: the packages of small repositories at every stage, searched and drawn.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphEdge, GraphNode } from "../../evaluator/graph/graph.ts";
import { makeDeb } from "./deb.ts";
import { wardrobe as manifests } from "./graphs.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";

let small: Small;
let attempt: Attempt;
beforeAll(async () => {
  small = await openSmall();
  const { archive } = small;
  archive.add(makeDeb("tongue", {}, { Version: "1:1.0", Depends: "teeth" }));
  archive.add(makeDeb("teeth", {}, { Depends: "tongue", Provides: "bite (= 3)", Source: "mouth (1.0)" }));
  await archive.publish();
  attempt = small.attempt();
  attempt.write(manifests);
});
afterAll(async () => {
  attempt?.[Symbol.dispose]();
  await small?.[Symbol.asyncDispose]();
});

interface Told {
  readonly format: string;
  readonly stage: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

async function graph(...argv: string[]): Promise<Told> {
  const { stdout } = await attempt.does(["graph", ...argv, "--format", "json"]);
  return JSON.parse(stdout);
}
const called = ({ type, state, name, version }: GraphNode) =>
  [type, state, name, version].filter(Boolean).join(" ");
/** Nodes that are not of the small base. */
const own = ({ nodes }: Told) => nodes.filter(isOwn).map(called).sort();
const isOwn = ({ type, name }: GraphNode) =>
  /greeter|hat|shoe|tongue|teeth|bite/.test(name) || (type === "Goal" && name === "image");
const ownEdges = ({ nodes, edges }: Told) => {
  const names = new Map(nodes.filter(isOwn).map((node) => [node.id, `${node.type} ${node.name}`]));
  return edges.flatMap(({ from, to }) =>
    names.has(from) && names.has(to) ? [`${names.get(from)} -> ${names.get(to)}`] : [],
  );
};

describe("asked", () => {
  test("is what the manifests say: nothing is locked, fetched or chosen", async () => {
    using fresh = small.attempt({ store: "own" });
    fresh.write(manifests);
    const requests = small.archive.requests.length;
    const told = JSON.parse((await fresh.does(["graph", "image.yaml", "--stage", "asked", "--json"])).stdout);
    expect([told.format, told.stage]).toEqual(["kit/graph/1", "asked"]);
    expect(own(told)).toEqual([
      "Goal Meta image",
      "LocalBuild Build greeter 1.0",
      "LocalBuild Build hat 2.0",
      "LocalRun Meta greeter 1.0",
      "LocalRun Meta hat 2.0",
      "LocalRun Meta shoe",
      "PreBuilt UpToDate shoe",
      "PureMeta Meta greeter, hat",
      "RemoteRun Unresolved tongue",
    ]);
    expect(ownEdges(told)).toEqual([
      "Goal image -> PureMeta greeter, hat",
      "LocalRun greeter -> LocalBuild greeter",
      "LocalRun greeter -> RemoteRun tongue",
      "LocalRun hat -> LocalBuild hat",
      "LocalRun hat -> LocalRun shoe",
      "LocalRun shoe -> PreBuilt shoe",
      "PureMeta greeter, hat -> LocalRun greeter",
      "PureMeta greeter, hat -> LocalRun hat",
    ]);
    expect(told.nodes.find(({ type }: GraphNode) => type === "PreBuilt").digest).toMatch(/^blob:blake3-/);
    expect(existsSync(join(fresh.folder, "image.lock"))).toBe(false);
    expect(existsSync(fresh.store)).toBe(false);
    expect(small.archive.requests.length).toBe(requests);
  });

  test("of several manifests is one graph, whatever their order", async () => {
    const one = await graph("hat.yaml", "image.yaml", "--stage", "asked");
    expect(await graph("image.yaml", "hat.yaml", "--stage", "asked")).toEqual(one);
    expect(own(one)).toContain("Goal Meta hat");
    expect(ownEdges(one)).toContain("Goal hat -> PureMeta greeter, hat");
  });
});

test("each architecture has its own packages, and what is the same for all is there once", async () => {
  using both = small.attempt();
  both.write({
    "image.yaml": manifests["image.yaml"]
      .replace("[amd64]", "[amd64, arm64]")
      .replace("./greeter.yaml", "./all.yaml, ./own.yaml"),
    "all.yaml": manifests["hat.yaml"].replace("[greeter, ./shoe.yaml]", "[]"),
    "own.yaml": manifests["greeter.yaml"].replace("[all]", "[any]").replace("./hat.yaml", "./all.yaml"),
  });
  const { stdout } = await both.does(["graph", "image.yaml", "--stage", "asked", "--json"]);
  const told: Told = JSON.parse(stdout);
  const names = told.nodes
    .filter(isOwn)
    .map(({ type, name, architecture }) => `${type} ${name} ${architecture}`);
  expect(names).toEqual([
    "Goal image amd64",
    "Goal image arm64",
    "LocalBuild greeter amd64",
    "LocalBuild greeter arm64",
    "LocalBuild hat all",
    "LocalRun greeter amd64",
    "LocalRun greeter arm64",
    "LocalRun hat all",
    "RemoteRun tongue amd64",
    "RemoteRun tongue arm64",
  ]);
  const { stdout: one } = await both.does([
    "graph",
    "image.yaml",
    "--stage",
    "asked",
    "--json",
    "--arch",
    "arm64",
  ]);
  expect(own(JSON.parse(one))).toHaveLength(6);
  const needs = told.edges.filter(({ from }) => from.startsWith("LocalRun greeter 1.0 arm64"));
  expect(needs.map(({ to }) => to)).toEqual([
    "LocalBuild greeter 1.0 arm64 small",
    "LocalRun hat 2.0 all small",
    "RemoteRun tongue * arm64 small",
  ]);
});

describe("resolved and built", () => {
  test("with what the lock has chosen, and then with what became of builds", async () => {
    const resolved = await graph("image.yaml", "--stage", "resolved");
    expect(own(resolved)).toEqual([
      "Goal Meta image",
      "LocalBuild Build greeter 1.0",
      "LocalBuild Build hat 2.0",
      "LocalRun Meta greeter 1.0",
      "LocalRun Meta hat 2.0",
      "LocalRun Meta shoe 7",
      "PreBuilt UpToDate shoe 7",
      "PureMeta Meta greeter, hat",
      "PureMeta Meta teeth, tongue",
      "RemoteRun Unresolved teeth 1.0",
      "RemoteRun Unresolved tongue 1:1.0",
    ]);
    const tongue = resolved.nodes.find(({ name, type }) => name === "tongue" && type === "RemoteRun");
    expect(tongue).toMatchObject({
      note: "chosen from main stable, not fetched yet",
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      architecture: "all",
    });
    expect(resolved.nodes.find(({ name }) => name === "teeth")?.source).toBe("mouth");
    expect(ownEdges(resolved)).toContain("LocalRun shoe -> PureMeta teeth, tongue");
    expect(
      resolved.edges.find(({ from, to }) => / shoe /.test(from) && / teeth /.test(to))?.requirements,
    ).toEqual(["bite (>= 2)"]);
    // What the warm store has already.
    expect(resolved.nodes.filter(({ name }) => name === "base-files").map(called)).toEqual([
      expect.stringMatching(/^RemoteRun Cached base-files \S+$/),
    ]);

    expect(own(await graph("image.yaml", "--stage", "built"))).toEqual(own(resolved));
    await attempt.does(["realize", "image.yaml"]);
    const built = await graph("image.yaml", "--stage", "built");
    expect(own(built).filter((node) => !/Meta/.test(node))).toEqual([
      "LocalBuild UpToDate greeter 1.0",
      "LocalBuild UpToDate hat 2.0",
      "PreBuilt UpToDate shoe 7",
      "RemoteRun Cached teeth 1.0",
      "RemoteRun Cached tongue 1:1.0",
    ]);
    const blockers = await attempt.does(["graph", "image.yaml", "--stage", "built", "--blockers"]);
    expect(blockers.stdout).toBe("nothing is missing\n");
  });

  test("what failed last is told as an error, and what waits for it", async () => {
    using broken = small.attempt();
    broken.write({
      ...manifests,
      // A template that names what there is not fails in building only.
      "hat.yaml": manifests["hat.yaml"].replace('content: "hat\\n"', "from: ./hat.txt, template: true"),
      "hat.txt": "${nothing}\n",
    });
    await broken.run(["realize", "image.yaml"]);
    const { stdout } = await broken.does(["graph", "image.yaml", "--stage", "built", "--json"]);
    expect(own(JSON.parse(stdout))).toContain("LocalBuild BuildError hat 2.0");
    const blockers = await broken.does(["graph", "image.yaml", "--stage", "built", "--blockers"]);
    expect(blockers.stdout).toMatch(
      /^hat 2\.0 \(LocalBuild, BuildError\): 3 others wait for it, 2 of them directly$/m,
    );
  });

  test("what comes out of a cache is not built", async () => {
    await attempt.does(["key", "generate", "maker", "-o", "maker.key"]);
    const { stdout: key } = await attempt.does(["key", "show", "maker.key"]);
    await attempt.does(["realize", "greeter.yaml"]);
    await attempt.does(["realize", "image.yaml"]);
    await attempt.does(["push", "./cache", "image.yaml", "--key", "maker.key"]);
    using other = small.attempt({ store: "own" });
    other.write({ ...manifests, "image.lock": readFileSync(join(attempt.folder, "image.lock")) });
    const env = {
      KIT_CACHES: join(attempt.folder, "cache"),
      KIT_TRUSTED_KEYS: key.trim().split(/\s+/).at(-1) ?? "",
    };
    const ask = async (stage: string, ...more: string[]) => {
      const { stdout } = await other.does(["graph", "image.yaml", "--stage", stage, "--json", ...more], {
        env,
      });
      return own(JSON.parse(stdout)).filter((node) => node.startsWith("LocalBuild"));
    };
    const offered = ["LocalBuild Delta greeter 1.0", "LocalBuild Delta hat 2.0"];
    expect(await ask("resolved")).toEqual(offered);
    expect(await ask("built")).toEqual(offered);
    expect(await ask("resolved", "--no-cache")).toEqual(
      offered.map((node) => node.replace("Delta", "Build")),
    );
    // Brought, and so here as what a cache gave.
    await other.does(["realize", "hat.yaml"], { env });
    expect(await ask("built")).toEqual(offered);
  });

  test("a package's own lock says nothing of what it runs with: that is told", async () => {
    const { stdout, stderr } = await attempt.does(["graph", "hat.yaml", "--stage", "resolved"]);
    expect(stdout).toContain('label="bite amd64\\nRemoteRun, Unresolved"');
    expect(stderr).toMatch(/nothing is chosen for bite, greeter: .*name an image/);
    // Beside an image of the same distribution, its packages are what there is.
    const both = await graph("hat.yaml", "image.yaml", "--stage", "resolved");
    expect(both.nodes.filter(({ type, version }) => type === "RemoteRun" && version === undefined)).toEqual(
      [],
    );
  });
});

describe("searched", () => {
  test("what a package needs, and what needs it, so many steps far", async () => {
    expect(own(await graph("image.yaml", "--dependents-of", "teeth", "--depth", "1"))).toEqual([
      "LocalRun Meta greeter 1.0",
      "LocalRun Meta shoe 7",
      "PureMeta Meta greeter, hat",
      "PureMeta Meta teeth, tongue",
      "RemoteRun Cached teeth 1.0",
      "RemoteRun Cached tongue 1:1.0",
    ]);
    const down = await graph("image.yaml", "--dependencies-of", "shoe", "--stage", "asked");
    expect(own(down)).toEqual(["LocalRun Meta shoe", "PreBuilt UpToDate shoe"]);
  });

  test("what is missing, by how many wait for it", async () => {
    const asking = ["graph", "image.yaml", "--stage", "asked", "--dependencies-of", "greeter", "--blockers"];
    expect((await attempt.does(asking)).stdout.split("\n")).toEqual([
      "greeter 1.0 (LocalBuild, Build): 3 others wait for it, 2 of them directly",
      "hat 2.0 (LocalBuild, Build): 3 others wait for it, 2 of them directly",
      "tongue (RemoteRun, Unresolved): 3 others wait for it, 1 of them directly",
      "",
    ]);
    const told = JSON.parse((await attempt.does([...asking, "--json"])).stdout);
    expect(told).toMatchObject({ format: "kit/blockers/1", blockers: [{ all: 3 }, { all: 3 }, { all: 3 }] });
  });
});

describe("drawn", () => {
  test("as DOT that graphviz reads, and as SVG that is well-formed, of packages and of derivations", async () => {
    for (const argv of [["--stage", "resolved"], []]) {
      const { nodes } = await graph("image.yaml", ...argv);
      const { stdout } = await attempt.does(["graph", "image.yaml", ...argv]);
      const read = JSON.parse(execFileSync("dot", ["-Tdot_json"], { input: stdout, encoding: "utf8" }));
      expect(read.objects).toHaveLength(nodes.length);
      await attempt.does(["graph", "image.yaml", ...argv, "-o", "picture.svg"]);
      const file = join(attempt.folder, "picture.svg");
      const count = execFileSync("xmllint", ["--xpath", "count(//*[local-name()='g'])", file], {
        encoding: "utf8",
      });
      expect(Number(count)).toBe(nodes.length);
    }
  });

  test("the same bytes every time, into a file or out", async () => {
    const { stdout } = await attempt.does(["graph", "image.yaml", "--stage", "built", "--format", "svg"]);
    await attempt.does(["graph", "image.yaml", "--stage", "built", "-o", "again.svg"]);
    expect(readFileSync(join(attempt.folder, "again.svg"), "utf8")).toBe(stdout);
  });
});

test("who asks what makes no sense says so", async () => {
  const refuses = (argv: string[], status: number, code: string) =>
    attempt.refuses(["graph", ...argv], status, [code]);
  expect((await refuses(["image.yaml", "--stage", "done"], 2, "usage/bad-option")).text).toContain(
    '--stage is asked, resolved or built, not "done"',
  );
  await refuses(["image.yaml", "--stage", "asked", "--format", "png"], 2, "usage/bad-option");
  await refuses(["image.yaml", "--depth", "2"], 2, "usage/bad-option");
  await refuses(["image.yaml", "--dependencies-of", "hat", "--depth", "two"], 2, "usage/bad-option");
  await refuses(["image.yaml", "--blockers", "--format", "svg"], 2, "usage/bad-option");
  await refuses(["image.yaml", "--stage", "asked", "-o", "none/x.svg"], 2, "usage/unwritable");
  await refuses(["none.yaml", "--stage", "asked"], 3, "manifest/missing-file");
  await refuses(["small.yaml", "--stage", "asked"], 2, "usage/not-realizable");
  const { text } = await refuses(
    ["image.yaml", "--stage", "asked", "--dependents-of", "greter"],
    2,
    "usage/unknown-package",
  );
  expect(text).toContain("did you mean greeter?");
});

test("what cannot be a graph is told: circles of manifests, two of one name, bounds that nothing is within", async () => {
  using odd = small.attempt();
  const made = (name: string, more: string) =>
    `kind: package\nname: ${name}\nversion: "1"\nbuilder: deb-files\ndistro: ./small.yaml\narchitectures: [all]\n${more}\n`;
  odd.write({
    "a.yaml": made("aa", "dependencies: [./b.yaml]"),
    "b.yaml": made("bb", "dependencies: [./a.yaml]"),
    "c.yaml": made("cc", 'deb: {depends: ["xx (>= 2)", "xx (<< 2)"]}'),
    "d.yaml": made("cc", ""),
  });
  const { text } = await odd.refuses(["graph", "a.yaml", "--stage", "asked"], 3, ["manifest/cycle"]);
  expect(text).toContain("aa → bb → aa");
  expect(text).toContain("write the package's name in place of its manifest");
  expect(
    (await odd.refuses(["graph", "c.yaml", "--stage", "asked"], 4, ["unresolved/contradiction"])).text,
  ).toContain("no version is >= 2 and << 2");
  await odd.refuses(["graph", "d.yaml", "c.yaml", "--stage", "asked"], 4, [
    "manifest/name-clash",
    "unresolved/contradiction",
  ]);
});

test("what building takes is in the graph, and a circle of it is told with its whole way", async () => {
  using building = small.attempt();
  const source = (name: string, needs: string) =>
    `kind: package\nname: ${name}\nbuilder: make\ndistro: ./small.yaml\nsources: [{dir: ./source}]\nbuildDependencies: [${needs}]\n`;
  building.write({
    "source/Makefile": "install:\n",
    "chick.yaml": source("chick", "./egg.yaml, tongue"),
    // By name: manifests cannot refer to each other in a circle.
    "egg.yaml": source("egg", "chick"),
    "grain.yaml": source("grain", "tongue"),
    "field.yaml": source("field", "./grain.yaml"),
  });
  const { stdout } = await building.does(["graph", "field.yaml", "--stage", "asked", "--format", "json"]);
  const { nodes, edges } = JSON.parse(stdout) as Told;
  const titles = new Map(nodes.map((node) => [node.id, `${node.type} ${node.name}`]));
  const ways = edges.map(({ from, to }) => `${titles.get(from)} -> ${titles.get(to)}`);
  expect(ways).toEqual(
    expect.arrayContaining(["LocalBuild field -> LocalRun grain", "LocalBuild grain -> RemoteRun tongue"]),
  );
  const { text } = await building.refuses(["graph", "chick.yaml", "--stage", "asked"], 4, [
    "unresolved/build-cycle",
  ]);
  expect(text).toMatch(/chick.*egg.*chick/s);
});
