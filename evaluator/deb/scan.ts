// Looking for texts in a list of stanzas.
// Knows where they are and whose; does not know what they mean.

/** Positions of a text in the bytes, ascending. */
export function* occurrences(bytes: Buffer, wanted: string): Generator<number> {
  const needle = Buffer.from(wanted);
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) yield at;
}

/** Which stanza a position belongs to; positions have to ascend from one call to the next. */
export function stanzasAt(starts: readonly number[]): (position: number) => number {
  let stanza = 0;
  return (position) => {
    while ((starts[stanza + 1] ?? Number.POSITIVE_INFINITY) <= position) stanza++;
    return stanza;
  };
}
