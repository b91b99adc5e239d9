// Views for tests of reports: a small one whose every part is known, and large ones out of a seed.
// Knows the form of a result; does not resolve anything.

import type {
  Failure,
  SourceOn,
  ViewMoment,
  ViewPackage,
  ViewResult,
  ViewSource,
  WorkloadResult,
} from "../../../evaluator/view/result.ts";
import { randomFrom } from "../../rig/seed.ts";

export function aPackage(name: string, more: Partial<ViewPackage> = {}): ViewPackage {
  return {
    name,
    version: "1.0-1",
    architecture: "amd64",
    source: name,
    size: 1000,
    download: 400,
    level: 0,
    workloads: [],
    needs: [],
    ...more,
  };
}

export const clash: Failure = {
  explanation: [
    "web-server asks for nginx",
    "nginx 1.22 depends on libssl1.1",
    "no version of libssl1.1 is there",
  ],
  hint: "ask for nginx 1.24",
};

/** web asks for nginx, which needs libssl3 and libc6; gcc builds nginx; make builds gcc. */
export function smallView(): ViewResult {
  const web = (as: "required" | "dependency" | "base") => [{ name: "web", as }];
  const both = [
    aPackage("gcc", {
      level: 1,
      needs: ["libc6"],
      size: 90_000_000,
      builds: { sources: ["nginx"], count: 12 },
    }),
    aPackage("libc6", { source: "glibc", size: 13_000_000, workloads: web("base") }),
    aPackage("libssl3", {
      source: "openssl",
      size: 6_000_000,
      needs: ["libc6"],
      workloads: web("dependency"),
    }),
    aPackage("make", { level: 2, needs: ["libc6"], builds: { sources: ["gcc"], count: 1 } }),
    aPackage("nginx", { version: "1.22-1", needs: ["libssl3", "libc6"], workloads: web("required") }),
  ];
  const arm = both.map((one) => ({ ...one, architecture: "arm64" }));
  const sourceOn = (level: number, more: Partial<SourceOn> = {}): SourceOn => ({
    version: "1.0-1",
    level,
    ...more,
  });
  const everywhere = (on: SourceOn): Record<string, SourceOn> => ({ amd64: on, arm64: on });
  return {
    format: "kit/view/1",
    name: "small",
    description: "A view for tests.",
    distro: "debian/bookworm",
    architectures: ["amd64", "arm64"],
    labels: ["eln"],
    date: "2026-11-20T08:00:00Z",
    workloads: [
      {
        name: "mail",
        labels: ["eln"],
        on: { amd64: { packages: 0, size: 0, missing: ["exim9"], failure: clash } },
      },
      {
        name: "web",
        description: "Serves pages.",
        maintainer: "web-team",
        labels: ["eln", "edge"],
        on: {
          amd64: { packages: 3, size: 19_001_000, missing: [] },
          arm64: { packages: 3, size: 19_001_000, missing: ["nginx-extra"] },
        },
      },
    ],
    packages: {
      amd64: [...both, aPackage("u-boot-tools", { workloads: web("required"), placeholder: true })],
      arm64: arm.map((one) => (one.name === "nginx" ? { ...one, version: "1.22-1+b1" } : one)),
    },
    sources: [
      {
        name: "gcc",
        packages: ["gcc"],
        archful: false,
        on: everywhere(sourceOn(1, { requirements: ["make"] })),
      },
      { name: "glibc", packages: ["libc6"], archful: false, on: everywhere(sourceOn(0)) },
      { name: "make", packages: ["make"], archful: false, on: everywhere(sourceOn(2)) },
      {
        name: "nginx",
        packages: ["nginx"],
        archful: true,
        on: {
          amd64: sourceOn(0, { requirements: ["gcc", "libpcre-dev (>= 8)"] }),
          arm64: sourceOn(0, { requirements: ["gcc"], failure: clash }),
        },
      },
      { name: "openssl", packages: ["libssl3"], archful: false, on: everywhere(sourceOn(0)) },
      { name: "u-boot-tools", packages: ["u-boot-tools"], archful: false, on: { amd64: sourceOn(0) } },
    ],
    unwanted: ["amd64", "arm64"].map((architecture) => ({
      what: "package",
      name: "libssl3",
      architecture,
      workload: "web",
      chain: [
        { package: "nginx", relation: "asked for" },
        { package: "libssl3", relation: "Depends: libssl3 (>= 3.0)" },
      ],
    })),
  };
}

