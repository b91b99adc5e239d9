// The built kit beside dnf: the same repositories, the same questions, the same packages.

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { files, serve, type TestServer } from "../builders/fetch/server.ts";
import { askDnf, type DnfUniverse } from "../evaluator/rpm/dnf.ts";
import { type Documents, modulesText, rpm, type Spec, writeRepository } from "../evaluator/rpm/repository.ts";
import { done, kit } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";

let place: Place;
let server: TestServer;
/** What the server has, by path. */
let content: Record<string, Buffer>;
beforeEach(async () => {
  place = openPlace("dnf");
  content = {};
  server = await serve(files(content));
});
afterEach(async () => {
  await server.stop();
  place[Symbol.dispose]();
});

type Repositories = Readonly<Record<string, readonly Spec[]>>;

interface More {
  readonly sources?: readonly Spec[];
  /** By repository. */
  readonly documents?: Readonly<Record<string, Documents>>;
  /** By repository. */
  readonly exclude?: Readonly<Record<string, readonly string[]>>;
}

/** Repositories for both, and the distribution `distro.yaml` of them; `sources` holds source packages. */
function distribute(
  repositories: Repositories,
  { sources = [], documents = {}, exclude = {} }: More = {},
): void {
  for (const [name, packages] of Object.entries({ ...repositories, sources })) {
    const folder = join(place.folder, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    writeRepository(folder, packages, documents[name]);
    for (const file of readdirSync(join(folder, "repodata")))
      content[`/${name}/repodata/${file}`] = readFileSync(join(folder, "repodata", file));
  }
  const listed = [...Object.keys(repositories), "sources"].map(
    (name) =>
      `  - {name: ${name}, uri: "${server.url}/${name}", unsigned: true, sources: ${name === "sources"}, exclude: ${JSON.stringify(exclude[name] ?? [])}}\n`,
  );
  place.write({
    "distro.yaml": `kind: distro\nname: distro\nformat: rpm\narchitectures: [x86_64]\nrepositories:\n${listed.join("")}`,
  });
}

/** The view `view.yaml` of one workload. */
function view(workload: string, more = ""): void {
  place.write({
    "view.yaml": `kind: view\nname: view\ndistro: ./distro.yaml\nlabels: [all]\nworkloads: [./workloads]\n${more}`,
    "workloads/one.yaml": `kind: workload\nname: one\nlabels: [all]\n${workload}\n`,
  });
}

function comps(...parts: readonly string[]): string {
  return `<comps>${parts.join("")}</comps>`;
}

function groupOf(id: string, ...names: readonly string[]): string {
  const packages = names.map((name) => {
    const [, conditional, other] = /^\((.+) if (.+)\)$/.exec(name) ?? [];
    if (conditional === undefined) return `<packagereq type="default">${name}</packagereq>`;
    return `<packagereq type="conditional" requires="${other}">${conditional}</packagereq>`;
  });
  return `<group><id>${id}</id><name>${id}</name><packagelist>${packages.join("")}</packagelist></group>`;
}

const at = () => ({ cwd: place.folder, store: place.store });

/** What `kit resolve` chooses of the distribution, as dnf writes it. */
async function chosen(requests: readonly string[], ...flags: readonly string[]): Promise<string[]> {
  const argv = ["resolve", "./distro.yaml", ...requests, "--arch", "x86_64", "--refresh", "--json", ...flags];
  const { stdout } = done(await kit(argv, at()));
  return nevras(JSON.parse(stdout).packages);
}

function nevras(packages: readonly Pick<Spec, "name" | "version" | "architecture">[]): string[] {
  return packages.map(({ name, version, architecture }) => `${name}-${version}.${architecture}`).sort();
}

function dnf(
  repositories: Repositories,
  question: DnfUniverse["questions"][number],
  { exclude = {} }: More = {},
): string[] | null {
  const places = Object.keys(repositories).map((name) => ({
    name,
    folder: join(place.folder, name),
    exclude: exclude[name] ?? [],
  }));
  const [[answer = null] = []] = askDnf(
    [{ architecture: "x86_64", repositories: places, questions: [question] }],
    place.folder,
  );
  return answer;
}

test("a file that filelists alone tell is supplemented", async () => {
  const repositories = {
    main: [rpm("a"), rpm("b", { listed: ["/opt/odd/b"] }), rpm("more", { Supplements: ["/opt/odd/b"] })],
  };
  distribute(repositories);
  const expected = ["b-1-1.x86_64", "more-1-1.x86_64"];
  expect(dnf(repositories, { requests: ["b"], recommends: true })).toEqual(expected);
  expect(await chosen(["b"], "--recommends")).toEqual(expected);
});

test("who was chosen for such a file stays in the lock, whoever else has it by then", async () => {
  const app = rpm("app", { Requires: ["/opt/odd/tool"] });
  const tool = rpm("tool", { listed: ["/opt/odd/tool"] });
  const lock = async (...flags: readonly string[]) => {
    const { stdout } = done(await kit(["lock", "view.yaml", "--json", ...flags], at()));
    const { distros } = JSON.parse(readFileSync(join(place.folder, "view.lock"), "utf8"));
    const changed = JSON.parse(stdout).changes.map(({ name }: { name: string }) => name);
    return { changed, packages: Object.keys(distros.distro.packages).sort() };
  };
  distribute({ main: [app, tool, rpm("other")] });
  view("packages: [app]");
  expect(await lock()).toMatchObject({ packages: ["app_1-1_x86_64", "tool_1-1_x86_64"] });
  const why = done(await kit(["why", "view.yaml", "tool"], at())).stdout;
  expect(why).toContain("request app -> /opt/odd/tool [tool]");
  // By name it would come before: and it does, where all is chosen anew.
  distribute({ main: [app, tool, rpm("other"), rpm("atool", { listed: ["/opt/odd/tool"] })] });
  view("packages: [app, other]");
  expect(await lock()).toEqual({
    changed: ["other"],
    packages: ["app_1-1_x86_64", "other_1-1_x86_64", "tool_1-1_x86_64"],
  });
  expect((await lock("--update", "other")).changed).toEqual([]);
  expect((await lock("--update")).changed).toEqual(["atool", "tool"]);
  // A lock in which the files do not stand yet.
  const another = rpm("another", { Requires: ["/opt/new"] });
  const holders = [
    rpm("atool", { listed: ["/opt/odd/tool", "/opt/new"] }),
    rpm("aaa", { listed: ["/opt/new"] }),
  ];
  distribute({ main: [app, tool, rpm("other"), another, ...holders] });
  view("packages: [app, other, another]");
  expect((await lock()).changed).toEqual(["another"]);
});

test("a file that only a request, a workload or a source speaks of is found", async () => {
  const repositories = {
    main: [rpm("a"), rpm("b", { listed: ["/opt/odd/b"] }), rpm("tool", { listed: ["/opt/x"] })],
  };
  distribute(repositories, { sources: [rpm("b 1-1 src", { Requires: ["/opt/x"] })] });
  expect(dnf(repositories, { requests: ["/opt/odd/b"], recommends: false })).toEqual(["b-1-1.x86_64"]);
  expect(await chosen(["/opt/odd/b"])).toEqual(["b-1-1.x86_64"]);
  expect((await kit(["resolve", "./distro.yaml", "/opt/none", "--arch", "x86_64"], at())).status).toBe(4);
  view("packages: [/opt/odd/b]", "buildroot: {base: []}");
  done(await kit(["lock", "view.yaml"], at()));
  const { levels } = JSON.parse(done(await kit(["buildroot", "view.yaml", "--json"], at())).stdout).on.x86_64;
  expect(levels).toMatchObject([
    { level: 0, packages: 1 },
    { level: 1, packages: 1 },
  ]);
});

test("a package of another architecture is found by its name and that, also by way of a group", async () => {
  const lib = (architecture: string, ...needs: string[]) =>
    rpm(`lib 1-1 ${architecture}`, { Provides: [`lib(${architecture})`], Requires: needs });
  const wine = rpm("wine 1-1 i686", { Requires: ["lib(i686)"], Provides: ["wine(i686)"] });
  const packages = [
    lib("x86_64"),
    lib("i686", "wine(i686)"),
    wine,
    rpm("app", { Requires: ["lib(x86_64)"] }),
  ];
  distribute({ main: packages }, { documents: { main: { group: comps(groupOf("games", "wine", "app")) } } });
  view("groups: [games]");
  done(await kit(["lock", "view.yaml"], at()));
  const why = async (name: string) => done(await kit(["why", "view.yaml", name], at())).stdout;
  expect(await why("lib:i686")).toMatch(/^lib 1-1 i686 in .*\n.* -> lib\(i686\)$/m);
  expect(await why("lib")).toMatch(/^lib 1-1 x86_64 in .*\n.* -> lib\(x86_64\)$/m);
  // There is no other.
  expect(await why("wine")).toBe(await why("wine:i686"));
});

test("what a repository excludes it has not, and another may; what is pinned from it neither", async () => {
  const repositories = {
    main: [rpm("app", { Requires: ["lib-a", "kernel"] }), rpm("lib-a 2-1"), rpm("lib-b"), rpm("kernel 2-1")],
    other: [rpm("lib-a 1-1"), rpm("kernel 1-1"), rpm("lib-b 0-1", { Provides: ["anything"] })],
  };
  const exclude = { main: ["lib-?", "kern*"], other: ["lib-b"] };
  distribute(repositories);
  view("packages: [app]");
  done(await kit(["lock", "view.yaml"], at()));
  distribute(repositories, { exclude });
  const expected = ["app-1-1.x86_64", "kernel-1-1.x86_64", "lib-a-1-1.x86_64"];
  expect(dnf(repositories, { requests: ["app"], recommends: false }, { exclude })).toEqual(expected);
  expect(await chosen(["app"])).toEqual(expected);
  expect(dnf(repositories, { requests: ["anything"], recommends: false }, { exclude })).toBeNull();
  const refused = await kit(["resolve", "./distro.yaml", "lib-b", "--arch", "x86_64"], at());
  expect([refused.status, refused.stderr]).toEqual([4, expect.stringContaining("lib-b is excluded")]);
  const { stdout } = done(await kit(["lock", "view.yaml", "--json"], at()));
  expect(JSON.parse(stdout).changes).toMatchObject([
    { name: "kernel", verb: "downgraded" },
    { name: "lib-a", verb: "downgraded" },
  ]);
});

test("packages of modules: what the default streams hide", async () => {
  const repositories = {
    main: [
      rpm("tool 1-1"),
      rpm("tool 2-1"),
      rpm("lib 1-1"),
      rpm("both 1-1"),
      rpm("plain", { Provides: ["cap"] }),
    ],
    other: [
      rpm("tool 9-1"),
      rpm("imitation 9-1", { Provides: ["tool = 9", "cap"] }),
      rpm("lib 1-1"),
      rpm("lib 0-1"),
      rpm("ghost 9-1"),
      rpm("wraith 9-1", { Provides: ["ghost", "haunt"] }),
      rpm("files", { Files: ["/usr/bin/tool"], Provides: ["tool(x)"] }),
    ],
  };
  const modules = modulesText({
    "tool:1": ["tool-0:1-1.x86_64", "both-0:1-1.x86_64", "ghost-0:1-1.x86_64", "tool-0:1-1.src"],
    "!tool:2": ["tool-0:2-1.x86_64", "both-0:1-1.x86_64"],
    "!lib:1": ["lib-0:1-1.x86_64"],
  });
  distribute(repositories, { documents: { main: { modules } } });
  const questions = [
    "tool",
    "tool > 1",
    "cap",
    "lib",
    "lib > 0",
    "both",
    "ghost",
    "haunt",
    "/usr/bin/tool",
    "tool(x)",
  ];
  const theirs = questions.map((request) => dnf(repositories, { requests: [request], recommends: false }));
  const ours: (string[] | null)[] = [];
  for (const request of questions) {
    const { status, stdout } = await kit(
      ["resolve", "./distro.yaml", request, "--arch", "x86_64", "--json"],
      at(),
    );
    ours.push(status === 0 ? nevras(JSON.parse(stdout).packages) : null);
  }
  expect(ours).toEqual(theirs);
  expect(ours.map((packages) => packages?.join(" "))).toEqual([
    ...["tool-1-1.x86_64", undefined, "plain-1-1.x86_64", "lib-0-1.x86_64", undefined, "both-1-1.x86_64"],
    ...[undefined, undefined, "files-1-1.x86_64", "files-1-1.x86_64"],
  ]);
});

test("groups and environments across repositories, with packages on a condition", async () => {
  const repositories = {
    main: [rpm("core"), rpm("app", { Requires: ["glue"] }), rpm("glue"), rpm("docs"), rpm("never")],
    other: [
      rpm("far"),
      rpm("app-more", { Requires: ["extra"] }),
      rpm("extra"),
      rpm("plugin"),
      rpm("newfar", { Obsoletes: ["elder"] }),
      rpm("elder"),
    ],
  };
  const environment = (id: string, ...groups: readonly string[]) =>
    `<environment><id>${id}</id><name>${id}</name><description/><display_order>1</display_order><grouplist>${groups.map((group) => `<groupid>${group}</groupid>`).join("")}</grouplist><optionlist><groupid>games</groupid></optionlist></environment>`;
  const main = comps(
    groupOf("base", "core", "far", "nobody", "elder"),
    groupOf("work", "app", "(app-more if glue)", "(plugin if extra)", "(never if absent)", "(ghost if app)"),
    environment("desktop", "base", "work"),
  );
  const documents = {
    main: { group: main },
    other: { group: comps(groupOf("base", "docs"), groupOf("games", "never")) },
  };
  distribute(repositories, { documents });
  const lock = async (workload: string) => {
    view(workload);
    const { stderr } = done(await kit(["lock", "view.yaml"], at()));
    const { distros, views } = JSON.parse(readFileSync(join(place.folder, "view.lock"), "utf8"));
    const [{ workloads }] = Object.values(views) as [{ workloads: { one: { missing?: string[] } } }];
    const stanzas = Object.values<{ stanza: Record<string, string> }>(distros.distro?.packages ?? {});
    const packages = stanzas.map(
      ({ stanza }) => `${stanza["Package"]}-${stanza["Version"]}.${stanza["Architecture"]}`,
    );
    return { packages: packages.sort(), missing: workloads.one.missing, stderr };
  };
  for (const [groups, packages] of [
    [["base"], []],
    [["work"], []],
    [["desktop"], ["core"]],
    [["work"], ["never"]],
  ] as const) {
    const theirs = dnf(repositories, { groups, requests: packages, recommends: false });
    expect((await lock(`groups: [${groups}]\npackages: [${packages}]`)).packages, groups.join()).toEqual(
      theirs,
    );
  }
  const { packages, missing, stderr } = await lock("groups: [desktop]");
  expect(packages.map((nevra) => nevra.replace("-1-1.x86_64", ""))).toEqual([
    "app",
    "app-more",
    "core",
    "docs",
    "extra",
    "far",
    "glue",
    "newfar",
    "plugin",
  ]);
  expect(missing).toEqual(["ghost of the group desktop", "nobody of the group desktop"]);
  expect(stderr).toContain("workload one does without nobody of the group desktop, which is not there");
  const why = async (name: string) => done(await kit(["why", "view.yaml", name], at())).stdout;
  expect(await why("far")).toContain("    group desktop far\n");
  expect(await why("glue")).toContain("    group desktop app -> glue\n");
  expect(await why("extra")).toContain("    group desktop (app-more if glue) [app-more] -> extra\n");
});
