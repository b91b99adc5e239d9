// Specs built in a distribution of rpms, by the command a user runs: what ships, who is built with whom, images of them.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { files, serve, type TestServer } from "../builders/fetch/server.ts";
import { readRpm } from "../builders/rpm/read.ts";
import { shippedManifests } from "./base.ts";
import { git, gitHandler } from "./git.ts";
import { built, done, kit, type Outcome, told } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";

let place: Place;
let first: Outcome;

/** 45 s with a near mirror: 250 packages of trixie, all but some of them made rpms of. */
beforeAll(async () => {
  place = openPlace("specs");
  cpSync(join(shippedManifests, "packages/bell"), join(place.folder, "bell"), {
    recursive: true,
    filter: (path) => !path.endsWith(".lock"),
  });
  const patience = 540_000;
  first = await kit(["realize", "bell", "--json"], { cwd: place.folder, store: place.store, patience });
}, 600_000);
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

const run = (...words: string[]): Promise<Outcome> =>
  kit([...words, "--json"], { cwd: place.folder, store: place.store });
const at = () => ({ cwd: place.folder, store: place.store, keepsLock: true });

const rpmsIn = (outcome: Outcome) => [...done(outcome).paths.keys()].sort();
const builds = (outcome: Outcome): string[] =>
  built(outcome).filter((label) => /^(?:libchime|ding)-1\.0-\S+$/.test(label));

const edit = (file: string, from: string, to: string) => {
  const text = readFileSync(join(place.folder, file), "utf8");
  expect(text).toContain(from);
  place.write({ [file]: text.replace(from, to) });
};

/** A spec of one script, and its manifest. */
const spec = (name: string, head: string, files = "%files\n", sections = "") => ({
  [`${name}.yaml`]: `kind: package\nname: ${name}\nbuilder: rpm\ndistro: mini-rpm\nrpm: {spec: ./${name}.spec}\n`,
  [`${name}.spec`]: `Name: ${name}\nVersion: 1\nRelease: 1\nSummary: The test package ${name}\nLicense: MIT\nBuildArch: noarch\n${head}\n%description\n${name}\n\n${sections}\n${files}`,
});

