// Debianised trees, built by the command a user runs: the packages that ship, one that is built with them, and an image.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLock, shippedManifests } from "./base.ts";
import { built, codes, done, kit, type Outcome, told } from "./kit.ts";
import { openPlace, type Place, writeFiles } from "./place.ts";
import { flawsOf } from "./sound.ts";

let place: Place;
let first: Outcome;
/** 17 s and 110 MB with a near mirror: bookworm's build-essential and debhelper. */
beforeAll(async () => {
  place = openPlace("deb-source");
  cpSync(join(shippedManifests, "packages/greeter"), join(place.folder, "greeter"), {
    recursive: true,
    filter: (path) => !path.endsWith(".lock"),
  });
  writeFiles(place.folder, { ...caller, "image.yaml": image, try: "#!/bin/sh\nset -e\n/usr/bin/caller\n" });
  execFileSync("chmod", ["+x", join(place.folder, "try")]);
  first = await run("realize", "greeter/greeter.yaml");
});
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

const caller = {
  "caller.yaml": `kind: package
name: caller
builder: deb-source
distro: debian/bookworm
sources: [{dir: ./caller}]
buildDependencies: [./greeter/greeter.yaml, libgreeting-dev]
`,
  "caller/debian/control": `Source: caller
Maintainer: The kit developers <kit@example.org>
Build-Depends: debhelper-compat (= 13)
Standards-Version: 4.6.2
Rules-Requires-Root: no

Package: caller
Architecture: any
Depends: \${shlibs:Depends}, \${misc:Depends}
Description: calls the library
 Built against what another manifest makes.
`,
  "caller/debian/changelog": `caller (1.0) unstable; urgency=medium

  * The first one.

 -- The kit developers <kit@example.org>  Mon, 01 Jun 2026 12:00:00 +0000
`,
  "caller/debian/rules": "#!/usr/bin/make -f\n%:\n\tdh $@\n",
  "caller/debian/source/format": "3.0 (native)\n",
  "caller/caller.c":
    '#include <greeting.h>\n#include <stdio.h>\nint main(void) { puts(greeting("caller")); return 0; }\n',
  "caller/Makefile":
    "all:\n\t$(CC) $(CFLAGS) $(LDFLAGS) -o caller caller.c -lgreeting\ninstall:\n\tinstall -D -m 0755 caller $(DESTDIR)/usr/bin/caller\nclean:\n\trm -f caller\n",
};

const image = `kind: image
name: shout
distro: debian/bookworm
architectures: [amd64]
packages: [./caller.yaml]
scripts: {postInstall: [./try]}
outputs: [{type: tar}]
`;

/** A debianised tree that says a word by a script, and is built with what it asks for; files by their paths. */
function speaker(name: string, needs: string, { provides = "", found = "", says = `echo ${name}` }) {
  const rules = `#!/usr/bin/make -f
%:
\tdh $@
override_dh_auto_install:
\tinstall -d debian/${name}/usr/bin
\t(echo '#!/bin/sh'; echo "echo $$(${says})") > debian/${name}/usr/bin/${name}
\tchmod 0755 debian/${name}/usr/bin/${name}
override_dh_gencontrol:
\techo 'made:Provides=${found}' >> debian/${name}.substvars
\tdh_gencontrol
`;
  const lines = [
    `Source: ${name}\nMaintainer: The kit developers <kit@example.org>`,
    `Build-Depends: debhelper-compat (= 13)${needs === "" ? "" : `, ${needs}`}`,
    `Standards-Version: 4.6.2\nRules-Requires-Root: no\n\nPackage: ${name}\nArchitecture: all`,
    ...(provides === "" ? [] : [`Provides: ${provides}`]),
    "Description: says something",
  ];
  return {
    [`${name}.yaml`]: `kind: package\nname: ${name}\nbuilder: deb-source\ndistro: debian/bookworm\nsources: [{dir: ./${name}}]\n`,
    [`${name}/debian/control`]: `${lines.join("\n")}\n`,
    [`${name}/debian/changelog`]: (caller["caller/debian/changelog"] ?? "").replaceAll("caller", name),
    [`${name}/debian/rules`]: rules,
    [`${name}/debian/source/format`]: "3.0 (native)\n",
  };
}

function inFolder(folder: string, files: Readonly<Record<string, string>>): void {
  writeFiles(
    place.folder,
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text])),
  );
}

