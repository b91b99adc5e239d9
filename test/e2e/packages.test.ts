// Folders and sets of packages, built by the command a user runs.

import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layoutOf } from "../../store/layout.ts";
import { readRoots } from "../../store/roots.ts";
import { shippedManifests } from "./base.ts";
import { codes, done, kit, type Outcome, told } from "./kit.ts";
import { openPlace, type Place, writeFiles } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";
import { buildsOf, manifest, simple } from "./trees.ts";

let place: Place;
beforeAll(() => {
  place = openPlace("packages");
  cpSync(join(shippedManifests, "packages/vehicle"), join(place.folder, "vehicle"), {
    recursive: true,
    filter: (path) => !path.endsWith(".lock"),
  });
  place.write({ "empty/nothing": "" });
});
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

const at = () => ({ cwd: place.folder, store: place.store });
const run = (...words: string[]): Promise<Outcome> => kit([...words, "--json"], at());
const names = (outcome: Outcome) => [...done(outcome).paths.keys()];

test("all in it are built, those first that others need, with one lock; some are chosen", async () => {
  const folder = join(place.folder, "vehicle");
  expect(names(await run("realize", "vehicle"))).toEqual([
    "units",
    "track",
    "planner",
    "vehicle-app",
    "vehicle",
  ]);
  expect(existsSync(join(folder, "packages.lock"))).toBe(true);
  const only = (...words: string[]) => run("realize", "vehicle", ...words);
  expect(names(await only("--output", "deb"))).toEqual(["vehicle"]);
  expect(names(await only("--only", "track"))).toEqual(["track"]);
  expect(names(await only("--only", "track", "--dependents"))).toEqual([
    "track",
    "planner",
    "vehicle-app",
    "vehicle",
  ]);
  expect(names(await only("--only", "planner", "--dependents"))).toEqual(["planner", "vehicle-app"]);
  const far = await only("--only", "planner", "--dependents", "--recursive", "--ignore", "vehicle");
  expect(names(far)).toEqual(["planner", "vehicle-app"]);
  const told = done(await kit(["evaluate", "vehicle", "--dependents", "planner", "--recursive"], at()));
  expect(told.stdout).toBe("vehicle-app\nvehicle\n");
  const keeping = { ...at(), keepsLock: true };
  await refuses(["realize", "vehicle", "--only", "trak"], keeping, 2, "usage/unknown-package");
  await refuses(["realize", "vehicle/app.yaml", "--only", "x"], keeping, 2, "usage/not-a-set");
  await refuses(["realize", "vehicle", "--dependents"], keeping, 2, "usage/bad-option");
});

test("a set says which take part; what is made for others is left out, other YAML passed over", async () => {
  writeFiles(place.folder, {
    "set/one.yaml": simple("one").replace("./empty", "../empty"),
    "set/deep/two.yaml": simple("two", "dependencies: [../one.yaml]").replace("./empty", "../../empty"),
    "set/deep/far.yaml": simple("far", "architectures: [arm64]").replace("./empty", "../../empty"),
    "set/deep/released.yaml": simple("released", "buildTypes: [release]").replace("./empty", "../../empty"),
    "set/deep/workflow.yaml": "on: push\njobs: {}\n",
    "set/deep/many.yaml": "kind: Service\n---\nkind: Deployment\n",
    "set/deep/chart/templates/service.yaml": "{{- if .Values.on }}\nkind: {{ .Values.kind }}\n{{- end }}\n",
    "set/sourced.yaml": simple("sourced").replace("./empty", "./sourced"),
    "set/sourced/tests/bad.yaml": "kind: package\nname: [\n",
    "set/sourced/example.yaml": simple("example"),
    "goals.yaml":
      "kind: packages\nname: goals\npackages: [./set/deep, ./vehicle/units.yaml]\nignore: [released]\n",
  });
  expect(names(await run("realize", "goals.yaml"))).toEqual(["two", "units"]);
  const built = names(await run("realize", "set", "--build-type", "debug"));
  expect(built.toSorted()).toEqual(["one", "sourced", "two"]);
  symlinkSync("nowhere", join(place.folder, "set/deep/dangling.yaml"));
  place.write({ "set/deep/wrong.yaml": "kind: packge\nname: x\n" });
  await refuses(["realize", "set"], { ...at(), keepsLock: true }, 3, "manifest/bad-value");
  place.write({ "set/deep/wrong.yaml": "kind: package\nname: x\n---\nkind: package\nname: y\n" });
  await refuses(["realize", "set"], { ...at(), keepsLock: true }, 3, "manifest/syntax");
});

test("one that fails holds up who needs it, and nobody else", async () => {
  writeFiles(place.folder, {
    "mixed/bad.yaml": manifest("bad", 'sources: [{dir: ../empty}]\nscript: {install: "exit 3"}'),
    "mixed/blocked.yaml": simple("blocked", "dependencies: [./bad.yaml]").replace("./empty", "../empty"),
    "mixed/fine.yaml": simple("fine").replace("./empty", "../empty"),
  });
  const outcome = await run("realize", "mixed", "--states", "states.csv");
  expect(outcome.status).toBe(1);
  const states = readFileSync(join(place.folder, "states.csv"), "utf8");
  expect(states).toMatch(/^failed,tree,bad,\d+,build\/failed$/m);
  expect(states).toMatch(/^blocked,tree,blocked,\d+,bad$/m);
  expect(states).toMatch(/^built,tree,fine,\d+,$/m);
  expect(buildsOf(outcome)).toEqual(["fine"]);
  // What it has fetched stays for the next attempt, whatever is collected.
  const locks = readRoots(layoutOf(place.store)).map(({ root }) => root.kind === "lock" && root.link);
  expect(locks).toContain(join(place.folder, "mixed/packages.lock"));
  // It has not said a word: where to look is told all the same, as it is to be typed.
  expect(outcome.stderr).toMatch(
    /kit log [0-9a-f]{16}; a shell in its sandbox: kit shell mixed [0-9a-f]{16}/,
  );
  expect(outcome.stderr).not.toContain("MANIFEST");
});

