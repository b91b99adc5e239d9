// Globs of package names.
// Knows `*`, `?` and `[…]`; does not know packages.

/** Whether a name is meant by one of several patterns. */
export function globsMatcher(globs: readonly string[]): (name: string) => boolean {
  const matchers = globs.map(globMatcher);
  return (name) => matchers.some((matches) => matches(name));
}

/** Whether a name is meant by a pattern; one without a wildcard means itself. */
export function globMatcher(glob: string): (name: string) => boolean {
  if (!/[*?[]/.test(glob)) return (name) => name === glob;
  const pattern = glob.replace(/\[!?[^\]\\]+\]|[^A-Za-z0-9]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    return part.length > 1 ? part.replace("[!", "[^") : `\\${part}`;
  });
  const expression = new RegExp(`^${pattern}$`);
  return (name) => expression.test(name);
}
