// Damage as users come across it: found by verify, mended by --repair, and what links and profiles lead to is there.

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { layoutOf } from "../../store/layout.ts";
import { formatSecretKey, generateKey } from "../../store/model/key.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";

let small: Small;
beforeAll(async () => {
  small = await openSmall();
});
afterAll(() => small[Symbol.asyncDispose]());

/** A store with an image that a link and a profile keep. */
let attempt: Attempt;
let before: Buffer;
beforeEach(async () => {
  attempt = small.attempt({ store: "own" });
  execFileSync("cp", ["-a", small.warm, attempt.store]);
  const { roots } = layoutOf(attempt.store);
  for (const name of readdirSync(roots)) rmSync(join(roots, name));
  attempt.image([]);
  await attempt.does(["realize", "image.yaml", "-o", "result", "--profile", "edge"]);
  before = readFileSync(join(attempt.folder, "result"));
});
afterEach(() => {
  expect(flawsOf(attempt.store)).toEqual([]);
  attempt[Symbol.dispose]();
});

const seen = () => readFileSync(join(attempt.folder, "result"));
const target = () => realpathSync(join(attempt.folder, "result"));

test("an output's bytes: it is made again, and the link and the profile lead to it", async () => {
  appendFileSync(target(), "x");
  const found = await attempt.run(["store", "verify"]);
  expect([found.status, found.stdout]).toEqual([5, expect.stringContaining("it may share what is damaged")]);
  const { stdout, stderr } = await attempt.does(["store", "verify", "--repair"]);
  expect(stdout).toMatch(/\n\d results? made whole again\n1 output shown again\n$/);
  expect(stderr).not.toContain("not made again");
  expect(seen().equals(before)).toBe(true);
  expect((await attempt.does(["store", "verify"])).stdout).toContain("all is sound");
  const { generations } = JSON.parse((await attempt.does(["profile", "edge", "--json"])).stdout);
  const places: string[] = Object.values(generations[0].outputs);
  expect(places.map((place) => existsSync(join(attempt.store, place)))).toEqual([true]);
});

test("an output that is gone, or has what does not belong there, is shown again", async () => {
  const folder = dirname(target());
  writeFileSync(join(folder, "stray"), "");
  expect((await attempt.run(["store", "verify"])).stdout).toContain("/stray does not belong there");
  await attempt.does(["store", "verify", "--repair"]);
  expect(readdirSync(folder)).toHaveLength(1);
  rmSync(folder, { recursive: true });
  const found = await attempt.run(["store", "verify"]);
  expect(found.status).toBe(5);
  expect(found.stdout).toContain(
    `it is gone, and wanted by ${join(attempt.folder, "result")}, generation 1 of edge`,
  );
  expect((await attempt.does(["store", "verify", "--repair"])).stdout).toContain("1 output shown again");
  expect(seen().equals(before)).toBe(true);
});

test("what a push comes across damaged is made again, and pushed", async () => {
  const file = join(attempt.folder, "file");
  writeFileSync(file, formatSecretKey(generateKey("builder")));
  chmodSync(file, 0o600);
  appendFileSync(target(), "x");
  const { stdout, stderr } = await attempt.does(["push", "cache", "image.yaml", "--key", file]);
  expect(stderr).toContain("; it is made again");
  expect(stdout).toMatch(/^pushed \d+ results/);
  expect(seen().equals(before)).toBe(true);
  expect((await attempt.does(["store", "verify"])).stdout).toContain("all is sound");
});

test("a repair that was killed when all was set aside is finished by the next one", async () => {
  const { results, corrupt } = layoutOf(attempt.store);
  const named = readdirSync(results, { recursive: true, encoding: "utf8" });
  const tar = named.find((name) => {
    const file = join(results, name);
    return name.length > 2 && readFileSync(file, "utf8").includes('"builder":"tar"');
  });
  if (tar === undefined) throw new Error("there is no tar");
  // The folder is the store's owner's, as kit makes it.
  mkdirSync(corrupt, { recursive: true });
  const { uid, gid } = statSync(results);
  chownSync(corrupt, uid, gid);
  renameSync(join(results, tar), join(corrupt, `statement-${basename(tar)}`));
  rmSync(dirname(target()), { recursive: true });
  const { stdout } = await attempt.does(["store", "verify", "--repair"]);
  expect(stdout).toMatch(/: all is sound\n1 result made whole again\n1 output shown again\n$/);
  expect(seen().equals(before)).toBe(true);
});

test("a root and a generation that cannot be read are lost, and told as such", async () => {
  const { roots, profiles } = layoutOf(attempt.store);
  const [link = ""] = readdirSync(roots)
    .map((name) => join(roots, name))
    .filter((file) => readFileSync(file, "utf8").includes('"kind":"link"'));
  writeFileSync(link, "bad");
  writeFileSync(join(profiles, "edge", "1"), "bad");
  const { status, stdout } = await attempt.run(["store", "verify", "--repair"]);
  expect(status).toBe(5);
  expect(stdout).toMatch(/^lost: the root roots\/[0-9a-f]+: what it kept goes with the next collection$/m);
  expect(stdout).toContain("lost: the generation profiles/edge/1: ");
  await attempt.does(["realize", "image.yaml", "-o", "result"]);
  await attempt.does(["gc"]);
  expect(existsSync(target())).toBe(true);
});