const run = (...words: string[]): Promise<Outcome> =>
  kit([...words, "--json"], { cwd: place.folder, store: place.store });

const field = (file: string, name: string): string =>
  execFileSync("dpkg-deb", ["--field", file, name], { encoding: "utf8" }).trim();

const placesOf = (outcome: Outcome): string[] =>
  told(outcome).flatMap(({ faults = [] }) =>
    faults.map(({ place }) => (place ? `${basename(place.file)}:${place.line}` : "nowhere")),
  );

const builds = (outcome: Outcome): string[] =>
  built(outcome).filter((label) => /^(?:greeter|caller)_\d/.test(label) && !label.endsWith(".deb"));

describe("a source package", () => {
  test("makes its binary packages, with symbols for debuggers apart", () => {
    expect([...done(first).paths.keys()].sort()).toEqual([
      "greeter",
      "greeter-dbgsym",
      "libgreeting-dev",
      "libgreeting1",
      "libgreeting1-dbgsym",
    ]);
    const program = first.paths.get("greeter") ?? "";
    expect(field(program, "Depends")).toMatch(/^libc6 \(>= [\d.]+\), libgreeting1 \(>= 1\.0\)$/);
    expect(execFileSync("dpkg-deb", ["--contents", program], { encoding: "utf8" })).toMatch(
      /^-rwxr-xr-x root\/root .* 2026-06-01 12:00 \.\/usr\/bin\/greeter$/m,
    );
  });

  test("is the same in another store", async () => {
    using other = openPlace("deb-source-other");
    const again = await kit(["realize", "greeter/greeter.yaml"], { cwd: place.folder, store: other.store });
    const name = (path: string) => path.split("/").slice(-2).join("/");
    expect([...done(again).paths.values()].map(name)).toEqual([...first.paths.values()].map(name));
  });

  test("is built as a user without rights, and without a network", async () => {
    const log = done(await run("log", "greeter/greeter.yaml", "greeter_1.0"));
    expect(log.stdout).toContain("dpkg-buildpackage: info: source package greeter");
    expect(log.stdout).toContain("kit: greeter_1.0_amd64.buildinfo");
    const tricks = await trick(
      "override_dh_auto_build:\n\tid -u; grep Cap /proc/self/status; cat /proc/net/dev; touch /etc/passwd || echo may not write; false\n",
    );
    expect(tricks.status).toBe(1);
    const said = lastWords(tricks);
    expect(said).toMatch(/^1000$/m);
    expect(said).toMatch(/^CapEff:\s+0+$/m);
    expect(said).toMatch(/^CapBnd:\s+0+$/m);
    expect(said).toContain("may not write");
    expect(said).not.toMatch(/^ *eth|^ *en/m);
  });
});

/** A package with these further lines in its rules. */
async function trick(rules: string): Promise<Outcome> {
  writeFiles(place.folder, {
    ...Object.fromEntries(
      Object.entries(caller).map(([path, text]) => [
        path.replace(/^caller/, "trick"),
        text.replaceAll("caller", "trick"),
      ]),
    ),
    "trick/trick.c": "int main(void) { return 0; }\n",
    "trick/Makefile": "all:\ninstall:\nclean:\n",
    "trick/debian/rules": `#!/usr/bin/make -f\n%:\n\tdh $@\n${rules}`,
    "trick.yaml":
      "kind: package\nname: trick\nbuilder: deb-source\ndistro: debian/bookworm\nsources: [{dir: ./trick}]\n",
  });
  return await run("realize", "trick.yaml");
}

/** The last lines of a build that failed. */
function lastWords(outcome: Outcome): string {
  const faults = told(outcome).flatMap((event) => (event.type === "error" ? (event.faults ?? []) : []));
  return faults.flatMap(({ details = [] }) => details).join("\n");
}

