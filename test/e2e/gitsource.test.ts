// Sources out of git repositories, by the command a user runs: branches and tags pinned, submodules, what is gone.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve, type TestServer } from "../builders/fetch/server.ts";
import { readLock } from "./base.ts";
import { git, gitHandler } from "./git.ts";
import { done, kit, type Outcome } from "./kit.ts";
import { openPlace, type Place, writeFiles } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";
import { manifest } from "./trees.ts";

let place: Place;
let server: TestServer;
/** The repository people push to; the server has a bare one of it. */
let work: string;

beforeAll(async () => {
  place = openPlace("git");
  work = join(place.folder, "work");
  mkdirSync(join(place.folder, "served"));
  server = await serve(gitHandler(join(place.folder, "served")));
  for (const name of ["words", "part"]) {
    git(place.folder, "init", "-q", join(work, name));
    git(place.folder, "init", "-q", "--bare", join(place.folder, "served", `${name}.git`));
  }
  commit("part", { "part.txt": "part one\n" });
  // From its folder: a server in this process does not answer while it waits for git.
  git(join(work, "words"), "submodule", "--quiet", "add", join(place.folder, "served/part.git"), "deps/part");
  const modules = ["config", "--file", ".gitmodules", "submodule.deps/part.url"];
  git(join(work, "words"), ...modules, `${server.url}/part.git`);
  commit("words", { "words.txt": "one\n", ".gitattributes": "*.txt text eol=crlf export-ignore\n" });
  git(join(work, "words"), "tag", "-a", "-m", "one", "v1");
  git(join(work, "words"), "push", "-q", join(place.folder, "served/words.git"), "v1");
});
afterAll(async () => {
  expect(flawsOf(place.store)).toEqual([]);
  await server.stop();
  place[Symbol.dispose]();
});

function commit(name: string, content: Readonly<Record<string, string>>): string {
  const folder = join(work, name);
  writeFiles(folder, content);
  git(folder, "add", ".");
  git(folder, "commit", "-qm", "another");
  git(folder, "push", "-q", join(place.folder, "served", `${name}.git`), "HEAD:refs/heads/main");
  return git(folder, "rev-parse", "HEAD");
}

const at = () => ({ cwd: place.folder, store: place.store });
const run = (...words: string[]): Promise<Outcome> => kit([...words, "--json"], at());
const source = (rev: string, more = "", from = server.url) =>
  place.write({
    "words.yaml": manifest(
      "words",
      `sources: [{git: "${from}/words.git", rev: ${rev}${more}}]\nscript: {install: "mkdir -p $OUT$PREFIX; cp -r . $OUT$PREFIX/"}`,
    ),
  });
const built = async (path = "words.txt") =>
  readFileSync(join(done(await run("realize", "words.yaml")).paths.get("words") ?? "", path), "utf8");
/** After another revision was written: the lock has no commit of it yet. */
const relocked = async (path?: string) => {
  done(await run("lock", "words.yaml"));
  return await built(path);
};
const pinned = () =>
  Object.values((readLock(join(place.folder, "words.lock")) as { git?: Record<string, object> }).git ?? {});

test("a branch is what it was when it was locked, until somebody moves it; a tag is its commit", async () => {
  source("main");
  const first = git(join(work, "words"), "rev-parse", "HEAD");
  // What is checked out is what its attributes say, on every machine; `.git` is no part of it.
  expect(await built()).toBe("one\r\n");
  expect(pinned()).toEqual([{ question: `${server.url}/words.git main`, commit: first }]);
  const second = commit("words", { "words.txt": "two\n" });
  expect(await built()).toBe("one\r\n");
  done(await run("lock", "words.yaml", "--update", "words"));
  expect(pinned()).toMatchObject([{ commit: second }]);
  expect(await built()).toBe("two\r\n");
  source("v1");
  const open = await refuses(
    ["realize", "words.yaml"],
    { ...at(), keepsLock: true },
    4,
    "unresolved/not-locked",
  );
  expect(open.places).toEqual(["words.yaml:5"]);
  expect(await relocked()).toBe("one\r\n");
  expect(pinned()).toMatchObject([{ commit: first }]);
  source(first);
  expect(await relocked()).toBe("one\r\n");
  expect(pinned()).toEqual([]);
});