/** Every text from outside is something that would run if it were markup or code. */
export function hostileView(): ViewResult {
  const evil = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>'\`\${1}\u2028\\`;
  const name = `evil${evil}`;
  const failure = { explanation: [evil], hint: evil };
  return {
    format: "kit/view/1",
    name,
    description: evil,
    distro: evil,
    architectures: ["amd64"],
    labels: [evil],
    date: evil,
    subtracts: evil,
    workloads: [
      {
        name,
        description: evil,
        maintainer: evil,
        labels: [evil],
        on: { amd64: { packages: 1, size: 1, missing: [evil], failure } },
      },
    ],
    packages: {
      amd64: [
        aPackage("__proto__", { needs: [name] }),
        aPackage("constructor"),
        aPackage(name, {
          version: evil,
          architecture: evil,
          source: name,
          workloads: [{ name, as: "required" }],
          needs: ["__proto__"],
          builds: { sources: [name], count: 1 },
        }),
      ],
    },
    sources: [
      {
        name,
        packages: [name],
        archful: true,
        on: { amd64: { version: evil, level: 0, requirements: [evil], failure } },
      },
    ],
    unwanted: [
      {
        what: "package",
        name,
        architecture: "amd64",
        workload: name,
        chain: [{ package: name, relation: evil }],
      },
    ],
  };
}

export interface Size {
  readonly packages: number;
  readonly sources: number;
  readonly workloads: number;
  readonly architectures: readonly string[];
}