describe("what ships", () => {
  test("built in order, though ding's spec names what libchime turns out to provide alone", () => {
    expect(rpmsIn(first)).toEqual([
      ...["ding", "ding-debuginfo", "ding-debugsource"],
      ...["libchime", "libchime-checks", "libchime-debuginfo", "libchime-debugsource", "libchime-devel"],
    ]);
    expect(readFileSync(first.paths.get("libchime-checks") ?? "", "utf8")).toBe("passed\n");
    expect(builds(first)).toEqual(["ding-1.0-1.mini", "libchime-1.0-1.mini"]);
    const ding = readRpm(first.paths.get("ding") ?? "");
    expect(ding.stanza["Requires"]).toContain("libchime.so.1()(64bit)");
    expect(ding.paths).toContain("/usr/bin/ding");
    const devel = readRpm(first.paths.get("libchime-devel") ?? "");
    expect(devel.stanza["Provides"]).toContain("pkgconfig(chime) = 1.0");
    expect(devel.stanza["Requires"]).toContain("libchime(x86-64) = 1.0-1.mini");
  });

  const isSame = (outcome: Outcome) => {
    for (const name of ["ding", "ding-debuginfo"])
      expect(
        readFileSync(outcome.paths.get(name) ?? "").equals(readFileSync(first.paths.get(name) ?? "")),
        name,
      ).toBe(true);
  };

  test("the same by one that names the other", async () => {
    isSame(done(await run("realize", "bell/ding.yaml")));
  });

  // 70 s: all of mini-rpm is made once more.
  test.runIf(process.env["KIT_TEST_LONG"])("the same in another store", async () => {
    using other = openPlace("specs-other");
    cpSync(join(place.folder, "bell"), join(other.folder, "bell"), { recursive: true });
    isSame(done(await kit(["realize", "bell/ding.yaml"], { cwd: other.folder, store: other.store })));
    expect(flawsOf(other.store)).toEqual([]);
  });

  test("a comment in a manifest builds nothing, one in the library's sources no more than it", async () => {
    edit("bell/libchime.yaml", "kind: package", "# Rings.\nkind: package");
    expect(builds(await run("realize", "bell"))).toEqual([]);
    edit("bell/libchime/Makefile", "PREFIX = /usr", "# Where it goes.\nPREFIX = /usr");
    expect(builds(await run("realize", "bell"))).toEqual(["libchime-1.0-1.mini"]);
    edit("bell/libchime/chime.c", "hour > 23", "hour >= 24");
    edit("bell/libchime/chime.h", "#endif", "int chime_loud(void);\n\n#endif");
    expect(builds(await run("realize", "bell"))).toEqual(["ding-1.0-1.mini", "libchime-1.0-1.mini"]);
  });

  test("debug is another key and another result; macros of the manifest win", async () => {
    const debug = done(await run("realize", "bell", "--build-type", "debug"));
    expect(builds(debug)).toEqual(["ding-1.0-1.mini", "libchime-1.0-1.mini"]);
    const [plain, own] = [first, debug].map(({ paths }) =>
      readFileSync(paths.get("libchime-debuginfo") ?? ""),
    );
    expect(plain?.equals(own ?? Buffer.of())).toBe(false);
    edit("bell/ding.yaml", "{spec: ./ding.spec}", "{spec: ./ding.spec, macros: {dist: .kit7}}");
    const changed = done(await run("realize", "bell/ding.yaml"));
    expect(readRpm(changed.paths.get("ding") ?? "").stanza["Version"]).toBe("1.0-1.kit7");
    edit("bell/ding.yaml", "rpm:", "variants: {debug: {rpm: {macros: {dist: .kit8}}}}\nrpm:");
    const varied = done(await run("realize", "bell/ding.yaml", "--build-type", "debug"));
    expect(readRpm(varied.paths.get("ding") ?? "").stanza["Version"]).toBe("1.0-1.kit8");
    expect(built(done(await run("realize", "bell/ding.yaml")))).toEqual([]);
  });

  test("checks run apart from the build: one that would fail keeps nothing from being built", async () => {
    edit("bell/libchime/check.c", "== 3", "== 4");
    const outcome = done(await run("realize", "bell/libchime.yaml"));
    expect(readFileSync(outcome.paths.get("libchime-checks") ?? "", "utf8")).toBe("failed\n");
    const text = told(outcome).find(({ type }) => type === "warning")?.text ?? "";
    expect(text).toContain("libchime-checks: its checks found something");
    const log = done(await run("log", /kit log ([0-9a-f]+)/.exec(text)?.[1] ?? ""));
    expect(log.stdout).toContain("Assertion `chime_strokes(15) == 4' failed");
    await refuses(["realize", "bell/libchime.yaml", "--require-tests"], at(), 1, "build/checks-failed");
    edit("bell/libchime/check.c", "== 4", "== 3");
    done(await run("realize", "bell/libchime.yaml", "--require-tests"));
  });

  test("another %check is packed and run, and builds nothing, unless what follows it reads otherwise", async () => {
    edit("bell/libchime.spec", "%check\nmake check", "%check\n%if 1\nmake check && echo and more\n%endif");
    const other = done(await run("realize", "bell"));
    expect(builds(other)).toEqual([]);
    expect(built(other)).toEqual(expect.arrayContaining(["libchime.src.rpm", "libchime-1.0-1.mini checks"]));
    edit("bell/libchime.spec", "and more", "and more\n%global checked %%doc README");
    edit("bell/libchime.spec", "%files\n", "%files\n%{checked}\n");
    place.write({ "bell/libchime/README": "Rings.\n" });
    const defined = done(await run("realize", "bell/libchime.yaml"));
    expect(builds(defined)).toEqual(["libchime-1.0-1.mini"]);
    expect(readRpm(defined.paths.get("libchime") ?? "").paths.join("\n")).toContain("/README");
  });
});

