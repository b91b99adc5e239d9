// Views through the built kit: locked, explained, told by level, turned a second time; and what is refused.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDeb } from "./deb.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";

let small: Small;
let attempt: Attempt;

beforeAll(async () => {
  small = await openSmall();
  const { archive } = small;
  const add = (name: string, fields: Record<string, string> = {}) => archive.add(makeDeb(name, {}, fields));
  add("server", { Depends: "library", Recommends: "manual" });
  add("library", { Source: "libsource (1.0)" });
  add("library-dev", { Source: "libsource (1.0)", Depends: "library" });
  add("manual");
  add("compiler", { Depends: "library" });
  add("forbidden", { Task: "office" });
  add("office", { Depends: "forbidden | nothing", Task: "office" });
  const source = (name: string, needs: string) =>
    archive.addSource({ Package: name, Version: "1", Binary: name, "Build-Depends": needs });
  source("server", "compiler, library-dev");
  source("libsource", "compiler");
  source("compiler", "compiler");
  source("office", "absent (>= 2)");
  await archive.publish();
  attempt = small.attempt({ base: [] });
});
afterAll(async () => {
  attempt?.[Symbol.dispose]();
  await small?.[Symbol.asyncDispose]();
});

const workload = (name: string, rest: string) => `kind: workload\nname: ${name}\n${rest}`;
const view = (rest: string) =>
  `kind: view\nname: eln\ndistro: ./small.yaml\narchitectures: [amd64]\nworkloads: [./workloads]\n${rest}`;