/** Packages need those before them, so everything is needed by what is asked for, and workloads are closed. */
export function largeView({ packages, sources, workloads, architectures }: Size, seed: number): ViewResult {
  const random = randomFrom(seed);
  const label = (i: number) => `${words[i % words.length]}-${words[(i * 7) % 11]}${i}`;
  const sourceName = (i: number) => label(i % sources);
  const count = Math.floor(packages * 0.6);
  const needs = Array.from({ length: packages }, (_, i) =>
    i < 60 ? [] : [...new Set(Array.from({ length: 1 + random(7) }, () => Math.floor(random(i) ** 2 / i)))],
  );
  const members: Map<number, Map<string, "required" | "dependency" | "base">> = new Map();
  const made: WorkloadResult[] = [];
  for (let w = 0; w < workloads; w++) {
    const name = `workload-${w}`;
    const all = new Map<number, "required" | "dependency" | "base">();
    for (let i = 0; i < 60; i++) all.set(i, "base");
    const queue = Array.from({ length: 4 }, () => 60 + random(count - 60));
    for (const i of queue) if (!all.has(i)) all.set(i, "required");
    for (const i of queue)
      for (const next of needs[i] ?? [])
        if (!all.has(next)) {
          all.set(next, "dependency");
          queue.push(next);
        }
    for (const [i, as] of all) members.set(i, (members.get(i) ?? new Map()).set(name, as));
    const cell = {
      packages: all.size,
      size: all.size * 1_234_567,
      missing: w % 40 === 3 ? [`gone-${w}`] : [],
    };
    made.push({
      name,
      maintainer: `team-${w % 12}`,
      labels: w % 3 === 0 ? ["core"] : ["core", "extra"],
      description: "What a team needs for its work.",
      on: Object.fromEntries(
        architectures.map((one, a) => [
          one,
          w % 60 === 7 && a === 1 ? { packages: 0, size: 0, missing: [], failure: clash } : cell,
        ]),
      ),
    });
  }
  const isThere = (i: number, a: number) => !(i % 97 === 96 && a % 2 === 1 && !members.has(i));
  const packageFor = (i: number, a: number): ViewPackage => {
    const its = members.get(i);
    const level = its === undefined ? 1 + (i % 3) : 0;
    return {
      name: label(i),
      version: `${1 + (i % 9)}.${i % 17}-${i % 50 === 49 ? 1 + a : 1}`,
      architecture: i % 5 === 0 ? "all" : (architectures[a] ?? ""),
      source: sourceName(i),
      size: 4096 * (1 + ((i * 7919) % 5000)),
      download: 1024 * (1 + ((i * 7919) % 5000)),
      level,
      workloads: [...(its ?? [])]
        .map(([name, as]) => ({ name, as }))
        .sort((x, y) => (x.name < y.name ? -1 : 1)),
      needs: (needs[i] ?? [])
        .filter((one) => isThere(one, a))
        .map(label)
        .sort(),
      ...(level > 0 && { builds: { sources: [sourceName(i + 1)], count: 3 } }),
    };
  };
  const sourceFor = (i: number): ViewSource => ({
    name: label(i),
    packages: [label(i), ...(i + sources < packages ? [label(i + sources)] : [])].sort(),
    archful: i % 40 === 5,
    on: Object.fromEntries(
      architectures.map((one, a) => [
        one,
        {
          version: `${1 + (i % 9)}.${i % 17}-1`,
          level: members.has(i) ? 0 : 1 + (i % 3),
          requirements: [
            "debhelper (>= 13)",
            ...(needs[i] ?? []).map(label),
            ...(i % 40 === 5 ? [`arch-${a}`] : []),
          ],
          ...(i % 500 === 77 && { failure: clash }),
        },
      ]),
    ),
  });
  const byName = <T extends { readonly name: string }>(items: T[]) =>
    items.sort((x, y) => (x.name < y.name ? -1 : x.name > y.name ? 1 : 0));
  return {
    format: "kit/view/1",
    name: "large",
    description: "Everything that the teams ask for, with what it takes to build it.",
    distro: "fedora-eln",
    architectures,
    labels: ["core"],
    date: "2026-11-20T08:00:00Z",
    workloads: byName(made),
    packages: Object.fromEntries(
      architectures.map((one, a) => [
        one,
        byName(
          Array.from({ length: packages }, (_, i) => i)
            .filter((i) => isThere(i, a))
            .map((i) => packageFor(i, a)),
        ),
      ]),
    ),
    sources: byName(Array.from({ length: sources }, (_, i) => sourceFor(i))),
    unwanted: architectures.flatMap((architecture) =>
      [70, 71, 72].map((i) => ({
        what: "package" as const,
        name: label(i),
        architecture,
        workload: "workload-1",
        chain: [
          { package: label(i + 300), relation: "asked for" },
          { package: label(i), relation: `Depends: ${label(i)} (>= 2)` },
        ],
      })),
    ),
  };
}

export function aHistory(count: number, architectures: readonly string[]): ViewMoment[] {
  return Array.from({ length: count }, (_, i) => ({
    commit: (i * 7919 + 11).toString(16).padStart(40, "a"),
    date: new Date(Date.UTC(2026, 0, 5) + i * 7 * 86_400_000).toISOString(),
    on: Object.fromEntries(
      architectures.map((one, a) => [
        one,
        {
          packages: 8200 - a * 240 + i * 31 + ((i * 37) % 50),
          size: 21e9 - a * 9e8 + i * 6e7 + ((i * 37) % 50) * 1e7,
        },
      ]),
    ),
  }));
}

const words = [
  "lib",
  "python3",
  "perl",
  "gnome",
  "systemd",
  "network",
  "kernel",
  "font",
  "golang",
  "rust",
  "node",
  "texlive",
  "xorg",
  "java",
  "ruby",
  "qemu",
] as const;
