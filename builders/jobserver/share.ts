// How the tokens of a jobserver are shared: who is given more, and of whom are some taken back.
// Pure. Knows numbers; does not know the pipes that tokens lie in.

/** A build with a pipe of its own. */
export interface Member {
  /** Tokens that it was given and that were not taken back. */
  readonly given: number;
  /** Those of them that lie in its pipe. */
  readonly unread: number;
}

/**
 * How many more each is given, or where it is below 0 how many are taken back out of its pipe. `spare` are those that
 * nobody has; it is below 0 where more builds run than when they were given out. Whose pipe is empty may want more;
 * whose is not keeps one to go on with, and gives the others to those who may.
 */
export function movesOf(spare: number, members: readonly Member[]): number[] {
  const moves: number[] = members.map(() => 0);
  const hungry = members.flatMap(({ unread }, index) => (unread === 0 ? [index] : []));
  const given = (index: number) => (members[index]?.given ?? 0) + (moves[index] ?? 0);
  const fewest = (some: readonly number[]) => some.reduce((a, b) => (given(b) < given(a) ? b : a));
  let left = spare;
  for (const [index, { unread }] of members.entries()) {
    const wanted = left < 0 ? -left : hungry.length > 0 ? unread - 1 : 0;
    const back = Math.max(0, Math.min(unread, wanted));
    moves[index] = 0 - back;
    left += back;
  }
  if (hungry.length === 0) return moves;
  const poorest = given(fewest(hungry));
  for (const [index, { unread }] of members.entries()) {
    // What it keeps to go on with goes, too, to who has much less.
    if (left > 0 || unread + (moves[index] ?? 0) < 1 || given(index) <= poorest + 1) continue;
    moves[index] = (moves[index] ?? 0) - 1;
    left++;
  }
  for (; left > 0; left--) {
    const index = fewest(hungry);
    moves[index] = (moves[index] ?? 0) + 1;
  }
  return moves;
}
