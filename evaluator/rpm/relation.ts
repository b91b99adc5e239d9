// Relations between rpm packages: `bash >= 5.0-1`, `/usr/bin/perl`, `(a >= 1 if (b or c) else d)`.
// Knows their syntax; does not know which packages exist.

import { Fault } from "../../store/model/fault.ts";
import type { Operator } from "./version.ts";

export type Relation = Simple | Rich;

/** A capability, or a file where the name begins with a slash. */
export interface Simple {
  readonly name: string;
  readonly operator?: Operator;
  /** `[epoch:]version[-release]`; present exactly when `operator` is. */
  readonly version?: string;
}

/** A boolean dependency (rpm's manual, "Boolean Dependencies"). */
export type Rich =
  /** `with`: one package meets all. Two operands at least. */
  | { readonly kind: "and" | "or" | "with"; readonly operands: readonly Relation[] }
  /** One package meets the first and not the second. */
  | { readonly kind: "without"; readonly operands: readonly [Relation, Relation] }
  | {
      readonly kind: "if" | "unless";
      readonly wanted: Relation;
      readonly condition: Relation;
      readonly otherwise?: Relation;
    };

export function isRich(relation: Relation): relation is Rich {
  return "kind" in relation;
}

/**
 * Reads one relation as rpm writes it: `name`, `name OPERATOR version` or a rich one in parentheses (rpm's
 * `rpmrichParse`). Where `if` and `unless` may stand is not checked: rpm does so only when it builds a package, and what
 * is in a repository means something all the same.
 *
 * @throws {Fault} `unresolved/malformed-relation`
 */
export function parseRelation(text: string): Relation {
  if (text.length > limits.length) throw malformed(text, `it is longer than ${limits.length} characters`);
  const reader: Reader = { text, at: 0 };
  skipSpace(reader);
  const relation = text[reader.at] === "(" ? readRich(reader, 1) : readSimple(reader);
  skipSpace(reader);
  if (reader.at < text.length) throw malformed(text, `something follows it at ${reader.at + 1}`);
  return relation;
}

/** As rpm writes it; parsing it gives an equal relation. */
export function formatRelation(relation: Relation): string {
  if (!isRich(relation)) {
    const { name, operator, version } = relation;
    return operator === undefined ? name : `${name} ${operator} ${version}`;
  }
  if ("operands" in relation) return `(${relation.operands.map(formatRelation).join(` ${relation.kind} `)})`;
  const { kind, wanted, condition, otherwise } = relation;
  const last = otherwise === undefined ? "" : ` else ${formatRelation(otherwise)}`;
  return `(${formatRelation(wanted)} ${kind} ${formatRelation(condition)}${last})`;
}

/** Every capability that a relation names, at any depth. */
export function* simplesOf(relation: Relation): Generator<Simple> {
  if (!isRich(relation)) yield relation;
  else if ("operands" in relation) for (const operand of relation.operands) yield* simplesOf(operand);
  else {
    yield* simplesOf(relation.wanted);
    yield* simplesOf(relation.condition);
    if (relation.otherwise !== undefined) yield* simplesOf(relation.otherwise);
  }
}

// The longest of Fedora's are some hundred characters; two levels are the rule.
const limits = { length: 1 << 16, depth: 32 } as const;

interface Reader {
  readonly text: string;
  at: number;
}

function readRich(reader: Reader, depth: number): Relation {
  if (depth > limits.depth)
    throw malformed(reader.text, `it is nested deeper than ${limits.depth} parentheses`);
  reader.at++;
  const operands = [readOperand(reader, depth)];
  const words: Word[] = [];
  for (;;) {
    skipSpace(reader);
    if (reader.at >= reader.text.length) throw malformed(reader.text, "a parenthesis is not closed");
    if (reader.text[reader.at] === ")") break;
    const word = readWord(reader);
    refuseChain(reader, words, word);
    words.push(word);
    operands.push(readOperand(reader, depth));
  }
  reader.at++;
  return combine(reader, words, operands);
}

function readOperand(reader: Reader, depth: number): Relation {
  skipSpace(reader);
  return reader.text[reader.at] === "(" ? readRich(reader, depth + 1) : readSimple(reader);
}

