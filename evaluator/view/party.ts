// Parties: packages of many closures, shared out so that those of one party can all be installed together.
// Pure. Knows that closures clash where their members do; does not know what the closures are for.

export interface Party<M> {
  readonly members: ReadonlySet<M>;
  /** Those that no earlier party has. */
  readonly own: readonly M[];
}

/**
 * Closures that do not clash go together, each with the first that will have it. Every party can be installed, because the closures it is made of can be, and what they say of others is
 * clashes alone.
 *
 * @param closures sets that stand on their own, in an order that decides
 * @param rivals whom a member clashes with; told of one of two it counts for both
 */
export function partiesOf<M>(
  closures: readonly ReadonlySet<M>[],
  rivals: (member: M) => Iterable<M>,
): Party<M>[] {
  const clashes = clashesAmong(new Set(closures.flatMap((closure) => [...closure])), rivals);
  const parties: Set<M>[] = [];
  const told = new Map<M, number>();
  for (const closure of closures) {
    const against = new Set([...closure].flatMap((member) => [...(clashes.get(member) ?? [])]));
    let number = parties.findIndex((party) => ![...against].some((rival) => party.has(rival)));
    if (number < 0) number = parties.push(new Set()) - 1;
    for (const member of closure) {
      parties[number]?.add(member);
      if (!told.has(member)) told.set(member, number);
    }
  }
  return parties.map((members, number) => ({
    members,
    own: [...told].flatMap(([member, first]) => (first === number ? [member] : [])),
  }));
}

function clashesAmong<M>(
  all: ReadonlySet<M>,
  rivals: (member: M) => Iterable<M>,
): ReadonlyMap<M, ReadonlySet<M>> {
  const clashes = new Map<M, Set<M>>();
  const note = (a: M, b: M) => {
    clashes.set(a, (clashes.get(a) ?? new Set()).add(b));
    clashes.set(b, (clashes.get(b) ?? new Set()).add(a));
  };
  for (const member of all)
    for (const other of rivals(member)) if (other !== member && all.has(other)) note(member, other);
  return clashes;
}
