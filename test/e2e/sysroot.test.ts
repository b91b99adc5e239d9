// Packages built into sysroots by the command a user runs: the chain that ships, each builder, what is refused.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256Of } from "../../store/model/digest.ts";
import { files, serve, type TestServer } from "../builders/fetch/server.ts";
import { shippedManifests } from "./base.ts";
import { done, kit, type Outcome } from "./kit.ts";
import { openPlace, type Place, writeFiles } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";
import { buildsOf, manifest, simple } from "./trees.ts";

let place: Place;
let server: TestServer;
const served: Record<string, Buffer> = {};
let first: Outcome;
/** 15 s with a near mirror: bookworm's build-essential and cmake. */
beforeAll(async () => {
  server = await serve(files(served));
  place = openPlace("sysroot");
  cpSync(join(shippedManifests, "packages/vehicle"), join(place.folder, "vehicle"), {
    recursive: true,
    filter: (path) => !path.endsWith(".lock"),
  });
  first = await run("realize", "vehicle/app.yaml");
});
afterAll(async () => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
  await server.stop();
});

const at = () => ({ cwd: place.folder, store: place.store });
const run = (...words: string[]): Promise<Outcome> => kit([...words, "--json"], at());
const failing = (manifest: string, code: string, status = 1) =>
  refuses(["realize", manifest], { ...at(), keepsLock: true }, status, code);

describe("a chain of cmake packages", () => {
  test("each is built once, with a sysroot of what it declares", () => {
    expect(buildsOf(done(first))).toEqual([
      "planner_2.0.1",
      "track_0.4.0",
      "units_1.2.0",
      "vehicle-app_1.0.0",
    ]);
    const tree = first.paths.get("vehicle-app") ?? "";
    expect(readdirSync(tree)).toEqual(["bin"]);
  });

  test("kit sysroot: release and debug apart, with what is in them; as folders and as archives", async () => {
    done(await run("sysroot", "vehicle/app.yaml", "-o", "out"));
    const app = (type: string) =>
      execFileSync(join(place.folder, "out", type, "bin/vehicle-app"), {
        env: { LD_LIBRARY_PATH: join(place.folder, "out", type, "lib") },
        encoding: "utf8",
      });
    expect([app("release"), app("debug")]).toEqual(["1.2 km, optimized\n", "1.2 km, checked\n"]);
    const sections = execFileSync("readelf", ["-S", join(place.folder, "out/debug/lib/libunits.so.1")]);
    expect(sections.toString()).toContain(".debug_info");
    const { sysroots } = JSON.parse(readFileSync(join(place.folder, "out/sysroot.json"), "utf8"));
    // What the application is built with and does not need to run is not in it.
    expect(sysroots.map(({ buildType, packages }: Record<string, unknown>) => [buildType, packages])).toEqual(
      ["release", "debug"].map((type) => [
        type,
        [
          { name: "track", version: "0.4.0" },
          { name: "units", version: "1.2.0" },
          { name: "vehicle-app", version: "1.0.0" },
        ],
      ]),
    );
    const full = await refuses(["sysroot", "vehicle/app.yaml", "-o", "out"], at(), 2, "usage/not-empty");
    expect(full.text).toContain("out is not empty");
    const archived = async (form: string, name: string) => {
      done(await run("sysroot", "vehicle/app.yaml", "-o", name, `--${form}`, "--build-type", "release"));
      expect(readdirSync(join(place.folder, name)).sort()).toEqual([`release.${form}`, "sysroot.json"]);
      return readFileSync(join(place.folder, name, `release.${form}`));
    };
    for (const form of ["tar", "zip"])
      expect((await archived(form, `${form}-1`)).equals(await archived(form, `${form}-2`))).toBe(true);
    mkdirSync(join(place.folder, "unpacked"));
    execFileSync("bsdtar", ["-xf", "../zip-1/release.zip"], { cwd: join(place.folder, "unpacked") });
    execFileSync("diff", ["-r", "--no-dereference", "out/release", "unpacked"], { cwd: place.folder });
  });

  test("a comment builds that library alone; another header builds who is built with it", async () => {
    const file = join(place.folder, "vehicle/units/units.cpp");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, `${text}\n// A comment.\n`);
    expect(buildsOf(done(await run("realize", "vehicle/app.yaml")))).toEqual(["units_1.2.0"]);
    writeFileSync(
      join(place.folder, "vehicle/units/units.hpp"),
      "#pragma once\n#include <string>\nnamespace units { std::string distance(double metres); constexpr int version = 2; }\n",
    );
    const labels = buildsOf(done(await run("realize", "vehicle/app.yaml")));
    expect(labels).toEqual(["planner_2.0.1", "track_0.4.0", "units_1.2.0", "vehicle-app_1.0.0"]);
    writeFileSync(file, text);
  });

  test("what takes files of one needs what it needs of the distribution", async () => {
    place.write({
      "empty/nothing": "",
      "worded.yaml": simple("worded", "dependencies: [gettext-base]"),
      "taker.yaml":
        'kind: package\nname: taker\nversion: "1"\nbuilder: deb-files\ndistro: debian/bookworm\nfiles: [{path: /usr/include/w.h, from: ./worded.yaml, subpath: /include/worded.h}]\n',
    });
    const deb = done(await run("realize", "taker.yaml")).paths.get("taker") ?? "";
    const control = execFileSync("dpkg-deb", ["--field", deb, "Depends"], { encoding: "utf8" });
    expect(control).toBe("gettext-base\n");
  });

  test("as a package to install, in an image that runs it", async () => {
    writeFiles(place.folder, {
      "image.yaml":
        "kind: image\nname: drive\ndistro: debian/bookworm\narchitectures: [amd64]\npackages: [./vehicle/vehicle.yaml]\nscripts: {postInstall: [./try]}\noutputs: [{type: tar}]\n",
      try: "#!/bin/sh\nset -e\nvehicle-app > /app.txt\n",
    });
    execFileSync("chmod", ["+x", join(place.folder, "try")]);
    const image = done(await run("realize", "image.yaml"));
    const out = execFileSync("tar", ["-xOf", image.paths.get("tar") ?? "", "./app.txt"], {
      encoding: "utf8",
    });
    expect(out).toBe("1.2 km, optimized\n");
    place.write({
      "wrong.yaml":
        "kind: image\nname: wrong\ndistro: debian/bookworm\narchitectures: [amd64]\npackages: [./vehicle/app.yaml]\noutputs: [{type: tar}]\n",
    });
    const refused = await refuses(
      ["realize", "wrong.yaml"],
      { ...at(), keepsLock: true },
      3,
      "manifest/not-installable",
    );
    expect(refused.text).toContain("subpath");
  });
});

