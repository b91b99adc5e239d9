// Where things are in a report: pages, and what they show of one thing.
// Knows addresses; does not know what is at them.

/** Names stand behind the `#`, which no server and no file system looks at. */
export function packageHref(name: string): string {
  return `package.html#${quoted(name)}`;
}

export function sourceHref(name: string): string {
  return `source.html#${quoted(name)}`;
}

export function workloadHref(name: string): string {
  return `workload.html#${quoted(name)}`;
}

export function graphHref(architecture: string, name: string): string {
  return `graph.html#${quoted(architecture)}/${quoted(name)}`;
}

/** A list with filters set: `packages.html#level=1`. */
export function listHref(page: string, filters: Readonly<Record<string, string>>): string {
  return page + hashOf(new Map(Object.entries(filters)));
}

export function hashOf(filters: ReadonlyMap<string, string>): string {
  return `#${[...filters].map(([key, value]) => `${key}=${quoted(value)}`).join("&")}`;
}

/** What a `#…` says, taken apart at slashes; what is not encoded properly is taken as it is. */
export function hashParts(hash: string): string[] {
  return hash.replace(/^#/, "").split("/").map(unquoted);
}

export function hashFilters(hash: string): Map<string, string> {
  const pairs = hash.replace(/^#/, "").split("&");
  return new Map(
    pairs
      .filter((pair) => pair.includes("="))
      .map((pair) => [pair.slice(0, pair.indexOf("=")), unquoted(pair.slice(pair.indexOf("=") + 1))]),
  );
}

/** A file's name from a text of the view's: it has no slash, and begins with what the caller puts before it. */
export function fileWord(text: string): string {
  return quoted(text);
}

/** The address of a file whose name may have a `%`. */
export function fileHref(path: string): string {
  return path.replaceAll("%", "%25");
}

function quoted(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function unquoted(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
