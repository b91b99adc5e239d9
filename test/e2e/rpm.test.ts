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

/** All of `server` and what it needs; `old` is obsoleted, `mailer` has two providers, the tool's file is no package's name. */
const specs: Readonly<Record<string, string>> = {
  server: spec("server", "Requires: (mailer and /usr/bin/tool)\nRequires: library >= 1\nRecommends: manual"),
  library: spec("library", "Epoch: 2\nObsoletes: old < 5"),
  old: spec("old", "Provides: mailer"),
  post: spec("post", "Provides: mailer\nConflicts: old"),
  manual: spec("manual", "Supplements: server"),
  broken: spec("broken", "Requires: nowhere"),
  tool: `${spec("tool", "")}/usr/bin/tool
%install
mkdir -p %{buildroot}/usr/bin
echo x > %{buildroot}/usr/bin/tool
`,
};

const comps = `<?xml version="1.0"?>
<comps><group><id>web</id><name>Web</name><packagelist>
<packagereq type="mandatory">server</packagereq><packagereq type="optional">broken</packagereq>
</packagelist></group></comps>`;

beforeAll(async () => {
  place = openPlace("rpm");
  const { folder } = place;
  for (const name of ["specs", "repo", "tree"]) mkdirSync(join(folder, name));
  const defines = [`_topdir ${folder}/build`, `_rpmdir ${folder}/repo`].flatMap((each) => ["--define", each]);
  for (const [name, text] of Object.entries(specs))
    writeFileSync(join(folder, "specs", `${name}.spec`), text);
  const all = Object.keys(specs).map((name) => join(folder, "specs", `${name}.spec`));
  execFileSync("rpmbuild", ["-bb", "--quiet", ...defines, ...all], { stdio: "pipe" });
  writeFileSync(join(folder, "comps.xml"), comps);
  execFileSync("createrepo_c", ["--quiet", "--groupfile", join(folder, "comps.xml"), join(folder, "repo")], {
    stdio: "pipe",
  });
  const content: Record<string, Buffer> = {};
  for (const path of readdirSync(join(folder, "repo"), { recursive: true, encoding: "utf8" }))
    if (/\./.test(path)) content[`/repo/${path}`] = readFileSync(join(folder, "repo", path));
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

function distro(name: string, trust: string): void {
  place.write({
    [`${name}.yaml`]: `kind: distro
name: ${name}
format: rpm
architectures: [x86_64]
repositories:
  - {name: main, uri: "${server.url}/repo", ${trust}}
base: [library]
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

test("an image of rpms is refused before anything is asked", async () => {
  place.write({
    "image.yaml":
      "kind: image\nname: image\ndistro: ./plain.yaml\narchitectures: [x86_64]\noutputs: [{type: tar}]\n",
  });
  await refuses(["lock", "image.yaml"], at(), 3, "manifest/unsupported-format");
});
