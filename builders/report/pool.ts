// Values that are kept once, and meant by their place.
// Knows when two are the same; does not know what they are.

export interface Pool<T> {
  readonly values: readonly T[];
  /** The place of a value, which is put in if it is new. */
  place(value: T): number;
}

/** `keyOf` gives equal texts for equal values, and for no others. */
export function openPool<T>(keyOf: (value: T) => string): Pool<T> {
  const values: T[] = [];
  const places = new Map<string, number>();
  return {
    values,
    place(value) {
      const key = keyOf(value);
      const known = places.get(key);
      if (known !== undefined) return known;
      places.set(key, values.length);
      return values.push(value) - 1;
    },
  };
}

export function openTexts(): Pool<string> {
  return openPool((text: string) => text);
}
