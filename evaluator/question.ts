// Questions: what only the world can answer, and what the answer is.
// Knows their shape and digest; does not know who answers.

import { type Canonical, canonicalDigest } from "../store/model/canonical.ts";
import type { Digest } from "../store/model/digest.ts";
import type { Place } from "../store/model/fault.ts";
import type { Stanza } from "./deb/stanza.ts";
import type { ChosenPackage } from "./resolution.ts";

/** Where packages are looked for: those that manifests make, those that the store has, those that archives list. */
export const tiers = ["local", "store", "repositories"] as const;
export type Tier = (typeof tiers)[number];

/** A distribution as far as a closure depends on it: no addresses, those are configuration. */
export interface Source {
  /** The distro's name, `debian/trixie`. */
  readonly distro: string;
  /** Absent for debs. */
  readonly format?: "rpm";
  readonly architecture: string;
  /** Further architectures that packages are asked for of, sorted; absent where there is none. */
  readonly foreign?: readonly string[];
  readonly repositories: readonly {
    readonly name: string;
    readonly suites: readonly string[];
    readonly components: readonly string[];
    readonly priority: number;
    readonly snapshot?: string;
    /** Names and globs of its packages that do not exist, sorted; absent where there are none. */
    readonly exclude?: readonly string[];
  }[];
  readonly pins: readonly { readonly package: string; readonly from: string; readonly priority: number }[];
  /** Tiers in order, the first that has a package wins; absent where the manifest names none: repositories decide. */
  readonly search?: readonly Tier[];
}

/** Whether packages are chosen from a tier. */
export function isSearched(
  { search = ["local", "repositories"] }: Pick<Source, "search">,
  tier: Tier,
): boolean {
  return search.includes(tier);
}

/** Which packages make a root that holds these. Requests and lists are sorted: their order in a manifest means nothing. */
export interface ClosureQuestion {
  readonly source: Source;
  readonly requests: readonly string[];
  readonly base: readonly string[];
  readonly exclude: readonly string[];
  /** Stanzas of packages kit builds itself. */
  readonly locals: readonly Stanza[];
  /** Those of them that are to be there because others of them depend on them: no requests; absent where there are none. */
  readonly brought?: readonly string[];
  /** Whether what packages recommend is wanted too; absent where not. */
  readonly recommends?: true;
  /** Groups whose packages are wanted, by name; absent where there are none. */
  readonly groups?: readonly string[];
  /** Further requests, left out where there is no such package; absent where there are none. */
  readonly optional?: readonly string[];
  /** Whether it is a root that somebody gets; absent where its base says so, and for tools, which have none. */
  readonly root?: true;
  /** Whether something is built there, and nobody gets it; absent where not. */
  readonly build?: true;
  /** Who asks, for people. No part of the question. */
  readonly building?: Building;
}

/** What a root is made for that something is built in. */
export interface Building {
  readonly name: string;
  /** Name of the local package that needs what the build does, and is never installed. */
  readonly needs: string;
  /** Where a manifest names what is built. */
  readonly place: Place;
  /** Where needs are written, by their texts, as far as that is known. */
  readonly written: ReadonlyMap<string, WrittenAt>;
}

/** In a file that people know by this name. */
export interface WrittenAt {
  readonly file: string;
  readonly line: number;
}

export function closureQuestion(question: ClosureQuestion): ClosureQuestion {
  const sorted = (list: readonly string[]) => [...new Set(list)].sort();
  const { groups = [], optional = [], brought = [] } = question;
  const others = optional.filter((text) => !question.requests.includes(text));
  return {
    source: question.source,
    requests: sorted(question.requests),
    base: sorted(question.base),
    exclude: sorted(question.exclude),
    locals: [...question.locals].sort((a, b) => ((a["Package"] ?? "") < (b["Package"] ?? "") ? -1 : 1)),
    ...(brought.length > 0 && { brought: sorted(brought) }),
    ...(question.recommends && { recommends: true }),
    ...(groups.length > 0 && { groups: sorted(groups) }),
    ...(others.length > 0 && { optional: sorted(others) }),
    ...(question.root && question.base.length === 0 && { root: true }),
    ...(question.build && { build: true }),
    ...(question.building && { building: question.building }),
  };
}

