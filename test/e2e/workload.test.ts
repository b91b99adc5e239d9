// Workloads in images through the built kit: one closure of all, and what no image can hold refused.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTar } from "../rig/tar.ts";
import { makeDeb } from "./deb.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";

let small: Small;

beforeAll(async () => {
  small = await openSmall();
  const add = (name: string, fields: Record<string, string> = {}) =>
    small.archive.add(makeDeb(name, { [`usr/share/${name}`]: `${name}\n` }, fields));
  add("server", { Depends: "library | other-library", Recommends: "manual" });
  add("library", { Conflicts: "tool" });
  add("other-library");
  add("manual");
  add("a-lib", { Provides: "edge-lib" });
  add("tool");
  add("chart", { Task: "office" });
  add("letter", { Task: "office, desktop" });
  await small.archive.publish();
});
afterAll(async () => await small?.[Symbol.asyncDispose]());

const workload = (name: string, rest: string) => `kind: workload\nname: ${name}\n${rest}`;

const chosen = (attempt: Attempt) => {
  const lock = JSON.parse(readFileSync(join(attempt.folder, "image.lock"), "utf8"));
  return Object.values<{ question: string; packages: object }>(lock.answers).flatMap(
    ({ question, packages }) =>
      /: (?:<[^>]*> ?)+(?:,|$)/.test(question) && !question.includes(", groups") ? [] : Object.keys(packages),
  );
};

test("an image holds what its workloads want, resolved as one with its own packages", async () => {
  using attempt = small.attempt();
  attempt.write({
    "hello.yaml":
      'kind: package\nname: hello-local\nversion: "1"\nbuilder: deb-files\narchitectures: [all]\nfiles: [{path: /etc/hello, content: hi}]\ndeb: {maintainer: A <a@b.c>, summary: A greeting, depends: [other-library]}\n',
    "web.yaml": workload(
      "web",
      "packages: [server, ./hello.yaml]\narchPackages: {amd64: [tool], arm64: [never]}\n",
    ),
    "office.yaml": workload("office", "groups: [office]\n"),
    "lax.yaml": workload("lax", "packages: [absent, tool]\noptions: {strict: false}\n"),
  });
  attempt.image([], "exclude: [chart]\nworkloads: [./web.yaml, ./office.yaml, ./lax.yaml]\n");
  const locked = await attempt.does(["lock", "image.yaml"]);
  expect(locked.stderr).toContain("does without absent, which is not there");
  const { stdout } = await attempt.does(["realize", "image.yaml"]);
  const tar = readTar(stdout.split(" ")[1] ?? "");
  const status = tar.read("var/lib/dpkg/status").toString();
  const there = ["server", "other-library", "hello-local", "tool", "letter"];
  for (const name of there) expect(status).toContain(`Package: ${name}\n`);
  // Alone the server would have the library, which clashes with the tool; the group's chart is excluded.
  for (const name of ["library", "manual", "chart"]) expect(status).not.toContain(`Package: ${name}\n`);

  expect((await attempt.does(["why", "image.yaml", "letter"])).stdout).toContain("group office letter");
  const notThere = await attempt.does(["why-not", "image.yaml", "library"]);
  expect(notThere.stdout).toContain("nothing that is asked for needs library");
  const graph = await attempt.does(["graph", "image.yaml", "--stage", "asked"]);
  for (const name of ["server", "office", "hello-local"]) expect(graph.stdout).toContain(name);
});

test("what a workload newly asks is answered out of the lock, or not at all", async () => {
  using attempt = small.attempt();
  const groups = (names: string) =>
    attempt.write({ "office.yaml": workload("office", `groups: [${names}]\n`) });
  groups("office");
  attempt.image(["server"], "workloads: [./office.yaml]\n");
  await attempt.does(["lock", "image.yaml"]);
  attempt.image(["server", "library"], "workloads: [./office.yaml]\n");
  await attempt.does(["evaluate", "image.yaml"]);
  groups("desktop");
  const told = await attempt.refuses(["evaluate", "image.yaml"], 4, ["unresolved/not-locked"]);
  expect(told.text).toContain("the group desktop was not asked for");
  // It may be there now: only who chooses from the indexes can say.
  attempt.write({ "office.yaml": workload("office", "packages: [manual]\noptions: {strict: false}\n") });
  await attempt.refuses(["evaluate", "image.yaml"], 4, ["unresolved/not-locked"]);
  await attempt.does(["lock", "image.yaml"]);
  expect(chosen(attempt).some((key) => key.startsWith("manual_"))).toBe(true);
});

