// A distribution as questions and downloads know it.
// Pure: reads manifests' values; does not fetch.

import { parseRequest, standsForNative } from "../../evaluator/deb/request.ts";
import { isSearched, type Source } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import type { DebDistro, DistroManifest, RpmDistro } from "./schema.ts";

/** What a closure depends on: addresses left out. */
export function sourceOf(
  distro: DistroManifest,
  architecture: string,
  further: readonly string[] = [],
): Source {
  const foreign = [...new Set(further)].filter((name) => name !== architecture).sort();
  return {
    distro: distro.name,
    ...(distro.format === "rpm" && { format: distro.format }),
    architecture,
    ...(foreign.length > 0 && { foreign }),
    repositories: distro.format === "deb" ? debRepositories(distro) : rpmRepositories(distro),
    pins: distro.pins,
    ...(distro.search && { search: distro.search }),
  };
}

/**
 * Where packages that kit makes are taken before all others of their names, newer or not, as in a root that something is
 * built in; unless the distribution itself says in which order.
 */
export function withLocalsFirst(source: Source, locals: readonly unknown[]): Source {
  return locals.length === 0 ? source : { search: ["local", "repositories"], ...source };
}

function debRepositories({ repositories }: DebDistro): Source["repositories"] {
  return repositories.map(({ name, suites, components, priority, snapshot, exclude }) => ({
    name,
    suites,
    components,
    priority,
    ...(snapshot !== undefined && { snapshot }),
    ...excluding(exclude),
  }));
}

/** Those of packages that can be installed. */
function rpmRepositories({ repositories }: RpmDistro): Source["repositories"] {
  return repositories
    .filter(({ sources }) => !sources)
    .map(({ name, priority, exclude }) => ({
      name,
      suites: [],
      components: [],
      priority,
      ...excluding(exclude),
    }));
}

function excluding(patterns: readonly string[]): { exclude?: readonly string[] } {
  return patterns.length === 0 ? {} : { exclude: [...new Set(patterns)].sort() };
}

/** An architecture that is called as Debian does, by the name that the distribution has for it. */
export function nativeName(
  { architectures }: { readonly architectures: readonly string[] },
  debian: string,
): string {
  const other = nativeNames[debian];
  return !architectures.includes(debian) && other !== undefined && architectures.includes(other)
    ? other
    : debian;
}

/** What packages of specs are installed in. @throws {Fault} `manifest/unsupported-format` */
export function requireRpm(distro: DistroManifest): RpmDistro {
  if (distro.format === "rpm") return distro;
  throw new Fault(
    "manifest/unsupported-format",
    `${distro.name} has debs, and what is built of a spec is none`,
    {
      hint: "name a distribution of rpms, like mini-rpm",
    },
  );
}

/** rpm's name for an architecture that is called as Debian does. */
export function rpmName(debian: string): string {
  return nativeNames[debian] ?? debian;
}

/** The same the other way round. */
export function debianName(native: string): string {
  return Object.entries(nativeNames).find(([, name]) => name === native)?.[0] ?? native;
}

const nativeNames: Readonly<Record<string, string>> = {
  amd64: "x86_64",
  arm64: "aarch64",
  ppc64el: "ppc64le",
};

/**
 * What kit makes roots and packages of.
 *
 * @param place where that is asked for
 * @throws {Fault} `manifest/unsupported-format`
 */
export function requireDeb(distro: DistroManifest, place?: Place): DebDistro {
  if (distro.format === "deb") return distro;
  throw new Fault(
    "manifest/unsupported-format",
    `${distro.name} has rpm packages; a distribution of debs is expected`,
    {
      ...(place && { place }),
      hint: "for a distribution of rpms packages are built by rpm, or taken by rpm-prebuilt",
    },
  );
}

/**
 * Refuses packages of manifests where the distribution does not take any; `files` are those that name them.
 *
 * @throws {Fault} `manifest/left-out-tier`
 */
export function refuseLeftOut(distro: DistroManifest, files: readonly string[]): void {
  if (files.length === 0 || isSearched(withSearch(distro), "local")) return;
  throw new Fault("manifest/left-out-tier", `${distro.name} takes no packages that manifests make`, {
    details: files,
    hint: `add local to its search: [${["local", ...(distro.search ?? [])].join(", ")}]`,
  });
}

/** Whether files may be fetched from its repositories. */
export function isUpstream(distro: DistroManifest): boolean {
  return isSearched(withSearch(distro), "repositories");
}

function withSearch({ search }: DistroManifest): Pick<Source, "search"> {
  return search === undefined ? {} : { search };
}

/**
 * Architectures that requests name packages of: `libc6:arm64`.
 *
 * @throws {Fault} `unresolved/malformed-request`
 */
export function architecturesIn(requests: readonly string[]): string[] {
  return requests
    .flatMap((request) => parseRequest(request).relation.architecture ?? [])
    .filter((name) => !standsForNative(name));
}

/** Where a repository's archive is; a dated one lies below its date. @throws {Fault} `unresolved/bad-lock` */
export function archiveOf(distro: DebDistro, name: string): string {
  const repository = distro.repositories.find((repository) => repository.name === name);
  if (repository === undefined) {
    throw new Fault(
      "unresolved/bad-lock",
      `the lock takes a package from ${name}, which ${distro.name} has not`,
      {
        hint: "run `kit lock`, and commit the changed lock file",
      },
    );
  }
  const uri = repository.uri.replace(/\/+$/, "");
  return repository.snapshot === undefined ? uri : `${uri}/${repository.snapshot}`;
}

/** `NAME:ARCHITECTURE`, by which inputs are called. */
export function keyOf(item: Pick<ChosenPackage, "name" | "architecture">): string {
  return `${item.name}:${item.architecture}`;
}
