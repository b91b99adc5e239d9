// The kind of a document: which schema its first key asks for.
// Knows the key `kind`; does not know any kind.

import { Fault, Faults } from "../../store/model/fault.ts";
import type { Kind } from "../kind.ts";
import type { Document } from "./document.ts";
import { nearest } from "./nearest.ts";

/** @throws {Faults} `manifest/wrong-type`, `manifest/missing-key`, `manifest/bad-value` */
export function kindOf(document: Document, kinds: readonly Kind<unknown>[]): Kind<unknown> {
  const names = kinds.map((kind) => kind.name);
  const value = document.value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = value === null ? "the file holds no manifest" : "a manifest is a mapping";
    throw refusal("manifest/wrong-type", message, document, [], `begin with: kind: ${names.join(" | ")}`);
  }
  if (!Object.hasOwn(value, "kind")) {
    throw refusal(
      "manifest/missing-key",
      'the key "kind" is missing',
      document,
      [],
      `kind: one of ${names.join(", ")}`,
    );
  }
  const written = (value as { kind: unknown }).kind;
  const kind = kinds.find(({ name }) => name === written);
  if (kind !== undefined) return kind;
  const meant = typeof written === "string" ? nearest(written, names) : undefined;
  const guess = meant === undefined ? "" : `did you mean ${JSON.stringify(meant)}? `;
  const message = `there is no kind ${JSON.stringify(written).slice(0, 80)}`;
  throw refusal("manifest/bad-value", message, document, ["kind"], `${guess}one of ${names.join(", ")}`);
}

function refusal(
  code: Fault["code"],
  message: string,
  document: Document,
  path: string[],
  hint: string,
): Faults {
  return new Faults([new Fault(code, message, { place: document.place(path), hint })]);
}
