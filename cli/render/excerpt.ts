// Excerpts: the line a place is in, with the offending columns marked beneath.
// Knows tabs, wide characters and how to cut around a place; does not know what is wrong there.

import type { Place } from "../../store/model/fault.ts";
import { displayWidth, visible } from "./text.ts";

export interface Excerpt {
  readonly line: string;
  /** `~` under every marked column; ends with the last of them. */
  readonly marks: string;
}

/**
 * The excerpt in at most `width` columns, tabs as spaces up to the next multiple of eight (as terminals have them),
 * what a terminal would obey written out. A longer line is cut on both sides of the place. `undefined` where the
 * place quotes nothing.
 */
export function excerptOf(place: Place, width: number): Excerpt | undefined {
  if (place.excerpt === undefined) return undefined;
  const from = Math.max(0, place.column - 1);
  const cells = layOut(place.excerpt, from, from + Math.max(1, place.length ?? 1));
  if (widthOf(cells) <= width) return joined(cells);
  const window = windowAround(cells, width);
  return joined([
    ...(window.start > 0 ? [ellipsis] : []),
    ...cells.slice(window.first, window.end),
    ...(window.end < cells.length ? [ellipsis] : []),
  ]);
}

/** One character as shown. */
interface Cell {
  readonly text: string;
  readonly width: number;
  readonly marked: boolean;
}

const tabStop = 8;
const ellipsis: Cell = { text: "…", width: 1, marked: false };

/** `from` and `to` are UTF-16 offsets; a place behind the line's end marks one column there. */
function layOut(line: string, from: number, to: number): Cell[] {
  const cells: Cell[] = [];
  let at = 0;
  let column = 0;
  for (const character of line) {
    const text = character === "\t" ? " ".repeat(tabStop - (column % tabStop)) : visible(character);
    const width = displayWidth(text);
    const marked = at < to && at + character.length > from;
    const base = cells.at(-1);
    // A combining mark is shown on its base, so that is what gets marked.
    if (width === 0 && base)
      cells[cells.length - 1] = { ...base, text: base.text + text, marked: base.marked || marked };
    else cells.push({ text, width, marked });
    at += character.length;
    column += width;
  }
  return cells.some((cell) => cell.marked) ? cells : [...cells, { text: " ", width: 1, marked: true }];
}

/** Which cells to show so that the marks are seen with some of what is before and after them. */
function windowAround(cells: readonly Cell[], width: number): { start: number; first: number; end: number } {
  const markedFrom = cells.findIndex((cell) => cell.marked);
  const markedTo = cells.findLastIndex((cell) => cell.marked) + 1;
  const before = widthOf(cells.slice(0, markedFrom));
  const spare = Math.max(0, width - widthOf(cells.slice(markedFrom, markedTo)));
  const wanted = Math.min(before - Math.floor(spare / 3), before - 1, widthOf(cells) - width);
  const start = Math.max(0, wanted);
  const room = { from: start > 0 ? start + 1 : 0, to: start + width };
  if (room.to < widthOf(cells)) room.to--;
  let first = 0;
  let column = 0;
  while (first < cells.length && column < room.from) column += cells[first++]?.width ?? 0;
  let end = first;
  while (end < cells.length && column + (cells[end]?.width ?? 0) <= room.to)
    column += cells[end++]?.width ?? 0;
  return { start, first, end };
}

function joined(cells: readonly Cell[]): Excerpt {
  return {
    line: cells
      .map((cell) => cell.text)
      .join("")
      .trimEnd(),
    marks: cells
      .map((cell) => (cell.marked ? "~" : " ").repeat(cell.width))
      .join("")
      .trimEnd(),
  };
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.width, 0);
}
