// Universes: every rpm package that exists for one resolution, and who provides what.
// Knows repositories, priorities, pins, modules and architectures; does not know what is asked for or what goes together.

import { fieldOf, formatStanza, parseStanza, type Stanza } from "../deb/stanza.ts";
import { globMatcher, globsMatcher } from "../glob.ts";
import type { Origin } from "../resolution.ts";
import { unlessBroken } from "../stanzaindex.ts";
import { sortedWarnings } from "../warning.ts";
import { type ArchitecturePolicy, architecturePolicy } from "./architecture.ts";
import { type RpmIndex, rpmIndex } from "./listing.ts";
import { modularFilter } from "./modular.ts";
import {
  type Described,
  describePackage,
  describePart,
  type Package,
  type Part,
  provides,
} from "./package.ts";
import { isRich, parseRelation, type Relation, type Simple } from "./relation.ts";

/** One repository. The order in which sources are given means nothing. */
export interface Source {
  readonly index: RpmIndex;
  readonly repository: string;
  /** dnf's: the lowest wins, 99 for an ordinary repository. */
  readonly priority: number;
  /** What one of a higher rank has of a name goes before all others, whatever their priorities; 0. */
  readonly rank?: number;
  /** Names and globs of packages that it has not, whatever its index says (dnf's `excludepkgs`); none. */
  readonly exclude?: readonly string[];
}

/** Of several pins that match a package the first counts. */
export interface Pin {
  /** A package name, or a glob with `*`, `?` and `[…]`. */
  readonly package: string;
  /** A repository's name. */
  readonly from: string;
  /** In place of the repository's own: the lowest wins. */
  readonly priority: number;
}

export interface UniverseOptions {
  /** The machine's own, which also says what else may be installed. */
  readonly architecture: string;
  readonly sources: readonly Source[];
  readonly pins?: readonly Pin[];
  /** Packages kit built itself: preferred to every other that would do. */
  readonly locals?: readonly Stanza[];
  /** Names of packages that do not exist. */
  readonly exclude?: readonly string[];
  /** Module streams that are enabled, `name:stream`. */
  readonly streams?: readonly string[];
}

/** Parses only what is visited, and remembers it: one universe serves many resolutions. */
export interface Universe {
  readonly architectures: ArchitecturePolicy;
  /** Packages of this name, in the universe's order. */
  named(name: string): readonly Package[];
  /** Packages that provide this, in the universe's order: those a relation of one package is met by. */
  providers(relation: Relation): readonly Package[];
  /** Packages with an `Obsoletes` that names this, in the universe's order. */
  obsoleting(name: string): readonly Package[];
  /** As {@link RpmIndex.supplementing}. */
  supplementing(capability: string): readonly Package[];
  /**
   * Negative where `a` comes first: by repository, then by file name, which is the order createrepo_c writes. It is the
   * last tie-break of every choice, as the order of a repository's metadata is libsolv's.
   */
  compare(a: Package, b: Package): number;
  /**
   * A package's place, from 1, among those that were come across so far: ascending as {@link Universe.compare} has them.
   * It may grow as others come up between; the order of two stays the same.
   */
  place(number: number): number;
  /** The package of a number. @throws {RangeError} where there is none */
  package(number: number): Package;
  /** Normal forms that were made already: packages share their relations. */
  readonly forms: Map<Relation, readonly (readonly number[])[]>;
  /** Each once, sorted: of a distribution's 60,000 that takes up to 0.1 s, the first time alone. */
  names(): readonly string[];
  /**
   * A package that no repository has and no relation reaches, to be asked for: what a build needs, as one. It is told by
   * this name, which need not be one that packages have.
   */
  outside(stanza: Stanza, name: string): Package;
  /** A variable for a part of a relation, the same for the same part. */
  standIn(part: Part, priority: number): Package;
  isExcluded(name: string): boolean;
  /** What was skipped so far because it could not be read, sorted. */
  warnings(): readonly string[];
}