describe("a package built with another's", () => {
  test("runs in an image, with the library that it was linked against", async () => {
    const outcome = done(await run("realize", "image.yaml"));
    expect(builds(outcome)).toEqual(["caller_1.0"]);
    const log = done(await run("log", "image.yaml", "shout customized"));
    expect(log.stdout).toContain("Hello, caller!");
    const tar = outcome.paths.get("tar") ?? "";
    const names = execFileSync("tar", ["-tf", tar], { encoding: "utf8", maxBuffer: 1 << 26 });
    expect(names).toMatch(/libgreeting\.so\.1$/m);
    // Nothing of what it was built with is in the image, nor what its neighbour's source makes beside.
    expect(names).not.toMatch(/greeting\.h$|bin\/gcc$/m);
  });

  test("is not built again after a comment, and only it is where its neighbour comes out the same", async () => {
    const edit = (file: string, from: string, to: string) => {
      const path = join(place.folder, file);
      const text = readFileSync(path, "utf8");
      expect(text).toContain(from);
      writeFileSync(path, text.replace(from, to));
    };
    edit("greeter/greeter.yaml", "kind: package", "# a comment\nkind: package");
    expect(builds(done(await run("realize", "image.yaml")))).toEqual([]);
    // The same line as before to the compiler, and so to whoever debugs it.
    edit("greeter/source/greeting.c", "return text;", "return text; // kept");
    expect(builds(done(await run("realize", "image.yaml")))).toEqual(["greeter_1.0"]);
    edit("greeter/source/greeting.c", "Hello, ", "Good day, ");
    expect(builds(done(await run("realize", "image.yaml")))).toEqual(["caller_1.0", "greeter_1.0"]);
    const log = done(await run("log", "image.yaml", "shout customized"));
    expect(log.stdout).toContain("Good day, caller!");
  });
});

describe("a variant for one build type", () => {
  const variant = (needs: string) =>
    `environment: {WORD: quiet}\nvariants:\n  debug:\n    environment: {ANSWER: "yes"}\n    dpkg: {options: [loud]}\n    buildDependencies: [./horn.yaml${needs}]\n`;
  const says = "echo $$WORD $$ANSWER $(filter loud,$(DEB_BUILD_OPTIONS)) $$(horn)";
  const horn =
    "kind: package\nname: horn\nversion: '1'\nbuilder: deb-files\nfiles: [{path: /usr/bin/horn, mode: '0755', content: \"#!/bin/sh\\necho none\\n\"}]\n";
  const loud = (needs: string) => {
    const tree = speaker("loud", "", { says });
    return {
      ...{ ...tree, "loud.yaml": `${tree["loud.yaml"]}${variant(needs)}` },
      "horn.yaml": `${horn}variants: {debug: {files: [{path: /usr/bin/horn, mode: '0755', from: ./horn}]}}\n`,
      horn: "#!/bin/sh\necho toot\n",
    };
  };
  const at = (folder: string, type: string) => ["realize", `${folder}/loud.yaml`, "--build-type", type];

  test("is built with its variables, options and packages, which have variants of their own", async () => {
    inFolder("variants", loud(""));
    const said = async (type: string) => {
      const data = execFileSync("dpkg-deb", [
        "--fsys-tarfile",
        done(await run(...at("variants", type))).paths.get("loud") ?? "",
      ]);
      return execFileSync("tar", ["-xO", "./usr/bin/loud"], { input: data, encoding: "utf8" });
    };
    expect(await said("release")).toBe("#!/bin/sh\necho quiet\n");
    expect(await said("debug")).toBe("#!/bin/sh\necho quiet yes loud toot\n");
    for (const type of ["release", "debug"])
      expect(built(done(await run(...at("variants", type))))).toEqual([]);
  });

  test("is told where it names what is nowhere, and says nothing of the other", async () => {
    inFolder("unmet", loud(", no-such-package"));
    const refused = await run(...at("unmet", "debug"));
    expect([refused.status, codes(refused)]).toEqual([4, ["unresolved/unsatisfiable"]]);
    const details = told(refused).flatMap(({ faults = [] }) =>
      faults.flatMap((fault) => fault.details ?? []),
    );
    expect(details).toEqual([expect.stringMatching(/^no-such-package \(\S+loud\.yaml:11\): there is no/)]);
    done(await run(...at("unmet", "release")));
  });
});

