// Sources that are built together: who is built with whose packages, though no manifest says so.
// Pure. Knows what sources ask for and packages provide; does not know how anything is planned.

import { type Kept, type Lost, lost } from "../../evaluator/refusals.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import type { Made, MadeSet } from "../distro/package.ts";
import { declaredBy, giversIn, type Language } from "./language.ts";
import { mainOf } from "./main.ts";

/** A member, or a debianised tree. */
export interface Member {
  readonly file: string;
  readonly name: string;
  /** Where its manifest says so. */
  readonly place: Place;
  /** What its packages are called and provide as its text says, before they are built; undefined while that is open. */
  readonly declares: readonly string[] | undefined;
  /** Whether its text cannot be had. */
  readonly isLost: boolean;
  /** What its text asks to be built with, for it; undefined while that is open. */
  readonly asks: () => Asked | undefined;
  /** Whether they provide nothing else. */
  readonly isWhole: boolean;
  /** Files of those of the others that its manifest names. */
  readonly names: readonly string[];
  /** Packages that it is built with anyway. */
  readonly beside: readonly Made[];
  /** Which of these requirements the distribution meets by itself; undefined while that is open. */
  readonly metOf: (requires: readonly string[]) => ReadonlySet<string> | undefined;
  /** Its packages; undefined while something is open, or it waits. */
  readonly plan: (localsFor: LocalsFor) => readonly Made[] | undefined | Lost;
}

export interface Asked {
  readonly texts: readonly string[];
  /**
   * Where building it turns out to ask for more: all that it asks for, told by asking it with these in its root, and again
   * with what it asked for then, while it `goesOn`. Undefined while something is open, or it waits.
   */
  readonly more?: (localsFor: LocalsFor, goesOn: GoesOn) => readonly string[] | undefined | Lost;
}

/** Whether there is more to learn with these in the root; undefined while that is open. */
export type GoesOn = (fresh: readonly string[]) => boolean | undefined;

/** What a member says of itself, whoever names it. */
export interface OpenedSource
  extends Omit<Member, "file" | "name" | "place" | "isLost" | "names" | "beside" | "plan"> {
  readonly plan: (localsFor: LocalsFor) => readonly Made[] | undefined;
}

/** What somebody who asks for this is built with of what kit makes; undefined while they wait for one of the others. */
export type LocalsFor = (requires: readonly string[]) => MadeSet | undefined;

/** What comes of members, by their files. */
export interface Together {
  /** Undefined while something is open. */
  readonly planned: ReadonlyMap<string, readonly Made[] | undefined>;
  /** Those for whom somebody is missing, whatever is done. */
  readonly refused: ReadonlyMap<string, Fault>;
  /** Those who are built with one that is lost or refused, and with whom. */
  readonly blocked: ReadonlyMap<string, Kept>;
}

/**
 * Whom one names by what another one's text says it provides is built after that one, and with it, whatever the
 * distribution has. What no text says (`pkgconfig(bar)`, `/usr/bin/bar`) and the distribution does not have is looked
 * for in what the others turn out to provide: first when all that can be built without it are built, then when those
 * are that this lets be built, and so on; so it does not depend on who is ready first. What these packages need to be
 * installed is looked for alike. Where only some are `wanted`, by their files, of the others those are planned that they
 * are built with; where somebody found nobody, all whose texts do not say it all, since any of them could be who turns out
 * to provide it.
 *
 * Refused are `manifest/cycle` and `unresolved/nobody-provides`; where one is lost, who found nobody waits for that one:
 * it could be who provides it.
 */
export function planTogether(
  members: readonly Member[],
  language: Language,
  wanted: readonly string[] = members.map(({ file }) => file),
): Together {
  const known = new Map<string, readonly Made[] | undefined>();
  const nobody: Together = { planned: known, refused: new Map(), blocked: new Map() };
  const open = () => ({ ...nobody, planned: new Map(members.map(({ file }) => [file, known.get(file)])) });
  if (members.some(({ declares }) => declares === undefined)) {
    // They are asked all the same, so that what they want to know is known the next time.
    for (const member of members) member.plan(() => undefined);
    return open();
  }
  const active = new Set(members.filter(({ file }) => wanted.includes(file)));
  const lostOnes = new Set(members.filter(({ isLost }) => isLost));
  // In each round what the packages of the rounds before provide is known to those who found nobody else.
  for (let [found, isLast]: [readonly Made[], boolean] = [[], false]; ; ) {
    const waits = settleRound({ members, active, language, known, lostOnes, found, isLast });
    if ([...known.values()].includes(undefined)) return open();
    if (waits.length === 0) return nobody;
    const all = [...known.values()].flatMap((packages) => packages ?? []);
    const isNew = all.length > found.length;
    if (!isNew && isLast) return { ...nobody, ...stuck(waits, lostOnes, members) };
    // A package that nobody can install is no reason to wait: it need not be chosen.
    isLast = !isNew;
    found = all;
  }
}

