// Names that a person means by a few letters.
// Pure. Knows names and how well they fit; does not know what is named, nor how it is shown.

export interface Hit {
  readonly name: string;
  /** In the list that was searched. */
  readonly place: number;
}

export type Search = (
  written: string,
  most: number,
) => { readonly hits: readonly Hit[]; readonly count: number };

/**
 * Of names with all the words that were written, in whatever order: first the name itself, then what begins with it,
 * then what has it at the beginning of a part (`-ssl`), then the others; the shorter before the longer.
 */
export function openSearch(names: readonly string[]): Search {
  const lowered = names.map((name) => name.toLowerCase());
  return (written, most) => {
    const words = written
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const [lead] = words;
    if (lead === undefined) return { hits: [], count: 0 };
    const found: { readonly place: number; readonly rank: number }[] = [];
    for (const [place, name] of lowered.entries())
      if (words.every((word) => name.includes(word)))
        found.push({ place, rank: rankOf(name, lead) * 1000 + Math.min(name.length, 999) });
    found.sort((a, b) => a.rank - b.rank || a.place - b.place);
    const hits = found.slice(0, most).map(({ place }) => ({ place, name: names[place] ?? "" }));
    return { hits, count: found.length };
  };
}

function rankOf(name: string, word: string): number {
  if (name === word) return 0;
  const at = name.indexOf(word);
  if (at === 0) return 1;
  for (let next = at; next > 0; next = name.indexOf(word, next + 1))
    if (!/[a-z0-9]/.test(name[next - 1] ?? "")) return 2;
  return 3;
}
