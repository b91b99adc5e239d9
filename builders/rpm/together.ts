// Specs that are built together: who is built with whose packages, though no manifest says so.
// Pure. Knows what specs ask for and packages provide; does not know how anything is planned.

import { linesOf } from "../../evaluator/rpm/listing.ts";
import { parseRelation, simplesOf } from "../../evaluator/rpm/relation.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Made } from "../distro/package.ts";
import { mainOf } from "../package/main.ts";

export interface Spec {
  readonly file: string;
  readonly name: string;
  /** What its packages are called and provide as its text says, before they are built; undefined while that is open. */
  readonly declares: readonly string[] | undefined;
  /** Files of those of the others that its manifest names. */
  readonly names: readonly string[];
  /** Packages that it is built with anyway. */
  readonly beside: readonly Made[];
  /** Which of these requirements the distribution meets by itself; undefined while that is open. */
  readonly metOf: (requires: readonly string[]) => ReadonlySet<string> | undefined;
  /** Its packages; undefined while something is open, or it waits. */
  readonly plan: (localsFor: LocalsFor) => readonly Made[] | undefined;
}

/** What somebody is built with of what kit makes. */
export interface Locals {
  readonly packages: readonly Made[];
  /** Names of those that have to be there; the others are, where something needs them. */
  readonly asked: readonly string[];
}

/** For somebody who asks for this; undefined while they wait for one of the others. */
export type LocalsFor = (requires: readonly string[]) => Locals | undefined;

/**
 * Whom a spec names by what another one's text says it provides is built after that one, and with it, whatever the
 * distribution has. What no text says (`pkgconfig(bar)`, `/usr/bin/bar`) and the distribution does not have is looked
 * for in what the others turn out to provide: first when all that can be built without it are built, then when those
 * are that this lets be built, and so on; so it does not depend on who is ready first. What these packages need to be
 * installed is looked for alike.
 *
 * @throws {Fault} `manifest/cycle`, `unresolved/nobody-provides`
 */
export function planTogether(specs: readonly Spec[]): ReadonlyMap<string, readonly Made[] | undefined> {
  const known = new Map<string, readonly Made[] | undefined>();
  if (specs.some(({ declares }) => declares === undefined)) {
    // They are asked all the same, so that what they want to know is known the next time.
    for (const spec of specs) spec.plan(() => undefined);
    return new Map(specs.map(({ file }) => [file, undefined]));
  }
  // In each round what the packages of the rounds before provide is known to those who found nobody else.
  for (let [found, isLast]: [readonly Made[], boolean] = [[], false]; ; ) {
    const waits = settleRound({ specs, known, found, isLast });
    if (waits.length === 0 || [...known.values()].includes(undefined))
      return new Map(specs.map(({ file }) => [file, known.get(file)]));
    const all = [...known.values()].flatMap((packages) => packages ?? []);
    const isNew = all.length > found.length;
    if (!isNew && isLast) throw stuck(waits, specs);
    // A package that nobody can install is no reason to wait: it need not be chosen.
    isLast = !isNew;
    found = all;
  }
}

/** A spec that cannot be built yet: others it is to be built with, and what it found nobody for. */
interface Wait {
  readonly spec: Spec;
  readonly others: ReadonlySet<Spec>;
  readonly unmet: ReadonlySet<string>;
  /** What packages that it is built with need, and nobody was found for. */
  readonly lacking: ReadonlySet<string>;
}

interface Round {
  readonly specs: readonly Spec[];
  readonly known: Map<string, readonly Made[] | undefined>;
  readonly found: readonly Made[];
  /** Whether nothing more will be known. */
  readonly isLast: boolean;
}

/** Plans whom nothing keeps, and whom they kept, until there is nobody left. */
function settleRound(round: Round): readonly Wait[] {
  const { specs, known, isLast } = round;
  for (;;) {
    const waits: Wait[] = [];
    let isNew = false;
    for (const spec of specs) {
      if (known.has(spec.file)) continue;
      const wait = { spec, others: new Set<Spec>(), unmet: new Set<string>(), lacking: new Set<string>() };
      const isKept = () => wait.others.size > 0 || wait.unmet.size > 0 || (wait.lacking.size > 0 && !isLast);
      const packages = spec.plan((requires) => {
        const locals = localsOf(requires, { ...round, ...wait });
        return isKept() ? undefined : locals;
      });
      if (isKept()) {
        waits.push(wait);
        continue;
      }
      known.set(spec.file, packages);
      isNew = true;
    }
    if (!isNew) return waits;
  }
}

interface Search extends Round {
  readonly spec: Spec;
  readonly others: Set<Spec>;
  readonly unmet: Set<string>;
  readonly lacking: Set<string>;
}

/** The packages that requirements mean, and those that these need, and so on; undefined while something is open. */
function localsOf(requires: readonly string[], search: Search): Locals | undefined {
  const { spec, specs, unmet, lacking } = search;
  const named = specs.filter(({ file }) => spec.names.includes(file));
  const main = named.flatMap((one) => mainOf(one.name, packagesOf(one, search) ?? []));
  const packages = new Set([...spec.beside, ...main]);
  const seen = new Set(requires);
  let isOpen = named.some((one) => packagesOf(one, search) === undefined);
  const take = (texts: readonly string[], without: Set<string>): string[] => {
    const providers = providersOf(texts, packages, without, search);
    isOpen ||= providers === undefined;
    for (const item of providers ?? []) packages.add(item);
    const needs = [...packages].flatMap(needsOf).filter((text) => !seen.has(text));
    for (const text of needs) seen.add(text);
    return [...new Set(needs)];
  };
  for (let texts = take(requires, unmet); texts.length > 0; ) texts = take(texts, lacking);
  const asked = main.map(({ stanza }) => stanza["Package"] ?? "");
  return isOpen ? undefined : { packages: [...packages], asked };
}

