// rpm's versions, `[epoch:]version[-release]`: how they sort, and which ranges of them overlap.
// Knows rpm's order; does not know packages or where versions come from.

export type Operator = "<" | "<=" | "=" | ">=" | ">";

/** A version in its parts. Equal text gives equal parts. */
export interface Evr {
  /** Digits; empty where none is written, which counts as 0. */
  readonly epoch: string;
  readonly version: string;
  /** Absent where none is written. */
  readonly release?: string;
}

/** The epoch is what stands before a colon if it is all digits, the release what follows the last hyphen (`parseEVR`). */
export function parseEvr(text: string): Evr {
  const [digits = ""] = /^[0-9]*/.exec(text) ?? [];
  const hasEpoch = text[digits.length] === ":";
  const rest = hasEpoch ? text.slice(digits.length + 1) : text;
  const hyphen = rest.lastIndexOf("-");
  return {
    epoch: hasEpoch ? digits : "",
    version: hyphen < 0 ? rest : rest.slice(0, hyphen),
    ...(hyphen >= 0 && { release: rest.slice(hyphen + 1) }),
  };
}

/**
 * Negative, zero or positive as `a` sorts before, with or after `b`: rpm's `rpmverCmp`. A missing epoch is 0, a missing
 * release comes before every other. Total over all strings.
 */
export function compareVersions(a: string, b: string): number {
  return a === b ? 0 : compareEvr(parseEvr(a), parseEvr(b));
}

export function compareEvr(a: Evr, b: Evr): number {
  const order = compareEpochAndVersion(a, b);
  if (order !== 0) return order;
  if (a.release === undefined || b.release === undefined)
    return Number(a.release !== undefined) - Number(b.release !== undefined);
  return compareParts(a.release, b.release);
}

/** A range of versions, as in `>= 1.2`. */
export interface Bound {
  readonly operator: Operator;
  readonly evr: Evr;
}

/**
 * Whether some version lies in both ranges: rpm's `rpmverOverlap`, libsolv's `pool_intersect_evrs`. Releases count only
 * where both sides have one; where one has none, it reaches every release if its operator holds an `=`.
 */
export function overlaps(a: Bound, b: Bound): boolean {
  const [above, below] = [/^>/, /^</].map((form) => [a, b].map(({ operator }) => form.test(operator)));
  const [aboveA, aboveB] = above ?? [];
  const [belowA, belowB] = below ?? [];
  if ((aboveA && aboveB) || (belowA && belowB)) return true;
  const [equalA, equalB] = [a, b].map(({ operator }) => operator.endsWith("="));
  let order = compareEpochAndVersion(a.evr, b.evr);
  if (order === 0) {
    if (a.evr.release && b.evr.release) order = compareParts(a.evr.release, b.evr.release);
    else if (a.evr.release) return equalB === true;
    else if (b.evr.release) return equalA === true;
  }
  if (order < 0) return aboveA === true || belowB === true;
  if (order > 0) return belowA === true || aboveB === true;
  return equalA === true && equalB === true;
}

function compareEpochAndVersion(a: Evr, b: Evr): number {
  return compareParts(a.epoch || "0", b.epoch || "0") || compareParts(a.version, b.version);
}

/**
 * One version, or one release: rpm's `rpmvercmp`. Runs of digits and runs of letters in turn, everything else only
 * parts them; digits beat letters, `~` comes before the end, `^` after it but before all that goes on.
 */
export function compareParts(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  for (;;) {
    i = skipSeparators(a, i);
    j = skipSeparators(b, j);
    if (a[i] === "~" || b[j] === "~") {
      if (a[i] !== "~") return 1;
      if (b[j] !== "~") return -1;
      i++;
      j++;
    } else if (a[i] === "^" || b[j] === "^") {
      if (i >= a.length) return -1;
      if (j >= b.length) return 1;
      if (a[i] !== "^") return 1;
      if (b[j] !== "^") return -1;
      i++;
      j++;
    } else if (i >= a.length || j >= b.length) {
      return Number(i < a.length) - Number(j < b.length);
    } else {
      const isNumber = isDigit(a, i);
      if (isNumber !== isDigit(b, j)) return isNumber ? 1 : -1;
      const [endA, endB] = [runEnd(a, i, isNumber), runEnd(b, j, isNumber)];
      const order = compareRuns(a.slice(i, endA), b.slice(j, endB), isNumber);
      if (order !== 0) return order;
      i = endA;
      j = endB;
    }
  }
}

function compareRuns(a: string, b: string, isNumber: boolean): number {
  if (!isNumber) return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  if (x.length !== y.length) return x.length - y.length;
  return x < y ? -1 : x > y ? 1 : 0;
}

function skipSeparators(text: string, from: number): number {
  let at = from;
  while (
    at < text.length &&
    !isDigit(text, at) &&
    !isLetter(text, at) &&
    text[at] !== "~" &&
    text[at] !== "^"
  )
    at++;
  return at;
}

function runEnd(text: string, from: number, isNumber: boolean): number {
  let at = from;
  while (isNumber ? isDigit(text, at) : isLetter(text, at)) at++;
  return at;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0x30 && code <= 0x39;
}

function isLetter(text: string, index: number): boolean {
  const code = text.charCodeAt(index) | 0x20;
  return code >= 0x61 && code <= 0x7a;
}