const words = ["and", "or", "if", "unless", "else", "with", "without"] as const;
type Word = (typeof words)[number];

function readWord(reader: Reader): Word {
  const start = reader.at;
  const token = readToken(reader);
  const word = words.find((item) => item === token);
  if (word === undefined)
    throw malformed(reader.text, `expected an operator at ${start + 1}, not ${JSON.stringify(token)}`);
  return word;
}

/** Only `and`, `or` and `with` may be chained, each with itself; `else` follows one `if` or `unless`. */
function refuseChain({ text }: Reader, before: readonly Word[], word: Word): void {
  const last = before.at(-1);
  if (word === "else") {
    if (before.length === 1 && (last === "if" || last === "unless")) return;
    throw malformed(text, "else stands without if or unless");
  }
  if (last === undefined || (last === word && (word === "and" || word === "or" || word === "with"))) return;
  throw malformed(text, `${word} cannot follow ${last}: put one of them in parentheses`);
}

function combine({ text }: Reader, [word]: readonly Word[], operands: readonly Relation[]): Relation {
  const [first, second, third] = operands;
  if (first === undefined || second === undefined || word === undefined)
    return first ?? fail(text, "it is empty");
  switch (word) {
    case "and":
    case "or":
      return { kind: word, operands };
    case "with":
    case "without":
      if (!operands.every(isOfOnePackage))
        throw malformed(text, `${word} joins only capabilities of one package, or "or" of them`);
      return word === "with" ? { kind: word, operands } : { kind: word, operands: [first, second] };
    case "if":
    case "unless":
      return {
        kind: word,
        wanted: first,
        condition: second,
        ...(third !== undefined && { otherwise: third }),
      };
    default:
      return fail(text, `${word} stands without if or unless`);
  }
}

function isOfOnePackage(relation: Relation): boolean {
  if (!isRich(relation)) return true;
  return (
    (relation.kind === "or" || relation.kind === "with" || relation.kind === "without") &&
    relation.operands.every(isOfOnePackage)
  );
}

function readSimple(reader: Reader): Simple {
  const name = readToken(reader);
  if (name === "") throw malformed(reader.text, `expected a name at ${reader.at + 1}`);
  skipSpace(reader);
  const sign = /^[<>=]{1,3}/.exec(reader.text.slice(reader.at, reader.at + 3))?.[0];
  if (sign === undefined) return { name };
  const operator = operators.get(sign);
  if (operator === undefined) throw malformed(reader.text, `${sign} is no comparison`);
  reader.at += sign.length;
  skipSpace(reader);
  const version = readToken(reader);
  if (version === "") throw malformed(reader.text, `${name} ${operator} lacks a version`);
  return { name, operator, version };
}

/** Those rpm takes (`rpmParseDSFlags`), with what they mean. */
const operators: ReadonlyMap<string, Operator> = new Map([
  ["<", "<"],
  ["<=", "<="],
  ["=<", "<="],
  ["=", "="],
  ["==", "="],
  [">=", ">="],
  ["=>", ">="],
  [">", ">"],
]);

/** Up to a space, a comma or a parenthesis that closes more than the token opened. */
function readToken(reader: Reader): string {
  const start = reader.at;
  let open = 0;
  for (; reader.at < reader.text.length; reader.at++) {
    const char = reader.text[reader.at] ?? "";
    if (isSpace(char) || (char === ")" && open-- <= 0)) break;
    if (char === "(") open++;
  }
  return reader.text.slice(start, reader.at);
}

function skipSpace(reader: Reader): void {
  while (isSpace(reader.text[reader.at] ?? "")) reader.at++;
}

function isSpace(char: string): boolean {
  return char === " " || char === "\t" || char === "\n" || char === "\r" || char === ",";
}

function fail(text: string, why: string): never {
  throw malformed(text, why);
}

function malformed(text: string, why: string): Fault {
  return new Fault(
    "unresolved/malformed-relation",
    `malformed dependency ${JSON.stringify(text.slice(0, 200))}: ${why}`,
  );
}
