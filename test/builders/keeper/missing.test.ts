// What logs say was not found, and who has it.

import { expect, test } from "vitest";
import { missingIn, suggestions } from "../../../builders/keeper/missing.ts";

const names = (...lines: readonly string[]) => missingIn(lines).map(({ what }) => what);

test("the words of each tool", () => {
  expect(names("say.c:1:10: fatal error: greet/greet.h: No such file or directory")).toEqual([
    "greet/greet.h",
  ]);
  expect(names("x.cpp:2:2: fatal error: 'units.hpp' file not found")).toEqual(["units.hpp"]);
  expect(names("Package greet was not found in the pkg-config search path.")).toEqual(["greet.pc"]);
  expect(names("Package 'greet', required by 'virtual:world', not found")).toEqual(["greet.pc"]);
  expect(names("No package 'greet' found", "Package greet was not found in the path")).toEqual(["greet.pc"]);
  expect(names('meson.build:3:0: ERROR: Dependency "greet" not found, tried pkgconfig')).toEqual([
    "greet.pc",
  ]);
  expect(names('  Could not find a package configuration file provided by "units" with any of')).toEqual([
    "units's cmake package",
  ]);
  expect(names("/usr/bin/ld: cannot find -lgreet: No such file or directory")).toEqual(["libgreet"]);
  expect(names("/bin/sh: 1: bison: not found", "make: flex: command not found")).toEqual(["bison", "flex"]);
  expect(names("all is well", "file not found here", "error: ../../etc/passwd.h: gone")).toEqual([]);
});

test("who has it: kit's own first, by the end of a path and not by a part of a name", () => {
  const missing = missingIn(["a.c:1:1: fatal error: greet.h: No such file or directory", "cannot find -lz"]);
  const holders = [
    { name: "libgreet-dev", isLocal: false, paths: ["usr/include/greet.h"] },
    { name: "zlib1g-dev", isLocal: false, paths: ["usr/lib/x86_64-linux-gnu/libz.so", "usr/include/zlib.h"] },
    { name: "greet", isLocal: true, paths: ["include/greet.h"] },
    { name: "other", isLocal: true, paths: ["include/notgreet.h", "lib/libzz.so"] },
  ];
  expect(suggestions(missing, holders)).toEqual([
    "greet.h is in greet, libgreet-dev",
    "libz is in zlib1g-dev",
  ]);
  expect(suggestions(missing, [])).toEqual([]);
});
