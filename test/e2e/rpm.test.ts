// Distributions of rpm packages through the built kit: repositories of rpmbuild and createrepo_c, signed and not.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { files, serve, type TestServer } from "../builders/fetch/server.ts";
import { makeSigner } from "../builders/repository/signing.ts";
import { done, kit } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { refuses } from "./refusal.ts";

let place: Place;
let server: TestServer;
const content: Record<string, Buffer> = {};

const spec = (name: string, fields: string, packages = "") => `Name: ${name}
Version: 1
Release: 1
Summary: The test package ${name}
License: MIT
BuildArch: noarch
${fields}
%description
${name}
${packages}
%files
`;

/** All of `server` and what it needs; `old` is obsoleted, `mailer` has two providers, one of the tool's files stands in no primary metadata. */
const specs: Readonly<Record<string, string>> = {
  server: spec(
    "server",
    "BuildRequires: (cc or nothing)\nRequires: (mailer and /usr/bin/tool)\nRequires: /usr/share/odd\nRequires: library >= 1\nRecommends: manual",
  ),
  cc: spec("cc", "BuildRequires: cc, assembler >= 1"),
  assembler: spec("assembler", "Conflicts: linker"),
  linker: spec("linker", ""),
  library: spec("library", "BuildRequires: linker\nEpoch: 2\nObsoletes: old < 5"),
  old: spec("old", "Provides: mailer"),
  post: spec("post", "Provides: mailer\nConflicts: old"),
  manual: spec("manual", "Supplements: server"),
  broken: spec("broken", "Requires: nowhere"),
  tool: `${spec("tool", "BuildRequires: absent > 1")}/usr/bin/tool
/usr/share/odd
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share
echo x > %{buildroot}/usr/bin/tool
echo x > %{buildroot}/usr/share/odd
`,
};

const comps = `<?xml version="1.0"?>
<comps><group><id>web</id><name>Web</name><packagelist>
<packagereq type="mandatory">server</packagereq><packagereq type="optional">broken</packagereq>
</packagelist></group></comps>`;

beforeAll(async () => {
  place = openPlace("rpm");
  const { folder } = place;
  for (const name of ["specs", "repo", "source"]) mkdirSync(join(folder, name));
  const places = [`_topdir ${folder}/build`, `_rpmdir ${folder}/repo`, `_srcrpmdir ${folder}/source`];
  const defines = places.flatMap((each) => ["--define", each]);
  for (const [name, text] of Object.entries(specs))
    writeFileSync(join(folder, "specs", `${name}.spec`), text);
  const all = Object.keys(specs).map((name) => join(folder, "specs", `${name}.spec`));
  execFileSync("rpmbuild", ["-ba", "--nodeps", "--quiet", ...defines, ...all], { stdio: "pipe" });
  writeFileSync(join(folder, "comps.xml"), comps);
  execFileSync("createrepo_c", ["--quiet", "--groupfile", join(folder, "comps.xml"), join(folder, "repo")], {
    stdio: "pipe",
  });
  execFileSync("createrepo_c", ["--quiet", join(folder, "source")], { stdio: "pipe" });
  for (const at of ["repo", "source"]) take(at);
  server = await serve(files(content));
  const { armoured } = await makeSigner();
  place.write({ "key.asc": armoured });
  distro("plain", "unsigned: true");
  distro("signed", "signedBy: ./key.asc");
});
afterAll(async () => {
  await server?.stop();
  place?.[Symbol.dispose]();
});

/** What lies in a folder now is what the server has there. */
function take(at: string): void {
  for (const path of readdirSync(join(place.folder, at), { recursive: true, encoding: "utf8" }))
    if (/\./.test(path)) content[`/${at}/${path}`] = readFileSync(join(place.folder, at, path));
}

function distro(name: string, trust: string): void {
  place.write({
    [`${name}.yaml`]: `kind: distro
name: ${name}
format: rpm
architectures: [x86_64]
repositories:
  - {name: main, uri: "${server.url}/repo", ${trust}}
  - {name: sources, uri: "${server.url}/source", ${trust}, sources: true}
base: [library]
build: []
`,
  });
}