/** Those of others that meet these; what nobody was found for goes to `without`. */
function providersOf(
  texts: readonly string[],
  packages: ReadonlySet<Made>,
  without: Set<string>,
  search: Search,
): readonly Made[] | undefined {
  const { spec, specs, found } = search;
  const rest = specs.filter((one) => one !== spec);
  // Who is alone is told what is missing when its root is resolved.
  if (rest.length === 0) return [];
  const taken = giversIn([...packages]);
  const open = texts.filter((text) => !isDeclaredBy(spec)(text) && taken(text).length === 0);
  const declaring = rest.filter((one) => open.some(isDeclaredBy(one)));
  const declared = declaring.map((one) => packagesOf(one, search));
  const given = declared.flatMap((items) => open.flatMap(giversIn(items ?? [])));
  const others = open.filter((text) => !isRich(text) && !rest.some((one) => isDeclaredBy(one)(text)));
  const met = others.length === 0 ? new Set<string>() : spec.metOf(others);
  const turnedOut = giversIn(found);
  for (const text of met === undefined ? [] : others.filter((one) => !met.has(one))) {
    const providers = turnedOut(text);
    if (providers.length === 0) without.add(text);
    given.push(...providers);
  }
  return met === undefined || declared.includes(undefined) ? undefined : given;
}

/** Its packages; undefined while they are open, and where it is not planned, whoever asks waits for it. */
function packagesOf(one: Spec, { known, others }: Search): readonly Made[] | undefined {
  if (!known.has(one.file)) others.add(one);
  return known.get(one.file);
}

function needsOf({ stanza }: Made): string[] {
  const fields = ["Requires-Pre", "Requires"].flatMap((field) => linesOf(stanza, field));
  return fields.filter((text) => !text.startsWith("rpmlib("));
}

function isDeclaredBy({ declares = [] }: Spec): (text: string) => boolean {
  return (text) => namesIn(text).some((name) => declares.includes(name));
}

function isRich(text: string): boolean {
  return text.startsWith("(");
}

/** What a requirement speaks of, rich or not; nothing of one that cannot be read. */
function namesIn(text: string): string[] {
  try {
    return [...simplesOf(parseRelation(text))].map(({ name }) => name);
  } catch {
    return [];
  }
}

function nameIn(text: string): string {
  return text.split(" ", 1)[0] ?? "";
}

/** Those of packages that provide what a requirement speaks of, whatever their versions. */
function giversIn(packages: readonly Made[]): (text: string) => Made[] {
  const givers = new Map<string, Made[]>();
  for (const item of packages)
    for (const name of givenBy(item)) givers.set(name, [...(givers.get(name) ?? []), item]);
  return (text) => namesIn(text).flatMap((name) => givers.get(name) ?? []);
}

function givenBy({ stanza }: Made): ReadonlySet<string> {
  return new Set([
    stanza["Package"] ?? "",
    ...linesOf(stanza, "Provides").map(nameIn),
    ...linesOf(stanza, "Files"),
  ]);
}

function stuck(waits: readonly Wait[], specs: readonly Spec[]): Fault {
  const needs = new Map<string, string[]>();
  for (const { spec, unmet } of waits)
    for (const text of unmet) needs.set(text, [...(needs.get(text) ?? []), spec.name]);
  if (needs.size === 0) return circle(waits);
  const details = [...needs].map(([text, names]) => `${text} is needed to build ${names.join(", ")}`);
  const behind = waits.filter(({ unmet }) => unmet.size === 0).map(({ spec }) => spec.name);
  return new Fault("unresolved/nobody-provides", `nobody provides ${[...needs.keys()].join(", ")}`, {
    details: [...details, ...(behind.length > 0 ? [`held up by that: ${behind.join(", ")}`] : [])],
    hint: `neither the distribution has it, nor one of the ${specs.length} packages that are built together`,
  });
}

/** Everybody who is left waits for one who does. */
function circle(waits: readonly Wait[]): Fault {
  const waitOf = new Map(waits.map((wait) => [wait.spec, wait]));
  const way: Spec[] = [];
  let at = waits[0]?.spec;
  while (at !== undefined && !way.includes(at)) {
    way.push(at);
    at = [...(waitOf.get(at)?.others ?? [])].find((other) => waitOf.has(other));
  }
  const names = [...way.slice(at === undefined ? 0 : way.indexOf(at)), ...(at ? [at] : [])].map(
    ({ name }) => name,
  );
  return new Fault("manifest/cycle", `these are built with each other in a circle: ${names.join(" → ")}`, {
    details: waits.map(
      ({ spec, others }) => `${spec.name} is built with ${[...others].map(({ name }) => name).join(", ")}`,
    ),
    hint: "one of them has to come from elsewhere: build it without the other, or take one that is built already, by rpm-prebuilt",
  });
}
