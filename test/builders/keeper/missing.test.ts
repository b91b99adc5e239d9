// What logs say was not found.

import { describe, expect, it, test } from "vitest";
import { missingIn } from "../../../builders/keeper/missing.ts";

const names = (...lines: readonly string[]) => missingIn(lines).map(({ what }) => what);

test.each([
  ["gcc", "say.c:1:10: fatal error: greet/greet.h: No such file or directory", "greet/greet.h"],
  ["gcc, C++", "x.cpp:1:10: fatal error: QString: No such file or directory", "QString"],
  ["clang", "x.cpp:2:2: fatal error: 'units.hpp' file not found", "units.hpp"],
  ["pkg-config", "Package greet was not found in the pkg-config search path.", "greet.pc"],
  ["pkgconf", "Package 'greet', required by 'virtual:world', not found", "greet.pc"],
  ["pkgconf, told by cmake", "--   Package 'greet', required by 'virtual:world', not found", "greet.pc"],
  ["pkg-config, short", "No package 'greet' found", "greet.pc"],
  ["meson", 'meson.build:3:0: ERROR: Dependency "greet" not found, tried pkgconfig', "greet.pc"],
  ["meson, a program", "meson.build:4:0: ERROR: Program 'bison' not found or not executable", "bison"],
  ["meson, several", "meson.build:4:0: ERROR: Program(s) ['byacc', 'bison'] not found", "byacc"],
  ["meson, a library", "meson.build:5:5: ERROR: C shared or static library 'z' not found", "libz"],
  [
    "cmake, a package",
    '  Could not find a package configuration file provided by "units" with any of',
    "units's cmake package",
  ],
  ["cmake, a module", "  Could NOT find ZLIB (missing: ZLIB_LIBRARY ZLIB_INCLUDE_DIR)", "cmake's ZLIB"],
  ["cmake, a library", "  Could not find Z_LIB using the following names: z, zlib", "z"],
  ["ld", "/usr/bin/ld: cannot find -lgreet: No such file or directory", "libgreet"],
  ["dash", "/bin/sh: 1: bison: not found", "bison"],
  ["dash, a script", "./build.sh: 12: bison: not found", "bison"],
  ["busybox", "sh: bison: not found", "bison"],
  ["bash", "./configure: line 5: flex: command not found", "flex"],
  ["make", "make: flex: command not found", "flex"],
  ["dash, a path", "/build/steps: 20: /usr/bin/asciidoctor: not found", "/usr/bin/asciidoctor"],
  ["bash, a path", "./x: line 3: /usr/bin/tclsh: No such file or directory", "/usr/bin/tclsh"],
  ["make, a path", "make: /usr/bin/tclsh: No such file or directory", "/usr/bin/tclsh"],
  ["cat", "cat: /usr/share/misc/magic: No such file or directory", "/usr/share/misc/magic"],
  ["cp", "cp: cannot stat '/usr/share/misc/magic': No such file or directory", "/usr/share/misc/magic"],
  [
    "ld, a path",
    "/usr/bin/ld: cannot find /usr/lib/x/libz.a: No such file or directory",
    "/usr/lib/x/libz.a",
  ],
  [
    "python, a path",
    "FileNotFoundError: [Errno 2] No such file or directory: '/usr/bin/tclsh'",
    "/usr/bin/tclsh",
  ],
  ["make, by itself", "make[2]: flex: No such file or directory", "flex"],
  ["env", "/usr/bin/env: ‘python3’: No such file or directory", "python3"],
  ["a script's first line", "bash: ./x: /usr/bin/perl6: bad interpreter: No such file or directory", "perl6"],
  [
    "autoreconf",
    `Can't exec "libtoolize": No such file or directory at /usr/share/autoconf/x.pm`,
    "libtoolize",
  ],
  ["python", "ModuleNotFoundError: No module named 'yaml.reader'", "python's yaml"],
  ["perl", "Can't locate XML/Parser.pm in @INC (you may need to install it)", "perl's XML::Parser"],
  ["cargo", "The system library `openssl` required by crate `openssl-sys` was not found.", "openssl.pc"],
])("the words of %s", (_, line, what) => {
  expect(names(line)).toEqual([what]);
});

describe("autoconf's requirements", () => {
  const refused = "configure: error: Package requirements (glib-2.0 >= 2.50, gio-2.0) were not met:";

  it("are those that pkg-config did not find", () => {
    expect(names(refused, "", "No package 'gio-2.0' found", "", "Consider adjusting")).toEqual([
      "gio-2.0.pc",
    ]);
  });

  it("are all of them where it said nothing", () => {
    expect(names(refused, "", "Consider adjusting")).toEqual(["glib-2.0.pc", "gio-2.0.pc"]);
  });
});

describe("a cause", () => {
  const filler = Array.from({ length: 30 }, (_, i) => `checking for thing ${i}... yes`);

  it("is what stands beside an error, before all that checks did not find", () => {
    const log = [
      "./configure: line 5: dmalloc: command not found",
      ...filler,
      "No package 'optional' found",
      ...filler,
      "/bin/sh: 1: bison: not found",
      "make: *** [Makefile:3: parser.c] Error 127",
    ];
    expect(names(...log)).toEqual(["bison"]);
  });

  it("is none where it stands far above the end, and no error beside it", () => {
    expect(names("./configure: line 5: dmalloc: command not found", ...filler)).toEqual([]);
    expect(names(...filler, "./configure: line 5: dmalloc: command not found")).toEqual(["dmalloc"]);
  });

  it("is told by the head of what cmake says", () => {
    const why = "  Could NOT find ZLIB (missing: ZLIB_LIBRARY)";
    const warned = [
      "CMake Warning at CMakeLists.txt:3 (find_package):",
      "  Could NOT find Doxygen (missing: x)",
    ];
    expect(names(...warned, "CMake Error at CMakeLists.txt:9 (find_package):", why)).toEqual([
      "cmake's ZLIB",
    ]);
    expect(
      names(
        "-- Could NOT find Doxygen (missing: x)",
        ...filler,
        "x.c:1:1: fatal error: z.h: No such file or directory",
      ),
    ).toEqual(["z.h"]);
  });
});

test("what is no such message", () => {
  const lines = [
    "all is well",
    "file not found here",
    "error: ../../etc/passwd.h: gone",
    "make: *** ../x: No such file or directory.  Stop.",
    "cc1: fatal error: main.c: No such file or directory",
    "checking for bison... not found",
    "Program bison found: NO",
  ];
  expect(names(...lines)).toEqual([]);
});
