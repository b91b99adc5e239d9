// Checks of packages: run apart from the build, told, and a failure where somebody says so.

import { readFileSync, readlinkSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { built, done, kit, type Outcome } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";

let place: Place;
beforeAll(() => {
  place = openPlace("checks");
  place.write(source);
});
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

const run = (...words: string[]): Promise<Outcome> =>
  kit([...words, "--json"], { cwd: place.folder, store: place.store });
const at = () => ({ cwd: place.folder, store: place.store, keepsLock: true });

const source = {
  "src/CMakeLists.txt":
    'cmake_minimum_required(VERSION 3.20)\nproject(twice C)\nadd_executable(twice twice.c)\ninstall(TARGETS twice)\nenable_testing()\nadd_test(NAME four COMMAND twice 2)\nset_tests_properties(four PROPERTIES PASS_REGULAR_EXPRESSION "^4\\n$")\n',
  "src/meson.build":
    "project('twice', 'c')\ntwice = executable('twice', 'twice.c', install: true)\ntest('runs', twice, args: ['2'])\n",
  "src/Makefile":
    "twice: twice.c\n\t$(CC) $(CFLAGS) -o twice twice.c\ninstall: twice\n\tinstall -D twice $(DESTDIR)$(PREFIX)/bin/twice\ncheck: twice\n\ttest $$(./twice 2) = 4\n",
  "src/twice.c":
    '#include <stdio.h>\n#include <stdlib.h>\nint main(int count, char **words) { printf("%d\\n", 2 * atoi(words[1])); return 0; }\n',
};

const manifest = (builder: string, rest = "test: true\n") =>
  `kind: package\nname: twice\nbuilder: ${builder}\ndistro: debian/bookworm\nsources: [{dir: ./src}]\n${rest}`;

const ended = ({ paths }: Outcome) => readFileSync(paths.get("twice-checks") ?? "", "utf8");

test.each(["cmake", "meson", "make"])("%s's own", async (builder) => {
  place.write({ [`${builder}.yaml`]: manifest(builder) });
  expect(ended(done(await run("realize", `${builder}.yaml`, "--require-tests")))).toBe("passed\n");
});

test("what is found is found, whatever the log says of room or memory, and whatever is left running", async () => {
  for (const [index, words] of [
    "echo not ok: No space left on device; exit 1",
    "echo cc1: out of memory allocating 65536 bytes; exit 1",
    "sleep 1000 & exit 0",
  ].entries()) {
    place.write({
      "odd.yaml": manifest("cmake", `test: {run: ${JSON.stringify(`true ${index}; ${words}`)}}\n`),
    });
    expect(ended(done(await run("realize", "odd.yaml")))).toBe("failed\n");
  }
});

test("a changed check builds nothing; one that fails is told, and fails where it must not", async () => {
  const checked = (run: string) => manifest("cmake", `test: {run: '${run}'}\n`);
  place.write({ "twice.yaml": checked("test $($OUT$PREFIX/bin/twice 3) = 6") });
  const first = done(await run("realize", "twice.yaml"));
  expect(built(first)).toContain("twice checks");
  expect(ended(first)).toBe("passed\n");
  place.write({ "twice.yaml": checked("test $($OUT$PREFIX/bin/twice 3) = 7") });
  const second = done(await run("realize", "twice.yaml"));
  expect(built(second)).toEqual(["twice checks"]);
  expect(ended(second)).toBe("failed\n");
  expect(second.paths.get("twice")).toBe(first.paths.get("twice"));
  // It is told again, though nothing is run again.
  const third = done(await run("realize", "twice.yaml"));
  expect(third.stderr).toContain("twice-checks: its checks found something");
  expect(built(third)).toEqual([]);
  const row = () => {
    const lines = readFileSync(`${place.folder}/states.csv`, "utf8").split("\n");
    return lines.find((line) => line.includes(",twice checks,"));
  };
  done(await run("realize", "twice.yaml", "--states", "states.csv"));
  expect(row()).toBe("reused,checks,twice checks,,");
  const required = ["realize", "twice.yaml", "--require-tests", "--states", "states.csv"];
  await refuses(required, at(), 1, "build/checks-failed");
  expect(row()).toBe("failed,checks,twice checks,,build/checks-failed");
  expect(readFileSync(`${place.folder}/states.csv`, "utf8")).not.toMatch(/^open,/m);
});

test("checks that found something are run again where that is asked for, and what they come to then stays", async () => {
  place.write({ "twice.yaml": manifest("cmake", "test: {run: 'test $(nproc) = 2'}\n") });
  const cores = (count: number, ...words: string[]) =>
    run("realize", "twice.yaml", "--cores", `${count}`, ...words);
  expect(ended(done(await cores(1)))).toBe("failed\n");
  const remembered = done(await cores(2));
  expect([ended(remembered), built(remembered)]).toEqual(["failed\n", []]);
  const again = done(await cores(2, "--retry", "-o", "again"));
  expect([ended(again), built(again)]).toEqual(["passed\n", ["twice checks"]]);
  // What passed is not run again, and stays for those who do not ask.
  for (const words of [["--retry"], []]) {
    const last = done(await cores(1, ...words));
    expect([ended(last), built(last)]).toEqual(["passed\n", []]);
  }
});

test("what keeps checks from being run at all is no result of theirs; a script has none of its own", async () => {
  place.write({ "twice.yaml": manifest("cmake", "test: {run: sleep 100}\n") });
  await refuses(["realize", "twice.yaml", "--time-limit", "20"], at(), 1, "build/time-limit");
  place.write({
    "twice.yaml": manifest("cmake", "test: {run: 'test $(nproc) = 2 || cat /etc/passwd > /dev/full'}\n"),
  });
  expect(ended(done(await run("realize", "twice.yaml", "--cores", "1")))).toBe("failed\n");
  expect(ended(done(await run("realize", "twice.yaml", "--cores", "2", "--retry")))).toBe("passed\n");
  place.write({
    "twice.yaml": manifest("script", "test: true\nscript: {install: 'mkdir -p $OUT$PREFIX'}\n"),
  });
  await refuses(["realize", "twice.yaml"], { ...at(), keepsLock: false }, 3, "manifest/bad-value");
});

test("a debianised tree's, which its build leaves out", async () => {
  const text = (result: string) => `#!/usr/bin/make -f\n%:\n\tdh $@\noverride_dh_auto_test:\n\t${result}\n`;
  const tree = {
    "tree/debian/control":
      "Source: bare\nMaintainer: A Person <a@example.org>\nBuild-Depends: debhelper-compat (= 13)\nStandards-Version: 4.6.2\nRules-Requires-Root: no\n\nPackage: bare\nArchitecture: all\nDescription: nothing\n At all.\n",
    "tree/debian/changelog":
      "bare (1.0) unstable; urgency=medium\n\n  * The first one.\n\n -- A Person <a@example.org>  Mon, 01 Jun 2026 12:00:00 +0000\n",
    "tree/debian/source/format": "3.0 (native)\n",
    "bare.yaml":
      "kind: package\nname: bare\nbuilder: deb-source\ndistro: debian/bookworm\nsources: [{dir: ./tree}]\ntest: true\n",
  };
  place.write({ ...tree, "tree/debian/rules": text("true") });
  done(await run("realize", "bare.yaml", "--require-tests"));
  place.write({ "tree/debian/rules": text("false") });
  const outcome = done(await run("realize", "bare.yaml"));
  expect([...outcome.paths.keys()].sort()).toEqual(["bare", "bare-checks"]);
  await refuses(["realize", "bare.yaml", "--require-tests"], at(), 1, "build/checks-failed");
  // Of an image, those of the packages that are in it.
  const image = (packages: string) =>
    `kind: image\nname: small\ndistro: debian/bookworm\npackages: [${packages}]\noutputs: [{type: tar}]\n`;
  place.write({ "image.yaml": image("./bare.yaml") });
  await refuses(["realize", "image.yaml", "--require-tests"], at(), 1, "build/checks-failed");
  const plain = done(await run("realize", "image.yaml", "-o", "result"));
  expect([...plain.paths.keys()]).toEqual(["tar"]);
  place.write({ "tree/debian/rules": text("true") });
  const checked = done(await run("realize", "image.yaml", "-o", "result", "--require-tests"));
  expect([...checked.paths.keys()].sort()).toEqual(["bare-checks", "tar"]);
  expect(readlinkSync(`${place.folder}/result`)).toBe(plain.paths.get("tar"));
});
