// Requests: what a person or a manifest asks to have, as text.
// Knows the forms of dnf's command line; does not know how a choice is made.

import { Fault } from "../../store/model/fault.ts";
import type { Asker, Members } from "../resolution.ts";
import { compareText } from "../text.ts";
import { isNamedBy, type Package } from "./package.ts";
import { isRich, parseRelation, type Rich, type Simple } from "./relation.ts";
import type { Universe } from "./universe.ts";
import { parseEvr } from "./version.ts";

/** One thing to have, and why. */
export interface Request {
  readonly by: Asker;
  readonly text: string;
  readonly relation: Simple;
  /** Whether it stands for a package of no list: what a build needs, as one. */
  readonly outside?: true;
  /** All of the text, where the relation is wanted beside something else only: `(name if other)`, of a group. */
  readonly conditional?: Rich;
}

/**
 * Packages any of which would answer a request, where it has a condition as far as that holds; in the universe's order,
 * none where nothing does.
 */
export interface Answers {
  readonly request: Request;
  readonly packages: readonly Package[];
}

/**
 * `name`, `name.arch`, `name-version`, `name-version-release`, `name-version-release.arch`, `name >= 1`, a capability or
 * an absolute path.
 *
 * @throws {Fault} `unresolved/malformed-request`
 */
export function parseRequest(text: string, by: Request["by"] = "request"): Request {
  const malformed = (hint: string) =>
    new Fault("unresolved/malformed-request", `not a package request: ${JSON.stringify(text)}`, { hint });
  const trimmed = text.trim();
  if (trimmed.startsWith("@")) throw malformed("name the group's packages: groups stand under `groups`");
  try {
    const relation = parseRelation(trimmed);
    if (!isRich(relation)) return { by, text: trimmed, relation };
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
  }
  throw malformed("write name, name.architecture, name-version-release, name >= version, or a path");
}

/** Files that are asked for by their paths. */
export function pathsAmong(requests: readonly string[]): string[] {
  return requests.map((text) => text.trim()).filter((text) => text.startsWith("/"));
}

/** Requests and the base as one list, sorted by text, one of each; then groups' members, as dnf asks for them. */
export function gatherRequests(
  requests: readonly string[],
  base: readonly string[],
  members: Members = {},
): Request[] {
  const asked = [
    ...requests.map((text) => parseRequest(text)),
    ...base.map((text) => parseRequest(text, "base")),
  ];
  const grouped = Object.entries(members).flatMap(([group, texts]) =>
    texts.map((text) => memberRequest(text, group)),
  );
  const seen = new Set<string>();
  return [asked, grouped]
    .flatMap((all) => all.sort((a, b) => compareText(a.text, b.text) || compareText(b.by, a.by)))
    .filter(({ by, text }) => !seen.has(`${by} ${text}`) && seen.add(`${by} ${text}`));
}

function memberRequest(text: string, group: string): Request {
  const by = `group ${group}` as const;
  const relation = text.startsWith("(") ? parseRelation(text) : { name: text };
  if (!isRich(relation)) return { by, text, relation };
  if (relation.kind === "if" && !isRich(relation.wanted))
    return { by, text, relation: relation.wanted, conditional: relation };
  throw new Fault("unresolved/malformed-request", `no package of a group: ${JSON.stringify(text)}`);
}

/**
 * What dnf would take a request for: the first of its readings that finds something (`Query::filterSubject`). A plain
 * name also asks for what obsoletes it. A group's member is a name.
 */
export function answersTo(universe: Universe, request: Request): Answers {
  const { relation, conditional, by } = request;
  if (conditional !== undefined) return { request, packages: universe.providers(relation) };
  if (by.startsWith("group "))
    return { request, packages: withObsoleting(universe, universe.named(relation.name)) };
  const packages =
    relation.operator === undefined
      ? [...readings(universe, relation.name)].find((found) => found.length > 0)
      : universe.providers(relation);
  return { request, packages: packages ?? [] };
}

/** dnf's order: name-epoch:version-release.arch, name.arch, name, name-epoch:version-release, name-epoch:version. */
function* readings(universe: Universe, text: string): Generator<readonly Package[]> {
  const [rest, architecture] = cutLast(text, ".");
  const ofArchitecture = (pkg: Package) => pkg.architecture === architecture;
  if (rest !== undefined) {
    yield versioned(universe, rest, true).filter(ofArchitecture);
    yield universe.named(rest).filter(ofArchitecture);
  }
  yield withObsoleting(universe, universe.named(text));
  yield versioned(universe, text, true);
  yield versioned(universe, text, false);
  yield universe.providers({ name: text });
}

/** Packages by name, version and perhaps release, as these are written: an epoch counts only where one is named. */
function versioned(universe: Universe, text: string, hasRelease: boolean): Package[] {
  const [front, release] = hasRelease ? cutLast(text, "-") : [text, undefined];
  const [name, version] = cutLast(front ?? "", "-");
  if (name === undefined || version === undefined || (hasRelease && release === undefined)) return [];
  const wanted = parseEvr(version);
  return universe
    .named(name)
    .filter(
      ({ evr }) =>
        evr.version === wanted.version &&
        (!hasRelease || evr.release === release) &&
        (wanted.epoch === "" || Number(wanted.epoch) === Number(evr.epoch)),
    );
}

function withObsoleting(universe: Universe, packages: readonly Package[]): readonly Package[] {
  const [first] = packages;
  if (first === undefined) return [];
  const obsoleting = universe
    .obsoleting(first.name)
    .filter(({ obsoletes }) =>
      obsoletes.some(({ relation }) => packages.some((pkg) => isNamedBy(pkg, relation))),
    );
  return [...new Set([...packages, ...obsoleting])].sort(universe.compare);
}

function cutLast(
  text: string,
  separator: string,
): readonly [front: string | undefined, back: string | undefined] {
  const at = text.lastIndexOf(separator);
  return at <= 0 ? [undefined, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
