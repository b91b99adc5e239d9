// Files of lines with fields between colons: passwd(5), group(5), shadow(5), gshadow(5).
// Knows lines and fields; does not know what they mean. A line that is not touched keeps its bytes.

export type Row = string[];

export interface Table {
  readonly rows: Row[];
}

export function parseTable(text: string): Table {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return { rows: lines.map((line) => line.split(":")) };
}

export function formatTable({ rows }: Table): string {
  return rows.map((row) => `${row.join(":")}\n`).join("");
}

export function rowOf({ rows }: Table, name: string): Row | undefined {
  return rows.find(([first]) => first === name);
}

/** A field as a number; NaN where it is none, as in the lines NIS uses. */
export function numberIn(row: Row, field: number): number {
  return /^\d+$/.test(row[field] ?? "") ? Number(row[field]) : Number.NaN;
}

/** The names between commas in a field. */
export function addMember(row: Row, field: number, name: string): void {
  const members = (row[field] ?? "").split(",").filter((member) => member !== "");
  if (!members.includes(name)) row[field] = [...members, name].join(",");
}
