// Small archives, generated, with what a set of their packages has to fulfil, found by trying every set.
// Knows Debian's rules of dependencies in a few lines of its own; shares nothing with what it judges.

import fc from "fast-check";

export interface Made {
  readonly name: string;
  readonly version: "1" | "2";
  readonly architecture: "amd64" | "arm64" | "all";
  readonly multiArch?: "same" | "foreign" | "allowed";
  readonly priority: string;
  readonly essential: boolean;
  readonly depends: readonly (readonly Wanted[])[];
  readonly recommends: readonly (readonly Wanted[])[];
  readonly suggests: readonly (readonly Wanted[])[];
  readonly conflicts: readonly Wanted[];
  readonly breaks: readonly Wanted[];
  readonly provides: readonly Wanted[];
}

export interface Wanted {
  readonly name: string;
  readonly qualifier?: "any" | "arm64";
  readonly operator?: "=" | ">=" | "<<";
  /** Present exactly when `operator` is. */
  readonly version?: "1" | "2";
}

export interface SmallOptions {
  readonly names: readonly string[];
  /** Whether a name may stand there in two versions. */
  readonly versions: boolean;
  /** With arm64 beside amd64, and everything Multi-Arch says. */
  readonly foreign: boolean;
}

export interface SmallArchive {
  /** By name, version and architecture, as dak would write them. */
  readonly packages: readonly Made[];
  /** One or more that there are: `name` or `name:arm64`. Sorted. */
  readonly requests: readonly string[];
  readonly recommends: boolean;
}

export function smallArchive(options: SmallOptions): fc.Arbitrary<SmallArchive> {
  const { names, versions, foreign } = options;
  const one = made(options);
  const all = fc.tuple(...names.map((name) => one.map((item): Made => ({ ...item, name }))));
  const more = fc.array(one, { maxLength: versions || foreign ? 3 : 0 });
  return fc
    .tuple(all, more, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([first, second, asked, recommends]) => {
      const packages = [...new Map([...first, ...second].map((item) => [keyOf(item), item])).values()];
      packages.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
      const requests = asked.map((at) => requestOf(packages[at % packages.length] ?? packages[0]));
      return { packages, requests: [...new Set(requests)].sort(), recommends };
    });
}

function made({ names, versions, foreign }: SmallOptions): fc.Arbitrary<Made> {
  const version = fc.constantFrom<("1" | "2")[]>(
    ...(versions ? (["1", "1", "2"] as const) : (["1"] as const)),
  );
  const plain = fc.constantFrom(...names).map((name): Wanted => ({ name }));
  const virtual = fc.constantFrom("v", "w").map((name): Wanted => ({ name }));
  const bound = fc.record({
    name: fc.constantFrom(...names, "v", "w"),
    operator: fc.constantFrom<("=" | ">=" | "<<")[]>("=", ">=", ...(versions ? (["<<"] as const) : [])),
    version,
  });
  const qualified = fc.record({
    name: fc.constantFrom(...names),
    qualifier: fc.constantFrom<("any" | "arm64")[]>("any", "arm64"),
  });
  const wanted: fc.Arbitrary<Wanted> = fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 2, arbitrary: virtual },
    { weight: 2, arbitrary: bound },
    { weight: foreign ? 2 : 0, arbitrary: qualified },
  );
  const unqualified = wanted.map(({ qualifier: _, ...rest }): Wanted => rest);
  const group = fc.array(wanted, { minLength: 1, maxLength: 3 });
  const seldom = <T>(item: fc.Arbitrary<T>, weight: number) =>
    fc.oneof(
      { weight, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(item, { maxLength: 2 }) },
    );
  const provided = fc.oneof(
    virtual,
    fc.record({
      name: fc.constantFrom("v", "w", ...names.slice(0, 2)),
      operator: fc.constant("=" as const),
      version,
    }),
  );
  return fc
    .record({
      name: fc.constantFrom(...names),
      version,
      architecture: fc.constantFrom<Made["architecture"][]>(
        ...(foreign ? architectures : architectures.slice(0, 1)),
      ),
      multiArch: fc.constantFrom(undefined, ...(foreign ? (["same", "foreign", "allowed"] as const) : [])),
      priority: fc.constantFrom("optional", "optional", "optional", "extra", "standard", "important"),
      essential: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
      depends: fc.array(group, { maxLength: 3 }),
      recommends: fc.array(group, { maxLength: 1 }),
      suggests: fc.array(group, { maxLength: 1 }),
      conflicts: seldom(unqualified, 2),
      breaks: seldom(unqualified, 4),
      provides: seldom(provided, 2),
    })
    .map(({ multiArch, ...item }): Made => {
      // What is of no architecture is on all of them once.
      const isSame = multiArch === "same" && item.architecture === "all";
      return { ...item, ...(multiArch !== undefined && !isSame && { multiArch }) };
    });
}