/** A folder of its own for each test. */
function write(at: string, files: Readonly<Record<string, string>>): void {
  const shared = ["small.yaml", "small.asc"].map((name) => [
    name,
    readFileSync(join(attempt.folder, name), "utf8"),
  ]);
  for (const [name = "", text = ""] of [...shared, ...Object.entries(files)]) {
    const path = join(attempt.folder, at, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

test("workloads of its labels are locked and explained, and the buildroot to its end", async () => {
  write("good", {
    "workloads/web.yaml": workload("web", "labels: [eln]\npackages: [server]\n"),
    "workloads/deep/office.yaml": workload("office", "labels: [eln]\ngroups: [office]\n"),
    "workloads/other.yaml": workload("other", "labels: [later]\npackages: [absent]\n"),
    "workloads/lax.yaml": workload(
      "lax",
      "labels: [eln]\npackages: [manual, absent]\noptions: {strict: false}\n",
    ),
    "workloads/hello.yaml": "kind: tools\nname: none\ndistros: [./nowhere.yaml]\npackages: [x1]\n",
    "view.yaml": view(
      "labels: [eln]\nbuildroot: {base: []}\nunwanted: {packages: [forbidden, absent, manual], sources: [forbiden, compiler]}\n",
    ),
  });
  const locked = await attempt.does(["lock", "good/view.yaml"]);
  expect(locked.stderr).toContain("workload lax does without absent, which is not there");
  expect(locked.stderr).toContain("building office 1 needs absent (>= 2), which nothing satisfies");
  const pulled = "workload office pulls in forbidden, which is unwanted: forbidden";
  expect(locked.stderr).toContain(pulled);
  expect(locked.stderr).toContain("small has no package absent, which is unwanted");
  expect(locked.stderr).toContain("small has no source forbiden, which is unwanted");
  expect(locked.stderr.match(/unwanted/g)).toHaveLength(4);
  const repeated = await attempt.does(["lock", "good/view.yaml"]);
  expect(repeated.stderr).toContain("the lock answers everything already");
  expect(repeated.stderr).toContain(pulled);

  const why = await attempt.does(["why", "good/view.yaml", "library"]);
  expect(why.stdout).toContain("request server -> library");

  const told = await attempt.does(["buildroot", "good/view.yaml"]);
  expect(told.stdout).toContain(
    "    level 0: 5 packages of 5 sources\n    level 1: 2 packages of 1 source\n",
  );
  expect(told.stdout).toContain("office cannot be built on amd64:");
  expect(told.stdout).toContain("there is no source package manual");

  await attempt.does(["buildroot", "good/view.yaml", "-o", "good/workloads"]);
  expect(readFileSync(join(attempt.folder, "good/workloads/eln-buildroot-1.yaml"), "utf8")).toContain(
    'packages:\n  - "compiler"\n  - "library-dev"\n',
  );
  write("good", { "second.yaml": view("labels: [eln, eln-buildroot]\nbuildroot: {base: []}\n") });
  await attempt.does(["lock", "good/second.yaml"]);
  const again = await attempt.does(["buildroot", "good/second.yaml", "--json"]);
  expect(JSON.parse(again.stdout).on).toEqual({
    amd64: { levels: [{ level: 0, packages: 7, sources: 6 }] },
  });
});

test("the same lock, byte for byte, whatever the order of workloads and of their packages", async () => {
  const files = (names: readonly string[], packages: readonly string[]) =>
    Object.fromEntries([
      ...names.map((file, i) => [
        `workloads/${file}.yaml`,
        workload(["web", "office"][i] ?? "", `labels: [eln]\npackages: [${packages.join(", ")}]\n`),
      ]),
      ["view.yaml", view("labels: [eln]\nbuildroot: {base: []}\n")],
    ]);
  write("one", files(["a", "b"], ["server", "manual", "compiler"]));
  write("two", files(["y", "x"], ["compiler", "server", "manual"]));
  for (const at of ["one", "two"]) await attempt.does(["lock", `${at}/view.yaml`]);
  const [one, two] = ["one", "two"].map((at) => readFileSync(join(attempt.folder, at, "view.lock"), "utf8"));
  expect(one).toBe(two);
});

test("what makes no sense is refused, with the place", async () => {
  const web = workload("web", "labels: [eln]\npackages: [server]\n");
  const refused = async (files: Record<string, string>, code: string, text: string, status = 3) => {
    write("bad", { "workloads/web.yaml": web, ...files });
    const told = await attempt.refuses(["lock", "bad/view.yaml"], status, [code]);
    expect(told.text).toContain(text);
  };
  await refused({ "view.yaml": view("labels: [elm]\n") }, "manifest/unknown-label", "did you mean eln?");
  await refused(
    { "view.yaml": view("subtract: ./view.yaml\n") },
    "manifest/cycle",
    "circular views: eln → eln",
  );
  await refused(
    {
      "view.yaml": view("subtract: ./other.yaml\n"),
      "other.yaml": view("subtract: ./view.yaml\n").replace("eln", "other"),
    },
    "manifest/cycle",
    "circular views",
  );
  await refused(
    { "view.yaml": view("").replace("[./workloads]", "[./none]") },
    "manifest/missing-file",
    "none",
  );
  await refused(
    { "view.yaml": view("").replace("[amd64]", "[s390x]") },
    "manifest/unsupported-architecture",
    "s390x",
  );
  await refused({ "view.yaml": view("labels: [eln]\nlabel: [x]\n") }, "manifest/unknown-key", "label");
  // Once, and not for each workload; what a lock would have is in none.
  await refused(
    { "view.yaml": view("base: [absent]\n") },
    "unresolved/unsatisfiable",
    "the base of the view eln",
    4,
  );
  expect(existsSync(join(attempt.folder, "bad/view.lock"))).toBe(false);
  await refused(
    { "view.yaml": view(""), "workloads/again.yaml": web },
    "manifest/name-clash",
    "two workloads are called web",
  );
  write("bad", { "workloads/again.yaml": workload("again", 'packages: ["a b", "x (1"]\n') });
  await attempt.refuses(["lock", "bad/view.yaml"], 3, ["manifest/bad-value"]);
  write("plain", { "view.yaml": view(""), "workloads/web.yaml": web });
  await attempt.does(["lock", "plain/view.yaml"]);
  await attempt.refuses(["realize", "plain/view.yaml"], 2, ["usage/not-realizable"]);
  await attempt.refuses(["buildroot", "plain/view.yaml"], 2, ["usage/no-buildroot"]);
  attempt.image([]);
  await attempt.refuses(["buildroot", "image.yaml"], 3, ["manifest/wrong-kind"]);
});

test("an add-on has what the view below it has not", async () => {
  write("addon", {
    "workloads/web.yaml": workload("web", "labels: [eln]\npackages: [server]\n"),
    "workloads/more.yaml": workload("more", "labels: [more]\npackages: [compiler]\n"),
    "base.yaml": view("labels: [eln]\n").replace("eln", "base"),
    "view.yaml": view("labels: [more]\nsubtract: ./base.yaml\nbuildroot: {base: []}\n"),
  });
  await attempt.does(["lock", "addon/view.yaml"]);
  const { stdout } = await attempt.does(["buildroot", "addon/view.yaml"]);
  expect(stdout).toContain("level 0: 1 package of 1 source");
});
