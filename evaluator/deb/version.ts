// Debian version numbers: how they sort.
// Knows epochs, upstream versions and revisions; does not know packages or where versions come from.

import { unreachable } from "../../store/model/fault.ts";

export type Operator = "<<" | "<=" | "=" | ">=" | ">>";

/**
 * Negative, zero or positive as `a` sorts before, with or after `b`: Debian policy 5.6.12, as dpkg implements it.
 * Total over all strings; what policy forbids sorts somewhere, always in the same place.
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [epochA, upstreamA, revisionA] = splitVersion(a);
  const [epochB, upstreamB, revisionB] = splitVersion(b);
  return (
    comparePart(epochA, epochB) || comparePart(upstreamA, upstreamB) || comparePart(revisionA, revisionB)
  );
}

/** Whether `version` stands in the relation `operator` to `wanted`, as in `(>= 1.2)`. */
export function satisfies(version: string, operator: Operator, wanted: string): boolean {
  const order = compareVersions(version, wanted);
  switch (operator) {
    case "<<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">>":
      return order > 0;
    default:
      return unreachable(operator);
  }
}

/** Epoch up to the first colon, revision after the last hyphen; an absent one is empty, which equals `0`. */
function splitVersion(version: string): readonly [epoch: string, upstream: string, revision: string] {
  const colon = version.indexOf(":");
  const hyphen = version.lastIndexOf("-");
  const end = hyphen > colon ? hyphen : version.length;
  return [
    colon < 0 ? "" : version.slice(0, colon),
    version.slice(colon + 1, end),
    hyphen > colon ? version.slice(hyphen + 1) : "",
  ];
}

/** Runs of non-digits and runs of digits in turn; `~` sorts before the end, letters before everything else. */
function comparePart(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return order;
      i++;
      j++;
    }
    while (a.charCodeAt(i) === zero) i++;
    while (b.charCodeAt(j) === zero) j++;
    let difference = 0;
    while (isDigit(a, i) && isDigit(b, j)) {
      difference ||= a.charCodeAt(i) - b.charCodeAt(j);
      i++;
      j++;
    }
    if (isDigit(a, i)) return 1;
    if (isDigit(b, j)) return -1;
    if (difference !== 0) return difference;
  }
  return 0;
}

const zero = 0x30;
const tilde = 0x7e;

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= zero && code <= 0x39;
}

/** The end and digits weigh nothing, `~` less, letters their code, everything else more than any letter. */
function weight(text: string, index: number): number {
  if (index >= text.length || isDigit(text, index)) return 0;
  const code = text.charCodeAt(index);
  if (code === tilde) return -1;
  const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  return letter ? code : code + 0x10000;
}

/** As files are called: not every file system takes a colon. */
export function withoutEpoch(version: string): string {
  return version.replace(/^\d+:/, "");
}