const architectures = ["amd64", "arm64", "all"] as const;

function keyOf({ name, version, architecture }: Made): string {
  // A name has one stanza of a version on an architecture, and `all` is amd64's.
  return `${name} ${version} ${architecture === "arm64" ? "arm64" : "amd64"}`;
}

function requestOf(item: Made | undefined): string {
  if (item === undefined) throw new Error("an archive has a package at least");
  return item.architecture === "arm64" ? `${item.name}:arm64` : item.name;
}

/** The text of a Packages file. */
export function writeArchive(packages: readonly Made[]): string {
  return packages.map((item) => `${writeStanza(item)}\n`).join("");
}

export function writeStanza(item: Made): string {
  const group = (alternatives: readonly Wanted[]) => alternatives.map(write).join(" | ");
  const fields: readonly [string, string][] = [
    ["Package", item.name],
    ["Version", item.version],
    ["Architecture", item.architecture],
    ["Multi-Arch", item.multiArch ?? ""],
    ["Essential", item.essential ? "yes" : ""],
    ["Priority", item.priority],
    ["Depends", item.depends.map(group).join(", ")],
    ["Conflicts", item.conflicts.map(write).join(", ")],
    ["Breaks", item.breaks.map(write).join(", ")],
    ["Recommends", item.recommends.map(group).join(", ")],
    ["Suggests", item.suggests.map(group).join(", ")],
    ["Provides", item.provides.map(write).join(", ")],
    ["Filename", `${item.name}_${item.version}_${item.architecture}.deb`],
    ["Size", "1"],
    ["SHA256", "0".repeat(64)],
  ];
  return fields.map(([name, value]) => (value === "" ? "" : `${name}: ${value}\n`)).join("");
}

function write({ name, qualifier, operator, version }: Wanted): string {
  return `${name}${qualifier ? `:${qualifier}` : ""}${operator ? ` (${operator} ${version})` : ""}`;
}

/** Whether the set stands on its own and holds what is asked for: Debian policy 7, and Multi-Arch as dpkg has it. */
export function isValid(set: readonly Made[], requests: readonly string[]): boolean {
  return (
    requests.every((request) => set.some((item) => requestOf(item) === request)) &&
    set.every(
      (item) =>
        item.depends.every((group) => group.some((want) => set.some((other) => meets(item, other, want)))) &&
        ![...item.conflicts, ...item.breaks].some((want) =>
          set.some((other) => other.name !== item.name && hits(other, want)),
        ) &&
        set.every((other) => other === item || other.name !== item.name || canStandBeside(item, other)),
    )
  );
}

/** Tries every set. */
export function isSolvable(packages: readonly Made[], requests: readonly string[]): boolean {
  for (let bits = 0; bits < 2 ** packages.length; bits++) {
    const set = packages.filter((_item, i) => bits & (1 << i));
    if (isValid(set, requests)) return true;
  }
  return false;
}

function canStandBeside(a: Made, b: Made): boolean {
  return (
    placeOf(a) !== placeOf(b) && a.version === b.version && a.multiArch === "same" && b.multiArch === "same"
  );
}

function meets(by: Made, other: Made, want: Wanted): boolean {
  const isInReach =
    want.qualifier === "any"
      ? other.multiArch === "allowed"
      : want.qualifier !== undefined
        ? placeOf(other) === want.qualifier
        : other.multiArch === "foreign" || placeOf(other) === placeOf(by);
  return isInReach && hits(other, want);
}

function hits(other: Made, want: Wanted): boolean {
  const { name, version, provides } = other;
  return [{ name, version }, ...provides].some((item) => item.name === want.name && fits(item.version, want));
}

function fits(version: string | undefined, want: Wanted): boolean {
  if (want.operator === undefined || want.version === undefined) return true;
  if (version === undefined) return false;
  if (want.operator === "=") return version === want.version;
  return want.operator === ">=" ? version >= want.version : version < want.version;
}

function placeOf({ architecture }: Made): string {
  return architecture === "arm64" ? "arm64" : "amd64";
}
