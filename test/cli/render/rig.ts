// What the rendering tests share: a clock that is set by hand, events, and a small terminal.
// The terminal obeys what the live display writes (ECMA-48: CUU, EL 0, ED 0, SGR) and throws on anything else.

import fc from "fast-check";
import type { Event } from "../../../builders/event.ts";
import type { Schedule } from "../../../cli/render/renderer.ts";
import type { Terminal } from "../../../cli/render/screen.ts";
import { displayWidth } from "../../../cli/render/text.ts";
import { digestOf } from "../../../store/model/digest.ts";

export const plain = { color: false, width: 80 };

/** Anything in it would be obeyed by a terminal, or hide or turn around what is shown. */
export const harmful = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

export interface FakeClock {
  readonly now: () => number;
  readonly schedule: Schedule;
  /** Lets time pass, calling what is due on the way. */
  pass(milliseconds: number): void;
  pending(): number;
}

export function fakeClock(): FakeClock {
  // A clock may start anywhere.
  let time = 5_000_000;
  const due = new Map<() => void, number>();
  return {
    now: () => time,
    schedule(call, milliseconds) {
      const entry = () => call();
      due.set(entry, time + milliseconds);
      return () => void due.delete(entry);
    },
    pass(milliseconds) {
      const until = time + milliseconds;
      for (;;) {
        const [next] = [...due].filter(([, at]) => at <= until).sort(([, a], [, b]) => a - b);
        if (!next) break;
        time = Math.max(time, next[1]);
        due.delete(next[0]);
        next[0]();
      }
      time = until;
    },
    pending: () => due.size,
  };
}

/** Events of the derivation of a label, which name its builder before a blank. */
export function events(subject: string) {
  const [builder = "", label = ""] = subject.split(" ");
  const id = digestOf(subject);
  const named = { id, label, builder };
  return {
    start: { type: "start", ...named },
    progress: (done: number, total: number, unit: "bytes" | "steps" = "bytes"): Event => ({
      type: "progress",
      id,
      done,
      total,
      unit,
    }),
    waiting: (reason: string): Event => ({ type: "waiting", id, label, reason }),
    end: (how: Extract<Event, { type: "end" }>["how"], duration = 0): Event => ({
      type: "end",
      ...named,
      how,
      duration,
    }),
    fails: (duration: number, code: string, message: string, details: readonly string[] = []): Event => ({
      type: "end",
      ...named,
      how: "failed",
      duration,
      fault: { code, message, details },
    }),
  } as const satisfies Record<string, unknown>;
}

interface Row {
  cells: string[];
  /** The line goes on in the next row. */
  continued: boolean;
}

export interface FakeTerminal extends Terminal {
  /** What can be seen, without blank rows at the end. */
  screen(): string[];
  /** What can be seen, and what has been scrolled out above it. */
  everything(): string[];
  /** How many times something was written. */
  writes(): number;
  raw(): string;
  resize(columns: number, rows: number): void;
}

