// The screen: lines at the bottom of a terminal that are drawn over again and again.
// Knows cursor movements (ECMA-48) and what resizing does to lines; does not know what the lines say.

import { displayWidth } from "./text.ts";

/** What is used of `process.stderr`; sizes may change at any time, and are 0 or absent where nobody knows. */
export interface Terminal {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

export interface Screen {
  /** In one write: lines that stay, then the frame in place of the last one. An empty frame leaves nothing behind. */
  draw(lasting: readonly string[], frame: readonly string[]): void;
  /** What a frame may take now. The last column stays free: writing into it leaves a cursor that erases it. */
  room(): { readonly columns: number; readonly rows: number };
}

export function openScreen(terminal: Terminal): Screen {
  let drawn: number[] = [];
  const columns = () => terminal.columns || 80;
  return {
    draw(lasting, frame) {
      if (lasting.length + frame.length + drawn.length === 0) return;
      const text = [home(drawn, columns())];
      if (lasting.length > 0) text.push(eraseBelow, ...lasting.map((line) => `${line}\r\n`));
      text.push(frame.join(`${eraseRight}\r\n`), eraseBelow);
      terminal.write(text.join(""));
      drawn = frame.map((line) => displayWidth(line.replaceAll(colors, "")));
    },
    room: () => ({ columns: Math.max(1, columns() - 1), rows: Math.max(1, (terminal.rows || 24) - 1) }),
  };
}

const eraseRight = "\x1b[K";
const eraseBelow = "\x1b[J";
const colors = /\x1b\[[\d;]*m/g;

/**
 * To the first column of the frame's first row. The cursor stands at the end of its last line. A terminal that
 * became narrower has broken longer lines into several rows (all that reflow do; those that do not, xterm and the
 * Linux console, lose the rows between).
 */
function home(widths: readonly number[], columns: number): string {
  const above = widths
    .slice(0, -1)
    .reduce((rows, width) => rows + Math.max(1, Math.ceil(width / columns)), 0);
  const within = Math.floor(Math.max(0, (widths.at(-1) ?? 0) - 1) / columns);
  const up = above + within;
  return up > 0 ? `\r\x1b[${up}A` : "\r";
}
