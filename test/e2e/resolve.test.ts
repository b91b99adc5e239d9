// kit resolve as users type it: what a distribution gives for packages, told for people and for programs.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layoutOf } from "../../store/layout.ts";
import { makeDeb } from "./deb.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";

let small: Small;
let attempt: Attempt;
beforeAll(async () => {
  small = await openSmall();
  attempt = small.attempt({ base: ["base-files"] });
  const { archive } = small;
  archive.add(
    makeDeb(
      "greeter",
      {},
      { Version: "2.0", Depends: "tongue (>= 1)", Recommends: "hat", Source: "greetings (1.9)" },
    ),
  );
  archive.add(makeDeb("tongue", {}, { Version: "1:1.0" }));
  archive.add(makeDeb("hat", {}, { Version: "3" }));
  archive.add(makeDeb("task-parade", {}, { Version: "1", Depends: "hat" }));
  archive.add(makeDeb("mute", {}, { Version: "1", Conflicts: "tongue" }));
  await archive.publish();
});
afterAll(async () => {
  attempt?.[Symbol.dispose]();
  await small?.[Symbol.asyncDispose]();
});

test("a line for each package, with who wants it", async () => {
  const { stdout, stderr } = await attempt.does(["resolve", "./small.yaml", "greeter"]);
  expect(stdout).toBe("greeter 2.0 all request\ntongue 1:1.0 all greeter: tongue (>= 1)\n");
  expect(stderr).toMatch(/^2 packages, \S+ \S+ to fetch$/m);
});

test("a task is a group, beside packages", async () => {
  const { stdout } = await attempt.does(["resolve", "./small.yaml", "@parade", "tongue:all"]);
  expect(stdout.split("\n").map((line) => line.split(" ")[0])).toEqual(["hat", "task-parade", "tongue", ""]);
  const { text } = await attempt.refuses(["resolve", "./small.yaml", "@parad"], 4, [
    "unresolved/unknown-group",
  ]);
  expect(text).toContain("did you mean parade?");
});

test("with what is recommended, and with the base, where that is asked for", async () => {
  const all = await attempt.does(["resolve", "small.yaml", "greeter", "--recommends", "--base"]);
  expect(all.stdout).toContain("hat 3 all greeter: Recommends: hat\n");
  expect(all.stdout).toMatch(/^base-files \S+ amd64 base$/m);
  const base = await attempt.does(["resolve", "small.yaml", "--base"]);
  expect(base.stdout).toMatch(/^base-files \S+ amd64 base$/m);
  expect(base.stdout).not.toContain("greeter");
});

test("as JSON: sources, sizes, origins and every reason; the order of the words means nothing", async () => {
  const ask = async (...packages: string[]) =>
    (await attempt.does(["resolve", "./small.yaml", ...packages, "--json"])).stdout;
  const told = await ask("tongue", "greeter");
  expect(await ask("greeter", "tongue")).toBe(told);
  const { packages, ...frame } = JSON.parse(told);
  expect(frame).toEqual({
    format: "kit/resolution/1",
    distro: "small",
    architectures: ["amd64"],
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
  });
  const common = {
    architecture: "all",
    origin: { repository: "main", suite: "stable" },
    size: expect.any(Number),
  };
  expect(packages).toEqual([
    {
      ...common,
      ...{ name: "greeter", version: "2.0", source: "greetings", sourceVersion: "1.9" },
      reasons: [{ by: "request", relation: "greeter" }],
    },
    {
      ...common,
      ...{ name: "tongue", version: "1:1.0", source: "tongue", sourceVersion: "1:1.0" },
      reasons: [
        { by: "request", relation: "tongue" },
        { by: "greeter", relation: "tongue (>= 1)" },
      ],
    },
  ]);
});

test("an index that is there already is not fetched again, nor by another kit; a damaged one is", async () => {
  using fresh = small.attempt({ base: ["base-files"], store: "own" });
  const { archive } = small;
  const fetched = async (...options: readonly string[]) => {
    const before = archive.requests.length;
    const { stdout } = await fresh.does(["resolve", "./small.yaml", "greeter", ...options]);
    expect(stdout).toContain("greeter 2.0 all request");
    return archive.requests.slice(before).map((path) => path.replace(/^.*\//, ""));
  };
  expect(await fetched()).toEqual(["InRelease", "Packages.gz"]);
  expect(await fetched()).toEqual([]);
  expect(await fetched("--refresh")).toEqual(["InRelease"]);
  expect(await fetched("--offline")).toEqual([]);
  const { pool } = layoutOf(fresh.store);
  const members = readdirSync(pool, { recursive: true, encoding: "utf8" }).filter((name) => name.length > 3);
  const lists = members.filter((name) => readFileSync(join(pool, name)).subarray(0, 2).equals(gzipMagic));
  expect([members.length, lists.length]).toEqual([2, 1]);
  for (const list of lists) writeFileSync(join(pool, list), "damage");
  expect(await fetched("--refresh")).toEqual(["InRelease", "Packages.gz"]);
  expect(flawsOf(fresh.store)).toEqual([]);
  // What is remembered of a store that is gone counts for nothing.
  rmSync(fresh.store, { recursive: true });
  expect(await fetched()).toEqual(["InRelease", "Packages.gz"]);
});

const gzipMagic = Buffer.from([0x1f, 0x8b]);

test("what cannot be had is argued", async () => {
  const { text } = await attempt.refuses(["resolve", "./small.yaml", "greeter", "mute"], 4, [
    "unresolved/unsatisfiable",
  ]);
  expect(text).toContain("mute 1 conflicts with tongue");
  await attempt.refuses(["resolve", "./small.yaml", "greeter (>> 2.0)"], 4, ["unresolved/unsatisfiable"]);
  await attempt.refuses(["resolve", "./small.yaml", "greeter ((1"], 2, ["usage/malformed-request"]);
});

test("who is asked what makes no sense says so", async () => {
  const { text } = await attempt.refuses(["resolve", "debian/trixi", "hello"], 2, ["usage/unknown-distro"]);
  expect(text).toContain("did you mean debian/trixie?");
  await attempt.refuses(["resolve", "./small.yaml"], 2, ["usage/bad-option"]);
  await attempt.refuses(["resolve", "./small.yaml", "greeter", "--arch", "amd46"], 2, ["usage/bad-option"]);
  await attempt.refuses(["resolve", "./small.yaml", "greeter", "--arch", "riscv64"], 2, [
    "usage/unknown-architecture",
  ]);
  await attempt.refuses(["resolve", "./none.yaml", "greeter"], 3, ["manifest/missing-file"]);
  attempt.image([]);
  await attempt.refuses(["resolve", "./image.yaml", "greeter"], 3, ["manifest/wrong-kind"]);
});
