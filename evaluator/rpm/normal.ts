// Normal forms: what a relation asks of a set of packages, as a list of clauses.
// Knows rich relations' meaning; does not know whose relation it is, nor what becomes of the clauses.

import { Fault } from "../../store/model/fault.ts";
import { formatRelation, isRich, type Relation } from "./relation.ts";
import type { Universe } from "./universe.ts";

/** A disjunction of packages by number, negated for "is not there". An empty one cannot hold. */
export type Block = readonly number[];

/**
 * Blocks that must all hold for the relation to be met; with `isMet: false`, for it not to be met. No block: it always
 * is. The same as libsolv's `pool_normalize_complex_dep`.
 *
 * @throws {Fault} `unresolved/malformed-relation` where it would come to more blocks than any that makes sense
 */
export function normalForm(universe: Universe, relation: Relation, isMet = true): readonly Block[] {
  const known = isMet ? universe.forms.get(relation) : undefined;
  const blocks = known ?? formOf(universe, relation, isMet);
  if (blocks !== undefined) {
    if (isMet) universe.forms.set(relation, blocks);
    return blocks;
  }
  throw new Fault(
    "unresolved/malformed-relation",
    `dependency ${JSON.stringify(formatRelation(relation).slice(0, 200))} is too intricate: it stands for more than ${mostBlocks} simple ones`,
  );
}

const mostBlocks = 2000;

/** Undefined where there are too many. */
function formOf(universe: Universe, relation: Relation, isMet: boolean): Block[] | undefined {
  const form = (part: Relation, met: boolean) => formOf(universe, part, met);
  if (!isRich(relation) || relation.kind === "with" || relation.kind === "without") {
    const able = universe.providers(relation).map(({ number }) => number);
    return isMet ? [able] : able.map((number) => [-number]);
  }
  switch (relation.kind) {
    case "and":
    case "or": {
      const parts = relation.operands.map((operand) => form(operand, isMet));
      return parts.reduce((a, b) => ((relation.kind === "and") === isMet ? both(a, b) : either(a, b)));
    }
    case "if": {
      // A IF B ELSE C: (A OR NOT B) AND (C OR B); without C only the first half.
      const { wanted, condition, otherwise } = relation;
      if (isMet) {
        const first = either(form(wanted, true), form(condition, false));
        return otherwise === undefined
          ? first
          : both(first, either(form(otherwise, true), form(condition, true)));
      }
      const first = both(form(wanted, false), form(condition, true));
      return otherwise === undefined
        ? first
        : either(first, both(form(otherwise, false), form(condition, false)));
    }
    case "unless": {
      // A UNLESS B ELSE C: (A AND NOT B) OR (C AND B); without C only the first half.
      const { wanted, condition, otherwise } = relation;
      if (isMet) {
        const first = both(form(wanted, true), form(condition, false));
        return otherwise === undefined
          ? first
          : either(first, both(form(otherwise, true), form(condition, true)));
      }
      const first = either(form(wanted, false), form(condition, true));
      return otherwise === undefined
        ? first
        : both(first, either(form(otherwise, false), form(condition, false)));
    }
  }
}

type Form = Block[] | undefined;

/** What cannot hold leaves nothing of what stands beside it. */
function both(a: Form, b: Form): Form {
  if (a === undefined || b === undefined) return undefined;
  const blocks = [...a, ...b];
  return blocks.some((block) => block.length === 0) ? [[]] : bounded(blocks);
}

/** Each block of one with each of the other; those that hold anyway are left out. */
function either(a: Form, b: Form): Form {
  if (a === undefined || b === undefined || a.length * b.length > mostBlocks) return undefined;
  return a.flatMap((left) =>
    b.flatMap((right): Block[] => {
      const block = [...new Set([...left, ...right])];
      const members = new Set(block);
      return block.some((number) => members.has(-number)) ? [] : [block];
    }),
  );
}

function bounded(blocks: Block[]): Form {
  return blocks.length > mostBlocks ? undefined : blocks;
}
