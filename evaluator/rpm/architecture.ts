// Architectures as rpm has them: which may be installed on a machine, and which are better.
// Knows libsolv's policies; does not know packages.

export interface ArchitecturePolicy {
  /** The machine's own. */
  readonly native: string;
  /** The place among those that may be installed, the best being 0; undefined for what may not, and for `noarch`. */
  rank(architecture: string): number | undefined;
  isInstallable(architecture: string): boolean;
  /** Whether two packages of one name get in each other's way: not one of 32 and one of 64 bits (`pool_colormatch`). */
  shareFiles(a: string, b: string): boolean;
}

/**
 * The policy of a machine, or of a repository's base architecture (libsolv's `poolarch.c`, as Fedora builds it): each
 * architecture is better than those after it, and none takes another's place.
 */
export function architecturePolicy(native: string): ArchitecturePolicy {
  const ranks = new Map([native, ...(lesser[aliases[native] ?? native] ?? [])].map((name, i) => [name, i]));
  return {
    native,
    rank: (architecture) => ranks.get(architecture),
    isInstallable: (architecture) => architecture === "noarch" || ranks.has(architecture),
    shareFiles: (a, b) => a === "noarch" || b === "noarch" || is64Bit(a) === is64Bit(b),
  };
}

const i386 = ["i586", "i486", "i386"];
const arm = ["armv7l", "armv6l", "armv5tejl", "armv5tel", "armv5tl", "armv5l", "armv4tl", "armv4l", "armv3l"];
const lesser: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["athlon", "i686", ...i386],
  ia32e: ["x86_64", "athlon", "i686", ...i386],
  amd64: ["x86_64", "athlon", "i686", ...i386],
  athlon: ["i686", ...i386],
  i686: i386,
  i586: ["i486", "i386"],
  i486: ["i386"],
  ia64: ["i686", ...i386],
  s390x: ["s390"],
  ppc64: ["ppc"],
  ppc64p7: ["ppc64", "ppc"],
  armv8hl: ["armv7hl", "armv6hl"],
  armv8l: arm,
  armv7hnl: ["armv7hl", "armv6hl"],
  armv7hl: ["armv6hl"],
  armv7l: arm.slice(1),
  armv6l: arm.slice(2),
  sparc64: ["sparcv9", "sparcv8", "sparc"],
};

/** What dnf calls the base architecture stands for the best of those it holds. */
const aliases: Readonly<Record<string, string>> = { i386: "i686", armhfp: "armv7hl" };

function is64Bit(architecture: string): boolean {
  return architecture === "s390x" || architecture.includes("64");
}