test("what failed is not built again until something it is made of changes, or --retry", async () => {
  const failing = (text: string) =>
    place.write({
      "fails.yaml": manifest(
        "fails",
        `sources: [{dir: ./empty}]\nscript: {install: "${text}; date +made-%s%N; exit 3"}`,
      ),
    });
  const made = async (...words: string[]) => {
    const told = await refuses(
      ["realize", "fails.yaml", ...words],
      { ...at(), keepsLock: true },
      1,
      "build/failed",
    );
    return {
      when: /made-\d+/.exec(told.text)?.[0],
      isTold: told.text.includes("it failed like this before"),
    };
  };
  failing("true");
  const first = await made();
  expect(first).toEqual({ when: expect.any(String), isTold: false });
  expect(await made()).toEqual({ when: first.when, isTold: true });
  const second = await made("--retry");
  expect([second.when === first.when, second.isTold]).toEqual([false, false]);
  expect((await made()).when).toBe(second.when);
  failing("echo another");
  expect((await made()).when).not.toBe(second.when);
});

test("what was killed is built once more, and is not remembered as broken", async () => {
  place.write({
    "killed.yaml": manifest("killed", 'sources: [{dir: ./empty}]\nscript: {install: "kill -9 0"}'),
  });
  for (let i = 0; i < 2; i++) {
    const outcome = await run("realize", "killed.yaml");
    expect([outcome.status, codes(outcome)]).toEqual([1, ["build/killed"]]);
    expect(told(outcome).filter(({ text }) => text?.includes("built once more"))).toHaveLength(1);
  }
});

test("kit why-rebuild: the file of a folder, the field of a manifest, what is built on it; nothing where nothing is", async () => {
  const why = async () => {
    const { stdout } = done(await kit(["why-rebuild", "vehicle"], at()));
    return stdout.split("\n").filter((line) => line !== "");
  };
  expect(await why()).toEqual([]);
  const source = join(place.folder, "vehicle/planner/planner.cpp");
  const text = readFileSync(source, "utf8");
  writeFileSync(source, `${text}\nint more() { return 1; }\n`);
  place.write({ "vehicle/planner/extra": "" });
  const [first, second, third, fourth, ...more] = await why();
  expect([first, second, third]).toEqual([
    "tree planner_2.0.1: the input source: extra added, and 1 other path",
    "sysroot vehicle-app sysroot: the input files planner, tree planner_2.0.1",
    "tree vehicle-app_1.0.0: the input sysroot, sysroot vehicle-app sysroot",
  ]);
  expect(fourth).toBe(
    "deb-files vehicle_1.0.0_amd64.deb: the input package ./app.yaml, tree vehicle-app_1.0.0",
  );
  expect(more).toEqual([]);
  writeFileSync(source, text);
  rmSync(join(place.folder, "vehicle/planner/extra"));
  const manifestFile = join(place.folder, "vehicle/planner.yaml");
  const written = readFileSync(manifestFile, "utf8");
  writeFileSync(manifestFile, `${written}cmake: {defines: {PLANNER_CHECKS: "OFF"}}\n`);
  expect((await why())[0]).toBe(
    'tree planner_2.0.1: parameters.steps.defines.PLANNER_CHECKS: nothing became "OFF"',
  );
  writeFileSync(manifestFile, `${written}# A comment.\n`);
  expect(await why()).toEqual([]);
  const other = done(await kit(["why-rebuild", "vehicle/units.yaml", "--build-type", "debug"], at()));
  expect(other.stdout).toContain("tree units_1.2.0: nothing was realized of this before");
});

test("who needs one through a package outside of the set; two of one name; links and what git leaves out", async () => {
  const within = (text: string) => text.replace("./empty", "../empty");
  writeFiles(place.folder, {
    "in/base.yaml": within(simple("base")),
    "in/top.yaml": within(simple("top", "dependencies: [../out/middle.yaml]")),
    "out/middle.yaml": within(simple("middle", "dependencies: [../in/base.yaml]")),
  });
  const chosen = async (...words: string[]) => [...done(await run("realize", "in", ...words)).paths.keys()];
  expect(await chosen("--only", "base", "--dependents", "--recursive")).toEqual(["base", "top"]);
  expect(await chosen("--only", "middle")).toEqual(["middle"]);
  const none = await refuses(
    ["realize", "in", "--ignore", "base"],
    { ...at(), keepsLock: true },
    2,
    "usage/nothing-selected",
  );
  expect(none.text).toContain("all are ignored");
  writeFiles(place.folder, {
    "twice/a.yaml": within(simple("same")),
    "twice/b.yaml": within(simple("same", "", "other")),
    "linked/.gitignore": "ignored\n",
    "linked/one.yaml": within(simple("one")),
    "linked/ignored/two.yaml": "kind: package\n",
  });
  symlinkSync("..", join(place.folder, "linked/loop"));
  await refuses(["realize", "twice"], { ...at(), keepsLock: true }, 3, "manifest/name-clash");
  expect([...done(await run("realize", "linked")).paths.keys()]).toEqual(["one"]);
});