test("one that wants recommendations has them for the whole image", async () => {
  using attempt = small.attempt();
  attempt.write({ "tool.yaml": workload("tool", "packages: [letter]\noptions: {recommends: true}\n") });
  attempt.image(["server"], "workloads: [./tool.yaml]\n");
  await attempt.does(["lock", "image.yaml"]);
  expect(chosen(attempt).some((key) => key.startsWith("manual_"))).toBe(true);
});

test("what no image can hold is refused, with the place", async () => {
  using attempt = small.attempt();
  attempt.image([], "workloads: [./web.yaml]\n");
  const refused = async (rest: string, status: number, code: string, ...texts: readonly string[]) => {
    writeFileSync(join(attempt.folder, "web.yaml"), workload("web", rest));
    const { text, places } = await attempt.refuses(["lock", "image.yaml"], status, [code]);
    for (const expected of texts) expect(`${places.join(" ")} ${text}`).toContain(expected);
  };
  const placeholder = "placeholders:\n  - {source: future, packages: [{name: future}]";
  await refused(`${placeholder}}\n`, 3, "manifest/placeholder", "web.yaml:4", "future is a placeholder");
  await refused("groups: [ofice]\n", 4, "unresolved/unknown-group", "no group ofice", "did you mean office?");
  await refused("packages: [absent]\n", 4, "unresolved/unsatisfiable", "absent");
  writeFileSync(
    join(attempt.folder, "web.yaml"),
    workload("web", `${placeholder}, architectures: [arm64]}\npackages: [tool]\n`),
  );
  await attempt.does(["lock", "image.yaml"]);
  attempt.image([], "workloads: [./small.yaml]\n");
  await attempt.refuses(["lock", "image.yaml"], 3, ["manifest/wrong-kind"]);
});

test("what a local package needs of another is no request of its own, unless nothing else brings it", async () => {
  using attempt = small.attempt();
  const local = (name: string, rest: string) =>
    `kind: package\nname: ${name}\nversion: "1"\ndistro: ./small.yaml\narchitectures: [all]\n${rest}`;
  const files = (name: string) => `builder: deb-files\nfiles: [{path: /etc/${name}, content: hi}]\n`;
  attempt.write({
    "edge-tool.yaml": local("edge-tool", `${files("edge-tool")}dependencies: [./edge-lib.yaml]\n`),
    "edge-lib.yaml": local("edge-lib", files("edge-lib")),
    // Its .deb does not say that it needs anything.
    "mute.yaml": `kind: package\nname: mute\nbuilder: deb-prebuilt\ndistro: ./small.yaml\ndependencies: [./friend.yaml]\nsources: [{file: ./mute.deb}]\n`,
    "mute.deb": makeDeb("mute", {}, {}).bytes,
    "friend.yaml": local("friend", files("friend")),
    "w/edge.yaml": workload("edge", "packages: [a-lib, ../edge-tool.yaml, ../mute.yaml]\n"),
    "view.yaml":
      "kind: view\nname: edges\ndistro: ./small.yaml\narchitectures: [amd64]\nworkloads: [./w]\nbase: []\n",
  });
  // Chosen before it is needed, and in its name: the manifest's is meant all the same.
  attempt.image(["a-lib", "./edge-tool.yaml", "./mute.yaml"]);
  for (const manifest of ["image.yaml", "view.yaml"]) {
    await attempt.does(["lock", manifest]);
    const why = async (name: string) =>
      JSON.parse((await attempt.does(["why", manifest, name, "--json"])).stdout).packages[0].chains;
    const request = (name: string) => ({ package: name, relation: name });
    expect(await why("edge-lib")).toEqual([
      { from: "request", links: [request("edge-tool"), request("edge-lib")] },
    ]);
    expect(await why("friend")).toEqual([{ from: "request", links: [request("friend")] }]);
  }
  const { views } = JSON.parse(readFileSync(join(attempt.folder, "view.lock"), "utf8"));
  expect(Object.values(views)).toMatchObject([
    {
      workloads: {
        edge: {
          required: ["a-lib_1.0_all", "local edge-tool", "local friend", "local mute"],
          others: ["local edge-lib"],
        },
      },
    },
  ]);
  // Asked for by itself, too.
  attempt.image(["./edge-tool.yaml", "./edge-lib.yaml"]);
  await attempt.does(["lock", "image.yaml"]);
  const { stdout } = await attempt.does(["why", "image.yaml", "edge-lib"]);
  expect(stdout).toContain("    request edge-lib\n");
});
