// A dependency that nobody declared: who has it is told out of the archive's own lists of files, and only where they can be had.

import { afterAll, beforeAll, expect, test } from "vitest";
import { done, kit, told } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";
import { manifest } from "./trees.ts";

let place: Place;
const at = () => ({ cwd: place.folder, store: place.store, keepsLock: true });
const failing = (file: string, ...words: string[]) =>
  refuses(["realize", file, ...words], at(), 1, "build/failed");
const script = (name: string, line: string) =>
  manifest(name, `sources: [{dir: ./empty}]\nscript: {install: ${JSON.stringify(line)}}`);

/** 15 s with a near mirror: bookworm's build-essential. */
beforeAll(async () => {
  place = openPlace("owners");
  place.write({
    "empty/nothing": "",
    "src/z.c": "#include <zlib.h>\nint main(void) { return zlibVersion() == 0; }\n",
    "src/Makefile": "z: z.c\n\t$(CC) -o $@ $< -lz\ninstall:\n\tinstall -D z $(DESTDIR)$(PREFIX)/bin/z\n",
    "z.yaml": manifest("z", "sources: [{dir: ./src}]", "make"),
    "fixed.yaml": manifest("z", "sources: [{dir: ./src}]\nbuildDependencies: [zlib1g-dev]", "make"),
    "json.yaml": script("json", "echo '#include <nlohmann/json.hpp>' | g++ -x c++ -c -o x.o -"),
    "none.yaml": script("none", "no-such-program-anywhere"),
    "perl.yaml": script("perl", "perl -MXML::Parser -e 1"),
    "flex.yaml": script("flex", "flex --version"),
    "tree/debian/control":
      "Source: says\nMaintainer: A <a@example.org>\n\nPackage: says\nArchitecture: any\nDescription: says\n it\n",
    "tree/debian/changelog":
      "says (1.0) unstable; urgency=low\n\n  * It is.\n\n -- A <a@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n",
    "tree/debian/rules": "#!/usr/bin/make -f\nbuild binary clean:\n\tbison --version\n",
    "says.yaml":
      "kind: package\nname: says\nbuilder: deb-source\ndistro: debian/bookworm\nsources: [{dir: ./tree}]\n",
  });
});
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

test("what a compiler did not find, with the key that takes it: with that it builds", async () => {
  const line = "kit: zlib.h is in zlib1g-dev: try buildDependencies: [zlib1g-dev]";
  expect((await failing("z.yaml")).text).toContain(line);
  // It is kept with the failure, which nobody builds again.
  const again = await kit(["realize", "z.yaml", "--offline", "--json"], at());
  expect(again.status).toBe(1);
  expect(again.stderr).toContain(line);
  expect(again.stderr).not.toContain("looking up");
  done(await kit(["realize", "fixed.yaml"], at()));
});

test("what the list for all architectures alone has, and what a debianised tree is told", async () => {
  expect((await failing("json.yaml")).text).toContain(
    "kit: nlohmann/json.hpp is in nlohmann-json3-dev: try buildDependencies: [nlohmann-json3-dev]",
  );
  expect((await failing("perl.yaml")).text).toContain(
    "kit: perl's XML::Parser is in libxml-parser-perl: try",
  );
  expect((await failing("says.yaml")).text).toMatch(
    /kit: bison is in bison.*: try Build-Depends in debian\/control, or buildDependencies: \[bison\]/,
  );
});

test("what nobody has, or nobody can be asked for, is a failure like any other", async () => {
  const outcome = await kit(["realize", "none.yaml", "--json"], at());
  expect(outcome.status).toBe(1);
  const steps = told(outcome).flatMap(({ type, text }) => (type === "step" ? [text] : []));
  expect(steps).toContain("looking up who has no-such-program-anywhere");
  expect(outcome.stderr).not.toContain("kit: no-such");
  // Locked, and all that it is built in is there.
  await kit(["lock", "flex.yaml"], at());
  const offline = await failing("flex.yaml", "--offline");
  expect(offline.text).toContain("flex: not found");
  expect(offline.text).not.toContain("kit: flex");
});