describe("what comes of it", () => {
  let server: TestServer | undefined;
  afterAll(async () => server?.stop());

  test("source packages are built again as they are; an rpm is taken as it is", async () => {
    const outcome = done(await run("realize", "bell", "--output", "srpm"));
    expect(rpmsIn(outcome)).toEqual(["ding", "libchime"]);
    const srpm = readRpm(outcome.paths.get("libchime") ?? "");
    expect(srpm.stanza["Architecture"]).toBe("src");
    expect(srpm.stanza["Requires"]).toContain("gcc");
    place.write({
      "again/libchime.src.rpm": readFileSync(outcome.paths.get("libchime") ?? ""),
      "again/libchime.yaml":
        "kind: package\nname: libchime\nbuilder: rpm\ndistro: mini-rpm\nsources: [{srpm: ./libchime.src.rpm}]\n",
    });
    const again = done(await run("realize", "again/libchime.yaml"));
    const own = done(await run("realize", "bell/libchime.yaml"));
    for (const [name, path] of own.paths)
      if (name !== "libchime-checks")
        expect(readFileSync(again.paths.get(name) ?? "").equals(readFileSync(path)), name).toBe(true);
    place.write({
      "ready/libchime.rpm": readFileSync(own.paths.get("libchime") ?? ""),
      "ready/libchime.yaml":
        "kind: package\nname: libchime\nbuilder: rpm-prebuilt\ndistro: mini-rpm\nsources: [{file: ./libchime.rpm}]\nvariants: {debug: {sources: [{file: ./again.yaml}]}}\n",
      "ready/again.yaml": "this is no rpm\n",
    });
    expect(rpmsIn(await run("realize", "ready/libchime.yaml"))).toEqual(["libchime"]);
    const other = await run("realize", "ready/libchime.yaml", "--build-type", "debug");
    const places = told(other).flatMap(({ faults = [] }) => faults.map(({ place }) => place?.line));
    expect([other.status === 0, places]).toEqual([false, [6]]);
    const damaged = readFileSync(own.paths.get("libchime") ?? "");
    damaged[damaged.length - 200] = (damaged.at(-200) ?? 0) ^ 1;
    place.write({ "ready/libchime.rpm": damaged });
    const refused = await refuses(["realize", "ready/libchime.yaml"], at(), 8, "digest/bad-rpm");
    expect(refused.places).toEqual(["libchime.yaml:5"]);
    place.write({ "again/libchime.src.rpm": readFileSync(own.paths.get("libchime") ?? "") });
    const binary = await refuses(["realize", "again/libchime.yaml"], at(), 3, "manifest/wrong-package");
    expect(binary.text).toContain("made for x86_64, and no source package");
  });

  test("an image holds what was built and what that needs, as rpm's own database says", async () => {
    place.write({
      "image.yaml": `kind: image
name: bell
distro: mini-rpm
packages: [./bell/ding.yaml, ./bell/libchime.yaml, rpm]
hostname: belfry
users: [{name: ringer, uid: 1000}]
scripts: {postInstall: [./try]}
outputs: [{type: tar}]
`,
      try: `#!/bin/sh
set -e
test "$(ding 3)" = "ding
ding
ding"
rpm -q ding libchime mini-rpm-configuration
rpm -V --nomtime ding libchime coreutils
test "$(stat -c %U:%G:%a /etc/shadow)" = root:shadow:640
! rpm -q libchime-devel
! test -e /var/lib/rpm/rpmdb.sqlite-wal
`,
    });
    const outcome = done(await run("realize", "image.yaml"));
    expect(existsSync(outcome.paths.get("tar") ?? "")).toBe(true);
    done(await run("realize", "image.yaml", "--check"));
  });

  test("a repository, which another distribution's packages are chosen from", async () => {
    const { paths } = done(await run("realize", "bell", "--output", "repository"));
    const folder = paths.get("bell") ?? "";
    expect(readdirSync(folder).filter((name) => name.endsWith(".rpm"))).toHaveLength(7);
    const content = Object.fromEntries(
      ["", "repodata/"].flatMap((below) =>
        readdirSync(join(folder, below), { withFileTypes: true })
          .filter((one) => one.isFile())
          .map((one) => [`/${below}${one.name}`, readFileSync(join(folder, below, one.name))]),
      ),
    );
    server = await serve(files(content));
    place.write({
      "mine.yaml": `kind: distro
name: mine
format: rpm
architectures: [x86_64]
repositories: [{name: bell, uri: "${server.url}", unsigned: true}]
repackaged: {distro: debian/trixie, packages: [bash]}
base: [base-files, bash, coreutils, dash, mine-configuration]
`,
      "served.yaml":
        "kind: image\nname: served\ndistro: ./mine.yaml\npackages: [ding]\nscripts: {postInstall: [./ring]}\noutputs: [{type: tar}]\n",
      ring: "#!/bin/sh\nset -e\ntest $(ding 3 | wc -l) = 3\n",
    });
    done(await run("realize", "served.yaml"));
  });
});

