// Lists of numbers by name, as an index has many of: which stanzas say so.
// Knows how to keep them small; does not know what the numbers are.

/** Most names have one stanza; a number in place of a list of one saves 5 MB on trixie. */
export type Lists = Map<string, number | number[]>;

/** Numbers come in ascending order; one that is there already is not added again. */
export function addTo(lists: Lists, name: string, number: number): void {
  const known = lists.get(name);
  if (known === undefined) lists.set(name, number);
  else if (typeof known === "number") {
    if (known !== number) lists.set(name, [known, number]);
  } else if (known.at(-1) !== number) known.push(number);
}

export function listOf(lists: Lists, name: string): readonly number[] {
  const known = lists.get(name);
  if (known === undefined) return [];
  return typeof known === "number" ? [known] : known;
}