describe("each builder", () => {
  beforeAll(() => {
    writeFiles(place.folder, {
      "empty/nothing": "",
      "greet/greet.c": 'const char *greet(void) { return "hello"; }\n',
      "greet/greet.h": "const char *greet(void);\n",
      "greet/meson.build":
        "project('greet', 'c')\nlibrary('greet', 'greet.c', install: true)\ninstall_headers('greet.h')\nimport('pkgconfig').generate(name: 'greet', description: 'greets', libraries: '-lgreet', version: '1')\n",
      "greet/meson_options.txt": "option('loud', type: 'boolean', value: false)\n",
      "say/say.c": "#include <greet.h>\n#include <stdio.h>\nint main(void) { puts(greet()); return 0; }\n",
      "say/Makefile":
        "say: say.c\n\t$(CC) $(CFLAGS) -o $@ $< $$(pkg-config --cflags --libs greet)\ninstall:\n\tinstall -D say $(DESTDIR)$(PREFIX)/bin/say\n",
      "auto/configure.ac":
        "AC_INIT([auto],[1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nPKG_CHECK_MODULES([GREET],[greet])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
      "auto/Makefile.am":
        "bin_PROGRAMS = auto\nauto_SOURCES = say.c\nauto_CFLAGS = $(GREET_CFLAGS)\nauto_LDADD = $(GREET_LIBS)\n",
      "auto/say.c": "#include <greet.h>\n#include <stdio.h>\nint main(void) { puts(greet()); return 0; }\n",
      "greet.yaml": manifest("greet", "sources: [{dir: ./greet}]\nmeson: {options: {loud: true}}", "meson"),
      "say.yaml": manifest("say", "sources: [{dir: ./say}]\ndependencies: [./greet.yaml]", "make"),
      "auto.yaml": manifest("auto", "sources: [{dir: ./auto}]\ndependencies: [./greet.yaml]", "autotools"),
    });
  });

  test("meson, make and autotools: libraries are found by pkg-config, and programs run", async () => {
    for (const name of ["say", "auto"]) {
      done(await run("sysroot", `${name}.yaml`, "-o", `out-${name}`, "--build-type", "debug"));
      const said = execFileSync(join(place.folder, `out-${name}/debug/bin/${name}`), {
        env: { LD_LIBRARY_PATH: join(place.folder, `out-${name}/debug/lib`) },
        encoding: "utf8",
      });
      expect(said).toBe("hello\n");
    }
  });

  test("the same in another store", async () => {
    const other = openPlace("sysroot-other");
    try {
      cpSync(join(place.folder, "greet"), join(other.folder, "greet"), { recursive: true });
      for (const name of ["greet.yaml", "greet.lock", "say.lock"])
        if (existsSync(join(place.folder, name))) cpSync(join(place.folder, name), join(other.folder, name));
      const here = done(await run("realize", "greet.yaml")).paths.get("greet") ?? "";
      const there = done(await kit(["realize", "greet.yaml"], { cwd: other.folder, store: other.store }));
      expect((there.paths.get("greet") ?? "").split("/").at(-1)).toBe(here.split("/").at(-1));
    } finally {
      other[Symbol.dispose]();
    }
  });

  test("an archive by its digest, into the source; patches, one of them out of a quilt series", async () => {
    writeFiles(place.folder, {
      "pack/inner-1.0/words.txt": "one\ntwo\nthree\n",
      "one.patch": "--- a/words.txt\n+++ b/words.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n",
      "quilt/series": "# a comment\nthree.patch -p0\n",
      "quilt/three.patch": "--- words.txt\n+++ words.txt\n@@ -1,3 +1,3 @@\n one\n TWO\n-three\n+THREE\n",
    });
    for (const [name, flags] of [
      ["a.tar.xz", "-cJf"],
      ["b.zip", "--format=zip -cf"],
    ] as const) {
      // Not beside the manifest, where it would be taken from.
      execFileSync("bsdtar", [...flags.split(" "), join(place.folder, "pack", name), "inner-1.0"], {
        cwd: join(place.folder, "pack"),
      });
      served[`/${name}`] = readFileSync(join(place.folder, "pack", name));
    }
    const digests = ["/a.tar.xz", "/b.zip"].map((name) => sha256Of(served[name] ?? Buffer.alloc(0)));
    const sources = (patches: string) =>
      manifest(
        "words",
        `sources:
  - {url: "${server.url}/a.tar.xz", sha256: ${digests[0]}}
  - {url: "${server.url}/b.zip", sha256: ${digests[1]}, into: deps/b}
patches: ${patches}
script: {install: "mkdir -p $OUT$PREFIX/share; cat words.txt deps/b/words.txt > $OUT$PREFIX/share/words"}`,
      );
    place.write({ "words.yaml": sources("[./one.patch, ./quilt]") });
    const tree = done(await run("realize", "words.yaml")).paths.get("words") ?? "";
    expect(readFileSync(join(tree, "share/words"), "utf8")).toBe("one\nTWO\nTHREE\none\ntwo\nthree\n");
    // The same out of a server of sources, where its own address has something else; and out of a file beside the manifest.
    for (const name of ["/a.tar.xz", "/b.zip"]) {
      const bytes = served[name] ?? Buffer.alloc(0);
      served[`/by/${sha256Of(bytes)}`] = bytes;
      served[name] = Buffer.from("something else");
    }
    using other = openPlace("sysroot-sources");
    const env = { KIT_SOURCE_SERVERS: `${server.url}/nothing,${server.url}/by` };
    done(await kit(["realize", "words.yaml"], { ...at(), store: other.store, env }));
    place.write({
      "file.yaml": manifest(
        "file",
        'sources: [{file: ./pack/b.zip}]\nscript: {install: "mkdir -p $OUT$PREFIX; cp words.txt $OUT$PREFIX/"}',
      ),
    });
    const own = done(await run("realize", "file.yaml")).paths.get("file") ?? "";
    expect(readFileSync(join(own, "words.txt"), "utf8")).toBe("one\ntwo\nthree\n");
    place.write({ "words.yaml": sources("[./quilt]") });
    const refused = await failing("words.yaml", "build/unapplied-patch");
    expect(refused.text).toContain("./quilt/series: three.patch does not apply");
    expect(refused.text).toContain("+THREE");
    expect(refused.spots).toEqual(["words.yaml:8:11"]);
    // As it is remembered, too.
    const again = await failing("words.yaml", "build/unapplied-patch");
    expect(again.text).toContain("it failed like this before");
    expect(again.spots).toEqual(["words.yaml:8:11"]);
    // Those of which patch(1) rejects no part: what it says is told, and a hint for just that.
    writeFiles(place.folder, {
      "git.patch":
        "diff --git a/x.png b/x.png\nnew file mode 100644\nindex 0000000..d95f3ad\nGIT binary patch\nliteral 0\nHcmV?d00001\n\nliteral 0\nHcmV?d00001\n\n",
      "absent.patch": "--- a/no.txt\n+++ b/no.txt\n@@ -1 +1 @@\n-a\n+b\n",
      "up.patch": "--- a/../up.txt\n+++ b/../up.txt\n@@ -1 +1 @@\n-a\n+b\n",
      "none.patch": "not at all\n",
    });
    for (const [name, said, hint] of [
      ["git", "git binary diffs are not supported", "lay the file over the source"],
      ["absent", "can't find file to patch", "the source has no such file by then"],
      ["up", "b/../up.txt", "a path with ../ in it"],
      ["none", "Only garbage was found", "it is no patch"],
    ] as const) {
      place.write({ "words.yaml": sources(`[./${name}.patch]`) });
      const told = await failing("words.yaml", "build/unapplied-patch");
      expect(told.text).toContain(`${name}.patch does not apply; patch says:`);
      expect(told.text).toContain(said);
      expect(told.text).toContain(hint);
    }
    place.write({ "words.yaml": sources("[./one.patch, ./pack]") });
    const without = await failing("words.yaml", "manifest/bad-patches", 3);
    expect(without.spots).toEqual(["words.yaml:8:24"]);
    place.write({
      "words.yaml": `${sources("[]")}variants: {debug: {patches: [./one.patch, ./one.patch]}}\n`,
    });
    const twice = await refuses(
      ["realize", "words.yaml", "--build-type", "debug"],
      { ...at(), keepsLock: true },
      1,
      "build/unapplied-patch",
    );
    expect(twice.spots).toEqual(["words.yaml:10:43"]);
    place.write({ "words.yaml": sources("[]").replace(/sha256: ./, "sha256: 0") });
    const mismatched = await failing("words.yaml", "digest/mismatch", 8);
    const column = (key: string, line: number) =>
      (sources("[]").split("\n")[line - 1] ?? "").indexOf(`${key}: `) + key.length + 3;
    expect(mismatched.spots).toEqual([`words.yaml:6:${column("sha256", 6)}`]);
    place.write({
      "words.yaml": sources("[]")
        .replace("/b.zip", "/c.zip")
        .replace(/sha256: .(?=\S+, into)/, "sha256: 1"),
    });
    const absent = await failing("words.yaml", "network/not-found", 6);
    expect(absent.spots).toEqual([`words.yaml:7:${column("url", 7)}`]);
    place.write({
      "words.yaml": manifest(
        "words",
        'patches: []\nsources: [{dir: ./empty}, {file: ./one.patch, into: x}]\nscript: {install: "true"}',
      ),
    });
    const odd = await failing("words.yaml", "digest/bad-archive", 8);
    expect(odd.spots).toEqual(["words.yaml:6:34"]);
  });

  test("a person reads where a source is named that is not what it was", async () => {
    served["/moved.tar"] = Buffer.from("something else");
    place.write({
      "moved.yaml": manifest(
        "moved",
        `sources:\n  - url: ${server.url}/moved.tar\n    sha256: ${"a".repeat(64)}\nscript: {install: "true"}`,
      ),
    });
    const { status, stderr } = await kit(["realize", "moved.yaml"], at());
    expect(status).toBe(8);
    const told = stderr.slice(stderr.lastIndexOf("error: "));
    expect(told).toContain("moved.yaml:7:13 moved.tar: ");
    expect(told).toContain(`sha256: ${"a".repeat(64)}`);
    expect(told).toContain("~".repeat(64));
    expect(told).toContain("hint: ");
    expect(told).toContain("[digest/mismatch, exit 8]");
    const offline = await kit(["realize", "moved.yaml", "--offline"], at());
    expect(offline.status).toBe(6);
    expect(offline.stderr).toContain("moved.yaml:6:10 moved.tar");
  });

  test("a variant for one build type; a package that is not built as the other", async () => {
    place.write({
      "variant.yaml": manifest(
        "variant",
        'sources: [{dir: ./empty}]\nenvironment: {A: "1", B: "1"}\nvariants: {debug: {environment: {B: "2"}}}\nscript: {install: "mkdir -p $OUT$PREFIX; echo $A$B $CFLAGS > $OUT$PREFIX/said"}',
      ),
      "released.yaml": simple("released", "buildTypes: [release]"),
      "asking.yaml": simple("asking", "dependencies: [./released.yaml]"),
    });
    const said = async (type: string) =>
      readFileSync(
        join(
          done(await run("realize", "variant.yaml", "--build-type", type)).paths.get("variant") ?? "",
          "said",
        ),
        "utf8",
      );
    expect([await said("release"), await said("debug")]).toEqual(["11 -O2\n", "12 -O0 -g\n"]);
    // Each asks for what it needs, and neither takes that from the other's lock.
    const needy = (name: string) =>
      simple("needy", `variants: {debug: {patches: [./words.patch], buildDependencies: [${name}]}}`);
    place.write({
      "words.patch": "--- /dev/null\n+++ b/word\n@@ -0,0 +1 @@\n+word\n",
      "needy.yaml": needy("gettext-base"),
    });
    done(await run("realize", "needy.yaml"));
    done(await run("realize", "needy.yaml", "--build-type", "debug"));
    const lock = () => readFileSync(join(place.folder, "needy.lock"), "utf8");
    const both = lock();
    expect(both).toContain("gettext-base");
    for (const words of [["needy.yaml"], ["needy.yaml", "--build-type", "debug"]]) {
      done(await run("lock", ...words));
      expect(lock()).toBe(both);
    }
    place.write({ "needy.yaml": needy("gawk") });
    const open = ["realize", "needy.yaml", "--build-type", "debug"];
    await refuses(open, { ...at(), keepsLock: true }, 4, "unresolved/not-locked");
    done(await run("lock", "needy.yaml", "--build-type", "debug"));
    expect(lock()).not.toContain("gettext-base");
    for (const type of ["debug", "release"]) done(await run("realize", "needy.yaml", "--build-type", type));
    rmSync(join(place.folder, "needy.lock"));
    done(await run("sysroot", "needy.yaml", "-o", "needy"));
    done(await run("realize", "asking.yaml"));
    const refused = await refuses(
      ["realize", "asking.yaml", "--build-type", "debug"],
      { ...at(), keepsLock: true },
      3,
      "manifest/unsupported-build-type",
    );
    expect(refused.places).toEqual([expect.stringContaining("released.yaml")]);
  });
});

