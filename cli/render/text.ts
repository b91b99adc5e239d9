// Text for terminals: foreign text made harmless, its width, cutting and wrapping, sizes and durations, colours.
// Knows characters and columns; does not know what the text is about, nor whether colours are wanted.

/** What everything rendered must keep to. Widths below {@link leastWidth} count as that. */
export interface Looks {
  readonly color: boolean;
  /** Columns; `Infinity` neither cuts nor wraps. */
  readonly width: number;
}

export const leastWidth = 20;

/**
 * Foreign text with everything a terminal would obey or not show written out: controls (C0, C1), format characters
 * (bidirectional overrides among them), invisible and variation characters, line separators, lone surrogates.
 */
export function visible(text: string): string {
  return printable.test(text) ? text : text.replace(unshown, writtenOut);
}

/** The columns that text without control characters takes: East Asian Width (UAX #11), and emoji as wide. */
export function displayWidth(text: string): number {
  if (printable.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** The text, or as much of it as fits before a `…`. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  return width < 1 ? "" : `${text.slice(0, fitting(text, width - 1))}…`;
}

export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Lines of at most `width` columns, broken at spaces where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  for (let fits = fitting(rest, width); fits < rest.length; fits = fitting(rest, width)) {
    const end = Math.max(1, fits);
    const space = rest.lastIndexOf(" ", end);
    const atSpace = rest.slice(0, Math.max(0, space)).trim() !== "";
    lines.push(rest.slice(0, atSpace ? space : end).trimEnd());
    rest = rest.slice(atSpace ? space + 1 : end);
  }
  return lines.length > 0 && rest.trim() === "" ? lines : [...lines, rest.trimEnd()];
}

/** Wrapped after a prefix; further lines are indented by the prefix's width. */
export function hanging(prefix: string, text: string, width: number): string[] {
  const indent = displayWidth(prefix);
  const lines = wrap(text, Math.max(width, leastWidth) - indent);
  return lines.map((line, i) => (i === 0 ? prefix + line : " ".repeat(indent) + line).trimEnd());
}

/** `17 B`, `12.3 MiB`. */
export function bytesText(bytes: number): string {
  let amount = bytes;
  let unit = -1;
  // 1023.95 would be printed as 1024.0 of the unit below.
  while (amount >= (unit < 0 ? 1024 : 1023.95) && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return unit < 0 ? `${Math.round(amount)} B` : `${amount.toFixed(1)} ${units[unit]}`;
}

/** `85 ms`, `1.2 s`, `3 min 05 s`, `2 h 05 min`; the last part is cut off, not rounded, so 60 s never shows. */
export function durationText(milliseconds: number): string {
  const whole = Math.max(0, Math.floor(milliseconds));
  if (whole < 1000) return `${whole} ms`;
  if (whole < 60_000) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(whole / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${twoDigits(Math.floor(seconds / 60) % 60)} min`;
}

/** As precise as a forecast is: `a few seconds`, `about 40 s`, `about 3 min`, `about 1 h 50 min`. */
export function aboutText(milliseconds: number): string {
  const upTo = (step: number) => Math.ceil(milliseconds / 1000 / step) * step;
  if (milliseconds <= 10_000) return "a few seconds";
  if (upTo(10) <= 90) return `about ${upTo(10)} s`;
  if (upTo(60) <= 5400) return `about ${upTo(60) / 60} min`;
  const minutes = upTo(600) / 60;
  return `about ${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
}

/** `1 error`, `2 errors`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Each wraps a text in a select-graphic-rendition sequence (ECMA-48, 8.3.117), or leaves it as it is. */
export interface Paint {
  bad(text: string): string;
  warning(text: string): string;
  good(text: string): string;
  hint(text: string): string;
  dim(text: string): string;
}

export function paintOf(color: boolean): Paint {
  const sgr = (code: string) => (text: string) =>
    color && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { bad: sgr("1;31"), warning: sgr("1;33"), good: sgr("32"), hint: sgr("36"), dim: sgr("2") };
}

const printable = /^[\x20-\x7e]*$/;
const unshown = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const combining = /^[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7fb]$/u;
const regionalIndicator = /^[\u{1f1e6}-\u{1f1ff}]$/u;
const wide =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4dc0-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]$/u;
const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const named = { 9: "\\t", 10: "\\n", 13: "\\r" }[code];
  if (named !== undefined) return named;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}

function widthOf(character: string): number {
  if (combining.test(character)) return 0;
  return wide.test(character) && !regionalIndicator.test(character) ? 2 : 1;
}

/** How many UTF-16 units from the start fit into so many columns, combining marks with what they stand on. */
function fitting(text: string, width: number): number {
  let used = 0;
  let end = 0;
  for (const character of text) {
    used += widthOf(character);
    if (used > width) return end;
    end += character.length;
  }
  return end;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
