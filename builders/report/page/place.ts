// Where a name stands in a sorted list.
// Pure. Knows order by code units; does not know what is named.

/** -1 where it is not there. */
export function placeIn(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? "") < name) low = middle + 1;
    else high = middle;
  }
  return names[low] === name ? low : -1;
}