describe("trees of one folder, none of whose manifests names another", () => {
  test("are built with each other's packages: by what they declare, and by what they turn out to provide", async () => {
    inFolder("set", {
      ...speaker("text", "phrase-api (>= 1) | nothing-at-all", { says: "phrase" }),
      ...speaker("phrase", "word-api", { says: "word", provides: "phrase-api (= 1.0)" }),
      ...speaker("word", "", { found: "word-api", provides: "${made:Provides}" }),
    });
    const outcome = done(await run("realize", "set"));
    expect([...outcome.paths.keys()].sort()).toEqual(["phrase", "text", "word"]);
    const data = execFileSync("dpkg-deb", ["--fsys-tarfile", outcome.paths.get("text") ?? ""]);
    expect(execFileSync("tar", ["-xO", "./usr/bin/text"], { input: data, encoding: "utf8" })).toBe(
      "#!/bin/sh\necho word\n",
    );
    // Control files say who needs whom, and what was built says it of the rest.
    const needs = async (...words: string[]) => [...done(await run("realize", "set", ...words)).paths.keys()];
    expect(await needs("--only", "word", "--dependents")).toEqual(["phrase", "word"]);
    expect(await needs("--only", "word", "--dependents", "--recursive")).toEqual(["phrase", "text", "word"]);
    expect(await needs("--ignore", "phrase")).toEqual(["word"]);
    const told = await kit(["evaluate", "set", "--dependents", "word", "--recursive"], {
      cwd: place.folder,
      store: place.store,
    });
    expect(done(told).stdout).toBe("phrase\ntext\n");
    // The set says who is built with whom, whichever of it is asked for.
    const again = done(await run("realize", "set", "--only", "phrase"));
    expect([[...again.paths.keys()], built(again)]).toEqual([["phrase"], []]);
    // One that is not built keeps nobody from telling what those that are turned out to be.
    inFolder("set", { ...speaker("bad", "", {}), "bad/debian/rules": "#!/usr/bin/make -f\n%:\n\tfalse\n" });
    expect((await run("realize", "set")).status).toBe(1);
    const beside = done(await run("evaluate", "set", "--dependents", "word"));
    expect((JSON.parse(beside.stdout) as { name: string }[]).map(({ name }) => name)).toEqual(["phrase"]);
    expect(beside.stderr).toContain("known when these are built: bad_1.0");
    expect(beside.stderr).not.toContain("word_1.0");
  });

  test("one of them is built where nothing is locked yet", async () => {
    const trees = { ...speaker("one", "", {}), ...speaker("two", "", {}) };
    const two = (trees["two.yaml"] ?? "").replace("sources:", "buildDependencies: [./one.yaml]\nsources:");
    inFolder("part", { ...trees, "two.yaml": two });
    const bad = { ...speaker("bad", "", {}), "bad/debian/rules": "#!/usr/bin/make -f\n%:\n\tfalse\n" };
    inFolder("part", bad);
    // What it does not need is not built for the lock's sake.
    const only = done(await run("realize", "part", "--only", "two"));
    expect([...only.paths.keys()]).toEqual(["two"]);
    expect(built(only).filter((label) => /^bad_/.test(label))).toEqual([]);
    expect(readFileSync(join(place.folder, "part/packages.lock"), "utf8")).toContain('"partial": true');
  });

  test("one that fails by itself is locked, and its failure remembered", async () => {
    inFolder("alone", {
      ...speaker("bad", "", {}),
      "bad/debian/rules": "#!/usr/bin/make -f\n%:\n\tfalse\n",
    });
    expect((await run("realize", "alone/bad.yaml")).status).toBe(1);
    const again = await run("realize", "alone/bad.yaml");
    expect(again.stderr).toContain("it failed like this before");
    expect(told(again).some(({ text = "" }) => text.startsWith("resolving"))).toBe(false);
  });

  test("what has changed is told by its file, and a failed one entered, with nothing built for it", async () => {
    inFolder("look", speaker("one", "", {}));
    done(await run("realize", "look"));
    const rules = readFileSync(join(place.folder, "look/one/debian/rules"), "utf8");
    inFolder("look", { "one/debian/rules": `${rules}override_dh_auto_build:\n\ttouch left; false\n` });
    const why = done(await run("why-rebuild", "look"));
    expect(why.stdout).toContain("debian/rules changed");
    expect(built(why)).toEqual(["one about"]);
    expect(done(await run("evaluate", "look")).stderr).toContain("known when these are built: one_1.0");
    expect((await run("realize", "look", "--keep-failed")).status).toBe(1);
    const shell = await kit(["shell", "look", "deb-source one_1.0"], {
      cwd: place.folder,
      store: place.store,
      before: ["sh", "-c", "echo 'ls /build/*/left' | \"$@\"", "sh"],
    });
    expect(shell.stdout).toBe("/build/one-1.0/left\n");
  });

  test("go on without one that cannot be built, and what needs it", async () => {
    inFolder("some", {
      ...speaker("good", "", {}),
      ...speaker("bad", "", {}),
      ...speaker("after", "bad", {}),
      "bad/debian/rules": "#!/usr/bin/make -f\n%:\n\tfalse\n",
    });
    const outcome = await run("realize", "some", "--states", "states.csv");
    expect([outcome.status, codes(outcome), [...outcome.paths.keys()]]).toEqual([
      1,
      ["build/failed"],
      ["good"],
    ]);
    const states = readFileSync(join(place.folder, "states.csv"), "utf8");
    for (const line of ["built,deb-source,good_1.0", "failed,deb-source,bad_1.0"])
      expect(states).toContain(line);
    expect(states).toContain("blocked,package,after,,bad\n");
    expect(outcome.stderr).toContain("after is not built: it waits for bad");
    // The summary counts what was never planned, with the build that it began at.
    const summary = outcome.stderr.split("\n").find((line) => line.includes('"type":"done"')) ?? "{}";
    expect(JSON.parse(summary)).toMatchObject({
      ...{ failed: 1, blocked: 1, failures: [{ label: "bad_1.0", blocked: 1 }] },
    });
    // What was chosen stays chosen: the next attempt is at the same thing, and goes on with what is left.
    const lock = () => readFileSync(join(place.folder, "some/packages.lock"), "utf8");
    expect(lock()).toContain('"partial": true');
    expect((await run("realize", "some")).stderr).toContain("it failed like this before");
    inFolder("some", speaker("bad", "", {}));
    expect([...done(await run("realize", "some")).paths.keys()].sort()).toEqual(["after", "bad", "good"]);
    expect(lock()).not.toContain("partial");
  });

  test("go on without those that cannot be planned: each is told, and who waits for them", async () => {
    const garbled = { ...speaker("garbled", "", {}), "garbled/debian/control": "this is no control file\n" };
    inFolder("unplanned", {
      ...{ ...speaker("good", "", {}), ...garbled, ...speaker("after", "garbled-data", {}) },
      ...{ ...speaker("one", "two", {}), ...speaker("two", "one", {}) },
    });
    const outcome = await run("realize", "unplanned", "--states", "states.csv");
    expect([...outcome.paths.keys()]).toEqual(["good"]);
    expect([outcome.status, codes(outcome).sort()]).toEqual([3, ["manifest/bad-control", "manifest/cycle"]]);
    const states = readFileSync(join(place.folder, "states.csv"), "utf8");
    for (const line of ["blocked,package,after,,garbled", "failed,package,one,,manifest/cycle"])
      expect(states).toContain(line);
    inFolder("lacking", {
      ...{ ...speaker("good", "", {}), ...speaker("lacking", "hello (>= 99)", {}) },
      ...{ ...speaker("other", "no-such-package", {}), ...speaker("later", "lacking", {}) },
    });
    const lacking = await run("realize", "lacking");
    expect([...lacking.paths.keys()]).toEqual(["good"]);
    expect([lacking.status, codes(lacking)]).toEqual([4, Array(2).fill("unresolved/unsatisfiable")]);
    for (const name of ["lacking", "other"])
      expect(lacking.stderr).toContain(`lacking/${name}.yaml","line":5`);
    expect(lacking.stderr).toContain("later is not built: it waits for lacking");
    // To lock it, all of it has to be there, and all that is not is told at once.
    const locking = await run("lock", "unplanned");
    expect(codes(locking)).toContain("manifest/bad-control");
  });

  test("in a circle, or needing what nobody provides, they are refused with all it concerns", async () => {
    inFolder("circle", { ...speaker("one", "two", {}), ...speaker("two", "one", {}) });
    const circle = await run("realize", "circle");
    expect([circle.status, codes(circle)]).toEqual([3, ["manifest/cycle"]]);
    expect(circle.stderr).toMatch(/one → two → one|two → one → two/);
    inFolder("nobody", {
      ...speaker("one", "word-api, no-such-api", {}),
      ...speaker("two", "one", {}),
      ...speaker("word", "", { found: "word-api", provides: "${made:Provides}" }),
    });
    const nobody = await run("realize", "nobody");
    expect([nobody.status, codes(nobody)]).toEqual([4, ["unresolved/nobody-provides"]]);
    expect(nobody.stderr).toContain("no-such-api is needed to build one");
  });
});

