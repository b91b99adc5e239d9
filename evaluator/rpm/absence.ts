// Absences of rpms: which of a package's versions dnf's rules prefer, and why another is not taken.
// Knows what a universe prefers; does not know manifests or locks but for what they say here.

import {
  type Absence,
  attemptOf,
  type Listed,
  passedOver,
  precedence,
  type Taken,
  type Try,
} from "../absence.ts";
import { nameIn } from "../chain.ts";
import { nearest } from "../manifest/nearest.ts";
import type { Package } from "./package.ts";
import { answersTo, parseRequest } from "./request.ts";
import { type Question, resolve } from "./resolve.ts";
import { splitPriority, type Universe } from "./universe.ts";
import { compareEvr } from "./version.ts";

/**
 * @param attempt with what the lock has preferred
 * @throws {Fault} `unresolved/malformed-request`
 */
export function absenceOf(
  universe: Universe,
  question: Question,
  taken: Taken,
  wanted: string,
  attempt: Try,
): Absence {
  const request = parseRequest(wanted);
  const { name } = request.relation;
  const { native } = universe.architectures;
  const fitting = [...answersTo(universe, request).packages].sort(byPreference(universe));
  const provided = new Set(universe.providers(request.relation));
  // A request may name a version or an architecture without an operator: `name-1.2-3`, `name.i686`.
  const own = fitting.find((pkg) => pkg.name === name || !provided.has(pkg)) ?? universe.named(name).at(-1);
  const key = own === undefined ? name : nameIn(own, native);
  const there = taken.get(key);
  const versions = own === undefined ? [] : versionsOf(universe, own);
  const known = { wanted, ...(there !== undefined && { taken: there }), versions, providers: [] };
  const takenOnes = fitting.filter((pkg) => taken.get(nameIn(pkg, native)) === pkg.version);
  const isPlain = request.relation.operator === undefined && name === own?.name;
  if (there !== undefined && (isPlain || takenOnes.some((pkg) => pkg.name === own?.name)))
    return { ...known, reasons: [`${key} ${there} is taken`] };
  if (universe.isExcluded(name))
    return { ...known, reasons: [`${name} is excluded: as far as this goes it does not exist`] };
  if (own === undefined) {
    const providers = [...new Set(fitting.map((pkg) => pkg.name))].sort();
    const close = providers.length > 0 ? undefined : nearest(name, universe.names());
    const hint = close === undefined ? [] : [`did you mean ${close}?`];
    const met = takenOnes.map((pkg) => `${nameIn(pkg, native)} ${pkg.version} is taken, which provides it`);
    return { ...known, providers, reasons: [`there is no package ${name}`, ...hint, ...met] };
  }
  const [best] = fitting.filter((pkg) => pkg.name === own.name);
  if (best === undefined) return { ...known, reasons: [`no repository has ${wanted}`] };
  const reasons =
    there === undefined
      ? [`nothing that is asked for needs ${key}`, ...rankReasons(universe, best)]
      : [`${key} ${there} is taken`, ...whyPassedOver(universe, question, best)];
  return { ...known, reasons, attempt: attemptOf(attempt(wanted), taken, native) };
}

/** Of the package's own architecture. */
function versionsOf(universe: Universe, { name, architecture }: Package): Listed[] {
  const all = universe.named(name).filter((pkg) => pkg.architecture === architecture);
  return all.toSorted((a, b) => compareEvr(b.evr, a.evr) || a.priority - b.priority).map(listed);
}

/** What dnf takes first comes first: the best repository, the best architecture, the best version. */
function byPreference({ architectures }: Universe): (a: Package, b: Package) => number {
  const rank = ({ architecture }: Package) => architectures.rank(architecture) ?? 0;
  return (a, b) => a.priority - b.priority || rank(a) - rank(b) || compareEvr(b.evr, a.evr);
}

function whyPassedOver(universe: Universe, question: Question, best: Package): string[] {
  const ranked = rankReasons(universe, best);
  if (ranked.length > 0) return ranked;
  const anew = resolve(universe, question);
  const isThis = ({ name, version }: { name: string; version: string }) =>
    name === best.name && version === best.version;
  return [passedOver(anew.ok && anew.packages.some(isThis))];
}

/** The package that comes first of its name and architecture. */
export function preferredOf(universe: Universe, name: string, architecture: string): Package | undefined {
  const [best] = universe
    .named(name)
    .filter((pkg) => pkg.architecture === architecture)
    .sort(byPreference(universe));
  return best;
}

/** Why another version comes before this one; none where it is the first of its name and architecture. */
function rankReasons(universe: Universe, pkg: Package): string[] {
  const best = preferredOf(universe, pkg.name, pkg.architecture);
  if (best === undefined || best.version === pkg.version) return [];
  const isEarlier = splitPriority(best.priority).rank > splitPriority(pkg.priority).rank;
  return [precedence(listed(best), listed(pkg), isEarlier)];
}

function listed({ version, priority, origin }: Package): Listed {
  if (origin === "local") return { version, from: origin };
  return { version, priority: splitPriority(priority).priority, from: origin.repository };
}
