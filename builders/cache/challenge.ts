// A challenge: what several say of the same requests, compared.
// Pure. Knows testimonies; does not know where they come from, nor which requests a plan has.

import type { Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { PublicKey } from "../../store/model/key.ts";
import { encodeStatement, statementDigest } from "../../store/model/statement.ts";
import { type Statement, type Testimony, unanimous } from "../../store/model/testimony.ts";

/** What is said of one request. */
export interface Said {
  readonly builder: string;
  readonly label: string;
  readonly request: Digest;
  readonly testimonies: readonly Testimony[];
}

/** One of several answers to the same request. */
export interface Side {
  readonly statement: Digest;
  readonly outputs: Result["outputs"];
  readonly speakers: readonly Speaker[];
}

export interface Speaker {
  readonly from: string;
  readonly standing: Statement["standing"];
  /** Whose signature it has, or should have. */
  readonly key?: PublicKey;
}

export interface Comparison {
  /** Requests on which at least two say the same, only one says anything, nobody does. */
  readonly agreed: number;
  readonly single: number;
  readonly silent: number;
  readonly differing: readonly (Omit<Said, "testimonies"> & { readonly sides: readonly Side[] })[];
  /** What was found in the place of a statement: where, and why it is none. */
  readonly broken: readonly (Pick<Said, "request"> & { readonly from: string; readonly why: string })[];
}

export function compare(all: readonly Said[]): Comparison {
  const sided = all.map(({ testimonies, ...said }) => ({ ...said, sides: sidesOf(testimonies) }));
  const only = sided.flatMap(({ sides }) => (sides.length === 1 ? sides : []));
  return {
    agreed: only.filter(({ speakers }) => speakers.length > 1).length,
    single: only.filter(({ speakers }) => speakers.length === 1).length,
    silent: sided.filter(({ sides }) => sides.length === 0).length,
    differing: sided.filter(({ sides }) => sides.length > 1),
    broken: all.flatMap(({ request, testimonies }) =>
      testimonies.flatMap((one) => (one.kind === "none" ? [{ request, from: one.from, why: one.why }] : [])),
    ),
  };
}

/**
 * The result by which requests further on are told: what as many trusted keys say as are required, else what everybody
 * says. Nothing is believed by that: it only tells what to ask next. Undefined where there is neither.
 */
export function followed(testimonies: readonly Testimony[], required: number): Result | undefined {
  const trusted = testimonies.filter((one) => one.kind === "statement" && one.standing === "trusted");
  const signed = unanimous(trusted);
  const keys = new Set(trusted.flatMap((one) => ("key" in one ? [one.key.bytes] : [])));
  return signed !== undefined && keys.size >= required ? signed : unanimous(testimonies);
}

function sidesOf(testimonies: readonly Testimony[]): Side[] {
  const statements = testimonies.filter((one) => one.kind === "statement");
  const byText = Map.groupBy(statements, ({ statement }) => encodeStatement(statement));
  return [...byText.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { statement } = first;
    const speakers = group.filter((one) => isWord(one, group)).map(speakerOf);
    return [{ statement: statementDigest(statement), outputs: statement.outputs, speakers }];
  });
}

/** A statement that lies beside its signature says nothing more. */
function isWord({ from, standing }: Statement, group: readonly Statement[]): boolean {
  return (
    standing !== "unsigned" || !group.some((other) => other.from === from && other.standing !== standing)
  );
}

function speakerOf(one: Statement): Speaker {
  const { from, standing } = one;
  return { from, standing, ...("key" in one && { key: one.key }) };
}