/** One that cannot be built yet: others it is to be built with, and what it found nobody for. */
interface Wait {
  readonly member: Member;
  readonly others: ReadonlySet<Member>;
  readonly unmet: ReadonlySet<string>;
  /** What packages that it is built with need, and nobody was found for. */
  readonly lacking: ReadonlySet<string>;
}

interface Round {
  readonly members: readonly Member[];
  /** Those that are planned. */
  readonly active: Set<Member>;
  readonly language: Language;
  readonly known: Map<string, readonly Made[] | undefined>;
  /** Those that cannot be planned. */
  readonly lostOnes: Set<Member>;
  readonly found: readonly Made[];
  /** Whether nothing more will be known. */
  readonly isLast: boolean;
}

/** Plans whom nothing keeps, and whom they kept, until there is nobody left. */
function settleRound(round: Round): readonly Wait[] {
  const { members, active, known, lostOnes, isLast } = round;
  for (;;) {
    const waits: Wait[] = [];
    let isNew = false;
    for (const member of members) {
      if (!active.has(member) || known.has(member.file) || lostOnes.has(member)) continue;
      const wait = {
        member,
        others: new Set<Member>(),
        unmet: new Set<string>(),
        lacking: new Set<string>(),
      };
      const isKept = () => wait.others.size > 0 || wait.unmet.size > 0 || (wait.lacking.size > 0 && !isLast);
      const packages = member.plan((requires) => {
        const locals = localsOf(requires, { ...round, ...wait });
        return isKept() ? undefined : locals;
      });
      if (packages !== lost && isKept()) {
        waits.push(wait);
        continue;
      }
      if (packages === lost) lostOnes.add(member);
      else known.set(member.file, packages);
      isNew = true;
    }
    const before = active.size;
    for (const member of neededBy(waits, members)) active.add(member);
    if (!isNew && active.size === before) return waits;
  }
}

function neededBy(waits: readonly Wait[], members: readonly Member[]): readonly Member[] {
  const isAnybodys = waits.some(({ unmet, lacking }) => unmet.size + lacking.size > 0);
  const surprising = isAnybodys ? members.filter(({ isWhole }) => !isWhole) : [];
  return [...surprising, ...waits.flatMap(({ others }) => [...others])];
}

interface Search extends Round {
  readonly member: Member;
  readonly others: Set<Member>;
  readonly unmet: Set<string>;
  readonly lacking: Set<string>;
}