/** Whether it is a root that somebody gets, and not what builds are done with. */
export function isRoot({ base, root, build }: Pick<ClosureQuestion, "base" | "root" | "build">): boolean {
  return !build && (base.length > 0 || root === true);
}

/** Everything that is asked for by itself, whether or not it has to be there. */
export function requestsOf({ requests, base, optional = [] }: ClosureQuestion): readonly string[] {
  return [...requests, ...base, ...optional];
}

export function questionDigest({ building: _, ...question }: ClosureQuestion): Digest {
  return canonicalDigest("kit/question/1", question as unknown as Canonical);
}

/** The question in one line, for people and for the lock. */
export function questionText(question: ClosureQuestion): string {
  const {
    source,
    requests,
    base,
    exclude,
    locals,
    recommends,
    groups = [],
    optional = [],
    root,
    build,
  } = question;
  const asked = [...base.map((name) => `<${name}>`), ...requests].join(" ");
  const parts = asked === "" ? [] : [asked];
  for (const text of optional) parts.push(`${optionalWord} ${text}`);
  if (groups.length > 0) parts.push(`${groupsWord} ${groups.join(" ")}`);
  if (exclude.length > 0) parts.push(`without ${exclude.join(" ")}`);
  if (locals.length > mostNamed) parts.push(`with ${locals.length} local packages`);
  else if (locals.length > 0)
    parts.push(`with local ${locals.map((stanza) => `${stanza["Package"]} ${stanza["Version"]}`).join(" ")}`);
  if (root) parts.push(rootWord);
  if (build) parts.push(buildWord);
  if (recommends) parts.push("with what is recommended");
  if (source.search) parts.push(`out of ${source.search.join(" then ")}`);
  return `${sourceText(source)}: ${parts.join(", ")}`;
}

/** A distribution that is made of another one's packages has hundreds. */
const mostNamed = 32;

const optionalWord = "if there is";
const groupsWord = "groups";
const rootWord = "as a root";
const buildWord = "to build in";

/** A distribution and its architectures, as a question's text begins with them. */
export function sourceText({ distro, architecture, foreign = [] }: Source): string {
  return `${distro} ${[architecture, ...foreign].join("+")}`;
}

/** What a question's text tells of the root that was asked for. */
export interface Frame {
  /** As {@link sourceText} has it. */
  readonly source: string;
  /** The native one first. */
  readonly architectures: readonly string[];
  /** Whether something is built there, and nobody gets it. */
  readonly isBuild: boolean;
  readonly base: readonly string[];
  readonly exclude: readonly string[];
  readonly groups: readonly string[];
  readonly optional: readonly string[];
  /** As {@link isRoot} has it. */
  readonly isRoot: boolean;
}

/** Names hold neither spaces nor commas, requests no commas. */
export function questionFrame(text: string): Frame {
  const [source = "", rest = ""] = text.split(": ", 2);
  // What is asked for by name comes first, where anything is.
  const parts = rest.split(", ");
  const after = (word: string) =>
    parts.flatMap((part) => (part.startsWith(`${word} `) ? [part.slice(word.length + 1)] : []));
  const names = (word: string) => after(word).flatMap((part) => part.split(" "));
  const base = [...(parts[0] ?? "").matchAll(/<([a-z0-9+.-]+)>/g)].map(([, name = ""]) => name);
  return {
    source,
    architectures: (source.split(" ")[1] ?? "").split("+"),
    isBuild: parts.includes(buildWord),
    base,
    exclude: names("without"),
    groups: names(groupsWord),
    optional: after(optionalWord),
    isRoot: !parts.includes(buildWord) && (base.length > 0 || parts.includes(rootWord)),
  };
}

/** Whether what was there for a root is there where these are left out: nothing else was left out of it. */
export function isThereFor({ exclude }: Frame, left: readonly string[]): boolean {
  return exclude.every((name) => left.includes(name));
}

/** The closure, sorted by name, and the newest date of the indexes it was chosen from (seconds since 1970). */
export interface Closure {
  readonly packages: readonly ChosenPackage[];
  readonly date: number;
}
