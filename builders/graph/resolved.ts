// What a plan knows of packages, as a dependency graph takes it: those the lock has chosen, and those kit makes.
// Pure. Knows closures and the packages of manifests; does not look into any store.

import { nameIn } from "../../evaluator/chain.ts";
import { fieldOf } from "../../evaluator/deb/stanza.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import { debFormat, stanzaProvisions } from "../../evaluator/graph/deb.ts";
import {
  type DescribedGoal,
  type LocalSource,
  type Pool,
  packageKey,
  type RemotePackage,
  type Requirement,
} from "../../evaluator/graph/described.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import type { Closure } from "../../evaluator/question.ts";
import { type ChosenPackage, isAsker } from "../../evaluator/resolution.ts";
import { type Derivation, type Input, type Request, requestDigest } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { distroNamed } from "../distro/named.ts";
import { architecturesOf, openImage } from "../image/plan.ts";
import { resolveRoots } from "../image/root.ts";
import { pinnedRequest } from "../lock/pinned.ts";
import { type LocalPackage, planPackages } from "../package/plan.ts";
import { resolveRequest } from "../realizer/resolve.ts";
import { targetsOf } from "../realizer/targets.ts";
import { assembled } from "../tools/plan.ts";
import { localSource, packageGoals } from "./asked.ts";
import { requireDrawn, undrawn } from "./kind.ts";

/** What one manifest comes to for one architecture. */
export interface Scope {
  readonly kind: "image" | "package";
  readonly name: string;
  readonly file: string;
  readonly target: Target;
  /** Those of manifests, also where only another of them needs them. */
  readonly packages: readonly LocalPackage[];
  /** What the lock has chosen; absent for a package, whose lock does not answer what it runs with. */
  readonly closure?: Closure;
}

/**
 * One for each architecture; none while a question is open.
 *
 * @throws {Fault} `usage/not-realizable`, `manifest/unsupported-format`
 */
export function scopesOf(planning: Planning): Scope[] {
  const { assembly, host } = planning.world;
  const root = assembled(assembly, assembly.root);
  const own = { file: root.file, name: root.name };
  switch (root.kind.name) {
    case "image":
      return architecturesOf(planning, root.file).flatMap((architecture): Scope[] => {
        const { manifest, wanted, packageFiles, target, ...image } = openImage(
          planning,
          root.file,
          architecture,
        );
        const distro = requireDrawn(image.distro);
        const packages = planPackages(planning, packageFiles, target);
        const roots = packages && resolveRoots(planning, { manifest, distro, target, wanted, packages });
        return roots
          ? [{ kind: "image", ...own, name: manifest.name, target, packages, closure: roots.joint }]
          : [];
      });
    case "package":
      return targetsOf(assembly, planning.wish, host).flatMap((target): Scope[] => {
        requireDrawn(distroNamed(target.distro, target.arch, assembly).manifest);
        const packages = planPackages(planning, [root.file], target);
        return packages ? [{ kind: "package", ...own, target, packages }] : [];
      });
    default:
      throw undrawn(root.kind.name);
  }
}

/** What builds the packages of manifests, without what is taken as it is. */
export function buildsIn(scopes: readonly Scope[]): readonly Derivation[] {
  const all = scopes.flatMap(({ packages }) => packages.flatMap(({ archive }) => builtBy(archive) ?? []));
  return [...new Map(all.map((item) => [item.digest, item])).values()];
}

export interface States {
  readonly build: (derivation: Derivation) => Extract<LocalSource["made"], { how: "built" }>["state"];
  /** Whether the result of fetching a file is here. */
  readonly isFetched: (request: Digest) => boolean;
}

