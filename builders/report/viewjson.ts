// A view's result as JSON text, a thing a line, in pieces: a large one is longer than a string can be.
// Pure. Knows how JSON is written; does not know what is in the result.

import type { ViewResult } from "../../evaluator/view/result.ts";

/** Parsed together they are the result; versions of it can be compared line by line. */
export function* viewJson(result: ViewResult): Iterable<string> {
  const fields = Object.entries(result).filter(([, value]) => value !== undefined);
  for (const [i, [key, value]] of fields.entries()) {
    yield `${i === 0 ? "{" : ","}\n${JSON.stringify(key)}: `;
    if (key === "packages") yield* byArchitecture(value as ViewResult["packages"]);
    else if (Array.isArray(value) && value.some((item) => typeof item === "object")) yield* lines(value);
    else yield JSON.stringify(value);
  }
  yield "\n}\n";
}

function* byArchitecture(packages: ViewResult["packages"]): Iterable<string> {
  for (const [i, [architecture, rows]] of Object.entries(packages).entries()) {
    yield `${i === 0 ? "{" : ","}\n${JSON.stringify(architecture)}: `;
    yield* lines(rows);
  }
  yield Object.keys(packages).length === 0 ? "{}" : "\n}";
}

function* lines(items: readonly unknown[]): Iterable<string> {
  yield "[";
  for (const [i, item] of items.entries()) yield `${i === 0 ? "" : ","}\n${JSON.stringify(item)}`;
  yield "\n]";
}
