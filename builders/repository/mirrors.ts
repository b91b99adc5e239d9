// Mirrors: in which places to look for an archive's files, nearest first.
// Knows KIT_MIRRORS and apt's source lists as texts; does not know whether a place answers, or has the truth.

import { Fault } from "../../store/model/fault.ts";

/** Everything that may name a mirror. */
export interface MirrorSources {
  /** The value of `KIT_MIRRORS`. */
  readonly environment?: string | undefined;
  /** The configuration file's list; each item is written like one of `KIT_MIRRORS`. */
  readonly configured?: readonly string[] | undefined;
  /** The host's apt sources: `sources.list`, `sources.list.d/*.list` and `*.sources`. */
  readonly host?: readonly AptSourceFile[] | undefined;
}

export interface AptSourceFile {
  /** Its ending tells the format: `.list` one source a line, `.sources` deb822. Others are passed over, as by apt. */
  readonly path: string;
  readonly text: string;
}

/**
 * The places to look for what `repositoryUri` names, in order, without a trailing slash, each once: `KIT_MIRRORS`,
 * the configuration's, the host's own apt sources, the repository's own URI. Only http and https places count.
 *
 * `KIT_MIRRORS` and the configuration hold mirrors, separated there by commas or white space, each one of
 * - `URI`: a mirror of every archive whose URI ends in the same path segment
 *   (`http://mirror.example.org/debian` for `https://ftp.example.org/debian`);
 * - `PREFIX=URI`: URIs that begin with PREFIX, up to a slash or whole, begin with URI instead
 *   (`https://ftp.example.org=http://cache.example.org/ftp`).
 *
 * A host's apt source is a mirror in the first sense, whichever its suites, if it is for binary packages and, where
 * `components` are given, shares one with them: `debian` is also what the last segment of some vendors' archives is.
 * Whether a mirror is honest is left to signatures and digests.
 *
 * @throws {Fault} `usage/bad-mirror`
 */
export function mirrorsFor(
  repositoryUri: string,
  sources: MirrorSources,
  components?: readonly string[],
): readonly string[] {
  const own = trim(repositoryUri);
  const environment = (sources.environment ?? "").split(/[\s,]+/).filter((item) => item !== "");
  const named = [
    ...environment.map((item) => parseMirror(item, "KIT_MIRRORS")),
    ...(sources.configured ?? []).map((item) => parseMirror(item, "the configuration's mirrors")),
  ];
  const host = (sources.host ?? [])
    .flatMap(aptSources)
    .filter((source) => shares(source.components, components));
  const places = [
    ...named.map((mirror) =>
      mirror.prefix === undefined ? sameArchive(mirror.uri, own) : replacePrefix(mirror, own),
    ),
    ...host.map((source) => sameArchive(source.uri, own)),
    own,
  ];
  return [...new Set(places.filter((place) => place !== undefined))];
}

/** A source of binary packages in apt's lists. */
export interface AptSource {
  readonly uri: string;
  readonly components: readonly string[];
}

/** The http and https sources of binary packages in one of apt's files (sources.list(5)), in its order. */
export function aptSources(file: AptSourceFile): readonly AptSource[] {
  const text = file.text.replaceAll("\r\n", "\n");
  const found = file.path.endsWith(".sources")
    ? deb822Sources(text)
    : file.path.endsWith(".list")
      ? lineSources(text)
      : [];
  // `$(ARCH)` and the like are for apt to fill in.
  return found
    .filter(({ uri }) => isPlace(uri) && !uri.includes("$("))
    .map((source) => ({ ...source, uri: trim(source.uri) }));
}

interface Mirror {
  readonly prefix: string | undefined;
  readonly uri: string;
}

function parseMirror(item: string, where: string): Mirror {
  const [, prefix, uri = item] = /^(.*?)=(https?:\/\/.*)$/.exec(item) ?? [];
  if (!isPlace(uri) || (prefix !== undefined && !isPlace(prefix))) {
    throw new Fault("usage/bad-mirror", `${where}: not a mirror: ${JSON.stringify(item)}`, {
      hint: "write an http or https URI such as http://mirror.example.org/debian, or PREFIX=URI",
    });
  }
  return { prefix: prefix === undefined ? undefined : trim(prefix), uri: trim(uri) };
}

function sameArchive(mirror: string, own: string): string | undefined {
  const name = archiveName(own);
  return name !== undefined && archiveName(mirror) === name ? mirror : undefined;
}

function archiveName(uri: string): string | undefined {
  if (!URL.canParse(uri)) return undefined;
  const name = new URL(uri).pathname.split("/").findLast((segment) => segment !== "");
  return name?.toLowerCase();
}

function replacePrefix({ prefix = "", uri }: Mirror, own: string): string | undefined {
  return own === prefix || own.startsWith(`${prefix}/`) ? uri + own.slice(prefix.length) : undefined;
}

function shares(some: readonly string[], others: readonly string[] | undefined): boolean {
  return others === undefined || others.some((component) => some.includes(component));
}

function isPlace(uri: string): boolean {
  return /^https?:\/\//i.test(uri) && URL.canParse(uri);
}

function trim(uri: string): string {
  return uri.replace(/\/+$/, "");
}

// `deb [option=value …] URI SUITE COMPONENT…`, with comments from `#` on.
function lineSources(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s*)?([^\s#]+)\s+[^\s#]+([^#]*)/.exec(line);
    return match ? [{ uri: match[1] ?? "", components: words(match[2]) }] : [];
  });
}

function deb822Sources(text: string): AptSource[] {
  return stanzas(text).flatMap((fields) => {
    if (/^(no|false|without|off|disable|0)$/i.test(fields.get("enabled") ?? "")) return [];
    if (!words(fields.get("types")).includes("deb")) return [];
    return words(fields.get("uris")).map((uri) => ({ uri, components: words(fields.get("components")) }));
  });
}

function stanzas(text: string): Map<string, string>[] {
  const found: Map<string, string>[] = [];
  for (const paragraph of text.replace(/^#.*\n?/gm, "").split(/\n[ \t]*\n/)) {
    const unfolded = paragraph.replace(/\n[ \t]+/g, " ");
    const fields = new Map(
      [...unfolded.matchAll(/^([^\s:]+):(.*)$/gm)].map(([, name = "", value = ""]) => [
        name.toLowerCase(),
        value.trim(),
      ]),
    );
    if (fields.size > 0) found.push(fields);
  }
  return found;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}