export function universe(options: UniverseOptions): Universe {
  const architectures = architecturePolicy(options.architecture);
  const sources = [localSource(options.locals ?? []), ...placed(options.sources)];
  const excluded = new Set(options.exclude ?? []);
  const isHiddenByModules = modularFilter(
    options.streams ?? [],
    sources.map(({ index }) => index.modules),
  );
  const priorityOf = pinning(options.pins ?? []);
  const warnings = new Set(sources.flatMap(({ index }) => index.warnings));
  const parsed = new Map<string, Relation>();
  const packages: Package[] = [];
  const keys: Key[] = [];
  // All packages so far but the last few, sorted, and the place of each by number.
  let names: readonly string[] | undefined;
  let inOrder: readonly Package[] = [];
  const places: number[] = [0];
  const groups = new Map<string, readonly Package[]>();
  const answers = new Map<string, readonly Package[]>();
  /** The same for relations that were asked for before: packages share theirs. */
  const met = new WeakMap<Relation, readonly Package[]>();
  const standIns = new Map<string, Package>();

  const parse = (text: string): Relation => {
    const known = parsed.get(text) ?? parseRelation(text);
    parsed.set(text, known);
    return known;
  };

  const describe = (text: string, where: string): Described | undefined =>
    unlessBroken(() => describePackage(parseStanza(text), parse), where, warnings);

  const read = (source: PlacedSource, stanza: number): Package[] => {
    const { origin, index, order } = source;
    const [name, text] = [index.nameAt(stanza), index.text(stanza)];
    const described = describe(text, `${origin === "local" ? origin : origin.repository}, ${name}`);
    if (described === undefined || !architectures.isInstallable(described.architecture)) return [];
    if (origin !== "local" && isHiddenByModules(described)) return [];
    const path = fieldOf(described.stanza, "Filename") ?? "";
    keys.push([order, path.slice(path.lastIndexOf("/") + 1), path, text]);
    const number = packages.length + 1;
    const priority = priorityOf(name, source);
    const pkg = { ...described, number, origin, priority, ruling: undefined, supplementers: undefined };
    packages.push(pkg);
    source.made.set(stanza, pkg);
    return [pkg];
  };

  const compare = (a: Package, b: Package): number => {
    const [left, right] = [places[a.number], places[b.number]];
    return left === undefined || right === undefined ? compareByKeys(a, b) : left - right;
  };

  const place = (number: number): number => {
    if (inOrder.length < packages.length) {
      inOrder = merged(inOrder, packages.slice(inOrder.length).sort(compareByKeys), compareByKeys);
      places.length = packages.length + 1;
      inOrder.forEach((pkg, i) => {
        places[pkg.number] = i + 1;
      });
    }
    return places[number] ?? 0;
  };

  const compareByKeys = (a: Package, b: Package): number => {
    const [x, y] = [keys[a.number - 1] ?? [], keys[b.number - 1] ?? []];
    for (let i = 0; i < x.length; i++) {
      const [left = "", right = ""] = [x[i], y[i]];
      if (left !== right) return left < right ? -1 : 1;
    }
    return a.number - b.number;
  };

  const named = (name: string): readonly Package[] => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const group = excluded.has(name)
      ? []
      : sources
          .filter((source) => !source.isHidden(name))
          .flatMap((source) => source.index.named(name).flatMap((stanza) => read(source, stanza)));
    groups.set(name, group.sort(compare));
    return group;
  };

  /** What no repository has and no relation reaches. */
  const add = (described: Described, priority: number, standsFor?: Part): Package => {
    const place = { number: packages.length + 1, origin: "local", priority } as const;
    const unruled = { ruling: undefined, supplementers: undefined };
    const pkg: Package = { ...described, ...place, ...unruled, ...(standsFor && { standsFor }) };
    keys.push([0, "", "", described.name]);
    packages.push(pkg);
    return pkg;
  };

  /** Packages of the stanzas that each source gives, as far as they exist. */
  const packagesOf = (stanzas: (source: Source) => readonly number[]): Package[] =>
    sources.flatMap((source) =>
      stanzas(source).flatMap((stanza) => {
        const group = named(source.index.nameAt(stanza));
        const pkg = source.made.get(stanza);
        return pkg !== undefined && group.includes(pkg) ? [pkg] : [];
      }),
    );

  const remembered = (key: string, find: () => readonly Package[]): readonly Package[] => {
    const known = answers.get(key) ?? find();
    answers.set(key, known);
    return known;
  };

  const findProviders = (relation: Simple): Package[] => {
    const { name, operator } = relation;
    const isPath = name.startsWith("/") && operator === undefined;
    const able = packagesOf(({ index }) => index.providing(name));
    const found = isPath ? able : able.filter((pkg) => provides(pkg, relation));
    const own = named(name).filter((pkg) => provides(pkg, relation));
    return [...new Set([...own, ...found])].sort(compare);
  };

  const providers = (relation: Relation): readonly Package[] => {
    if (!isRich(relation)) {
      const known = met.get(relation);
      if (known !== undefined) return known;
      const { name, operator = "", version = "" } = relation;
      const found = remembered(`${name} ${operator} ${version}`, () => findProviders(relation));
      met.set(relation, found);
      return found;
    }
    if (!("operands" in relation)) return [];
    const [first = [], ...others] = relation.operands.map(providers);
    const all = others.map((list) => new Set(list));
    if (relation.kind === "or") return [...new Set([first, ...others].flat())].sort(compare);
    return first.filter((pkg) => all.every((list) => list.has(pkg) === (relation.kind !== "without")));
  };

  return {
    architectures,
    named,
    providers,
    obsoleting: (name) =>
      remembered(`obsoletes ${name}`, () => packagesOf(({ index }) => index.obsoleting(name)).sort(compare)),
    supplementing: (capability) =>
      remembered(`supplements ${capability}`, () =>
        packagesOf(({ index }) => index.supplementing(capability)).sort(compare),
      ),
    compare,
    place,
    package(number) {
      const pkg = packages[number - 1];
      if (pkg === undefined) throw new RangeError(`no package has the number ${number}`);
      return pkg;
    },
    forms: new Map(),
    names() {
      names ??= [...new Set(sources.flatMap(({ index }) => [...index.names()]))].sort();
      return names;
    },
    outside(stanza, name) {
      const described = { ...describePackage({ ...stanza, Architecture: "noarch" }, parse), name };
      return add(described, Number.NEGATIVE_INFINITY);
    },
    standIn(part, priority) {
      const described = describePart(part);
      const known = standIns.get(described.name);
      if (known !== undefined) return known;
      const pkg = add(described, priority, part);
      standIns.set(described.name, pkg);
      return pkg;
    },
    isExcluded: (name) =>
      excluded.has(name) ||
      (named(name).length === 0 &&
        sources.some(({ index, isHidden }) => isHidden(name) && index.named(name).length > 0)),
    warnings: () => sortedWarnings(warnings),
  };
}

