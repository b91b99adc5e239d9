// Universes: every package version that exists for one resolution, and which of them apt would take.
// Knows indexes, pins and architectures; does not know what is asked for or what goes together.

import { globMatcher, globsMatcher } from "../glob.ts";
import { type StanzaIndex, unlessBroken } from "../stanzaindex.ts";
import { compareText } from "../text.ts";
import { sortedWarnings } from "../warning.ts";
import { packageFile } from "./file.ts";
import { type MentionOrder, mentionOrder } from "./mention.ts";
import { demandsAmong } from "./multiarch.ts";
import {
  type BaseSet,
  type Described,
  describePackage,
  isYes,
  type Package,
  type Version,
} from "./package.ts";
import { type PackagesIndex, packagesIndex } from "./packages.ts";
import { parseGroup, type Relation } from "./relation.ts";
import { type Spoken, spokenNames } from "./spoken.ts";
import { fieldOf, parseStanza, type Stanza } from "./stanza.ts";
import { holds } from "./target.ts";
import { compareVersions } from "./version.ts";

export { type PackagesIndex, packagesIndex };

/** One Packages file. The order in which sources are given means nothing. */
export interface Source {
  readonly index: PackagesIndex;
  readonly repository: string;
  readonly suite: string;
  /** As apt_preferences(5): 500 for an ordinary suite, 100 or 1 for one that says NotAutomatic. */
  readonly priority: number;
  /** A version that one of a higher rank has goes before all others of its name, whatever their priorities; 0. */
  readonly rank?: number;
  /** Names and globs of packages that it has not, whatever its index says; none. */
  readonly exclude?: readonly string[];
}

/** Of several pins that match a version the first counts, as with apt's specific form. */
export interface Pin {
  /** A package name, or a glob with `*`, `?` and `[…]`. */
  readonly package: string;
  /** A suite's or a repository's name. */
  readonly from: string;
  /** Zero and less: never. */
  readonly priority: number;
}

export interface UniverseOptions {
  /** The native architecture. */
  readonly architecture: string;
  readonly foreign?: readonly string[];
  readonly sources: readonly Source[];
  readonly pins?: readonly Pin[];
  /** Packages kit built itself: above every other version of their name. */
  readonly locals?: readonly Stanza[];
  /** Packages that do not exist. */
  readonly exclude?: readonly string[];
  /** Whether a stanza that does not say which file it is counts as broken: what cannot be fetched cannot be taken. */
  readonly fetched?: boolean;
}

/** Parses only what is visited, and remembers it: one universe serves many resolutions. */
export interface Universe {
  /** Native first. */
  readonly architectures: readonly string[];
  package(name: string, architecture: string): Package | undefined;
  /** The package on every architecture that has it, native first. */
  group(name: string): readonly Package[];
  /**
   * Versions that satisfy a relation a package of `architecture` has, by name or by what they provide, candidates
   * or not, each once. `every` is for negative relations, which reach packages of all architectures.
   */
  satisfiers(relation: Relation, architecture: string | "every"): readonly Version[];
  /** Names of native packages whose candidate is in the set. Sorted. */
  base(set: BaseSet): readonly string[];
  /** Each once, sorted: of an archive's 60,000 that takes up to 0.1 s, the first time alone. */
  names(): readonly string[];
  /** What apt's cache has, and since when. */
  spoken(): Spoken;
  /** Names of the packages of a task (tasksel's `Task` field), sorted. */
  task(task: string): readonly string[];
  /** Every task there is, sorted. */
  tasks(): readonly string[];
  /** A package that no index has and no relation reaches, to be asked for: what a build needs, as one. */
  outside(described: Described): Version;
  isExcluded(name: string): boolean;
  readonly mentions: MentionOrder;
  /** What was skipped so far because it could not be read, sorted. */
  warnings(): readonly string[];
}

