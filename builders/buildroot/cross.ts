// Cross toolchains: when one is used, by which names a target's is called, and what tells build systems of it.
// Pure text. Knows Debian's cross compilers and where a sysroot lies; does not know what is built.

import { runsItself } from "../sandbox/emulation.ts";
import { buildFolder } from "./user.ts";

/** A target as toolchains and build systems call it. */
export interface CrossTarget {
  /** What programs of its toolchain begin with; also the folder of its libraries, but for i386. */
  readonly triplet: string;
  readonly libraries: string;
  /** As uname -m has it, and as meson's reference tables do. */
  readonly processor: string;
  readonly family: string;
  readonly endian: "little" | "big";
}

/** Whether a package is crossed on `host`, by Debian's name: where its programs run by themselves none is. */
export function isCrossed(
  { crossCompile }: { readonly crossCompile: boolean },
  host: string,
  target: string,
): boolean {
  return crossCompile && !runsItself(host, target);
}

/** @throws {Error} for an architecture that Debian has no compilers for */
export function crossTarget(architecture: string): CrossTarget {
  const target = targets[architecture];
  if (target === undefined) throw new Error(`kit knows no cross toolchain for ${architecture}`);
  const [triplet, processor, family, libraries = triplet] = target;
  return { triplet, libraries, processor, family, endian: architecture === "s390x" ? "big" : "little" };
}

const targets: Readonly<
  Record<string, readonly [triplet: string, processor: string, family: string, libraries?: string]>
> = {
  amd64: ["x86_64-linux-gnu", "x86_64", "x86_64"],
  arm64: ["aarch64-linux-gnu", "aarch64", "aarch64"],
  armel: ["arm-linux-gnueabi", "armv5tel", "arm"],
  armhf: ["arm-linux-gnueabihf", "armv7l", "arm"],
  i386: ["i686-linux-gnu", "i686", "x86", "i386-linux-gnu"],
  loong64: ["loongarch64-linux-gnu", "loongarch64", "loongarch64"],
  mips64el: ["mips64el-linux-gnuabi64", "mips64", "mips64"],
  ppc64el: ["powerpc64le-linux-gnu", "ppc64le", "ppc64"],
  riscv64: ["riscv64-linux-gnu", "riscv64", "riscv64"],
  s390x: ["s390x-linux-gnu", "s390x", "s390x"],
};

/** What every crossed build root holds where its distribution does not say otherwise: compilers, and what these link with. */
export function usualCross(architecture: string): readonly string[] {
  return [`crossbuild-essential-${architecture}`, `libc6-dev:${architecture}`, `libstdc++6:${architecture}`];
}

/** Results of checks that would have to run, for configure; of dpkg-cross, which crossbuild-essential brings. */
export function crossSite(architecture: string): string {
  return `/etc/dpkg-cross/cross-config.${architecture}`;
}

/** Where the compilers are that know of a sysroot: first in a crossed build's path. */
export const crossFolder = `${buildFolder}/cross`;

/** What tells cmake and meson of the target. */
export const toolchainFile = `${buildFolder}/toolchain`;

/**
 * Lines that put compilers into {@link crossFolder}. Native ones look below /usr/local by themselves, crossing ones do not;
 * libraries that others there need are found through -rpath-link. An option alone is a question about the compiler,
 * which is not to become a link because of an option for the linker.
 */
export function compilerLines({ triplet }: CrossTarget, prefix: string): string {
  const search = `-isystem ${prefix}/include -L${prefix}/lib -Wl,-rpath-link,${prefix}/lib`;
  return `mkdir ${crossFolder}
for compiler in gcc g++; do
  cat > ${crossFolder}/${triplet}-$compiler <<END
#!/bin/sh
case "\\$# \\$1" in "1 -"*) exec /usr/bin/${triplet}-$compiler "\\$@" ;; esac
exec /usr/bin/${triplet}-$compiler "\\$@" ${search}
END
  chmod 755 ${crossFolder}/${triplet}-$compiler
done
build_path=${crossFolder}:$build_path
`;
}

/** Variables for those who look for tools there: configure, makefiles and scripts. */
export function crossVariables(target: CrossTarget, prefix: string): Record<string, string> {
  const named = (tool: string) => `${target.triplet}-${tool}`;
  return {
    CC: named("gcc"),
    CXX: named("g++"),
    CPP: `${named("gcc")} -E`,
    AR: named("ar"),
    AS: named("as"),
    LD: named("ld"),
    NM: named("nm"),
    OBJCOPY: named("objcopy"),
    OBJDUMP: named("objdump"),
    RANLIB: named("ranlib"),
    READELF: named("readelf"),
    STRIP: named("strip"),
    CC_FOR_BUILD: "gcc",
    CXX_FOR_BUILD: "g++",
    ...pkgConfig(target, prefix),
  };
}

/** Where pkg-config looks: in the sysroot first, and never among the machine's own. */
export function pkgConfig({ libraries }: CrossTarget, prefix: string): Record<string, string> {
  const folders = ["lib", `lib/${libraries}`, "share"].map((folder) => `${prefix}/${folder}`);
  const places = [...folders, `/usr/lib/${libraries}`, "/usr/share"].map((folder) => `${folder}/pkgconfig`);
  return { PKG_CONFIG_LIBDIR: places.join(":") };
}

/**
 * A toolchain file of cmake's. The target's files lie where they lie on the target, in the sysroot and in folders of its
 * architecture, so that there is no other root to look below (no CMAKE_FIND_ROOT_PATH); programs are the machine's, not
 * those that the sysroot has for the target.
 */
export function cmakeToolchain({ triplet, libraries, processor }: CrossTarget): string {
  return `set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${processor})
set(CMAKE_C_COMPILER ${crossFolder}/${triplet}-gcc)
set(CMAKE_CXX_COMPILER ${crossFolder}/${triplet}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${libraries})
set(CMAKE_PROGRAM_PATH /usr/bin /bin)
`;
}

/** A cross file of meson's; `runs`: the target's programs may be run, by an emulator. */
export function mesonCross(target: CrossTarget, prefix: string, runs: boolean): string {
  const { triplet, processor, family, endian } = target;
  const libdir = pkgConfig(target, prefix)["PKG_CONFIG_LIBDIR"];
  return `[binaries]
c = '${crossFolder}/${triplet}-gcc'
cpp = '${crossFolder}/${triplet}-g++'
ar = '${triplet}-ar'
strip = '${triplet}-strip'
objcopy = '${triplet}-objcopy'
pkg-config = 'pkg-config'
[properties]
pkg_config_libdir = '${libdir}'
needs_exe_wrapper = ${!runs}
[host_machine]
system = 'linux'
cpu_family = '${family}'
cpu = '${processor}'
endian = '${endian}'
`;
}
