// A view's lock: what is newer moves only where that is asked for, and nothing else with it.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { PackageChange } from "../../evaluator/diff/packages.ts";
import { makeDeb } from "./deb.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";

let small: Small;
let attempt: Attempt;

const offer = async (version: string) => {
  for (const name of ["library", "manual"]) small.archive.add(makeDeb(name, {}, { Version: version }));
  await small.archive.publish();
};

beforeAll(async () => {
  small = await openSmall();
  small.archive.add(makeDeb("server", {}, { Depends: "library" }));
  await offer("1");
  attempt = small.attempt({ base: [] });
  attempt.write({
    "workloads/web.yaml": "kind: workload\nname: web\npackages: [server]\n",
    "workloads/docs.yaml": "kind: workload\nname: docs\npackages: [library, manual]\n",
    "view.yaml":
      "kind: view\nname: v\ndistro: ./small.yaml\narchitectures: [amd64]\nworkloads: [./workloads]\n",
  });
});
afterAll(async () => {
  attempt?.[Symbol.dispose]();
  await small?.[Symbol.asyncDispose]();
});

test("what is pinned stays, a named package moves alone, then all", async () => {
  const lock = async (...words: readonly string[]) => {
    const { stdout } = await attempt.does(["lock", "view.yaml", ...words, "--json"]);
    return (JSON.parse(stdout).changes as readonly PackageChange[]).map(
      ({ name, after }) => `${name} ${after.join(" ")}`,
    );
  };
  expect((await lock()).length).toBe(3);
  await offer("2");
  expect(await lock()).toEqual([]);
  expect(await lock("--update", "library")).toEqual(["library 2"]);
  expect(await lock("--update")).toEqual(["manual 2"]);
  expect(await lock("--update")).toEqual([]);
  // What one workload is forced to is that of all.
  await offer("3");
  small.archive.add(makeDeb("server", {}, { Version: "9", Depends: "library (>= 3)" }));
  await small.archive.publish();
  expect(await lock("--update", "server")).toEqual(["library 3", "server 9"]);
  expect(await lock()).toEqual([]);
});
