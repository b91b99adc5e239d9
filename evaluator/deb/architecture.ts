// Architecture names: what one is made of, and which wildcards cover it.
// Knows dpkg's names of systems; does not know which of them a distribution has.

/**
 * Whether `wanted`, an architecture or a wildcard such as `linux-any`, `any-amd64` or `musl-linux-any`, covers the
 * architecture (Debian policy 11.1, `debarch_is` of Dpkg::Arch).
 */
export function coversArchitecture(wanted: string, architecture: string): boolean {
  if (wanted === architecture || wanted === "any") return true;
  const real = partsOf(architecture);
  const pattern = wanted.split("-").includes("any") ? wildcardParts(wanted) : partsOf(wanted);
  return pattern.every((part, i) => part === "any" || part === real[i]);
}

/**
 * Whether `[…]` with these names holds on the architecture: the first that decides it counts, one that is denied
 * or one that is there; where one is denied, every other one is meant (`debarch_is_concerned` of Dpkg::Arch).
 */
export function holdsOn(names: readonly string[], architecture: string): boolean {
  for (const name of names.map((item) => item.toLowerCase())) {
    const isDenied = name.startsWith("!");
    if (coversArchitecture(isDenied ? name.slice(1) : name, architecture)) return !isDenied;
  }
  return names.some((name) => name.startsWith("!"));
}

/** ABI, C library, kernel and processor, as in dpkg's `tupletable`. */
type Parts = readonly [abi: string, libc: string, os: string, cpu: string];

function partsOf(architecture: string): Parts {
  const name = architecture.replace(/^linux-/, "");
  const special = specials.get(name);
  if (special !== undefined) return special;
  const words = name.split("-");
  const [first = "", second = "", third = ""] = words;
  if (words.length === 1) return ["base", "gnu", "linux", first];
  if (words.length === 2) return ["base", libraries.get(first) ?? "gnu", first, second];
  return ["base", first, second, third];
}

/** What is left out at the front may be anything. */
function wildcardParts(wildcard: string): readonly string[] {
  const words = wildcard.split("-");
  return words.length === 1 ? ["any"] : [...Array.from({ length: 4 - words.length }, () => "any"), ...words];
}

/** Names that are not put together from their parts. */
const specials: ReadonlyMap<string, Parts> = new Map([
  ["armhf", ["eabihf", "gnu", "linux", "arm"]],
  ["armel", ["eabi", "gnu", "linux", "arm"]],
  ["arm64ilp32", ["ilp32", "gnu", "linux", "arm64"]],
  ["x32", ["x32", "gnu", "linux", "amd64"]],
  ["powerpcspe", ["spe", "gnu", "linux", "powerpc"]],
  ...["", "el", "r6", "r6el"].flatMap((kind): [string, Parts][] => [
    [`mips64${kind}`, ["abi64", "gnu", "linux", `mips64${kind}`]],
    [`mipsn32${kind}`, ["abin32", "gnu", "linux", `mips64${kind}`]],
  ]),
  ["musl-linux-armhf", ["eabihf", "musl", "linux", "arm"]],
  ["uclibc-linux-armel", ["eabi", "uclibc", "linux", "arm"]],
  ["uclinux-armel", ["eabi", "uclibc", "uclinux", "arm"]],
  ["kfreebsd-armhf", ["eabihf", "gnu", "kfreebsd", "arm"]],
  ["mint-m68k", ["base", "tos", "mint", "m68k"]],
]);

/** The C libraries of kernels that have another than GNU's. */
const libraries: ReadonlyMap<string, string> = new Map([
  ...["dragonflybsd", "freebsd", "openbsd", "netbsd", "darwin"].map((os): [string, string] => [os, "bsd"]),
  ["aix", "sysv"],
  ["solaris", "sysv"],
  ["uclinux", "uclibc"],
]);