describe("refused", () => {
  test("a prefix of one's own, and what else is kit's, each at its place", async () => {
    place.write({
      "own.yaml": `${manifest(
        "own",
        "sources: [{dir: ./empty}]\ncmake: {defines: {CMAKE_INSTALL_PREFIX: /opt, CMAKE_PREFIX_PATH: /opt, FINE: 1}}\nenvironment: {PKG_CONFIG_PATH: /x}",
        "cmake",
      )}`,
      "config.yaml": manifest(
        "config",
        "sources: [{dir: ./empty}]\nautotools: {arguments: [--prefix=/opt]}",
        "autotools",
      ),
      "opts.yaml": manifest("opts", "sources: [{dir: ./empty}]\nmeson: {options: {prefix: /opt}}", "meson"),
    });
    const own = await refuses(["realize", "own.yaml"], at(), 3, "manifest/bad-value");
    expect(own.text).toContain("kit's to set");
    for (const name of ["config.yaml", "opts.yaml"]) {
      const { text } = await kit(["realize", name], at()).then(({ status, stderr }) => ({
        text: `${status} ${stderr}`,
      }));
      expect(text).toMatch(/^3 /);
      expect(text).toContain("kit's to set");
    }
  });

  test("two packages that bring one path with other content, named with it; the same content is none", async () => {
    place.write({
      "one.yaml": simple("one"),
      "two.yaml": simple("two").replaceAll("two.h", "one.h"),
      "same.yaml": simple("same").replaceAll("same.h", "one.h").replace("echo 'same'", "echo 'one'"),
      "both.yaml": simple("both", "buildDependencies: [./one.yaml, ./two.yaml]"),
      "fine.yaml": simple("fine", "buildDependencies: [./one.yaml, ./same.yaml]"),
    });
    const refused = await failing("both.yaml", "build/sysroot-clash");
    expect(refused.text).toContain("one and two install other things");
    expect(refused.text).toContain("include/one.h");
    expect(refused.places).toEqual(["two.yaml:2"]);
    done(await run("realize", "fine.yaml"));
  });

  test("files outside of the prefix, an empty package, an undeclared dependency", async () => {
    place.write({
      "outside.yaml": manifest(
        "outside",
        'sources: [{dir: ./empty}]\nscript: {install: "mkdir -p $OUT/etc; touch $OUT/etc/x"}',
      ),
      "lost/nobody/file": "",
      "nothing.yaml": manifest(
        "nothing",
        'sources: [{dir: ./empty}]\nscript: {install: "mkdir -p $OUT$PREFIX/lib"}',
      ),
      "undeclared.yaml": manifest("undeclared", "sources: [{dir: ./say}]", "make"),
      "lost.yaml": manifest(
        "lost",
        'sources: [{dir: ./lost}]\nscript: {directory: nowhere, install: "true"}',
      ),
    });
    expect((await failing("outside.yaml", "build/outside-prefix")).text).toContain("/etc/x");
    await failing("nothing.yaml", "build/empty-package");
    expect((await failing("undeclared.yaml", "build/failed")).text).toContain(
      "kit: greet.pc is in greet: try its manifest in dependencies or buildDependencies",
    );
    const lost = await failing("lost.yaml", "manifest/no-such-folder", 3);
    expect(lost.text).toContain("no folder nowhere");
    expect(lost.text).toContain("at its top it has nobody");
    expect(lost.spots).toEqual(["lost.yaml:6:21"]);
    place.write({
      "gone.yaml":
        'kind: package\nname: gone\nversion: "1"\nbuilder: deb-files\ndistro: debian/bookworm\nfiles:\n  - {path: /usr/bin/gone, from: ./one.yaml, subpath: /nowhere}\n',
    });
    const gone = await failing("gone.yaml", "build/no-such-path");
    expect(gone.spots).toEqual(["gone.yaml:7:54"]);
  });

  test("a circle, with its way; what cannot be exported", async () => {
    place.write({
      "a.yaml": simple("a", "dependencies: [./b.yaml]"),
      "b.yaml": simple("b", "buildDependencies: [./a.yaml]"),
    });
    const refused = await refuses(["realize", "a.yaml"], at(), 3, "manifest/cycle");
    expect(refused.text).toMatch(/a → b → a/);
    await refuses(
      ["sysroot", "vehicle/vehicle.yaml", "-o", "new"],
      { ...at(), keepsLock: true },
      2,
      "usage/no-sysroot",
    );
    await refuses(["sysroot", "vehicle/app.yaml", "-o", "no/where"], at(), 2, "usage/not-a-folder");
    await refuses(
      ["sysroot", "vehicle/app.yaml", "-o", "x", "--tar", "--zip"],
      { ...at(), keepsLock: true },
      2,
      "usage/bad-option",
    );
  });
});