export function universe(options: UniverseOptions): Universe {
  const architectures = [options.architecture, ...[...new Set(options.foreign ?? [])].sort()];
  const sources = [...options.sources].sort(compareSources);
  const excluded = new Set(options.exclude ?? []);
  const hides = new Map(sources.map((source) => [source, globsMatcher(source.exclude ?? [])]));
  const isHidden = (name: string) => (source: Source) => hides.get(source)?.(name) === true;
  const groups = new Map<string, readonly Package[]>();
  const answers = new Map<string, readonly Version[]>();
  const parsed = new Map<string, readonly Relation[]>();
  let names: readonly string[] | undefined;
  let spoken: Spoken | undefined;
  const warnings = new Set(
    sources.flatMap(({ index, repository, suite }) =>
      index.warnings.map((warning) => `${repository} ${suite}: ${warning}`),
    ),
  );

  const parse = (text: string): readonly Relation[] => {
    const known = parsed.get(text) ?? parseGroup(text);
    parsed.set(text, known);
    return known;
  };
  const priorityOf = pinning(options.pins ?? []);

  const describe = (read: () => Stanza, where: string): Described | undefined =>
    unlessBroken(() => describePackage(read(), parse), where, warnings);

  const locals = new Map<string, Described[]>();
  const localProviders = new Map<string, string[]>();
  for (const stanza of options.locals ?? []) {
    const local = describe(() => stanza, "local");
    if (local === undefined) continue;
    locals.set(local.name, [...(locals.get(local.name) ?? []), local]);
    for (const { name } of local.provides) {
      localProviders.set(name, [...(localProviders.get(name) ?? []), local.name]);
    }
  }

  const listings = (name: string): Listing[] => [
    ...(locals.get(name) ?? []).map((described): Listing => ({ described, source: undefined })),
    ...sources
      .filter((source) => !isHidden(name)(source))
      .flatMap((source) =>
        source.index.named(name).flatMap((number): Listing[] => {
          const read = () => {
            const stanza = parseStanza(source.index.text(number));
            if (options.fetched) packageFile(stanza);
            return stanza;
          };
          const described = describe(read, `${source.repository} ${source.suite}, ${name}`);
          return described === undefined ? [] : [{ described, source }];
        }),
      ),
  ];

  const group = (name: string): readonly Package[] => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const all = excluded.has(name) ? [] : listings(name);
    const byArchitecture = Map.groupBy(all, ({ described }) => native(described.architecture));
    const packages = architectures.flatMap((architecture) => {
      const here = byArchitecture.get(architecture);
      const others = architectures.filter((other) => other !== architecture && byArchitecture.has(other));
      return here === undefined
        ? []
        : [makePackage(name, architecture, others, here, architectures, priorityOf)];
    });
    groups.set(name, packages);
    return packages;
  };
  const native = (architecture: string): string =>
    architecture === "all" ? options.architecture : architecture;

  const findSatisfiers = (relation: Relation, architecture: string): Version[] => {
    const providers = new Set(
      sources.flatMap(({ index }) => index.providing(relation.name).map(index.nameAt)),
    );
    for (const local of localProviders.get(relation.name) ?? []) providers.add(local);
    const named = group(relation.name).flatMap((pkg) => pkg.versions);
    const others = [...providers].sort().flatMap((name) => group(name).flatMap((pkg) => pkg.versions));
    return [...new Set([...named, ...others])].filter((version) =>
      isSatisfiedBy(relation, architecture, options.architecture, version),
    );
  };

  return {
    architectures,
    group,
    package: (name, architecture) => group(name).find((pkg) => pkg.architecture === native(architecture)),
    satisfiers(relation, architecture) {
      const { name, architecture: qualifier = "", operator = "", version = "" } = relation;
      const key = `${name}:${qualifier} ${operator}${version} ${architecture}`;
      const known = answers.get(key) ?? findSatisfiers(relation, architecture);
      answers.set(key, known);
      return known;
    },
    base(set) {
      const line = set === "essential" ? "Essential: yes" : `Priority: ${set}`;
      const listed = sources.flatMap(({ index }) => index.withLine(line).map(index.nameAt));
      return sortedNames([...listed, ...locals.keys()]).filter((name) => {
        const candidate = group(name).find((pkg) => pkg.architecture === options.architecture)?.candidate;
        return set === "essential" ? candidate?.essential : candidate?.importance === set;
      });
    },
    names: () =>
      (names ??= sortedNames([...locals.keys(), ...sources.flatMap(({ index }) => [...index.names()])])),
    spoken() {
      spoken ??= spokenNames(
        sources.map(({ index }) => index),
        options.architecture,
      );
      return spoken;
    },
    task: (task) => sortedNames(sources.flatMap(({ index }) => index.inTask(task).map(index.nameAt))),
    tasks: () => sortedNames(sources.flatMap(({ index }) => [...index.tasks()])),
    outside(described) {
      const listings = [{ described, source: undefined }];
      const [version] = makePackage(
        described.name,
        options.architecture,
        [],
        listings,
        architectures,
        priorityOf,
      ).versions;
      if (version === undefined) throw new Error("a listing is a version");
      return version;
    },
    isExcluded: (name) =>
      excluded.has(name) ||
      (group(name).length === 0 &&
        sources.filter(isHidden(name)).some(({ index }) => index.named(name).length > 0)),
    mentions: mentionOrder(
      sources.map(({ index }) => index),
      options.architecture,
    ),
    warnings: () => sortedWarnings(warnings),
  };
}