describe("a distribution that says toolchain: rebuild", () => {
  const distro = (toolchain: string) => {
    const shipped = join(shippedManifests, "distros/debian");
    cpSync(join(shipped, "keys"), join(place.folder, "keys"), { recursive: true });
    const text = readFileSync(join(shipped, "bookworm.yaml"), "utf8");
    const renamed = text.replace("name: debian/bookworm", "name: test/rebuilt");
    expect(renamed).not.toBe(text);
    writeFiles(place.folder, { "rebuilt.yaml": `${renamed}toolchain: ${toolchain}\n` });
  };

  test("has its tools built first, by name or by manifest, and all else with them", async () => {
    const rules = (of: string, lines: string) => ({
      [`${of}/debian/rules`]: `#!/usr/bin/make -f\n%:\n\tdh $@\n${lines}`,
    });
    const script = `override_dh_auto_install:\n\tinstall -d debian/patch/usr/bin\n\t(echo '#!/bin/sh'; echo 'echo mine') > debian/patch/usr/bin/patch\n\tchmod 0755 debian/patch/usr/bin/patch\n`;
    const trees = { ...speaker("patch", "", {}), ...speaker("bare", "", {}) };
    writeFiles(place.folder, {
      ...trees,
      ...rules("patch", script),
      // dpkg-dev asks for 2.7.
      "patch/debian/changelog": (trees["patch/debian/changelog"] ?? "").replace("1.0", "3.0"),
      ...rules("bare", "override_dh_auto_build:\n\tpatch --version\n\tbzip2 --help\n"),
      "bare.yaml": (trees["bare.yaml"] ?? "").replace("debian/bookworm", "./rebuilt.yaml"),
    });
    distro("{rebuild: [bzip2, ./patch.yaml]}");
    const outcome = await run("realize", "bare.yaml");
    // bzip2's is taken though the archive has one of a higher version, 1.0.8-5+b1.
    for (const deb of ["bare_1.0_all.deb", "bzip2_1.0.8-5_amd64.deb", "patch_3.0_all.deb"])
      expect(built(done(outcome))).toContain(deb);
    expect(done(await run("log", "bare.yaml", "bare_1.0")).stdout).toMatch(/^patch --version\nmine$/m);
    expect(built(done(await run("realize", "bare.yaml")))).toEqual([]);
    distro("{rebuild: [hello]}");
    const missing = await run("realize", "bare.yaml");
    expect([missing.status, codes(missing)]).toEqual([3, ["manifest/no-tool"]]);
  });
});

