// Texts in an order that is the same on every machine, whatever its language.
// Knows UTF-16 units, as `<` does; does not know what a text says.

/** For sorting: `Array.sort` without it has the same order, of texts alone. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
