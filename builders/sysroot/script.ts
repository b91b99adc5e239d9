// What runs in a build's root: configure, build and install, as a user who may nothing else.
// Pure text and data; runs nothing.

import type { BuildType } from "../../store/model/derivation.ts";
import {
  type CrossTarget,
  cmakeToolchain,
  compilerLines,
  crossTarget,
  crossVariables,
  mesonCross,
  pkgConfig,
  toolchainFile,
} from "../buildroot/cross.ts";
import { besideScript, outFolder, sourceFolder } from "../buildroot/run.ts";
import { asBuildUser, buildFolder, endBuildUser, makeBuildUser, scriptHead } from "../buildroot/user.ts";
import { inParallel } from "../jobserver/client.ts";
import { quoted } from "../sandbox/spec.ts";
import { prefix, type Steps, type TreeParameters } from "./recipe.ts";

/** The file of {@link stepsScript}. */
export const stepsName = "steps";

const work = `${buildFolder}/work`;
/** What DESTDIR is: the user who builds cannot write where the result is taken from. */
const destination = `${buildFolder}/out`;

/**
 * The source is copied, since builds write into it. Libraries of the sysroot are found when what was built with them
 * is run, as ldconfig tells the loader: generators, and checks.
 */
export function buildScript(
  { directory, steps, environment, cross }: TreeParameters,
  buildType: BuildType,
  hasSysroot: boolean,
): string {
  const target = cross === undefined ? undefined : crossTarget(cross);
  const variables = {
    ...flagsOf(steps.builder, buildType),
    ...(target && crossedVariables(steps.builder, target)),
    ...environment,
  };
  return `${scriptHead}${makeBuildUser}mkdir ${work} ${destination}
cp -a ${sourceFolder} ${buildFolder}/source
cp ${besideScript(stepsName)} ${buildFolder}/steps
chmod -R u+w ${buildFolder}/source
chown -R 1000:1000 ${buildFolder}
${hasSysroot ? "ldconfig\n" : ""}${target ? compilerLines(target, prefix) : ""}cd ${buildFolder}/source
test -d ${quoted(directory)} || { echo ${quoted(`kit: the source has no folder ${directory}`)} >&2; exit 1; }
cd ${quoted(directory)}
${asBuildUser(`/bin/sh -eu ${buildFolder}/steps`, variables)}
${endBuildUser}cp -R --preserve=mode,links --no-preserve=ownership ${destination}/. ${outFolder}/
`;
}

/** The package's own checks, or a script in their place. */
export type Check = "own" | { readonly run: string };

/** ninja takes tokens from 1.13 on, which no release of Debian has; a script may say `in_parallel make` itself. */
export function takesTokens({ builder }: Steps): boolean {
  return builder === "autotools" || builder === "make" || builder === "script";
}

/** What runs beside the package's own steps, and how many processors those are to use, where that is said. */
export interface StepsWish {
  readonly check?: Check | undefined;
  readonly cores?: number | undefined;
}

/** Runs in the folder of the source's build files, as the user who builds. */
export function stepsScript(
  { steps, cross }: Pick<TreeParameters, "steps" | "cross">,
  buildType: BuildType,
  { check, cores }: StepsWish = {},
): string {
  const target = cross === undefined ? undefined : crossTarget(cross);
  const lines = linesOf(steps, buildType, {
    cores,
    ...(target && { crossing: { target, runs: check !== undefined } }),
  });
  // The loader of a target knows no cache but its own, and this machine's ldconfig leaves its libraries out.
  const libraries = target ? `${prefix}/lib` : "";
  const checks =
    check === undefined
      ? []
      : check === "own"
        ? ownChecks(steps, libraries, cores)
        : otherCheck(check.run, libraries);
  return `${["umask 022", inParallel, ...lines, ...checks].join("\n")}\n`;
}

function ownChecks(steps: Steps, libraries: string, cores: number | undefined): readonly string[] {
  const path = libraries === "" ? [] : [`LD_LIBRARY_PATH=${libraries}`, "export LD_LIBRARY_PATH"];
  return [...path, ...checksOf(steps, cores)];
}

function otherCheck(run: string, libraries: string): readonly string[] {
  const path = [`${destination}${prefix}/lib`, libraries].filter(Boolean).join(":");
  const installed = `OUT=${destination} PREFIX=${prefix} LD_LIBRARY_PATH=${path}`;
  return [installed, "export OUT PREFIX LD_LIBRARY_PATH", run];
}

