// What is told of several architectures, in the same words: once, with the architectures that it is true of.
// Pure. Knows nothing of what is told.

export interface Remark {
  readonly architecture: string;
  readonly text: string;
}

/** In the order in which each was told first. @param all those that were looked at: of a single one nothing is said */
export function toldOnce(remarks: readonly Remark[], all: readonly string[]): string[] {
  const several = new Set(all).size > 1;
  return [...Map.groupBy(remarks, ({ text }) => text)].map(([text, same]) => {
    const on = [...new Set(same.map(({ architecture }) => architecture))].sort();
    return several ? `${text} (${on.join(", ")})` : text;
  });
}