describe("who is built with whom", () => {
  test("in rounds: what one build makes lets another one be built, and that the next", async () => {
    place.write({
      ...Object.fromEntries(
        Object.entries({
          ...spec("third", "BuildRequires: (make and /usr/bin/second)", "%files\n"),
          ...spec("fourth", "BuildRequires: (no-such or /usr/bin/second)", "%files\n"),
          ...spec(
            "second",
            "BuildRequires: virtual(first)",
            "%files\n/usr/bin/second\n",
            "%install\ninstall -D -m 0755 /usr/bin/first %{buildroot}/usr/bin/second\n",
          ),
          ...spec(
            "first",
            'Provides: %{lua:print("virtual")}(first)',
            "%files\n/usr/bin/first\n",
            "%install\nmkdir -p %{buildroot}/usr/bin\nprintf '#!/bin/sh\\necho first\\n' > %{buildroot}/usr/bin/first\nchmod 0755 %{buildroot}/usr/bin/first\n",
          ),
        }).map(([name, text]) => [`rounds/${name}`, text]),
      ),
    });
    const outcome = await run("realize", "rounds");
    expect(rpmsIn(outcome)).toEqual(["first", "fourth", "second", "third"]);
  });

  test("%generate_buildrequires is asked until it asks for nothing new", async () => {
    place.write(
      Object.fromEntries(
        Object.entries({
          ...spec("provider", "Provides: late(one)\nProvides: late(two)"),
          ...spec(
            "asker",
            "",
            "%files\n",
            "%generate_buildrequires\necho 'late(one)'\nrpm -q provider >/dev/null 2>&1 && echo 'late(two)'\ntrue\n\n%build\nrpm -q provider\n",
          ),
        }).map(([name, text]) => [`dynamic/${name}`, text]),
      ),
    );
    expect(rpmsIn(await run("realize", "dynamic"))).toEqual(["asker", "provider"]);
    edit("dynamic/asker.spec", "echo 'late(one)'", "echo 'late(one)'; echo '((('");
    await refuses(["realize", "dynamic", "--only", "asker"], at(), 1, "build/failed");
  });

  test("who asks for one only while it is built is one of its dependents, and is asked before it is built", async () => {
    place.write(
      Object.fromEntries(
        Object.entries({
          ...spec("libx", 'Provides: %{lua:print("pkgconfig")}(x)'),
          ...spec("usex", "", "%files\n", "%generate_buildrequires\necho 'pkgconfig(x)'\n"),
          ...spec("aside", "", "%files\n", "%generate_buildrequires\necho make\n"),
        }).map(([name, text]) => [`asking/${name}`, text]),
      ),
    );
    const outcome = done(await run("realize", "asking", "--only", "libx", "--dependents"));
    expect(rpmsIn(outcome)).toEqual(["libx", "usex"]);
    expect(built(outcome)).not.toContain("aside-1-1");
    expect(built(outcome)).toContain("usex-1-1");
    const dependents = async (name: string): Promise<unknown[]> => {
      const { stdout } = done(await run("evaluate", "asking", "--dependents", name));
      return (JSON.parse(stdout) as { name: string }[]).map((one) => one.name);
    };
    done(await run("realize", "asking"));
    expect(await dependents("libx")).toEqual(["usex"]);
    expect(await dependents("aside")).toEqual([]);
    const ignored = await run("realize", "asking", "--ignore", "aside");
    expect(rpmsIn(ignored)).toEqual(["libx", "usex"]);
    expect(built(done(ignored))).toEqual([]);
    edit("asking/libx.spec", "Summary: The", "Summary: A");
    const why = done(await kit(["why-rebuild", "asking"], { cwd: place.folder, store: place.store }));
    expect(why.stdout).toContain("srpm libx.src.rpm: the input spec: libx.spec changed (content)\n");
    expect(why.stdout).toContain("rpm-about libx about: the input rpm libx.src.rpm, srpm libx.src.rpm\n");
    expect(why.stderr).toMatch(/\d+ builds?, and those that only these tell\n/);
    expect(why.stderr).not.toContain("at most");
  });

  test("so is who has to run another one of the set to say what it asks for", async () => {
    const file = "%{buildroot}/usr/bin/gen";
    const makes = `%install\nmkdir -p %{buildroot}/usr/bin\nprintf '#!/bin/sh\\necho "pkgconfig(y)"\\n' > ${file}\nchmod 755 ${file}\n`;
    place.write(
      Object.fromEntries(
        Object.entries({
          ...spec("liby", 'Provides: %{lua:print("pkgconfig")}(y)'),
          ...spec("gen", "BuildRequires: pkgconfig(y)", "%files\n/usr/bin/gen\n", makes),
          ...spec("late", "BuildRequires: /usr/bin/gen", "%files\n", "%generate_buildrequires\ngen\n"),
        }).map(([name, text]) => [`late/${name}`, text]),
      ),
    );
    const outcome = done(await run("realize", "late", "--only", "liby", "--dependents"));
    expect(rpmsIn(outcome)).toEqual(["gen", "late", "liby"]);
    const { stdout } = done(await run("evaluate", "late", "--dependents", "liby"));
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name).sort()).toEqual([
      "gen",
      "late",
    ]);
  });

  test("what nobody provides is told with all that need it; a circle with its way", async () => {
    place.write(
      Object.fromEntries(
        Object.entries({
          ...spec("one", "BuildRequires: pkgconfig(nowhere)"),
          ...spec("two", "BuildRequires: pkgconfig(nowhere)"),
          ...spec("three", "BuildRequires: one"),
        }).map(([name, text]) => [`lost/${name}`, text]),
      ),
    );
    const lost = await refuses(["realize", "lost"], at(), 4, "unresolved/nobody-provides");
    expect(lost.text).toContain("pkgconfig(nowhere) is needed to build one, two");
    expect(lost.text).toContain("held up by that: three");
    place.write(
      Object.fromEntries(
        Object.entries({
          ...spec("a", "BuildRequires: b"),
          ...spec("b", "BuildRequires: c"),
          ...spec("c", "BuildRequires: a"),
        }).map(([name, text]) => [`circle/${name}`, text]),
      ),
    );
    const circle = await refuses(["realize", "circle"], at(), 3, "manifest/cycle");
    expect(circle.text).toContain("a → b → c → a");
  });
});