describe("a source package of the distribution", () => {
  const manifest = (name: string, more = "") =>
    `kind: package\nname: ${name}\nbuilder: deb-source\ndistro: debian/bookworm\n${more}sources: [{dsc: ${name}}]\n`;

  test("is fetched as the lock pins it, unpacked and built", async () => {
    writeFiles(place.folder, { "hostname.yaml": manifest("hostname") });
    const outcome = done(await run("realize", "hostname.yaml"));
    const lock = readLock(join(place.folder, "hostname.lock"));
    const [locked] = Object.values(lock.sources ?? {});
    const version = locked?.stanza["Version"] ?? "";
    expect(locked?.question).toBe("debian/bookworm source: hostname");
    expect(version).not.toBe("");
    const file = outcome.paths.get("hostname") ?? "";
    expect(field(file, "Version")).toBe(version);
    using out = openPlace("hostname");
    execFileSync("dpkg-deb", ["-x", file, out.folder]);
    expect(readdirSync(join(out.folder, "bin"))).toContain("hostname");
    expect(builds(done(await run("realize", "hostname.yaml")))).toEqual([]);
  });

  test.runIf(process.env["KIT_TEST_LONG"])("Debian's own hello greets", async () => {
    cpSync(join(shippedManifests, "packages/debian-hello/hello.yaml"), join(place.folder, "hello.yaml"));
    const outcome = done(await run("realize", "hello.yaml"));
    using out = openPlace("hello");
    execFileSync("dpkg-deb", ["-x", outcome.paths.get("hello") ?? "", out.folder]);
    expect(execFileSync(join(out.folder, "usr/bin/hello"), { encoding: "utf8" })).toBe("Hello, world!\n");
  });

  test("is a library by autotools or by meson too, in one sysroot", async () => {
    for (const name of ["libyaml", "fribidi"])
      cpSync(join(shippedManifests, `packages/${name}/${name}.yaml`), join(place.folder, `${name}.yaml`));
    done(await run("sysroot", "libyaml.yaml", "fribidi.yaml", "-o", "libraries", "--build-type", "release"));
    const found = readdirSync(join(place.folder, "libraries/release/lib/pkgconfig"));
    expect(found.sort()).toEqual(["fribidi.pc", "yaml-0.1.pc"]);
  });

  test("takes patches over its own", async () => {
    writeFiles(place.folder, {
      "patched.yaml": `${manifest("hostname")}patches: [./more.patch]\n`,
      "more.patch":
        "--- /dev/null\n+++ b/debian/hostname.docs\n@@ -0,0 +1 @@\n+more\n--- /dev/null\n+++ b/more\n@@ -0,0 +1 @@\n+patched in\n",
    });
    const outcome = done(await run("realize", "patched.yaml"));
    const file = outcome.paths.get("hostname") ?? "";
    const names = execFileSync("dpkg-deb", ["--contents", file], { encoding: "utf8" });
    expect(names).toContain("./usr/share/doc/hostname/more");
  });

  test("is told where there is none, of this name or of this version", async () => {
    const refused = async (text: string) => {
      writeFiles(place.folder, { "none.yaml": text });
      const outcome = await run("lock", "none.yaml");
      const line = text.split("\n").findIndex((each) => each.includes("dsc:")) + 1;
      expect(placesOf(outcome)).toEqual([`none.yaml:${line}`]);
      return [outcome.status, codes(outcome)];
    };
    expect(await refused(manifest("no-such-source"))).toEqual([4, ["unresolved/no-source"]]);
    expect(await refused(manifest("hostname", 'version: "0.1"\n'))).toEqual([4, ["unresolved/no-source"]]);
  });
});