test("submodules where they are asked for, each at the commit that is written down", async () => {
  source("v1", ", submodules: true");
  commit("part", { "part.txt": "part two\n" });
  expect(await relocked("deps/part/part.txt")).toBe("part one\n");
  const words = join(work, "words");
  const moved = (to: string) =>
    git(words, "config", "--file", ".gitmodules", "submodule.deps/part.url", `${server.url}/${to}.git`);
  moved("nowhere");
  commit("words", {});
  git(words, "push", "-q", join(place.folder, "served/words.git"), "HEAD:refs/tags/halved");
  moved("part");
  commit("words", {});
  source("halved", ", submodules: true");
  done(await run("lock", "words.yaml"));
  const fault = await refuses(
    ["realize", "words.yaml"],
    { ...at(), keepsLock: true },
    6,
    "network/no-submodule",
  );
  expect(fault.text).toContain("is there, but not all of its submodules");
  expect(fault.text).toContain("nowhere.git");
  expect(fault.places).toEqual(["words.yaml:5"]);
});

test("through a proxy, the question and the fetch", async () => {
  commit("words", { "words.txt": "far\n" });
  git(join(work, "words"), "push", "-q", join(place.folder, "served/words.git"), "HEAD:refs/tags/far");
  source("far", "", "http://git.example.org");
  // A proxy is asked by the whole address, which the server takes for its own. All else is locked and in the store.
  const through = { ...at(), env: { http_proxy: server.url, no_proxy: "" } };
  const seen = server.requests.length;
  done(await kit(["lock", "words.yaml"], through));
  const far = done(await kit(["realize", "words.yaml"], through));
  expect(readFileSync(join(far.paths.get("words") ?? "", "words.txt"), "utf8")).toBe("far\r\n");
  const asked = server.requests.slice(seen).filter((line) => line.startsWith("http://git.example.org/"));
  expect(asked.length).toBeGreaterThan(1);
});

test("what is gone comes out of the store; where nobody has it that is told, and so is a name that nobody has", async () => {
  source("v1");
  expect(await relocked()).toBe("one\r\n");
  rmSync(join(place.folder, "served/words.git"), { recursive: true });
  expect(await built()).toBe("one\r\n");
  source("4f".repeat(20));
  const gone = await refuses(["realize", "words.yaml"], { ...at(), keepsLock: true }, 6, "network/no-commit");
  expect(gone.text).toContain("4f".repeat(20));
  const rev = `words.yaml:5:${`sources: [{git: "${server.url}/words.git", rev: `.length + 1}`;
  expect(gone.spots).toEqual([rev]);
  await refuses(["realize", "words.yaml", "--offline"], { ...at(), keepsLock: true }, 6, "network/offline");
  source("main");
  const lost = await refuses(["lock", "words.yaml"], { ...at(), keepsLock: true }, 6, "network/not-found");
  expect(lost.spots).toEqual(["words.yaml:5:17"]);
  git(place.folder, "init", "-q", "--bare", join(place.folder, "served/words.git"));
  git(join(work, "words"), "push", "-q", join(place.folder, "served/words.git"), "v1");
  source("nowhere");
  const told = await refuses(
    ["lock", "words.yaml"],
    { ...at(), keepsLock: true },
    4,
    "unresolved/no-revision",
  );
  expect(told.text).toContain("it has v1");
  expect(told.spots).toEqual([rev]);
  source('"-oops"');
  await refuses(["lock", "words.yaml"], { ...at(), keepsLock: true }, 3, "manifest/bad-value");
});
