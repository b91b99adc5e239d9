// What is of another architecture, by the command a user runs: packages and roots of arm64 made on amd64, emulated and
// crossed.

import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shippedManifests } from "./base.ts";
import { codes, done, kit, type Outcome, told } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { flawsOf } from "./sound.ts";

const isAble = process.arch === "x64";

let place: Place;
/** With a near mirror: 250 MB, of which qemu-user is 68 and cmake with its libraries 30. */
beforeAll(async () => {
  if (!isAble) return;
  place = openPlace("foreign");
  cpSync(join(shippedManifests, "distros/debian/keys"), join(place.folder, "keys"), { recursive: true });
  place.write({ "tiny.yaml": tiny, "hi.yaml": hi, "postinst.sh": postinst, "image.yaml": image, ...sources });
});
afterAll(() => {
  if (!isAble) return;
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

/** The least that configures, and builds. */
const tiny = `kind: distro
name: tiny
format: deb
architectures: [amd64, arm64]
repositories:
  - {name: main, uri: "https://ftp.debian.org/debian", suites: [trixie], components: [main], signedBy: ./keys/debian-archive-trixie.asc}
base: [base-files, base-passwd, coreutils, dash, diffutils, dpkg, findutils, grep, gzip, init-system-helpers, libc-bin, mawk, perl-base, sed, tar, util-linux]
build: [gcc, libc6-dev, make]
cross: [gcc-aarch64-linux-gnu, "libc6-dev:arm64"]
`;

const hi = `kind: package
name: hi
version: "1.0"
builder: deb-files
distro: ./tiny.yaml
architectures: [any]
files: [{path: /usr/bin/hi, mode: "0755", content: "#!/bin/sh\\nuname -m\\n"}]
deb: {maintainer: "A <a@example.org>", summary: says what it runs on, scripts: {postinst: ./postinst.sh}}
`;

/** What a script sees of the machine that it runs on: of the emulator nothing is in the root. */
const postinst = `#!/bin/sh
set -e
named='exec {"/bin/sh"} "another name", "-c", "echo \\$0"'
{ dpkg --print-architecture; hi; echo "$0"; perl -e "$named"; grep Seccomp: /proc/self/status; } > /var/seen
{ ls /proc/sys/fs/binfmt_misc; find / -xdev -name 'qemu*'; } > /var/handlers 2>/dev/null || :
`;

const image = `kind: image
name: small
distro: ./tiny.yaml
architectures: [amd64, arm64]
packages: [./hi.yaml]
outputs: [{type: tar}]
`;

const built = (name: string, builder: string, rest: string) =>
  `kind: package\nname: ${name}\nbuilder: ${builder}\ndistro: ./tiny.yaml\n${rest}\n`;

/** A library, a program that is built with it, a debianised tree, and packages that stand for what these need. */
const sources = {
  "one.yaml": built("one", "cmake", "sources: [{dir: ./one}]\ncrossCompile: true\ntest: true"),
  "one/CMakeLists.txt": `cmake_minimum_required(VERSION 3.20)
project(one C)
add_library(one SHARED one.c)
install(TARGETS one)
install(FILES one.h TYPE INCLUDE)
enable_testing()
add_executable(check-one check.c)
target_link_libraries(check-one one)
add_test(NAME one COMMAND check-one)
`,
  "one/one.h": "const char *one(void);\n",
  "one/one.c": '#include "one.h"\nconst char *one(void) { return "one"; }\n',
  "one/check.c": '#include <string.h>\n#include "one.h"\nint main(void) { return strcmp(one(), "one"); }\n',
  "two.yaml": built("two", "make", "sources: [{dir: ./two}]\ndependencies: [./one.yaml]\ncrossCompile: true"),
  "two/Makefile":
    "all: two\ntwo: two.c\n\t$(CC) $(CFLAGS) -o $@ $< -lone\ninstall:\n\tinstall -D two $(DESTDIR)$(PREFIX)/bin/two\n",
  "two/two.c": "#include <one.h>\n#include <stdio.h>\nint main(void) { return puts(one()) < 0; }\n",
  "solo.yaml": built("solo", "make", "sources: [{dir: ./solo}]"),
  "solo/Makefile": "all: solo\ninstall:\n\tinstall -D solo $(DESTDIR)$(PREFIX)/bin/solo\n",
  "solo/solo.c": "int main(void) { return 0; }\n",
  "wrong.yaml": built("wrong", "make", "sources: [{dir: ./wrong}]\ncrossCompile: true"),
  "wrong/Makefile":
    "all:\n\tgcc -o tool solo.c\n\t$(CC) -o right solo.c\ninstall:\n\tinstall -D -t $(DESTDIR)$(PREFIX)/bin tool right\n",
  "wrong/solo.c": "int main(void) { return 0; }\n",
  "greet.yaml": built(
    "greet",
    "deb-source",
    "sources: [{dir: ./greet}]\nbuildDependencies: [./build-essential.yaml]\ncrossCompile: true",
  ),
  "greet/greet.c":
    '#include <stdio.h>\n#include <zstd.h>\nint main(void) { return printf("greetings %d\\n", ZSTD_versionNumber() > 0) < 0; }\n',
  "greet/debian/control": `Source: greet
Maintainer: The kit developers <kit@example.org>
Build-Depends: libzstd-dev, libattr1:native <cross>
Standards-Version: 4.7.0
Rules-Requires-Root: no

Package: greet
Architecture: any
Depends: \${shlibs:Depends}
Description: greets
`,
  "greet/debian/changelog": `greet (1.0) unstable; urgency=medium

  * The first one.

 -- The kit developers <kit@example.org>  Mon, 01 Jun 2026 12:00:00 +0000
`,
  "greet/debian/rules": `#!/usr/bin/make -f
include /usr/share/dpkg/buildtools.mk
tree = debian/greet
build:
binary:
\tinstall -d $(tree)/usr/bin $(tree)/DEBIAN
\t$(CC) -O2 -o $(tree)/usr/bin/greet greet.c -lzstd
\tdpkg-shlibdeps $(tree)/usr/bin/greet
\tdpkg-gencontrol -P$(tree)
\tdpkg-deb --root-owner-group --build $(tree) ..
clean:
\trm -rf $(tree)
`,
  "build-essential.yaml": built(
    "build-essential",
    "deb-files",
    'version: "1"\narchitectures: [all]\nfiles: [{path: /usr/share/kit, content: ""}]\ndeb: {maintainer: "A <a@example.org>", summary: what every build has, depends: [dpkg-dev, gcc, libc6-dev, make]}',
  ),
  "app.yaml": built(
    "app",
    "deb-files",
    'version: "1"\nfiles: [{path: /usr/bin/two, from: ./two.yaml, subpath: /bin/two}, {path: /usr/lib/libone.so, from: ./one.yaml, subpath: /lib/libone.so}]\ndeb: {maintainer: "A <a@example.org>", summary: what was crossed, depends: [libc6]}',
  ),
  "crossed.yaml": image
    .replace("name: small", "name: crossed")
    .replace("[./hi.yaml]", "[./app.yaml, ./greet.yaml]")
    .concat("scripts: {postInstall: [./try.sh]}\n"),
  "try.sh": "#!/bin/sh\nset -e\n{ two; greet; } > /var/said\n",
};

const run = (...words: string[]): Promise<Outcome> => kit(words, { cwd: place.folder, store: place.store });

/** A file of a tar by its path in the root. Throws where there is none. */
const fileOf = (tar: string, path: string): Buffer =>
  execFileSync("tar", ["--extract", "--to-stdout", "--file", tar, `.${path}`], { maxBuffer: 1 << 26 });

/** e_machine of an ELF header: 62 of x86-64, 183 of AArch64 (elf.h). */
const machineOf = (program: Buffer): number => program.readUInt16LE(18);

const outputOf = (outcome: Outcome): string => [...outcome.paths.values()][0] ?? expect.fail(outcome.stderr);

describe.runIf(isAble)("a root of arm64 on amd64", () => {
  let tar: string;
  test("is configured with its own programs", async () => {
    // For both architectures; where one is asked for, that one alone is locked.
    done(await run("lock", "image.yaml"));
    tar = outputOf(done(await run("realize", "image.yaml", "--arch", "arm64")));
    expect(machineOf(fileOf(tar, "/usr/bin/dash"))).toBe(183);
    const status = fileOf(tar, "/var/lib/dpkg/status").toString();
    expect(new Set(status.match(/^Status: .*$/gm))).toEqual(new Set(["Status: install ok installed"]));
  });

  test("whose scripts see the machine that they are for, and nothing of the emulator", () => {
    expect(fileOf(tar, "/var/seen").toString()).toMatch(
      /^arm64\naarch64\n\/var\/lib\/dpkg\/info\/hi\.postinst\nanother name\nSeccomp:\s+2\n$/,
    );
    expect(fileOf(tar, "/var/handlers").toString()).toBe("");
  });

  test("has no other key, nor other bytes, for being made again", async () => {
    const checked = done(await run("realize", "image.yaml", "--arch", "arm64", "--check"));
    expect(outputOf(checked)).toBe(tar);
  });

  test("is no part of what amd64 is built of", async () => {
    const plan = async (architecture: string) =>
      done(await run("evaluate", "image.yaml", "--arch", architecture)).stdout;
    expect(await plan("arm64")).toContain("tools emulator");
    expect(await plan("amd64")).not.toContain("emulator");
  });
});

describe.runIf(isAble)("what is crossed", () => {
  test("runs where it is meant for, with the libraries it was built with", async () => {
    const tar = outputOf(done(await run("realize", "crossed.yaml", "--arch", "arm64")));
    expect(machineOf(fileOf(tar, "/usr/bin/two"))).toBe(183);
    expect(machineOf(fileOf(tar, "/usr/bin/greet"))).toBe(183);
    expect(fileOf(tar, "/var/said").toString()).toBe("one\ngreetings 1\n");
    const [, greet = ""] =
      /^Package: greet\n((?:.+\n)*)/m.exec(fileOf(tar, "/var/lib/dpkg/status").toString()) ?? [];
    expect(greet).toMatch(/^Architecture: arm64$/m);
    expect(greet).toMatch(/^Depends: libc6 \(.*\), libzstd1 \(.*\)$/m);
  });

  test("is checked by the emulator", async () => {
    const outcome = done(await run("realize", "one.yaml", "--arch", "arm64", "--require-tests"));
    const checks = [...outcome.paths.values()].find((path) => path.endsWith("/result"));
    expect(readFileSync(checks ?? expect.fail(outcome.stderr), "utf8")).toBe("passed\n");
  });

  test("is built by no emulator, and what is not crossed by one", async () => {
    const plan = async (file: string) =>
      done(await run("realize", file, "--arch", "arm64")) &&
      done(await run("evaluate", file, "--arch", "arm64")).stdout;
    expect(await plan("two.yaml")).not.toContain("emulator");
    expect(await plan("solo.yaml")).toContain("tools emulator");
    const solo = outputOf(done(await run("realize", "solo.yaml", "--arch", "arm64")));
    expect(machineOf(readFileSync(join(solo, "bin/solo")))).toBe(183);
  });

  test("is the same as ever on the architecture itself", async () => {
    place.write({
      "plain.yaml": sources["solo.yaml"],
      "crossing.yaml": `${sources["solo.yaml"]}crossCompile: true\n`,
    });
    const key = async (file: string) => {
      done(await run("lock", file));
      return done(await run("evaluate", file))
        .stdout.split("\n")
        .filter((line) => line.startsWith("output"));
    };
    expect(await key("plain.yaml")).toEqual(await key("crossing.yaml"));
  });

  test("is refused where a makefile names the compiler itself, and made this machine's programs", async () => {
    const wrong = await run("realize", "wrong.yaml", "--arch", "arm64", "--json");
    expect([wrong.status, codes(wrong)]).toEqual([1, ["build/not-crossed"]]);
    const [fault] = told(wrong).flatMap(({ faults = [] }) => faults);
    expect(fault?.details).toContain("/bin/tool");
    expect(fault?.details).not.toContain("/bin/right");
    expect(fault?.hint).toContain("$(CC)");
    cpSync(join(place.folder, "greet"), join(place.folder, "greeted"), { recursive: true });
    const rules = readFileSync(join(place.folder, "greet/debian/rules"), "utf8");
    place.write({
      "greeted.yaml": sources["greet.yaml"].replace("./greet}", "./greeted}"),
      "greeted/greet.c": "int main(void) { return 0; }\n",
      "greeted/debian/rules": rules
        .replace("$(CC)", "gcc")
        .replace(" -lzstd", "")
        .replace(/^\tdpkg-shlibdeps.*\n/m, ""),
    });
    const greeted = await run("realize", "greeted.yaml", "--arch", "arm64", "--json");
    expect([greeted.status, codes(greeted)]).toEqual([1, ["build/not-crossed"]]);
    expect(greeted.stderr).toContain("/usr/bin/greet");
  });

  test("is refused of what cannot be", async () => {
    place.write({
      "checked.yaml": `${sources["greet.yaml"]}test: true\n`,
      "spec.yaml": built("spec", "rpm", "rpm: {spec: ./x.spec}\ncrossCompile: true"),
    });
    const checked = await run("realize", "checked.yaml", "--arch", "arm64", "--json");
    expect([checked.status, codes(checked)]).toEqual([3, ["manifest/no-crossed-checks"]]);
    const spec = await run("realize", "spec.yaml", "--arch", "arm64", "--json");
    expect(spec.status).toBe(3);
    expect(spec.stderr).toContain("no spec is crossed");
  });
});
