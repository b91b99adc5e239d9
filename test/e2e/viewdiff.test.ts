// Views through the built kit, looked at: what changed between two states, why a package is there, why it is not.

import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDeb } from "./deb.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";

let small: Small;
let attempt: Attempt;
const hourLater = new Date(Date.now() + 3_000_000);

const add = (name: string, fields: Record<string, string> = {}) =>
  small.archive.add(makeDeb(name, {}, fields));
const source = (name: string, needs: string) =>
  small.archive.addSource({ Package: name, Version: "1", Binary: name, "Build-Depends": needs });
const git = (...argv: readonly string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...argv], {
    cwd: attempt.folder,
  });

const workload = (name: string, rest: string) => `kind: workload\nname: ${name}\n${rest}`;
const view = (rest: string) =>
  `kind: view\nname: eln\ndistro: ./small.yaml\narchitectures: [amd64]\nworkloads: [./workloads]\n${rest}`;

beforeAll(async () => {
  small = await openSmall();
  add("server", { Depends: "library", Recommends: "manual", "Installed-Size": "1024" });
  add("library", { Source: "libsource (1.0)", Conflicts: "enemy" });
  add("library-dev", { Source: "libsource (1.0)", Depends: "library" });
  add("manual");
  add("enemy");
  add("compiler", { Depends: "library", Source: "gcc (1.0)" });
  add("assembler");
  add("letter", { Task: "office" });
  source("server", "compiler, library-dev");
  source("libsource", "compiler");
  source("gcc", "assembler");
  source("assembler", "");
  source("letter", "");
  source("manual", "");
  await small.archive.publish();
  attempt = small.attempt({ base: [] });
  attempt.write({
    "workloads/web.yaml": workload("web", "packages: [server]\n"),
    "workloads/office.yaml": workload("office", "groups: [office]\n"),
    "workloads/war.yaml": workload("war", "packages: [library, enemy]\n"),
    "view.yaml": view("buildroot: {base: []}\n"),
    ".gitignore": "store\n",
  });
  await attempt.does(["lock", "view.yaml"]);
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "one");
});
afterAll(async () => {
  attempt?.[Symbol.dispose]();
  await small?.[Symbol.asyncDispose]();
});

test("why a package is only in the buildroot: its sources, and the way down", async () => {
  const compiler = await attempt.does(["why", "view.yaml", "compiler"]);
  expect(compiler.stdout).toBe(
    [
      "compiler 1.0 all in the buildroot of eln on small amd64: 3 workloads and what building takes",
      "    level 1: 2 sources of level 0 are built with it",
      "    source libsource with compiler",
      "    source server with compiler",
      "",
    ].join("\n"),
  );
  const { stdout } = await attempt.does(["why", "view.yaml", "assembler:amd64", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    packages: [],
    tools: [
      {
        ...{ name: "assembler", level: 2, count: 1 },
        ways: [
          [
            { source: "libsource", package: "compiler" },
            { source: "gcc", package: "assembler" },
          ],
        ],
      },
    ],
  });
  // What a workload has is told of the workload alone; what a group brings, of the group.
  const library = await attempt.does(["why", "view.yaml", "library"]);
  expect(library.stdout).toBe(
    [
      "library 1.0 all in the workload web of eln on small amd64: 3 workloads and what building takes",
      "    request server -> library",
      "",
    ].join("\n"),
  );
  const told = await attempt.does(["why", "view.yaml", "library", "--json"]);
  expect(JSON.parse(told.stdout)).toMatchObject({ packages: [{ name: "library", workload: "web" }] });
  expect(library.stdout).not.toContain("buildroot");
  expect((await attempt.does(["why", "view.yaml", "letter"])).stdout).toContain("group office letter");
  const none = await attempt.refuses(["why", "view.yaml", "compilr"], 2, ["usage/unknown-package"]);
  expect(none.text).toContain('no package is called "compilr"\n');
  expect(none.text).toContain('did you mean "compiler"? `kit why-not view.yaml PACKAGE` tells');
});

