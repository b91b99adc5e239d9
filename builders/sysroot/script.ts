// What runs in a build's root: configure, build and install, as a user who may nothing else.
// Pure text and data; runs nothing.

import type { BuildType } from "../../store/model/derivation.ts";
import {
  asBuildUser,
  buildFolder,
  buildUserEnvironment,
  endBuildUser,
  makeBuildUser,
  scriptHead,
} from "../sandbox/builduser.ts";
import { type Command, quoted } from "../sandbox/spec.ts";
import { prefix, type Steps, type TreeParameters } from "./recipe.ts";

/** Where the source's checkout is bound, where what was installed goes, and where the scripts are. */
export const sourceFolder = "/tmp/kit/source";
export const outFolder = "/tmp/kit/out";
export const scriptFile = "/tmp/kit/build";
export const stepsFile = "/tmp/kit/steps";

const work = `${buildFolder}/work`;
/** What DESTDIR is: the user who builds cannot write where the result is taken from. */
const destination = `${buildFolder}/out`;

/**
 * The source is copied, since builds write into it. Libraries of the sysroot are found when what was built with them
 * is run, as ldconfig tells the loader: generators, and checks.
 */
export function buildScript({ directory }: Pick<TreeParameters, "directory">, hasSysroot: boolean): string {
  return `${scriptHead}${makeBuildUser}mkdir ${work} ${destination}
cp -a ${sourceFolder} ${buildFolder}/source
cp ${stepsFile} ${buildFolder}/steps
chmod -R u+w ${buildFolder}/source
chown -R 1000:1000 ${buildFolder}
${hasSysroot ? "ldconfig\n" : ""}cd ${buildFolder}/source
test -d ${quoted(directory)} || { echo ${quoted(`kit: the source has no folder ${directory}`)} >&2; exit 1; }
cd ${quoted(directory)}
${asBuildUser} /bin/sh -eu ${buildFolder}/steps
${endBuildUser}cp -R --preserve=mode,links --no-preserve=ownership ${destination}/. ${outFolder}/
`;
}

/**
 * Runs in the folder of the source's build files, as the user who builds. The manifest's variables are set here: they
 * are the build's, and not of what runs before and after it.
 */
export function stepsScript(
  { steps, environment }: Pick<TreeParameters, "steps" | "environment">,
  buildType: BuildType,
): string {
  const variables = pairs({ ...flagsOf(steps.builder, buildType), ...environment });
  const exported = variables.map((pair) => `export ${quoted(pair)}`);
  return `${["umask 022", ...exported, ...linesOf(steps, buildType)].join("\n")}\n`;
}

function linesOf(steps: Steps, buildType: BuildType): readonly string[] {
  switch (steps.builder) {
    case "cmake": {
      const own = {
        CMAKE_INSTALL_PREFIX: prefix,
        CMAKE_INSTALL_LIBDIR: "lib",
        CMAKE_BUILD_TYPE: buildType === "debug" ? "Debug" : "Release",
      };
      return [
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
      return [
        `meson setup ${defined(options)} ${work} .`,
        `meson compile -C ${work}`,
        `DESTDIR=${destination} meson install --no-rebuild -C ${work}`,
      ];
    }
    case "autotools":
      return [
        "test -e configure || autoreconf --force --install",
        "source=$(pwd)",
        `cd ${work}`,
        `"$source/configure" --prefix=${prefix} ${steps.arguments.map(quoted).join(" ")}`,
        'make -j"$(nproc)"',
        `make install DESTDIR=${destination}`,
      ];
    case "make": {
      const { targets, install, variables } = steps;
      const given = [`PREFIX=${prefix}`, `prefix=${prefix}`, ...pairs(variables).map(quoted)].join(" ");
      return [
        `make -j"$(nproc)" ${given} ${targets.join(" ")}`,
        `make DESTDIR=${destination} ${given} ${install.join(" ")}`,
      ];
    }
    case "script":
      return [`OUT=${destination}`, `PREFIX=${prefix}`, "export OUT PREFIX", steps.build, steps.install];
  }
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

export function buildCommand({ epoch }: Pick<TreeParameters, "epoch">): Command {
  return { argv: [scriptFile], epoch, environment: { ...buildUserEnvironment } };
}
