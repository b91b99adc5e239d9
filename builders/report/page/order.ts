// Which rows of a list are shown, and in which order; and how an address says so.
// Pure. Knows columns and choices; does not know tables.

export interface Column<T> {
  readonly key: string;
  /** Numbers begin with the largest. */
  readonly kind?: "number" | "text";
  /** Absent where the column is no order. Texts by code units, numbers by size. */
  readonly value?: (row: T) => string | number;
}

export interface Choice<T> {
  readonly key: string;
  readonly accepts: (row: T, value: string) => boolean;
}

export interface Rules<T> {
  readonly columns: readonly Column<T>[];
  readonly choices: readonly Choice<T>[];
  /** What stands before the keys in the address of a page with several lists. */
  readonly prefix?: string;
  /** The column that orders at first; the first one where none is named. */
  readonly order?: string;
}

/** What a person asked for: all of the words, and of each choice what is not empty. */
export interface Wish {
  readonly written: string;
  readonly chosen: ReadonlyMap<string, string>;
  readonly order: Order;
}

export interface Order {
  readonly key: string;
  readonly down: boolean;
}

/** `texts` is what words are looked for in, by row, in lower case. Rows that are equal in order stay as they were. */
export function rowsFor<T>(
  rows: readonly T[],
  texts: readonly string[],
  { columns, choices }: Rules<T>,
  { written, chosen, order }: Wish,
): T[] {
  const words = written.toLowerCase().split(/\s+/);
  const wanted = choices.flatMap(({ key, accepts }) => {
    const value = chosen.get(key) ?? "";
    return value === "" ? [] : [(row: T) => accepts(row, value)];
  });
  const found = rows.filter(
    (row, i) => words.every((word) => texts[i]?.includes(word)) && wanted.every((accepts) => accepts(row)),
  );
  const value = columns.find(({ key }) => key === order.key)?.value;
  return value === undefined ? found : sorted(found, value, order.down);
}

function sorted<T>(rows: readonly T[], value: (row: T) => string | number, down: boolean): T[] {
  const keyed = rows.map((row) => ({ row, key: value(row) }));
  const sign = down ? -1 : 1;
  return keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0)).map(({ row }) => row);
}

/** What a click on a column's head asks for. */
export function turned<T>({ key, kind }: Column<T>, before: Order): Order {
  return { key, down: before.key === key ? !before.down : kind === "number" };
}

export function firstOrder<T>({ order, columns }: Rules<T>): Order {
  return { key: order ?? columns[0]?.key ?? "", down: false };
}

/** What an address asks for; what it does not say is as it is at first. */
export function wishIn<T>(filters: ReadonlyMap<string, string>, rules: Rules<T>): Wish {
  const of = (key: string) => filters.get((rules.prefix ?? "") + key) ?? "";
  const order = of("sort");
  return {
    written: of("q"),
    chosen: new Map(rules.choices.map(({ key }) => [key, of(key)])),
    order: order === "" ? firstOrder(rules) : { key: order.replace(/^-/, ""), down: order.startsWith("-") },
  };
}

/** The address's filters with the wish in them, beside those of other lists. */
export function withWish<T>(
  filters: ReadonlyMap<string, string>,
  { written, chosen, order }: Wish,
  rules: Rules<T>,
): Map<string, string> {
  const { key, down } = order;
  const first = firstOrder(rules);
  const isFirst = key === first.key && down === first.down;
  const said = new Map([
    ...chosen,
    ["q", written.trim()],
    ["sort", isFirst ? "" : `${down ? "-" : ""}${key}`],
  ]);
  const all = new Map(filters);
  for (const [key, value] of said) all.set((rules.prefix ?? "") + key, value);
  return new Map([...all].filter(([, value]) => value !== "").sort(([a], [b]) => (a < b ? -1 : 1)));
}
