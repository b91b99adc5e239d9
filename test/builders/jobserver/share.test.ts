// How tokens are shared: none is made or lost, and who may want some gets some.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Member, movesOf } from "../../../builders/jobserver/share.ts";

const member = fc
  .record({ given: fc.nat(12), unread: fc.nat(12) })
  .map(({ given, unread }): Member => ({ given, unread: Math.min(given, unread) }));
const members = fc.array(member, { maxLength: 6 });

describe("tokens", () => {
  it.each<[string, number, Member[], number[]]>([
    ["all go to the one who may want them", 5, [{ given: 0, unread: 0 }], [5]],
    [
      "are shared by those who may, the poorest first",
      3,
      [
        { given: 1, unread: 0 },
        { given: 0, unread: 0 },
      ],
      [1, 2],
    ],
    [
      "are taken out of a pipe where they lie, but for one to go on with",
      0,
      [
        { given: 6, unread: 4 },
        { given: 3, unread: 0 },
      ],
      [-3, 3],
    ],
    [
      "are not all taken from the poorer one",
      0,
      [
        { given: 1, unread: 1 },
        { given: 5, unread: 0 },
      ],
      [0, 0],
    ],
    [
      "are taken back where more builds run than before",
      -2,
      [
        { given: 6, unread: 1 },
        { given: 1, unread: 0 },
      ],
      [-1, 0],
    ],
    ["stay where nobody wants more", 2, [{ given: 3, unread: 2 }], [0]],
  ])("%s", (_, spare, given, moves) => {
    expect(movesOf(spare, given)).toEqual(moves);
  });

  it("are never more than there are, and none is taken that is in use", () => {
    fc.assert(
      fc.property(fc.integer({ min: -6, max: 20 }), members, (spare, given) => {
        const moves = movesOf(spare, given);
        const sum = moves.reduce((all, one) => all + one, 0);
        expect(sum).toBeLessThanOrEqual(Math.max(0, spare));
        for (const [index, { unread }] of given.entries())
          expect(-(moves[index] ?? 0)).toBeLessThanOrEqual(unread);
      }),
    );
  });

  it("none is kept back while somebody may want it", () => {
    fc.assert(
      fc.property(fc.nat(20), members, (spare, given) => {
        if (!given.some(({ unread }) => unread === 0)) return;
        expect(movesOf(spare, given).reduce((all, one) => all + one, 0)).toBe(spare);
      }),
    );
  });

  it("come to rest where nobody takes or gives any", () => {
    fc.assert(
      fc.property(fc.nat(20), members, (spare, given) => {
        let [left, state] = [spare, given];
        for (let turn = 0; turn < 50; turn++) {
          const moves = movesOf(left, state);
          if (moves.every((move) => move === 0)) return;
          left -= moves.reduce((all, one) => all + one, 0);
          state = state.map(({ given, unread }, index) => ({
            given: given + (moves[index] ?? 0),
            unread: unread + (moves[index] ?? 0),
          }));
        }
        throw new Error(`tokens go round and round: ${JSON.stringify(state)}`);
      }),
    );
  });
});
