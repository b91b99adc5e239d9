// The canonical text of a value: what kit hashes is exactly what `kit why` prints.
// Knows how values are laid out as text; does not know which values matter.

import { type Digest, digestOf } from "./digest.ts";

/** What can stand in a key. `undefined` members are left out; numbers are safe integers. */
export type Canonical =
  | string
  | number
  | boolean
  | null
  | readonly Canonical[]
  | { readonly [key: string]: Canonical | undefined };

/**
 * The text of `value` under a domain (`kit/request/1`): one line for each scalar, indented by depth, members
 * sorted by name, strings as JSON. No two values share a text, so its digest is the value's.
 *
 * @throws {RangeError} on a number that is no safe integer
 */
export function describe(domain: string, value: Canonical): string {
  const lines = [domain];
  walk(value, "", "", lines);
  return `${lines.join("\n")}\n`;
}

export function canonicalDigest(domain: string, value: Canonical): Digest {
  return digestOf(describe(domain, value));
}

function walk(value: Canonical, indent: string, label: string, lines: string[]): void {
  if (Array.isArray(value)) {
    lines.push(`${indent}${label}[${value.length}]`);
    for (const item of value) walk(item, `${indent}  `, "- ", lines);
  } else if (typeof value === "object" && value !== null) {
    const members = Object.entries(value as { [key: string]: Canonical | undefined })
      .filter((member): member is [string, Canonical] => member[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    lines.push(`${indent}${label}{${members.length}}`);
    for (const [key, member] of members) walk(member, `${indent}  `, `${labelOf(key)}: `, lines);
  } else {
    lines.push(`${indent}${label}${scalar(value as string | number | boolean | null)}`);
  }
}

function labelOf(key: string): string {
  return /^[A-Za-z0-9_./+~-]+$/.test(key) ? key : JSON.stringify(key);
}

function scalar(value: string | number | boolean | null): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(`not a safe integer: ${value}`);
  }
  return JSON.stringify(value);
}
