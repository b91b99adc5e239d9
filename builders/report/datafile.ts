// A data file: a script that leaves a value where pages find it, because from file:// nothing else can be loaded.
// Knows how a value becomes a script; does not know what it is.

/** The property of the global object that holds what was loaded, by name. */
export const dataProperty = "kitReport";

/**
 * As a text for `JSON.parse`, not as a literal: that is read faster by engines (v8.dev, "The cost of JavaScript in
 * 2019"), and a key `__proto__` is one like all others.
 */
export function dataScript(name: string, value: unknown): string {
  const json = JSON.stringify(value).replace(unsafe, escapedIn);
  return `(globalThis.${dataProperty} ??= new Map()).set(${JSON.stringify(name)}, JSON.parse('${json}'));\n`;
}

/** What ends a single-quoted string, or a line in old engines. */
const unsafe = /[\\'\u2028\u2029]/g;

function escapedIn(character: string): string {
  if (character === "\u2028") return "\\\\u2028";
  return character === "\u2029" ? "\\\\u2029" : `\\${character}`;
}
