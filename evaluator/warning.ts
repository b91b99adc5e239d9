// Warnings about what was skipped, in the order they are told.
// Pure. Knows which of them stands for the rest of its list; does not know what was skipped.

/** By text; how many more a list has stands after those of it that are told. */
export function sortedWarnings(warnings: Iterable<string>): string[] {
  return [...warnings]
    .map((text) => ({ text, key: text.replace(/\d+ more warnings like these$/, "\uffff$&") }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ text }) => text);
}