test("a debug build is another one, not optimised and not stripped", async () => {
  const outcome = done(await run("realize", "caller.yaml", "--build-type", "debug"));
  expect(builds(outcome)).toEqual(["caller_1.0", "greeter_1.0"]);
  using out = openPlace("debug");
  execFileSync("dpkg-deb", ["-x", outcome.paths.get("caller") ?? "", out.folder]);
  const sections = execFileSync("readelf", ["-S", join(out.folder, "usr/bin/caller")], { encoding: "utf8" });
  expect(sections).toContain(".debug_info");
});

describe("what cannot be built is told", () => {
  test.each([
    [
      "a folder that is no debianised tree",
      { "trick/debian/control": undefined },
      "manifest/not-debianised",
      3,
    ],
    [
      "a control file without a source",
      { "trick/debian/control": "Package: trick\n" },
      "manifest/bad-control",
      3,
    ],
    [
      "a changelog of another source",
      { "trick/debian/changelog": caller["caller/debian/changelog"] },
      "manifest/bad-changelog",
      3,
    ],
    [
      "a build dependency that there is not",
      {
        "trick/debian/control": caller["caller/debian/control"]
          .replaceAll("caller", "trick")
          .replace("(= 13)", "(= 13), no-such-package"),
      },
      "unresolved/unsatisfiable",
      4,
    ],
  ] as const)("%s", async (_, files: Readonly<Record<string, string | undefined>>, code, status) => {
    await trick("override_dh_auto_build:\n\tfalse\n");
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) spawnSync("rm", [join(place.folder, path)]);
      else writeFiles(place.folder, { [path]: text });
    }
    const outcome = await run("lock", "trick.yaml");
    expect([outcome.status, codes(outcome)]).toEqual([status, [code]]);
    if (status === 3) expect(placesOf(outcome)).toEqual(["trick.yaml:5"]);
  });

  test("all build dependencies that there are not, each with why and where it is written", async () => {
    await trick("");
    const text = readFileSync(join(place.folder, "trick/debian/control"), "utf8");
    const written = "debhelper-compat (= 99), cmaek,\n make (>= 99) | no-make, perl";
    writeFiles(place.folder, {
      "trick/debian/control": text.replace("debhelper-compat (= 13)", written),
      "trick.yaml": `${readFileSync(join(place.folder, "trick.yaml"), "utf8")}buildDependencies: [perl, no-such]\n`,
    });
    const outcome = await run("lock", "trick.yaml");
    expect([outcome.status, codes(outcome)]).toEqual([4, ["unresolved/unsatisfiable"]]);
    expect(placesOf(outcome)).toEqual(["trick.yaml:5"]);
    const [fault] = told(outcome).flatMap(({ faults = [] }) => faults);
    expect(fault?.message).toBe("debian/bookworm (amd64) cannot give 4 packages that building trick takes");
    expect(fault?.details).toEqual([
      expect.stringMatching(
        /^debhelper-compat \(= 99\) \(debian\/control:3\): debhelper-compat comes only from debhelper 13/,
      ),
      "cmaek (debian/control:3): there is no package cmaek; did you mean cmake?",
      expect.stringMatching(
        /^make \(>= 99\) \| no-make \(debian\/control:4\): make has 4\.\S+ \(\S+ bookworm\); there is no package no-make/,
      ),
      expect.stringMatching(/^no-such \(\S+trick\.yaml:6\): there is no package no-such/),
    ]);
    expect(fault?.hint).toContain("buildDependencies");
  });

  test("a name or a version that is not the source's, and options that are kit's", async () => {
    const wrong = async (line: string) => {
      writeFiles(place.folder, {
        "wrong.yaml": `kind: package\nname: ${line}\nbuilder: deb-source\ndistro: debian/bookworm\nsources: [{dir: ./caller}]\n`,
      });
      const outcome = await run("realize", "wrong.yaml");
      return [outcome.status, codes(outcome)];
    };
    expect(await wrong("other")).toEqual([3, ["manifest/wrong-package"]]);
    expect(await wrong('caller\nversion: "2.0"')).toEqual([3, ["manifest/wrong-package"]]);
    expect(await wrong("caller\ndpkg: {options: [parallel=4]}")).toEqual([3, ["manifest/bad-value"]]);
  });

  test("a patch of a tree's own series that does not apply, with its hunk; one that is applied already is none", async () => {
    const tree = speaker("quilted", "", { says: "cat file" });
    writeFiles(place.folder, {
      ...tree,
      "quilted/debian/changelog": (tree["quilted/debian/changelog"] ?? "").replace("1.0", "1.0-1"),
      "quilted/debian/source/format": "3.0 (quilt)\n",
      "quilted/debian/patches/series": "# one\nfix.patch\n",
      "quilted/debian/patches/fix.patch": "--- a/file\n+++ b/file\n@@ -1 +1 @@\n-one\n+two\n",
      "quilted/file": "one\n",
    });
    const applied = done(await run("realize", "quilted.yaml"));
    writeFiles(place.folder, { "quilted/file": "other\n" });
    const failed = await run("realize", "quilted.yaml");
    expect([failed.status, codes(failed)]).toEqual([1, ["build/unapplied-patch"]]);
    expect(placesOf(failed)).toEqual(["quilted.yaml:5"]);
    expect(failed.stderr).toContain("debian/patches/fix.patch does not apply");
    expect(failed.stderr).toContain("Hunk #1 FAILED");
    writeFiles(place.folder, { "quilted/file": "two\n" });
    expect(done(await run("realize", "quilted.yaml")).paths).toEqual(applied.paths);
  });

  test("a build that makes no package", async () => {
    const outcome = await trick("override_dh_builddeb:\n\ttrue\n");
    expect([outcome.status, codes(outcome)]).toEqual([1, ["build/no-packages"]]);
    const text = readFileSync(join(place.folder, "trick/debian/control"), "utf8");
    writeFiles(place.folder, {
      "trick/debian/control": text.replace(/^Architecture: .*/m, "Architecture: arm64 kfreebsd-any"),
    });
    const elsewhere = await run("realize", "trick.yaml");
    expect([elsewhere.status, codes(elsewhere)]).toEqual([3, ["manifest/unsupported-architecture"]]);
    expect(placesOf(elsewhere)).toEqual(["trick.yaml:5"]);
  });

  test("what a build leaves as a package that is none", async () => {
    const outcome = await trick("override_dh_builddeb:\n\tdh_builddeb\n\techo junk > ../junk_1_amd64.deb\n");
    expect([outcome.status, codes(outcome)]).toEqual([1, ["build/bad-package"]]);
    expect(outcome.stderr).toContain("junk_1_amd64.deb");
  });

  test("a build whose make is killed is tried again", async () => {
    done(await trick(""));
    writeFiles(place.folder, { "trick/Makefile": "all:\n\tkill -9 $$PPID\ninstall:\nclean:\n" });
    for (const attempt of [await run("realize", "trick.yaml"), await run("realize", "trick.yaml")]) {
      expect([attempt.status, codes(attempt)]).toEqual([1, ["build/killed"]]);
      expect(told(attempt).map(({ text }) => text)).toContain("trick_1.0 was killed: built once more");
    }
  });
});