/** The rank in a package's priority, and the priority as repositories and pins have it. */
export function splitPriority(priority: number): { readonly rank: number; readonly priority: number } {
  const rank = priority > 0 ? 0 : Math.ceil(-priority / rankStep);
  return { rank, priority: priority + rank * rankStep };
}

/** dnf's priorities end at 9999, and the lowest wins: a higher rank comes before all of a lower one. */
const rankStep = 10_000;

interface PlacedSource extends Source {
  readonly origin: Origin;
  /** Its repository's among all. */
  readonly order: number;
  /** Packages by stanza, of those that were read and exist. */
  readonly made: Map<number, Package>;
  /** Whether it excludes packages of this name. */
  isHidden(name: string): boolean;
}

/** What packages are sorted by, part by part. */
type Key = readonly [source: number, file: string, path: string, text: string];

/** Two sorted lists as one. */
function merged<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  const all: T[] = [];
  let next = 0;
  for (const item of a) {
    for (let other = b[next]; other !== undefined && compare(other, item) < 0; other = b[++next])
      all.push(other);
    all.push(item);
  }
  return [...all, ...b.slice(next)];
}

function localSource(locals: readonly Stanza[]): PlacedSource {
  return {
    index: rpmIndex(locals.map((stanza) => `${formatStanza(stanza)}\n`).join("")),
    repository: "local",
    origin: "local",
    order: 0,
    made: new Map(),
    isHidden: () => false,
    priority: Number.NEGATIVE_INFINITY,
  };
}

function pinning(pins: readonly Pin[]): (name: string, source: PlacedSource) => number {
  const compiled = pins.map((pin) => ({ ...pin, matches: globMatcher(pin.package) }));
  return (name, { origin, priority, rank = 0 }) => {
    if (origin === "local") return priority;
    const pin = compiled.find(({ matches, from }) => from === origin.repository && matches(name));
    return (pin?.priority ?? priority) - rank * rankStep;
  };
}

/**
 * Repositories in the order dnf reads them, by priority (`RepoDict.items`), then by name. Sources of one repository
 * stand together: what they hold is sorted as one.
 */
function placed(sources: readonly Source[]): PlacedSource[] {
  const priorities = new Map<string, number>();
  for (const { repository, priority } of sources)
    priorities.set(repository, Math.min(priority, priorities.get(repository) ?? priority));
  const names = [...priorities]
    .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    .map(([repository]) => repository);
  return sources.map((source) => ({
    ...source,
    origin: { repository: source.repository, suite: "" },
    order: names.indexOf(source.repository) + 1,
    made: new Map(),
    isHidden: globsMatcher(source.exclude ?? []),
  }));
}
