// Folders and sets of packages, built by the command a user runs.

import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shippedManifests } from "./base.ts";
import { done, kit, type Outcome } from "./kit.ts";
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
    "goals.yaml":
      "kind: packages\nname: goals\npackages: [./set/deep, ./vehicle/units.yaml]\nignore: [released]\n",
  });
  expect(names(await run("realize", "goals.yaml"))).toEqual(["two", "units"]);
  expect(names(await run("realize", "set", "--build-type", "debug"))).toEqual(["one", "two"]);
  place.write({ "set/deep/wrong.yaml": "kind: packge\nname: x\n" });
  await refuses(["realize", "set"], { ...at(), keepsLock: true }, 3, "manifest/bad-value");
});

test("one that fails holds up who needs it, and nobody else", async () => {
  writeFiles(place.folder, {
    "mixed/bad.yaml": manifest("bad", 'sources: [{dir: ../empty}]\nscript: {install: "exit 3"}'),
    "mixed/blocked.yaml": simple("blocked", "dependencies: [./bad.yaml]").replace("./empty", "../empty"),
    "mixed/fine.yaml": simple("fine").replace("./empty", "../empty"),
  });
  const outcome = await run("realize", "mixed");
  expect(outcome.status).toBe(1);
  expect(buildsOf(outcome)).toEqual(["fine"]);
});
