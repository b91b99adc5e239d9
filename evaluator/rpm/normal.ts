// Normal forms: what a relation asks of a set of packages, as a list of clauses.
// Knows rich relations' meaning; does not know whose relation it is, nor what becomes of the clauses.

import { isRich, type Relation } from "./relation.ts";
import type { Universe } from "./universe.ts";

/** A disjunction of packages by number, negated for "is not there". An empty one cannot hold. */
export type Block = readonly number[];

/**
 * Blocks that must all hold for the relation to be met; with `isMet: false`, for it not to be met. No block: it always
 * is. The same as libsolv's `pool_normalize_complex_dep`, up to a size: `((a and b) or (c and d) …)` doubles with each
 * pair, and libsolv writes it all out. Beyond that, parts of the relation have variables of their own
 * ({@link Universe.standIn}), and the blocks are no more than the relation is long (Tseitin's transformation).
 */
export function normalForm(universe: Universe, relation: Relation, isMet = true): readonly Block[] {
  const known = isMet ? universe.forms.get(relation) : undefined;
  if (known !== undefined) return known;
  const blocks = formOf(writtenOut(universe), relation, isMet) ?? formOf(inParts(universe), relation, isMet);
  if (blocks === undefined) throw new Error("a form in parts has no bound");
  if (isMet) universe.forms.set(relation, blocks);
  return blocks;
}

const mostBlocks = 2000;

/** Undefined where there are too many blocks. */
type Form = readonly Block[] | undefined;

interface Manner {
  readonly universe: Universe;
  readonly most: number;
  /** What stands beside others of which one must hold. */
  part(relation: Relation, isMet: boolean): Form;
}

function writtenOut(universe: Universe): Manner {
  const manner: Manner = {
    universe,
    most: mostBlocks,
    part: (relation, isMet) => formOf(manner, relation, isMet),
  };
  return manner;
}

function inParts(universe: Universe): Manner {
  const manner: Manner = {
    universe,
    most: Number.POSITIVE_INFINITY,
    part(relation, isMet) {
      const blocks = formOf(manner, relation, isMet) ?? [];
      if (blocks.length < 2) return blocks;
      return [[universe.standIn({ relation, isMet, blocks }, priorityOf(universe, blocks)).number]];
    },
  };
  return manner;
}

/** As good as the worst of what has to be taken. */
function priorityOf(universe: Universe, blocks: readonly Block[]): number {
  const priorities = blocks.map((block) =>
    block.reduce(
      (least, number) => (number < 0 ? least : Math.min(least, universe.package(number).priority)),
      Number.POSITIVE_INFINITY,
    ),
  );
  return priorities.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY);
}

function formOf(manner: Manner, relation: Relation, isMet: boolean): Form {
  const form = (part: Relation, met: boolean) => formOf(manner, part, met);
  const either = (...parts: readonly Form[]) => anyOf(parts, manner.most);
  const both = (...parts: readonly Form[]) => allOf(parts, manner.most);
  if (!isRich(relation) || relation.kind === "with" || relation.kind === "without") {
    const able = manner.universe.providers(relation).map(({ number }) => number);
    return isMet ? [able] : able.map((number) => [-number]);
  }
  switch (relation.kind) {
    case "and":
    case "or":
      return (relation.kind === "and") === isMet
        ? both(...relation.operands.map((operand) => form(operand, isMet)))
        : either(...relation.operands.map((operand) => manner.part(operand, isMet)));
    case "if": {
      // A IF B ELSE C: (A OR NOT B) AND (C OR B); without C only the first half.
      const { wanted, condition, otherwise } = relation;
      if (otherwise === undefined)
        return isMet
          ? either(manner.part(wanted, true), manner.part(condition, false))
          : both(form(wanted, false), form(condition, true));
      const halves = [
        { kind: "if", wanted, condition },
        { kind: "or", operands: [otherwise, condition] },
      ] as const;
      return isMet
        ? both(...halves.map((half) => form(half, true)))
        : either(...halves.map((half) => manner.part(half, false)));
    }
    case "unless": {
      // A UNLESS B ELSE C: (A AND NOT B) OR (C AND B); without C only the first half.
      const { wanted, condition, otherwise } = relation;
      if (otherwise === undefined)
        return isMet
          ? both(form(wanted, true), form(condition, false))
          : either(manner.part(wanted, false), manner.part(condition, true));
      const halves = [
        { kind: "unless", wanted, condition },
        { kind: "and", operands: [otherwise, condition] },
      ] as const;
      return isMet
        ? either(...halves.map((half) => manner.part(half, true)))
        : both(...halves.map((half) => form(half, false)));
    }
  }
}

/** What cannot hold leaves nothing of what stands beside it. */
function allOf(parts: readonly Form[], most: number): Form {
  const blocks: Block[] = [];
  for (const part of parts) {
    if (part === undefined || blocks.length + part.length > most) return undefined;
    for (const block of part) blocks.push(block);
  }
  return blocks.some((block) => block.length === 0) ? [[]] : blocks;
}

/**
 * Each block of one with each of the others; those that hold anyway are left out. In halves, so that thousands of
 * alternatives are not copied for each that is added.
 */
function anyOf(parts: readonly Form[], most: number): Form {
  if (parts.length < 2) return parts[0];
  const middle = parts.length >> 1;
  const [a, b] = [anyOf(parts.slice(0, middle), most), anyOf(parts.slice(middle), most)];
  if (a === undefined || b === undefined || a.length * b.length > most) return undefined;
  return a.flatMap((left) =>
    b.flatMap((right): Block[] => {
      const block = [...new Set([...left, ...right])];
      const members = new Set(block);
      return block.some((number) => members.has(-number)) ? [] : [block];
    }),
  );
}