/** The packages that requirements mean, and those that these need, and so on; undefined while something is open. */
function localsOf(requires: readonly string[], search: Search): MadeSet | undefined {
  const { member, members, language, unmet, lacking } = search;
  const named = members.filter(({ file }) => member.names.includes(file));
  const main = named.flatMap((one) => mainOf(one.name, packagesOf(one, search) ?? []));
  const packages = new Set([...member.beside, ...main]);
  const seen = new Set(requires);
  let isOpen = named.some((one) => packagesOf(one, search) === undefined);
  const take = (texts: readonly string[], without: Set<string>): string[] => {
    const providers = providersOf(texts, packages, without, search);
    isOpen ||= providers === undefined;
    for (const item of providers ?? []) packages.add(item);
    const needs = [...packages].flatMap(({ stanza }) => language.needsOf(stanza));
    const fresh = [...new Set(needs)].filter((text) => !seen.has(text));
    for (const text of fresh) seen.add(text);
    return fresh;
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
  const { member, members, language, found } = search;
  const rest = members.filter((one) => one !== member);
  const [isOwn, isTaken] = [declaredBy(member, language), giversIn([...packages], language)];
  const left = texts.filter((text) => !isOwn(text) && isTaken(text).length === 0);
  const better = left.map((text) => metBefore(text, rest, search));
  const open = left.filter((_, i) => better[i] !== true);
  if (better.includes(undefined)) return undefined;
  const declaring = rest.filter((one) => open.some(declaredBy(one, language)));
  const declared = declaring.map((one) => packagesOf(one, search));
  const given = declared.flatMap((items) => open.flatMap(giversIn(items ?? [], language)));
  // Whoever is built with nobody who could surprise is told what is missing when its root is resolved.
  if (rest.every(({ isWhole }) => isWhole)) return declared.includes(undefined) ? undefined : given;
  const others = undeclared(open, rest, language);
  const compound = open.filter((text) => !language.isSimple(text));
  const parts = undeclared(compound.flatMap(language.partsOf), rest, language);
  const asked = [...new Set([...others, ...parts])];
  const met = asked.length === 0 ? new Set<string>() : member.metOf(asked);
  const turnedOut = giversIn(found, language);
  const isGiven = (text: string) => turnedOut(text).length > 0;
  const isThere = (part: string) => !parts.includes(part) || met?.has(part) === true;
  for (const text of met === undefined ? [] : others.filter((one) => !met.has(one))) {
    if (!isGiven(text)) without.add(text);
    given.push(...turnedOut(text));
  }
  for (const text of met === undefined ? [] : compound) {
    if (language.holdsWith(text, isThere)) continue;
    if (!language.holdsWith(text, (part) => isThere(part) || isGiven(part))) without.add(text);
    given.push(...language.partsOf(text).flatMap((part) => (isThere(part) ? [] : turnedOut(part))));
  }
  return met === undefined || declared.includes(undefined) ? undefined : given;
}

/** What no text of these declares, each of one thing alone. */
export function undeclared(
  texts: readonly string[],
  members: readonly Member[],
  language: Language,
): string[] {
  const declaring = members.map((one) => declaredBy(one, language));
  return texts.filter((text) => language.isSimple(text) && !declaring.some((isDeclared) => isDeclared(text)));
}

/** Whether the distribution has one of what is written before that which one of the others declares; undefined while open. */
export function metBefore(
  text: string,
  rest: readonly Member[],
  { member, language }: { readonly member: Member; readonly language: Language },
): boolean | undefined {
  const all = language.alternatives(text);
  const first = all.findIndex((one) => rest.some((other) => declaredBy(other, language)(one)));
  // Whether a version is there is found out when the root is resolved.
  const before = all.slice(0, Math.max(0, first)).filter(language.isOfAnyVersion);
  if (before.length === 0) return false;
  const met = member.metOf(before);
  return met && met.size > 0;
}

/** Its packages; undefined while they are open, and where it is not planned, whoever asks waits for it. */
function packagesOf(one: Member, { known, others }: Search): readonly Made[] | undefined {
  if (!known.has(one.file)) others.add(one);
  return known.get(one.file);
}

/** Nobody who is left can go on: for lack of somebody, or since others cannot, or in a circle. */
function stuck(
  waits: readonly Wait[],
  lostOnes: ReadonlySet<Member>,
  members: readonly Member[],
): Pick<Together, "refused" | "blocked"> {
  const refused = new Map<string, Fault>();
  const blocked = new Map<string, Kept>();
  const gone = new Set(lostOnes);
  const refuse = (those: readonly Member[], fault: Fault) => {
    for (const member of those) {
      refused.set(member.file, fault);
      gone.add(member);
    }
  };
  const lacking = waits.filter(({ unmet }) => unmet.size > 0);
  if (lostOnes.size === 0 && lacking.length > 0)
    refuse(
      lacking.map(({ member }) => member),
      nobodyProvides(lacking, waits, members),
    );
  for (;;) {
    const rest = waits.filter(({ member }) => !gone.has(member));
    if (rest.length === 0) return { refused, blocked };
    const held = rest.flatMap((wait) => {
      const by = wait.unmet.size > 0 ? [...lostOnes] : [...wait.others].filter((other) => gone.has(other));
      const kept = { by: by.map(({ file }) => file), lacking: [...wait.unmet] };
      return by.length > 0 ? [[wait.member, kept] as const] : [];
    });
    for (const [member, kept] of held) {
      blocked.set(member.file, kept);
      gone.add(member);
    }
    if (held.length > 0) continue;
    const way = circleIn(rest);
    refuse(way, circle(way, rest));
  }
}

function nobodyProvides(lacking: readonly Wait[], waits: readonly Wait[], members: readonly Member[]): Fault {
  const needs = new Map<string, string[]>();
  for (const { member, unmet } of lacking)
    for (const text of unmet) needs.set(text, [...(needs.get(text) ?? []), member.name]);
  const details = [...needs].map(([text, names]) => `${text} is needed to build ${names.join(", ")}`);
  const behind = waits.filter(({ unmet }) => unmet.size === 0).map(({ member }) => member.name);
  const [first, ...others] = lacking.map(({ member }) => member);
  return new Fault("unresolved/nobody-provides", `nobody provides ${[...needs.keys()].join(", ")}`, {
    ...(first && { place: first.place }),
    related: others.map(({ name, place }) => ({ place, message: name })),
    details: [...details, ...(behind.length > 0 ? [`held up by that: ${behind.join(", ")}`] : [])],
    hint: `neither the distribution has it, nor one of the ${members.length} packages that are built together`,
  });
}

/** Everybody who is left waits for one who does. */
function circleIn(waits: readonly Wait[]): readonly Member[] {
  const waitOf = new Map(waits.map((wait) => [wait.member, wait]));
  const way: Member[] = [];
  let at = waits[0]?.member;
  while (at !== undefined && !way.includes(at)) {
    way.push(at);
    at = [...(waitOf.get(at)?.others ?? [])].find((other) => waitOf.has(other));
  }
  return way.slice(at === undefined ? 0 : way.indexOf(at));
}

function circle(way: readonly Member[], waits: readonly Wait[]): Fault {
  const [first, ...rest] = way;
  const names = [...way, ...(first ? [first] : [])].map(({ name }) => name);
  return new Fault("manifest/cycle", `these are built with each other in a circle: ${names.join(" → ")}`, {
    ...(first && { place: first.place }),
    related: rest.map(({ name, place }) => ({ place, message: name })),
    details: waits.map(
      ({ member, others }) =>
        `${member.name} is built with ${[...others].map(({ name }) => name).join(", ")}`,
    ),
    hint: "one of them has to come from elsewhere: build it without the other, or take one that is built already, by deb-prebuilt or rpm-prebuilt",
  });
}
