// Statements: the one text of what a request became, which is hashed, signed and stored.
// Pure. Knows the canonical form and refuses any other; does not know keys, nor where statements lie.

import { parseContent, type Result } from "./derivation.ts";
import { type Digest, digestOf, parseDigest } from "./digest.ts";
import { Fault } from "./fault.ts";

/** Bytes: a statement of some 10,000 references. */
export const maxStatement = 1 << 20;

const outputName = /^[a-z][a-z0-9-]{0,63}$/;

/**
 * The canonical line, its line feed included. Outputs are sorted by name, references sorted and told once.
 *
 * @throws {Fault} `digest/bad-statement` where an output's name is none, or the statement is too long
 */
export function encodeStatement(result: Result): string {
  const names = Object.keys(result.outputs).sort();
  const strange = names.find((name) => !outputName.test(name));
  if (strange !== undefined) throw bad(`${JSON.stringify(strange.slice(0, 80))} is no name of an output`);
  const text = `${JSON.stringify({
    format: result.format,
    outputs: Object.fromEntries(names.map((name) => [name, result.outputs[name]])),
    references: [...new Set(result.references)].sort(),
    request: result.request,
  })}\n`;
  if (text.length > maxStatement) throw bad(`it has more than ${maxStatement} bytes`);
  return text;
}

/** @throws {Fault} `digest/bad-statement` on anything that {@link encodeStatement} would not have written */
export function decodeStatement(text: string | Uint8Array): Result {
  if (text.length > maxStatement) throw bad(`it has more than ${maxStatement} bytes`);
  const line = typeof text === "string" ? text : Buffer.from(text).toString("latin1");
  const result = parsed(line);
  if (encodeStatement(result) !== line) throw bad("it is not in the form it would be written in");
  return result;
}

export function statementDigest(result: Result): Digest {
  return digestOf(encodeStatement(result));
}

/** The text that a signature is of; its first line keeps it apart from whatever else a key may sign. */
export function signedText(result: Result): string {
  return `kit/statement/1\n${encodeStatement(result)}`;
}

function parsed(line: string): Result {
  try {
    const { format, outputs, references, request } = JSON.parse(line) ?? {};
    if (format !== "kit/result/1") throw bad("it is of no version that this kit knows");
    if (typeof outputs !== "object" || outputs === null || !Array.isArray(references))
      throw bad("it lacks outputs or references");
    return {
      format,
      request: parseDigest(text(request)),
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([name, content]) => [name, parseContent(text(content))]),
      ),
      references: references.map((content) => parseContent(text(content))),
    };
  } catch (cause) {
    if (cause instanceof Fault && cause.code === "digest/bad-statement") throw cause;
    throw bad(cause instanceof Fault ? cause.message : "it is no JSON", cause);
  }
}

// An array of one digest would pass for it wherever it is made text of.
function text(value: unknown): string {
  if (typeof value !== "string") throw bad("what it names is no text");
  return value;
}

function bad(why: string, cause?: unknown): Fault {
  return new Fault("digest/bad-statement", `not a statement: ${why}`, { cause });
}