test("in a root of debs what a spec asks for is mapped, each by a line; its source is a commit", async () => {
  const served = join(place.folder, "served");
  const work = join(place.folder, "mapped");
  for (const folder of [served, work]) mkdirSync(folder);
  git(work, "init", "-q");
  git(served, "init", "-q", "--bare", "mapped.git");
  place.write({
    "mapped/mapped.cc": "#include <zlib.h>\n#include <cstdio>\nint main() { std::puts(zlibVersion()); }\n",
  });
  git(work, "add", ".");
  git(work, "commit", "-qm", "the first");
  git(work, "push", "-q", join(served, "mapped.git"), "HEAD:refs/heads/main");
  await using server = await serve(gitHandler(served));
  const written = spec(
    "mapped",
    "Source0: mapped-1.tar\nBuildRequires: gcc-c++, pkgconfig(zlib)",
    "%files\n/usr/bin/mapped\n",
    "%prep\n%setup -q\n%build\ng++ -g mapped.cc -lz -o mapped\n%install\ninstall -D mapped %{buildroot}/usr/bin/mapped\n",
  );
  const table = (debian: string) =>
    place.write({
      "mapped.spec": (written["mapped.spec"] ?? "").replace("BuildArch: noarch\n", ""),
      "mapped.yaml": `kind: package\nname: mapped\nbuilder: rpm\ndistro: debian/trixie\nsources: [{git: "${server.url}/mapped.git", rev: main, archive: mapped-1.tar}]\nrpm: {spec: ./mapped.spec, debian: ${debian}}\n`,
    });
  table("{gcc-c++: g++}");
  const fault = await refuses(["realize", "mapped.yaml"], at(), 3, "manifest/unmapped-requirement");
  expect(fault.text).toContain("pkgconfig(zlib)");
  table('{gcc-c++: g++, "pkgconfig(zlib)": zlib1g-dev}');
  done(await run("lock", "mapped.yaml"));
  const { paths } = done(await run("realize", "mapped.yaml"));
  expect([...paths.keys()].sort()).toEqual(["mapped", "mapped-debuginfo", "mapped-debugsource"]);
  const { stanza } = readRpm(paths.get("mapped") ?? "");
  expect(stanza["Architecture"]).toBe("x86_64");
  expect(stanza["Requires"]).toContain("libz.so.1()(64bit)");
});