const at = () => ({ cwd: place.folder, store: place.store });
const lines = async (...argv: readonly string[]) =>
  done(await kit(["resolve", ...argv], at()))
    .stdout.trim()
    .split("\n");

test("chooses what dnf would, with who wants it, and not what is obsolete", async () => {
  expect(await lines("./plain.yaml", "server", "--arch", "x86_64")).toEqual([
    "library 2:1-1 noarch server: library >= 1",
    "post 1-1 noarch server: (mailer and /usr/bin/tool)",
    "server 1-1 noarch request",
    "tool 1-1 noarch server: (mailer and /usr/bin/tool)",
  ]);
  const more = await lines("./plain.yaml", "server", "--recommends");
  expect(more.filter((line) => line.startsWith("manual 1-1 noarch "))).toHaveLength(1);
  expect(await lines("./plain.yaml", "--base")).toEqual(["library 2:1-1 noarch base"]);
});

test("a group is all that comps name for it; one that nobody has is refused with one that is close", async () => {
  const group = await lines("./plain.yaml", "@web");
  const alone = await lines("./plain.yaml", "server");
  expect(group).toEqual(alone.map((line) => line.replace(/ request$/, " group web")));
  const told = await refuses(["resolve", "./plain.yaml", "@wev"], at(), 4, "unresolved/unknown-group");
  expect(told.text).toContain("did you mean web?");
});

test("the same as JSON, with the source of each", async () => {
  const { stdout } = done(await kit(["resolve", "./plain.yaml", "tool", "--json"], at()));
  expect(JSON.parse(stdout).packages).toEqual([
    {
      ...{ name: "tool", version: "1-1", architecture: "noarch", source: "tool", sourceVersion: "1-1" },
      size: expect.any(Number),
      origin: { repository: "main", suite: "" },
      reasons: [{ by: "request", relation: "tool" }],
    },
  ]);
});

test("what cannot be had is argued; what is not signed is refused, unless that is said", async () => {
  const told = await refuses(["resolve", "./plain.yaml", "broken"], at(), 4, "unresolved/unsatisfiable");
  expect(told.text).toContain("nowhere");
  await refuses(["resolve", "./signed.yaml", "tool"], at(), 8, "digest/unsigned");
});

test("what only images of debs have is refused before anything is asked", async () => {
  place.write({
    "image.yaml":
      "kind: image\nname: image\ndistro: ./plain.yaml\narchitectures: [x86_64]\ndebconf: ['x x/y select z']\noutputs: [{type: tar}]\n",
  });
  await refuses(["lock", "image.yaml"], at(), 3, "manifest/unsupported-format");
});

test("views: groups, placeholders, unwanted packages, and the buildroot out of source packages", async () => {
  const workload = (name: string, rest: string) => `kind: workload\nname: ${name}\nlabels: [all]\n${rest}`;
  place.write({
    "workloads/web.yaml": workload("web", "groups: [web]\n"),
    "workloads/soon.yaml": workload(
      "soon",
      "packages: [soon]\nplaceholders: [{source: later, buildDependencies: [cc], packages: [{name: soon, dependencies: [manual]}]}]\n",
    ),
    "workloads/lost.yaml": workload("lost", "packages: [broken]\n"),
    "view.yaml": `kind: view
name: rpms
distro: ./plain.yaml
labels: [all]
workloads: [./workloads]
base: [library]
buildroot: {}
unwanted: {packages: [post]}
`,
  });
  const locked = done(await kit(["lock", "view.yaml"], at()));
  expect(locked.stderr).toContain("workload lost: ");
  expect(locked.stderr).toContain("source tool: ");
  const why = done(await kit(["why", "view.yaml", "post"], at()));
  expect(why.stdout).toContain("group web server -> (mailer and /usr/bin/tool) [post]");
  const { stdout } = done(await kit(["buildroot", "view.yaml", "--json", "-o", "workloads"], at()));
  const told = JSON.parse(stdout);
  // In the order of what is built: later takes cc, library the linker; what cc takes beside itself clashes with that.
  expect(told.on.x86_64.levels).toEqual([
    { level: 0, packages: 6, sources: 6 },
    { level: 1, packages: 2, sources: 2 },
    { level: 2, packages: 1, sources: 1 },
  ]);
  expect(told.failures.map(({ source }: { source: string }) => source)).toEqual(["tool"]);
  expect(told.workloads.map(({ packages }: { packages: string[] }) => packages)).toEqual([
    ["cc", "linker"],
    ["assembler"],
  ]);
  place.write({
    "second.yaml": readFileSync(join(place.folder, "view.yaml"), "utf8").replace(
      "[all]",
      "[all, rpms-buildroot]",
    ),
  });
  done(await kit(["lock", "second.yaml"], at()));
  const again = done(await kit(["buildroot", "second.yaml", "--json"], at()));
  expect(JSON.parse(again.stdout).on.x86_64.levels).toEqual([{ level: 0, packages: 9, sources: 9 }]);
  done(await kit(["report", "view.yaml", "-o", "report"], at()));
  const { unwanted } = JSON.parse(readFileSync(join(place.folder, "report/view.json"), "utf8"));
  expect(unwanted).toMatchObject([{ what: "package", name: "post", workload: "web" }]);
});