export function poolOf(scope: Scope, states: States): Pool {
  const { kind, name, file, target, closure } = scope;
  const wanted = reasonsIn(closure);
  const made = scope.packages.map((item) =>
    sourceOf(item, states, closure && wanted(item.stanza["Package"] ?? "")),
  );
  // What one source makes is one node's.
  const sources = [...Map.groupBy(made, ({ key }) => key).values()].flatMap(([first, ...others]) =>
    first ? [{ ...first, packages: [first, ...others].flatMap(({ packages }) => packages) }] : [],
  );
  const goals: DescribedGoal[] =
    kind === "package"
      ? packageGoals(file, sources)
      : [
          {
            kind,
            name,
            key: file,
            requires: wanted("request"),
            goals: [baseGoal(target.distro, wanted("base"))],
          },
        ];
  return {
    ...{ distro: target.distro, architecture: target.arch, format: debFormat, sources, goals },
    remotes: (closure?.packages ?? []).flatMap((item) =>
      item.origin === "local" ? [] : [remoteOf(item, states, wanted(nameIn(item, target.arch)))],
    ),
  };
}

function baseGoal(distro: string, requires: readonly Requirement[]): DescribedGoal {
  return { kind: "base", name: distro, key: distro, requires, goals: [] };
}

function sourceOf(
  { file, stanza, archive }: LocalPackage,
  states: States,
  requires: readonly Requirement[] | undefined,
): LocalSource {
  const build = builtBy(archive);
  const made: LocalSource["made"] =
    build === undefined
      ? { how: "prebuilt", ...takenFrom(archive, states) }
      : { how: "built", state: states.build(build), requires: [] };
  return localSource(file, stanza, made, requires === undefined ? undefined : [...requires]);
}

/** Undefined for a package that is taken as it is. One of several that a build made is taken out of what it made. */
function builtBy(archive: Input): Derivation | undefined {
  if (!("derivation" in archive) || archive.derivation.builder === "fetch") return undefined;
  const from = archive.derivation.builder === "copy" ? archive.derivation.inputs["file"] : undefined;
  return from === undefined ? archive.derivation : builtBy(from);
}

function takenFrom(archive: Input, { isFetched }: States) {
  if ("content" in archive) return { state: "UpToDate", digest: archive.content } as const;
  const { sha256 } = archive.derivation.parameters as { sha256?: string };
  return {
    state: isThere(resolveRequest(archive.derivation, new Map()), isFetched) ? "UpToDate" : "Unresolved",
    ...(sha256 !== undefined && { digest: `sha256:${sha256}` }),
  } as const;
}

function isThere(request: Request | undefined, isFetched: States["isFetched"]): boolean {
  return request !== undefined && isFetched(requestDigest(request));
}

function remoteOf(
  item: ChosenPackage,
  { isFetched }: States,
  requires: readonly Requirement[],
): RemotePackage {
  const { name, version, architecture, stanza, origin } = item;
  const request = pinnedRequest(stanza);
  const state = request !== undefined && isFetched(request) ? "Cached" : "Unresolved";
  const from = origin === "local" ? "local" : `${origin.repository} ${origin.suite}`;
  const sha256 = fieldOf(stanza, "SHA256");
  return {
    ...{ name, version, architecture, provides: stanzaProvisions(stanza), requires, state },
    // `Source: glibc (2.36-9)`
    source: /^\S+/.exec(fieldOf(stanza, "Source")?.trim() ?? "")?.[0] ?? name,
    ...(sha256 !== undefined && { digest: `sha256:${sha256}` }),
    note: state === "Cached" ? `from ${from}` : `chosen from ${from}, not fetched yet`,
  };
}

/** What each package of a closure wants there, by the name reasons call it; `request`, with groups, and `base` are among these. */
function reasonsIn(closure: Closure | undefined): (by: string) => readonly Requirement[] {
  const wanted = new Map<string, Requirement[]>();
  for (const item of closure?.packages ?? []) {
    for (const { by, relation } of item.reasons) {
      const requirement = { text: relation, answers: [packageKey(item)] };
      const who = isAsker(by) && by !== "base" ? "request" : by;
      const others = wanted.get(who);
      if (others === undefined) wanted.set(who, [requirement]);
      else others.push(requirement);
    }
  }
  return (by) => wanted.get(by) ?? [];
}
