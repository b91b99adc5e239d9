// Specs that are built together: who is built with whose packages, though no manifest says so.
// Pure. Knows what specs ask for and packages provide; does not know how anything is planned.

import { linesOf } from "../../evaluator/rpm/listing.ts";
import { parseRelation, simplesOf } from "../../evaluator/rpm/relation.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Made } from "../distro/package.ts";

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

/** The packages that somebody who asks for this is built with; undefined while it waits for one of them. */
export type LocalsFor = (requires: readonly string[]) => readonly Made[] | undefined;

/**
 * Whom a spec names by what another one's text says it provides is built after that one, and with it, whatever the
 * distribution has. What no text says (`pkgconfig(bar)`, `/usr/bin/bar`) and the distribution does not have is looked
 * for in what the others turn out to provide: first when all that can be built without it are built, then when those
 * are that this lets be built, and so on; so it does not depend on who is ready first.
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
  for (let found: readonly Made[] = []; ; ) {
    const waits = settleRound(specs, known, found);
    if (waits.length === 0 || [...known.values()].includes(undefined))
      return new Map(specs.map(({ file }) => [file, known.get(file)]));
    const all = [...known.values()].flatMap((packages) => packages ?? []);
    if (all.length === found.length) throw stuck(waits, specs);
    found = all;
  }
}

/** A spec that cannot be built yet: others it is to be built with, and what it found nobody for. */
interface Wait {
  readonly spec: Spec;
  readonly others: ReadonlySet<Spec>;
  readonly unmet: ReadonlySet<string>;
}

/** Plans whom nothing keeps, and whom they kept, until there is nobody left. */
function settleRound(
  specs: readonly Spec[],
  known: Map<string, readonly Made[] | undefined>,
  found: readonly Made[],
): readonly Wait[] {
  for (;;) {
    const waits: Wait[] = [];
    let isNew = false;
    for (const spec of specs) {
      if (known.has(spec.file)) continue;
      const others = new Set<Spec>();
      const unmet = new Set<string>();
      const packages = spec.plan((requires) =>
        localsOf(spec, requires, { specs, known, found, others, unmet }),
      );
      if (others.size > 0 || unmet.size > 0) {
        waits.push({ spec, others, unmet });
        continue;
      }
      known.set(spec.file, packages);
      isNew = true;
    }
    if (!isNew) return waits;
  }
}

interface Search {
  readonly specs: readonly Spec[];
  readonly known: ReadonlyMap<string, readonly Made[] | undefined>;
  readonly found: readonly Made[];
  readonly others: Set<Spec>;
  readonly unmet: Set<string>;
}

function localsOf(spec: Spec, requires: readonly string[], search: Search): readonly Made[] | undefined {
  const { specs, known, found, others, unmet } = search;
  const rest = specs.filter((one) => one !== spec);
  const taken = new Map<string, Made>();
  const isBeside = (text: string) => spec.beside.some((item) => providesIn(item).has(nameIn(text)));
  const texts = requires.filter((text) => !spec.declares?.includes(nameIn(text)) && !isBeside(text));
  const used = new Set(rest.filter((one) => spec.names.includes(one.file) || texts.some(isDeclaredBy(one))));
  for (const one of used) {
    const packages = known.get(one.file);
    if (!known.has(one.file)) others.add(one);
    for (const item of packages ?? []) taken.set(item.label, item);
  }
  // Who is alone is told what is missing when its root is resolved.
  const open =
    rest.length === 0
      ? []
      : texts.filter((text) => !isRich(text) && !rest.some((one) => isDeclaredBy(one)(text)));
  const met = open.length === 0 ? new Set<string>() : spec.metOf(open);
  if (met === undefined) return undefined;
  for (const text of open.filter((one) => !met.has(one))) {
    const provider = found.filter((item) => providesIn(item).has(nameIn(text)));
    if (provider.length === 0) unmet.add(text);
    for (const item of provider) taken.set(item.label, item);
  }
  if (others.size > 0 || unmet.size > 0 || [...used].some(({ file }) => known.get(file) === undefined))
    return undefined;
  return withNeeds(
    [...spec.beside, ...taken.values()],
    [...known.values()].flatMap((packages) => packages ?? []),
  );
}

/** With what these need of the others' packages to be installed. */
function withNeeds(packages: readonly Made[], all: readonly Made[]): readonly Made[] {
  const met = new Map(packages.map((item) => [item.label, item]));
  for (const item of met.values()) {
    const needs = ["Requires-Pre", "Requires"].flatMap((field) => linesOf(item.stanza, field)).map(nameIn);
    for (const other of all)
      if (!met.has(other.label) && needs.some((name) => providesIn(other).has(name)))
        met.set(other.label, other);
  }
  return [...met.values()];
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

function providesIn({ stanza }: Made): ReadonlySet<string> {
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