/** A stanza and where it stands; without a source it is kit's own. */
interface Listing {
  readonly described: Described;
  readonly source: Source | undefined;
}

/** Listings of one version in several suites are one version, of the origin that sorts first. */
function makePackage(
  name: string,
  architecture: string,
  others: readonly string[],
  listings: readonly Listing[],
  architectures: readonly string[],
  priorityOf: (name: string, sources: readonly Source[]) => number,
): Package {
  const made: Version[] = [];
  const pkg = {
    name,
    architecture,
    versions: made,
    candidate: undefined as Version | undefined,
    essential: name === "apt" || listings.some(({ described }) => described.essential),
    important: listings.some(({ described }) =>
      importantFields.some((field) => isYes(fieldOf(described.stanza, field))),
    ),
  };
  const byVersion = Map.groupBy(
    listings,
    ({ described, source }) => `${source === undefined} ${described.version}`,
  );
  for (const same of byVersion.values()) {
    const [first] = same;
    if (first === undefined) continue;
    const from = same.flatMap(({ source }) => (source === undefined ? [] : [source]));
    const { source, described } = first;
    const origin = source === undefined ? "local" : { repository: source.repository, suite: source.suite };
    const priority = source === undefined ? Number.POSITIVE_INFINITY : ranked(priorityOf(name, from), from);
    const demands = demandsAmong(architectures, described, others);
    made.push({ ...described, demands, package: pkg, origin, priority });
  }
  made.sort(
    (a, b) =>
      compareVersions(b.version, a.version) || b.priority - a.priority || (a.version < b.version ? -1 : 1),
  );
  for (const version of made) {
    if (version.priority > Math.max(0, pkg.candidate?.priority ?? 0)) pkg.candidate = version;
  }
  return pkg;
}

/** Ranks lie further apart than priorities reach; what is never taken stays so. */
function ranked(priority: number, from: readonly Source[]): number {
  const rank = Math.max(...from.map(({ rank = 0 }) => rank));
  return priority > 0 ? priority + rank * rankStep : priority;
}

const rankStep = 2 ** 16;

/** The rank in a version's priority, and the priority as pins have it. */
export function splitPriority(priority: number): { readonly rank: number; readonly priority: number } {
  const rank = priority > 0 ? Math.floor(priority / rankStep) : 0;
  return { rank, priority: priority - rank * rankStep };
}

const importantFields = ["Important", "Protected"];

/** Whether `version` satisfies what a package of `architecture` wants (Multi-Arch as in dpkg's and apt's rules). */
function isSatisfiedBy(relation: Relation, architecture: string, native: string, version: Version): boolean {
  const wanted = relation.architecture === "native" ? native : relation.architecture;
  const reaches = (given?: string): boolean => {
    if (wanted === "any") return version.multiArch === "allowed" || given === "any";
    if (wanted !== undefined) return (given ?? version.package.architecture) === wanted;
    if (architecture === "every" || version.multiArch === "foreign") return true;
    return (given ?? version.package.architecture) === architecture;
  };
  if (version.name === relation.name && reaches() && holds(relation, version.version)) return true;
  return version.provides.some(
    (provided) =>
      provided.name === relation.name && reaches(provided.architecture) && holds(relation, provided.version),
  );
}

function pinning(pins: readonly Pin[]): (name: string, sources: readonly Source[]) => number {
  const compiled = pins.map((pin) => ({ ...pin, matches: globMatcher(pin.package) }));
  return (name, sources) => {
    const pin = compiled.find(
      ({ matches, from }) =>
        matches(name) && sources.some(({ suite, repository }) => suite === from || repository === from),
    );
    return pin?.priority ?? Math.max(...sources.map(({ priority }) => priority));
  };
}

function compareSources(a: Source, b: Source): number {
  return (
    b.priority - a.priority ||
    compareText(a.repository, b.repository) ||
    compareText(a.suite, b.suite) ||
    compareIndexes(a.index, b.index)
  );
}

/** By their first stanzas that differ: components of one suite, say. */
function compareIndexes(a: StanzaIndex, b: StanzaIndex): number {
  if (a === b) return 0;
  for (let stanza = 0; stanza < Math.min(a.size, b.size); stanza++) {
    const order = compareText(a.text(stanza), b.text(stanza));
    if (order !== 0) return order;
  }
  return a.size - b.size;
}

function sortedNames(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