/** A terminal that breaks lines anew when it becomes narrower or wider, as VTE, kitty and tmux do. */
export function fakeTerminal(columns: number, rows: number): FakeTerminal {
  let size = { columns, rows };
  let lines: Row[] = [{ cells: [], continued: false }];
  let cursor = { row: 0, column: 0 };
  const written: string[] = [];

  let top = 0;
  const rowAt = (row: number): Row => {
    while (lines.length <= row) lines.push({ cells: [], continued: false });
    // What has been scrolled out does not come back when lines are erased.
    top = Math.max(top, row - size.rows + 1);
    return lines[row] as Row;
  };
  const put = (character: string) => {
    const width = displayWidth(character);
    if (cursor.column + width > size.columns) {
      rowAt(cursor.row).continued = true;
      cursor = { row: cursor.row + 1, column: 0 };
    }
    const { cells } = rowAt(cursor.row);
    if (width === 0) {
      const base = cells[cursor.column - 1];
      if (base !== undefined) cells[cursor.column - 1] = base + character;
      return;
    }
    while (cells.length < cursor.column) cells.push(" ");
    cells.splice(cursor.column, width, character, ...Array<string>(Math.max(0, width - 1)).fill(""));
    cursor.column += width;
  };
  const control = (parameter: string, final: string) => {
    if (final === "m") return;
    const row = rowAt(cursor.row);
    // A cursor waiting behind the last column stands on it, as far as erasing goes.
    const column = Math.min(cursor.column, size.columns - 1);
    if (final === "A") cursor = { row: Math.max(top, cursor.row - Number(parameter || 1)), column };
    else if (final === "K" && parameter === "") row.cells.length = Math.min(row.cells.length, column);
    else if (final === "J" && parameter === "") {
      row.cells.length = Math.min(row.cells.length, column);
      row.continued = false;
      lines.length = cursor.row + 1;
    } else throw new Error(`the terminal does not know ESC [ ${parameter} ${final}`);
  };
  const write = (text: string) => {
    written.push(text);
    for (const [token, parameter, final] of text.matchAll(/\x1b\[([\d;]*)([A-Za-z])|./gsu)) {
      if (final !== undefined) control(parameter ?? "", final);
      else if (token === "\r") cursor.column = 0;
      else if (token === "\n") {
        cursor = { row: cursor.row + 1, column: cursor.column };
        rowAt(cursor.row);
      } else if (harmful.test(token)) throw new Error(`the terminal got ${JSON.stringify(token)}`);
      else put(token);
    }
  };
  const textOf = (rowsShown: Row[]) => {
    const texts = rowsShown.map((row) => row.cells.join("").trimEnd());
    while (texts.at(-1) === "") texts.pop();
    return texts;
  };
  /** Lines are joined again and broken at the new width; the cursor stays on its character. */
  const reflow = (to: { columns: number; rows: number }) => {
    const before = lines;
    const old = cursor;
    size = to;
    lines = [];
    let place = { row: 0, column: 0 };
    let start = 0;
    while (start < before.length) {
      let end = start;
      while (before[end]?.continued) end++;
      const joined = before.slice(start, end + 1).flatMap((row) => row.cells);
      const first = lines.length;
      for (let at = 0; at === 0 || at < joined.length; at += to.columns) {
        lines.push({ cells: joined.slice(at, at + to.columns), continued: at + to.columns < joined.length });
      }
      if (old.row >= start && old.row <= end) {
        const offset =
          before.slice(start, old.row).reduce((sum, row) => sum + row.cells.length, 0) + old.column;
        const row = Math.min(Math.floor(offset / to.columns), lines.length - 1 - first);
        place = { row: first + row, column: offset - row * to.columns };
      }
      start = end + 1;
    }
    cursor = place;
    top = Math.max(0, lines.length - size.rows);
  };
  return {
    isTTY: true,
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    write,
    screen: () => textOf(lines.slice(top, top + size.rows)),
    everything: () => textOf(lines),
    writes: () => written.length,
    raw: () => written.join(""),
    resize: (toColumns, toRows) => reflow({ columns: toColumns, rows: toRows }),
  };
}

const foreign = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom("\x1b", "[", "2", "J", "\r", "\n", "\u009b", "\u202e", "漢", "e\u0301", "x", " "),
  }),
);
const subject = fc
  .tuple(fc.nat(5), foreign)
  .map(([number, label]) => ({ id: digestOf(String(number)), label, builder: "deb-files" }));

/** Any event of half a dozen derivations, in no sensible order, with foreign text in it. */
export const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ type: fc.constant("plan" as const), derivations: fc.nat(2000), known: fc.nat(2000) }),
  subject.map((named) => ({ type: "start" as const, ...named })),
  fc.record({
    type: fc.constant("progress" as const),
    id: subject.map(({ id }) => id),
    done: fc.nat(),
    total: fc.nat(),
    unit: fc.constantFrom("bytes" as const, "steps" as const),
  }),
  fc
    .tuple(subject, foreign)
    .map(([{ id, label }, reason]) => ({ type: "waiting" as const, id, label, reason })),
  fc
    .tuple(subject, fc.constantFrom("built" as const, "reused" as const, "blocked" as const), fc.nat(100_000))
    .map(([named, how, duration]) => ({ type: "end" as const, ...named, how, duration })),
  fc.tuple(subject, foreign, fc.array(foreign, { maxLength: 3 })).map(([named, message, details]) => ({
    type: "end" as const,
    ...named,
    how: "failed" as const,
    duration: 1,
    fault: { code: "build/exit", message, details },
  })),
  foreign.map((text) => ({ type: "step" as const, text })),
  foreign.map((text) => ({ type: "warning" as const, text })),
);