test("evaluate counts what a view has; a graph of one is refused in every form, with what to do instead", async () => {
  const { stdout } = await attempt.does(["evaluate", "view.yaml"]);
  expect(stdout).toMatch(
    /^view eln on small amd64: 3 workloads and what building takes: \d+ packages\n {4}workload office: 1 package\n {4}workload war fails: .*enemy.*\n {4}workload web: 2 packages\n$/,
  );
  const { views } = JSON.parse((await attempt.does(["evaluate", "view.yaml", "--json"])).stdout);
  expect(views[0].workloads).toMatchObject([
    { name: "office", packages: 1 },
    { name: "war", failure: {} },
    { name: "web" },
  ]);
  for (const form of [[], ["--stage", "asked"], ["--stage", "resolved"], ["--format", "svg"]]) {
    const { text } = await attempt.refuses(["graph", "view.yaml", ...form], 2, ["usage/not-realizable"]);
    expect(text).toContain("a graph is drawn of images and packages, and this is a manifest of kind view");
    expect(text).toContain("kit report VIEW");
  }
});

test("why a workload has not got a package, and why one has nothing", async () => {
  const { stdout } = await attempt.does(["why-not", "view.yaml", "manual"]);
  expect(stdout).toContain("manual in the workload office of eln on small amd64: ");
  expect(stdout).toMatch(/workload web of .*\n {4}nothing that is asked for needs manual\n/);
  expect(stdout).toContain("asking for manual would come to\n        added manual 1.0\n");
  expect(stdout).toMatch(/the workload war of .*\n {4}it fails, whatever else is asked for:\n {8}.*enemy/);

  const one = await attempt.does(["why-not", "view.yaml", "enemy", "--workload", "web", "--json"]);
  const { roots } = JSON.parse(one.stdout);
  expect(roots).toMatchObject([{ workload: "web", wanted: "enemy", attempt: { ok: false } }]);
  expect(JSON.stringify(roots[0].attempt.explanation)).toContain("library");
  const other = await attempt.refuses(["why-not", "view.yaml", "enemy", "--workload", "wed"], 2, [
    "usage/no-workload",
  ]);
  expect(other.text).toContain("did you mean web?");
  await attempt.refuses(["why-not", "view.yaml", "enemy ((1"], 2, ["usage/malformed-request"]);
});

test("what became of a view since the last commit, as manifests and as locks", async () => {
  const same = await attempt.run(["diff", "HEAD:view.yaml", "view.yaml"]);
  expect([same.status, same.stdout]).toEqual([0, ""]);

  add("server", { Version: "2.0", Depends: "library, manual", "Installed-Size": "3072" });
  source("gcc", "absent");
  await small.archive.publish({ date: hourLater });
  attempt.write({
    "workloads/war.yaml": workload("war", "packages: [enemy]\n"),
    "workloads/office.yaml": workload("office", "packages: [letter, nothing]\n"),
    "workloads/fresh.yaml": workload("fresh", "packages: [letter]\n"),
  });
  await attempt.does(["lock", "view.yaml", "--update"]);
  const { status, stdout } = await attempt.run(["diff", "HEAD:view.yaml", "view.yaml"]);
  expect(status).toBe(10);
  expect(stdout).toMatch(/^ {4}workload office fails now:\n {8}.*nothing/m);
  const lines = stdout.split("\n");
  for (const line of [
    "eln on amd64",
    "    added workload fresh: 1 package",
    "    workload war fails no more: 1 package",
    "    workload web: 2 to 3 packages",
    "    added enemy 1.0: war",
    "    added manual 1.0: web",
    "    upgraded server 1.0 to 2.0, 2.0 MiB more: web",
    "building eln on amd64",
    "    level 2: 1 to 0 packages of 1 to 0 sources",
    "    source gcc cannot be built:",
    "    removed assembler 1.0",
    "manifests",
    '    removed workload war packages."library"',
  ])
    expect(lines).toContain(line);

  const locks = await attempt.run(["diff", "HEAD:view.lock", "view.lock", "--json"]);
  expect(locks.status).toBe(10);
  const told = JSON.parse(locks.stdout);
  expect(told).toMatchObject({
    format: "kit/diff/1",
    packages: [],
    views: [{ view: "eln", verb: "changed" }],
  });
  const plans = await attempt.run(["diff", "HEAD:view.yaml", "view.yaml", "--json"]);
  expect(JSON.parse(plans.stdout).views).toEqual(told.views);
  const back = await attempt.run(["diff", "view.lock", "HEAD:view.lock"]);
  expect(back.stdout).toContain("    downgraded server 2.0 to 1.0, 2.0 MiB less: web\n");
  expect(back.stdout).toContain("    removed workload fresh\n");
});
