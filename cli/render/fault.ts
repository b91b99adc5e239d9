// Faults as people read them: where, what, and what to try.
// Knows the layout; does not know what may go wrong, nor where the text is written to.

import { type Fault, faultsOf, type Place } from "../../store/model/fault.ts";
import { excerptOf } from "./excerpt.ts";
import { cut, hanging, type Looks, leastWidth, paintOf, plural, visible, wrap } from "./text.ts";

/** Whatever was thrown: its faults, or a report of kit's own defect. Whole lines. */
export function renderError(error: unknown, looks: Looks): string {
  const thrown = [...new Set(unwrapped(error))];
  const faults = thrown.flatMap(faultsOf);
  const defects = thrown.filter((each) => faultsOf(each).length === 0);
  return renderFaults(faults, looks) + defects.map((defect) => renderDefect(defect, looks)).join("");
}

/** Sorted by file, line and column, those without a place last; several are counted at the end. Whole lines. */
export function renderFaults(faults: readonly Fault[], looks: Looks): string {
  const sorted = [...faults].sort(byPlace);
  const text = sorted.map((fault) => renderFault(fault, looks)).join("");
  if (faults.length < 2) return text;
  const files = new Set(faults.flatMap((fault) => fault.place?.file ?? [])).size;
  const count = plural(faults.length, "error") + (files > 1 ? ` in ${files} files` : "");
  return `${text}${paintOf(looks.color).bad(count)}\n`;
}

/**
 * One fault in whole lines: headline, excerpt, related places, details behind a bar, causes the message does not
 * tell already, hint, code and exit status.
 */
export function renderFault(fault: Fault, looks: Looks): string {
  return joined([
    ...headline(placed(fault.place, fault.message), looks),
    ...quoted(fault.place, looks),
    ...fault.related.flatMap(({ place, message }) => [
      ...hanging("  ", placed(place, message), looks.width),
      ...quoted(place, looks),
    ]),
    ...fault.details.flatMap((detail) => barred(detail, looks)),
    ...causesOf(fault).flatMap((cause) => hanging("  cause: ", cause, looks.width)),
    ...hinted(fault.hint, looks),
    paintOf(looks.color).dim(`  ${cut(visible(`[${fault.code}, exit ${fault.exit}]`), widthOf(looks) - 2)}`),
  ]);
}

/** An error that is no fault is kit's own mistake: its stack, and what to do with it. Whole lines. */
export function renderDefect(error: unknown, looks: Looks): string {
  const chain = chainOf(error);
  const [name = "an unknown error", ...causes] = chain.map(nameOf);
  return joined([
    ...headline(visible(`this is a defect of kit: ${name}`), looks),
    ...barred(stackOf(error), looks),
    ...causes.flatMap((cause, i) => [
      ...hanging("  cause: ", visible(cause), looks.width),
      ...barred(stackOf(chain[i + 1]), looks),
    ]),
    ...hinted(
      "nothing you wrote should lead here; please report these lines, with the command and what `kit doctor` says",
      looks,
    ),
  ]);
}

/** Longer lines of a log are of no use here, and the log has them whole. */
const longestDetail = 1000;
const deepestCause = 5;
// Control sequences and operating system commands (ECMA-48, 5.4 and 8.3.89). node:util could strip them too, but
// takes 4 ms to load.
const sequences = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g;

function headline(text: string, looks: Looks): string[] {
  const [first = "", ...rest] = hanging("error: ", text, looks.width);
  return [paintOf(looks.color).bad("error:") + first.slice("error:".length), ...rest];
}

function placed(place: Place | undefined, message: string): string {
  return visible(place ? `${place.file}:${place.line}:${place.column} ${message}` : message);
}

function quoted(place: Place | undefined, looks: Looks): string[] {
  const excerpt = place && excerptOf(place, widthOf(looks) - 4);
  return excerpt ? [`    ${excerpt.line}`.trimEnd(), `    ${paintOf(looks.color).bad(excerpt.marks)}`] : [];
}

/** Every line behind a bar, so that no log can look like kit speaking. */
function barred(text: string, looks: Looks): string[] {
  const paint = paintOf(looks.color);
  return linesOf(text).flatMap((line) =>
    wrap(cut(line, longestDetail), widthOf(looks) - 4).map((part) => `  ${paint.dim("|")} ${part}`.trimEnd()),
  );
}

/** The lines of a foreign text, without the colours and cursor movements a log may hold. */
function linesOf(text: string): string[] {
  const lines = text === "" ? [] : text.replaceAll(sequences, "").trimEnd().split(/\r?\n/);
  return lines.map((line) => visible(line.replaceAll("\t", "    ")));
}

function hinted(hint: string | undefined, looks: Looks): string[] {
  const [first = "", ...rest] = linesOf(hint ?? "").flatMap((line, i) =>
    hanging(i === 0 ? "  hint: " : "        ", line, looks.width),
  );
  return first === "" ? [] : [paintOf(looks.color).hint(first), ...rest.map(paintOf(looks.color).hint)];
}

/** What lies beneath a fault, but for what its own text says already. */
function causesOf(fault: Fault): string[] {
  let told = [fault.message, ...fault.details].join("\n");
  const causes: string[] = [];
  for (const cause of chainOf(fault).slice(1)) {
    const text = messageOf(cause);
    if (told.includes(text)) continue;
    causes.push(visible(cut(text, longestDetail)));
    told += `\n${text}`;
  }
  return causes;
}

/** An error and its causes, outermost first; ends where it would go in a circle. */
function chainOf(error: unknown): unknown[] {
  const chain = [error];
  for (let at = error; at instanceof Error && at.cause !== undefined && chain.length <= deepestCause; ) {
    at = at.cause;
    if (chain.includes(at)) break;
    chain.push(at);
  }
  return chain;
}

/** The errors that came together: disposing after a failure, several at once. The first failure comes first. */
function unwrapped(error: unknown): unknown[] {
  if (error instanceof SuppressedError) return [...unwrapped(error.suppressed), ...unwrapped(error.error)];
  if (error instanceof AggregateError && error.errors.some((each) => faultsOf(each).length > 0)) {
    return error.errors.flatMap(unwrapped);
  }
  return [error];
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${messageOf(error)}` : messageOf(error);
}

// A connection refused on every address of a host is an AggregateError without a message.
function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message || (error as NodeJS.ErrnoException).code || error.name;
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    return `a value of type ${typeof error}`;
  }
}

function stackOf(error: unknown): string {
  const frames =
    error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  return frames.map((frame) => frame.trim()).join("\n");
}

function byPlace(a: Fault, b: Fault): number {
  if (!a.place || !b.place) return Number(!a.place) - Number(!b.place);
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}

function widthOf(looks: Looks): number {
  return Math.max(looks.width, leastWidth);
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
