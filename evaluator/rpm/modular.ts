// Modules: which packages do not exist, because of the streams that are enabled and those that are not.
// Knows dnf's rule; does not know which streams anybody enables.

import type { Words } from "../words.ts";
import type { Described } from "./package.ts";

/**
 * Whether a package is hidden: it belongs to streams that are all disabled, or to none while it is called like a package
 * of an enabled one, or provides such a name (libdnf's `dnf_sack_filter_modules_v2`, which reads `NAME-E:V-R.ARCH` of any
 * repository). Packages of a stream count by what its module says, whether or not they are listed.
 *
 * @param enabled streams, `name:stream`
 * @param modules of all repositories
 */
export function modularFilter(
  enabled: readonly string[],
  modules: readonly Words[],
): (described: Described) => boolean {
  const isEnabled = new Set(enabled);
  const all = modules.flatMap((words) =>
    [...words.keys()].map((stream) => ({ stream, artifacts: words.get(stream) ?? [] })),
  );
  const artifactsOf = (which: boolean) =>
    new Set(all.flatMap(({ stream, artifacts }) => (isEnabled.has(stream) === which ? artifacts : [])));
  const [included, others] = [artifactsOf(true), artifactsOf(false)];
  const names = new Set([...included].flatMap((artifact) => nameOf.exec(artifact)?.[1] ?? []));
  return (described) => {
    const artifact = included.size + others.size > 0 ? artifactOf(described) : "";
    if (included.has(artifact) || described.streams.some((stream) => isEnabled.has(stream))) return false;
    if (others.has(artifact) || described.streams.length > 0) return true;
    return names.size > 0 && described.provides.some(({ name }) => names.has(name));
  };
}

const nameOf = /^(.+)-(?:\d+:)?[^-]+-[^-]+\.[^.-]+$/;

function artifactOf({ name, evr, architecture }: Described): string {
  return `${name}-${evr.epoch || "0"}:${evr.version}-${evr.release ?? ""}.${architecture}`;
}