test("of a set what is for other processors is left out; what has no source is told, and keeps who needs it", async () => {
  const all = {
    ...{ ...spec("here", ""), ...spec("elsewhere", "ExclusiveArch: s390x") },
    ...{
      ...spec("lost", "Source0: http://127.0.0.1:9/lost.tar"),
      ...spec("after", "BuildRequires: lost-devel"),
      ...spec("wants", "BuildRequires: elsewhere"),
    },
  };
  const sources = (all["lost.yaml"] ?? "").concat(
    `sources: [{url: "http://127.0.0.1:9/lost.tar", sha256: "${"0".repeat(64)}"}]\n`,
  );
  place.write(
    Object.fromEntries(
      Object.entries({ ...all, "lost.yaml": sources }).map(([name, text]) => [`part/${name}`, text]),
    ),
  );
  const outcome = await run("realize", "part", "--states", "part.csv");
  expect([...outcome.paths.keys()]).toEqual(["here"]);
  expect(outcome.stderr).toContain("elsewhere is left out: its spec has ExclusiveArch: s390x");
  const states = readFileSync(join(place.folder, "part.csv"), "utf8");
  const ends = [
    "elsewhere,package,elsewhere,,",
    "blocked,package,after,,lost",
    "failed,package,wants,,unres",
  ];
  for (const line of ends) expect(states).toContain(line);
  expect(outcome.stderr).toContain("wants: nobody provides elsewhere for this architecture");
  const summary = outcome.stderr.split("\n").find((line) => line.includes('"type":"done"')) ?? "{}";
  // What was asked for of `lost` is blocked by what could not be fetched, and is where the waiting of `after` began.
  expect(JSON.parse(summary)).toMatchObject({ failed: 2 });
  const failures = (JSON.parse(summary) as { failures: { label: string; blocked: number }[] }).failures;
  expect(failures.find(({ label }) => label === "lost.tar")?.blocked).toBeGreaterThan(1);
});