test("kit diff --changelogs: what the repository says of versions that packages went up through", async () => {
  const publish = (version: string, log: string) => {
    const text = spec("news", `BuildRequires: nothing\n`).replace("Version: 1\n", `Version: ${version}\n`);
    place.write({ "news.spec": `${text}%changelog\n${log}` });
    const defines = [`_topdir ${place.folder}/build`, `_rpmdir ${place.folder}/news`];
    execFileSync(
      "rpmbuild",
      [...["-bb", "--nodeps", "--quiet"], ...defines.flatMap((each) => ["--define", each]), "news.spec"],
      { cwd: place.folder, stdio: "pipe" },
    );
    execFileSync("createrepo_c", ["--quiet", "news"], { cwd: place.folder, stdio: "pipe" });
    take("news");
  };
  const first = "* Thu Jan 01 2026 A B <a@b.example> - 1-1\n- begun\n";
  publish("1", first);
  place.write({
    "newsdistro.yaml": `kind: distro
name: news
format: rpm
architectures: [x86_64]
repositories: [{name: main, uri: "${server.url}/news", unsigned: true}]
base: []
build: []
`,
    "newsload.yaml": "kind: workload\nname: news\npackages: [news]\n",
    "newsview.yaml": "kind: view\nname: news\ndistro: ./newsdistro.yaml\nworkloads: [./newsload.yaml]\n",
  });
  done(await kit(["lock", "newsview.yaml"], at()));
  const git = (...argv: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...argv], {
      cwd: place.folder,
    });
  git("init", "-q");
  git("add", "newsdistro.yaml", "newsload.yaml", "newsview.yaml", "newsview.lock");
  git("commit", "-qm", "one");
  publish("2", `* Fri Jan 02 2026 C <c@d.example> - 2-1\n- a hole is mended\n\n${first}`);
  done(await kit(["lock", "newsview.yaml", "--update"], at()));
  const told = await kit(["diff", "HEAD:newsview.yaml", "newsview.yaml", "--changelogs"], at());
  expect(told.status).toBe(10);
  expect(told.stdout).toContain("    upgraded news 1-1 to 2-1: news\n");
  expect(told.stdout).toContain(
    "\nchangelogs\n    news 1-1 to 2-1\n        2-1, 2026-01-02, C <c@d.example>\n            - a hole is mended\n",
  );
  expect(told.stdout).not.toContain("begun");
  const { stdout } = await kit(
    ["diff", "HEAD:newsview.lock", "newsview.lock", "--changelogs", "--json"],
    at(),
  );
  expect(JSON.parse(stdout).changelogs).toEqual([
    { distro: "news", name: "news", architecture: "noarch", before: ["1-1"], after: ["2-1"] },
  ]);
});
