// What a crossed build is told: names of toolchains, files for cmake and meson, variables, and who is crossed at all.

import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  cmakeToolchain,
  compilerLines,
  crossTarget,
  crossVariables,
  isCrossed,
  mesonCross,
} from "../../builders/buildroot/cross.ts";
import { buildScript as debScript } from "../../builders/deb-source/script.ts";
import { architecture } from "../../builders/package/debian.ts";
import type { Steps, TreeParameters } from "../../builders/sysroot/recipe.ts";
import { buildScript, stepsScript } from "../../builders/sysroot/script.ts";

const arm64 = crossTarget("arm64");

describe("who is crossed", () => {
  it.each([
    [true, "amd64", "arm64", true],
    [true, "arm64", "arm64", false],
    [true, "amd64", "i386", false],
    [false, "amd64", "arm64", false],
  ])("crossCompile: %s on %s for %s: %s", (crossCompile, host, target, crossed) => {
    expect(isCrossed({ crossCompile }, host, target)).toBe(crossed);
  });
});

describe("a target", () => {
  it("is called as Debian's compilers are", () => {
    expect(arm64.triplet).toBe("aarch64-linux-gnu");
    expect(crossTarget("i386")).toMatchObject({ triplet: "i686-linux-gnu", libraries: "i386-linux-gnu" });
    expect(crossTarget("s390x").endian).toBe("big");
  });

  it("is known for every architecture of Debian's that manifests name", () => {
    const rpm = ["x86_64", "aarch64", "ppc64le"];
    const debian = architecture.options.filter((name) => !rpm.includes(name));
    expect(debian.length).toBeGreaterThan(8);
    for (const name of debian) expect(crossTarget(name).triplet).toMatch(/^[a-z0-9_]+-linux-gnu/);
  });
});

describe("the compilers", () => {
  /** What a wrapper would run, for these words. */
  const runs = (...words: string[]) => {
    const [wrapper = ""] = /#!\/bin\/sh\n.*\n.*\n/.exec(compilerLines(arm64, "/usr/local")) ?? [];
    const unescaped = wrapper
      .replaceAll("\\$", "$")
      .replaceAll("$compiler", "gcc")
      .replaceAll("exec ", "exec echo ");
    return execFileSync("sh", ["-c", unescaped, "sh", ...words], { encoding: "utf8" }).trim();
  };

  it("look into the sysroot after what they are told", () => {
    expect(runs("-c", "x.c")).toBe(
      "/usr/bin/aarch64-linux-gnu-gcc -c x.c -isystem /usr/local/include -L/usr/local/lib -Wl,-rpath-link,/usr/local/lib",
    );
  });

  it("answer a question as they are", () => {
    expect(runs("-dumpmachine")).toBe("/usr/bin/aarch64-linux-gnu-gcc -dumpmachine");
  });
});

describe("build systems", () => {
  it("cmake's file names system, processor and compilers", () => {
    expect(cmakeToolchain(arm64)).toContain(
      "set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR aarch64)\nset(CMAKE_C_COMPILER /build/cross/aarch64-linux-gnu-gcc)\n",
    );
  });

  it("meson's tells whether the target's programs run", () => {
    const file = (runs: boolean) => mesonCross(arm64, "/usr/local", runs);
    expect(file(false)).toContain("needs_exe_wrapper = true\n");
    expect(file(true)).toContain("needs_exe_wrapper = false\n");
    expect(file(false)).toContain("cpu_family = 'aarch64'\ncpu = 'aarch64'\nendian = 'little'\n");
  });

  it("pkg-config looks nowhere on the machine's own", () => {
    const { PKG_CONFIG_LIBDIR: places = "" } = crossVariables(arm64, "/usr/local");
    expect(places.split(":")).toEqual([
      "/usr/local/lib/pkgconfig",
      "/usr/local/lib/aarch64-linux-gnu/pkgconfig",
      "/usr/local/share/pkgconfig",
      "/usr/lib/aarch64-linux-gnu/pkgconfig",
      "/usr/share/pkgconfig",
    ]);
  });
});

describe("a tree's script", () => {
  const steps: readonly Steps[] = [
    { builder: "cmake", defines: {} },
    { builder: "meson", options: {} },
    { builder: "autotools", arguments: [] },
    { builder: "make", targets: [], install: ["install"], variables: {} },
    { builder: "script", build: "build", install: "install" },
  ];
  const parameters = (of: Steps, more: Partial<TreeParameters> = {}): TreeParameters => ({
    ...{ steps: of, directory: ".", environment: {}, epoch: 0 },
    ...more,
  });

  it.each(steps)("$builder: knows of no target where it is not crossed", (of) => {
    const text =
      buildScript(parameters(of), "release", true) +
      stepsScript(parameters(of), "release", { check: { run: "true" } });
    expect(text).not.toMatch(/cross|aarch64|PKG_CONFIG|toolchain/);
  });

  it("configure is told both machines, the one it runs on by its own compiler", () => {
    const text = stepsScript(
      parameters({ builder: "autotools", arguments: [] }, { cross: "arm64" }),
      "release",
    );
    expect(text).toContain('--build="$(gcc -dumpmachine)" --host=aarch64-linux-gnu --prefix=');
  });

  it.each(["make", "autotools", "script"] as const)(
    "%s: finds the toolchain in variables, and a manifest's win",
    (name) => {
      const of = steps.find(({ builder }) => builder === name) ?? expect.fail();
      const text = buildScript(
        parameters(of, { cross: "arm64", environment: { AR: "mine" } }),
        "release",
        false,
      );
      expect(text).toContain(" CC=aarch64-linux-gnu-gcc ");
      expect(text).toContain(" AR=mine ");
      expect(text).not.toContain("AR=aarch64");
    },
  );

  it.each(["cmake", "meson"] as const)("%s: has no compiler in a variable", (name) => {
    const of = steps.find(({ builder }) => builder === name) ?? expect.fail();
    const crossed = parameters(of, { cross: "arm64" });
    expect(buildScript(crossed, "release", false)).not.toMatch(/ CC=/);
    expect(stepsScript(crossed, "release")).toMatch(
      /--cross-file \/build\/toolchain|TOOLCHAIN_FILE=\/build\/toolchain/,
    );
  });

  it("checks find the sysroot's libraries, whose loader has no cache here", () => {
    const of: Steps = { builder: "make", targets: [], install: ["install"], variables: {} };
    expect(stepsScript(parameters(of, { cross: "arm64" }), "release", { check: "own" })).toContain(
      "LD_LIBRARY_PATH=/usr/local/lib\n",
    );
    expect(stepsScript(parameters(of), "release", { check: "own" })).not.toContain("LD_LIBRARY_PATH");
    expect(stepsScript(parameters(of, { cross: "arm64" }), "release", { check: { run: "true" } })).toContain(
      "LD_LIBRARY_PATH=/build/out/usr/local/lib:/usr/local/lib\n",
    );
  });
});

describe("a debianised tree's script", () => {
  const common = { folder: "x-1", epoch: 0, options: ["nocheck"], environment: {} };

  it("names the architecture it is crossed for, and only then", () => {
    const crossed = debScript({ ...common, profiles: ["cross", "nocheck"], cross: "arm64" });
    expect(crossed).toContain(" --build-profiles='cross,nocheck' --host-arch=arm64\n");
    expect(crossed).toContain("CONFIG_SITE=/etc/dpkg-cross/cross-config.arm64");
    expect(debScript({ ...common, profiles: [] })).not.toMatch(/host-arch|CONFIG_SITE/);
  });
});