describe("refused", () => {
  test("a spec that does not parse, one of another package, one for other processors, an empty one", async () => {
    place.write({
      ...spec("broken", "Nonsense"),
      ...spec("named", ""),
      ...spec("elsewhere", "ExclusiveArch: s390x"),
      ...spec("empty", "", ""),
    });
    const broken = await refuses(["realize", "broken.yaml"], at(), 3, "manifest/bad-spec");
    expect(broken.spots).toEqual(["broken.yaml:5:13"]);
    expect(broken.text).toContain("broken.spec");
    expect(broken.text).toContain("broken.spec: line 7: Unknown tag: Nonsense");
    place.write(spec("lacks", "Source0: lacks.c\nPatch0: one.patch"));
    const lacks = await refuses(["realize", "lacks.yaml"], at(), 3, "manifest/missing-source");
    expect(lacks.text).toContain("lacks.spec names");
    expect(lacks.text).toContain("lacks.c");
    edit("named.yaml", "name: named", "name: other");
    const named = await refuses(["realize", "named.yaml"], at(), 3, "manifest/wrong-package");
    expect(named.text).toContain("write name: named");
    const elsewhere = await refuses(
      ["realize", "elsewhere.yaml"],
      at(),
      3,
      "manifest/unsupported-architecture",
    );
    expect(elsewhere.text).toContain("ExclusiveArch: s390x");
    await refuses(["realize", "empty.yaml"], at(), 1, "build/no-packages");
    place.write(spec("needy", "BuildRequires: pkgconfig(nowhere), mkae\nBuildRequires: make >= 99, gcc"));
    const needy = await refuses(["realize", "needy.yaml"], at(), 4, "unresolved/unsatisfiable");
    expect(needy.spots).toEqual(["needy.yaml:5:13"]);
    expect(needy.text).toContain("cannot give 3 packages that building needy takes");
    expect(needy.text).toContain("pkgconfig(nowhere): nothing provides pkgconfig(nowhere)");
    expect(needy.text).toMatch(/^mkae: nothing provides mkae; did you mean make\?$/m);
    expect(needy.text).toMatch(/^make >= 99: make has 4\./m);
    place.write(spec("apart", "BuildRequires: gcc\nBuildConflicts: bash"));
    const apart = await refuses(["realize", "apart.yaml"], at(), 4, "unresolved/unsatisfiable");
    expect(apart.text).toContain("conflicts with bash");
  });

  test("macros that are kit's, a source package beside sources, no spec; a spec for a distribution of debs", async () => {
    place.write(spec("plain", ""));
    const manifest = (rest: string) =>
      place.write({ "bad.yaml": `kind: package\nname: plain\nbuilder: rpm\ndistro: mini-rpm\n${rest}` });
    manifest("rpm: {spec: ./plain.spec, macros: {_topdir: /x}}\n");
    await refuses(["realize", "bad.yaml"], { ...at(), keepsLock: false }, 3, "manifest/bad-value");
    manifest("sources: [{srpm: ./plain.spec}, {file: ./plain.spec}]\n");
    await refuses(["realize", "bad.yaml"], { ...at(), keepsLock: false }, 3, "manifest/bad-value");
    manifest("");
    await refuses(["realize", "bad.yaml"], { ...at(), keepsLock: false }, 3, "manifest/missing-key");
    manifest("rpm: {spec: ./plain.spec}\n");
    edit("bad.yaml", "mini-rpm", "debian/trixie");
    place.write({
      "debs.yaml":
        "kind: image\nname: debs\ndistro: debian/trixie\npackages: [./bad.yaml]\noutputs: [{type: tar}]\n",
    });
    await refuses(["realize", "debs.yaml"], { ...at(), keepsLock: false }, 3, "manifest/unsupported-format");
    place.write({
      "files.yaml":
        "kind: package\nname: files\nversion: '1'\nbuilder: deb-files\ndistro: mini-rpm\nfiles: [{path: /x, content: x}]\n",
    });
    const files = await refuses(
      ["realize", "files.yaml"],
      { ...at(), keepsLock: false },
      3,
      "manifest/unsupported-format",
    );
    expect(files.spots).toEqual(["files.yaml:4:10"]);
    manifest("sources: [{srpm: ./plain.spec}]\n");
    const none = await refuses(["realize", "bad.yaml"], at(), 8, "digest/bad-rpm");
    expect(none.places).toEqual(["bad.yaml:5"]);
  });

  test("a patch of the spec's own that does not apply, with its hunk; a build that reaches for the network", async () => {
    const section = (script: string) => `%prep\n%setup -c -T\n${script}\n`;
    const prepare = "echo 'what is there' > text\n%patch -P 0 -p1";
    place.write({
      ...spec("patched", "Patch0: own.patch", "%files\n", section(prepare)),
      "own.patch": "--- a/text\n+++ b/text\n@@ -1 +1 @@\n-something else\n+what comes of it\n",
      ...spec("reaching", "", "%files\n", "%build\nbash -c 'exec 3<>/dev/tcp/example.org/80'\n"),
    });
    edit(
      "patched.yaml",
      "rpm: {spec: ./patched.spec}",
      "sources: [{file: ./own.patch}]\nrpm: {spec: ./patched.spec}",
    );
    const patched = await refuses(["realize", "patched.yaml"], at(), 1, "build/failed");
    expect(patched.text).toMatch(/kit: what did not apply, .*text\.rej:/);
    expect(patched.text).toContain("-something else");
    expect(patched.places).toEqual(["patched.yaml:2"]);
    const reaching = await refuses(["realize", "reaching.yaml"], at(), 1, "build/failed");
    expect(reaching.text).toContain("builds have no network");
  });

  test("a header that nobody declared is told with who has it", async () => {
    edit("bell/ding.spec", "BuildRequires: pkgconfig(chime)\n", "");
    edit("bell/ding.spec", "$(pkg-config --cflags --libs chime)", "-lchime");
    edit("bell/ding.yaml", "buildDependencies: [./libchime.yaml]\n", "");
    const fault = await refuses(["realize", "bell/ding.yaml"], at(), 1, "build/failed");
    expect(fault.text).toContain("chime.h");
    expect(fault.text).toContain("libchime-devel");
  });
});
