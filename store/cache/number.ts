// Numbers as a cache's files write them.
// Pure. Knows the one decimal form of each; does not know what they count.

/** Absent where the text is not the one form of a whole number from 0 that is held exactly. */
export function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