/** In the folder that the steps end in. */
function checksOf(steps: Steps, cores: number | undefined): readonly string[] {
  switch (steps.builder) {
    case "cmake":
      return [`ctest --test-dir ${work} --output-on-failure --parallel "$(nproc)"`];
    case "meson":
      return [`meson test -C ${work} --print-errorlogs${numberOf("--num-processes", cores)}`];
    case "autotools":
      return ["in_parallel make check"];
    case "make":
      return [
        `make ${pairs({ PREFIX: prefix, prefix, ...steps.variables })
          .map(quoted)
          .join(" ")} check`,
      ];
    case "script":
      throw new Error("a script has no checks of its own");
  }
}

/** An option that is left out where the tool is to count processors itself. */
function numberOf(option: string, cores: number | undefined): string {
  return cores === undefined ? "" : ` ${option} ${cores}`;
}

interface Crossing {
  readonly target: CrossTarget;
  /** Whether the target's programs may be run: for checks, in which they are emulated. */
  readonly runs: boolean;
}

interface Circumstances {
  readonly cores: number | undefined;
  readonly crossing?: Crossing;
}

function linesOf(steps: Steps, buildType: BuildType, { cores, crossing }: Circumstances): readonly string[] {
  switch (steps.builder) {
    case "cmake": {
      const own = {
        CMAKE_INSTALL_PREFIX: prefix,
        CMAKE_INSTALL_LIBDIR: "lib",
        CMAKE_BUILD_TYPE: buildType === "debug" ? "Debug" : "Release",
        ...(crossing && { CMAKE_TOOLCHAIN_FILE: toolchainFile }),
      };
      return [
        ...(crossing ? written(toolchainFile, cmakeToolchain(crossing.target)) : []),
        `cmake -S . -B ${work} -G Ninja ${defined({ ...own, ...steps.defines })}`,
        `cmake --build ${work}`,
        `DESTDIR=${destination} cmake --install ${work}`,
      ];
    }
    case "meson": {
      const options = {
        ...steps.options,
        prefix,
        libdir: "lib",
        buildtype: buildType,
        wrap_mode: "nodownload",
      };
      const cross = crossing ? `--cross-file ${toolchainFile} ` : "";
      return [
        ...(crossing ? written(toolchainFile, mesonCross(crossing.target, prefix, crossing.runs)) : []),
        `meson setup ${cross}${defined(options)} ${work} .`,
        `meson compile -C ${work}${numberOf("--jobs", cores)}`,
        `DESTDIR=${destination} meson install --no-rebuild -C ${work}`,
      ];
    }
    case "autotools":
      return [
        "test -e configure || autoreconf --force --install",
        "source=$(pwd)",
        `cd ${work}`,
        `"$source/configure" ${crossing ? crossedHost(crossing.target) : ""}--prefix=${prefix} ${steps.arguments.map(quoted).join(" ")}`,
        "in_parallel make",
        `make install DESTDIR=${destination}`,
      ];
    case "make": {
      const { targets, install, variables } = steps;
      const given = [`PREFIX=${prefix}`, `prefix=${prefix}`, ...pairs(variables).map(quoted)].join(" ");
      return [
        `in_parallel make ${given} ${targets.join(" ")}`,
        `make DESTDIR=${destination} ${given} ${install.join(" ")}`,
      ];
    }
    case "script":
      return [`OUT=${destination}`, `PREFIX=${prefix}`, "export OUT PREFIX", steps.build, steps.install];
  }
}

/** A file with this text. */
function written(file: string, text: string): readonly string[] {
  return [`cat > ${file} <<'END'\n${text}END`];
}

/** What the machine is called its own compiler tells. */
function crossedHost({ triplet }: CrossTarget): string {
  return `--build="$(gcc -dumpmachine)" --host=${triplet} `;
}

/** cmake and meson read files; a compiler in a variable is the machine's own to meson. */
function crossedVariables(builder: Steps["builder"], target: CrossTarget): Record<string, string> {
  return builder === "cmake" || builder === "meson"
    ? pkgConfig(target, prefix)
    : crossVariables(target, prefix);
}

function defined(values: Readonly<Record<string, string>>): string {
  return pairs(values)
    .map((pair) => quoted(`-D${pair}`))
    .join(" ");
}

function pairs(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

/** What cmake and meson decide by the build type themselves, for those that have no such thing. */
function flagsOf(builder: Steps["builder"], buildType: BuildType): Record<string, string> {
  if (builder === "cmake" || builder === "meson") return {};
  const flags = buildType === "debug" ? "-O0 -g" : "-O2";
  return { CFLAGS: flags, CXXFLAGS: flags };
}
