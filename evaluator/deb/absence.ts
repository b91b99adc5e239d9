// Absences of debs: which of a package's versions apt's rules prefer, and why another is not taken.
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
import type { Package, Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import { parseRequest, standsForNative } from "./request.ts";
import { type Question, resolve } from "./resolve.ts";
import { splitPriority, type Universe } from "./universe.ts";
import { satisfies } from "./version.ts";

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
  const { relation } = parseRequest(wanted);
  const [native = ""] = universe.architectures;
  const { name, architecture: asked = native } = relation;
  const architecture = standsForNative(asked) ? native : asked;
  const key = nameIn({ name, architecture }, native);
  const there = taken.get(key);
  const pkg = universe.package(name, architecture);
  const versions = (pkg?.versions ?? []).map(listed);
  const known = { wanted, ...(there !== undefined && { taken: there }), versions, providers: [] };
  // It may come from an index that has moved on since.
  if (there !== undefined && fits(there, relation))
    return { ...known, reasons: [`${key} ${there} is taken`] };
  if (universe.isExcluded(name))
    return { ...known, reasons: [`${name} is excluded: as far as this goes it does not exist`] };
  if (!universe.architectures.includes(architecture))
    return { ...known, reasons: [`no package of ${architecture} takes part: this is of ${native}`] };
  const fitting = pkg === undefined ? [] : fittingOf(universe, pkg, wanted);
  if (pkg === undefined || versions.length === 0) {
    const providers = universe.satisfiers(relation, native).map((version) => version.name);
    const close = providers.length > 0 ? undefined : nearest(name, universe.names());
    const hint = close === undefined ? [] : [`did you mean ${close}?`];
    const reasons = [`there is no package ${key}`, ...hint];
    return { ...known, providers: [...new Set(providers)].sort(), reasons };
  }
  const [best] = fitting;
  if (best === undefined) return { ...known, reasons: [`no index has ${wanted}`] };
  const reasons =
    there === undefined
      ? [`nothing that is asked for needs ${key}`, ...rankReasons(best)]
      : [`${best.name} ${there} is taken`, ...whyPassedOver(universe, question, best)];
  return { ...known, reasons, attempt: attemptOf(attempt(wanted), taken, native) };
}

function fits(taken: string, { operator, version }: Relation): boolean {
  return operator === undefined || version === undefined || satisfies(taken, operator, version);
}

/** Versions that the request may mean, by what apt would take first. */
function fittingOf(universe: Universe, pkg: Package, wanted: string): readonly Version[] {
  const { operator, version, name } = parseRequest(wanted).relation;
  const plain = { name, ...(operator && version && { operator, version }) };
  const fits = new Set(universe.satisfiers(plain, pkg.architecture));
  const found = pkg.versions.filter((item) => item.name === name && fits.has(item));
  return found.toSorted(
    (a, b) => Number(b === pkg.candidate) - Number(a === pkg.candidate) || b.priority - a.priority,
  );
}

function whyPassedOver(universe: Universe, question: Question, best: Version): string[] {
  const ranked = rankReasons(best);
  if (ranked.length > 0) return ranked;
  const anew = resolve(universe, question);
  const isThis = ({ name, version }: { name: string; version: string }) =>
    name === best.name && version === best.version;
  return [passedOver(anew.ok && anew.packages.some(isThis))];
}

/** Why a version is not the candidate; none where it is. */
function rankReasons(version: Version): string[] {
  const { candidate } = version.package;
  if (version === candidate) return [];
  if (version.priority <= 0)
    return [`${version.version} is never taken: its priority is ${version.priority}`];
  if (candidate === undefined) return [];
  const isEarlier = splitPriority(candidate.priority).rank > splitPriority(version.priority).rank;
  return [precedence(listed(candidate), listed(version), isEarlier)];
}

function listed({ version, priority, origin }: Version): Listed {
  if (origin === "local") return { version, from: origin };
  return {
    version,
    priority: splitPriority(priority).priority,
    from: `${origin.repository} ${origin.suite}`,
  };
}
