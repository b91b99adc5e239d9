// HTML whose every foreign text is escaped.
// Knows markup; does not know pages.

/** Markup that may stand as it is; only {@link html} makes it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What is false or absent is nothing; a list is its parts one after the other. */
export type Content = Html | string | number | false | undefined | readonly Content[];

/** Markup with values in it, in content or in quoted attributes; texts are escaped for both. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.map((part, i) => part + (i < values.length ? markup(values[i]) : "")).join(""));
}

function markup(value: Content): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "string") return escaped(value);
  if (typeof value === "number") return String(value);
  return value.map(markup).join("");
}

/** Safe as content and between double or single quotes; what UTF-8 cannot write is replaced. */
export function escaped(text: string): string {
  return text.toWellFormed().replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
