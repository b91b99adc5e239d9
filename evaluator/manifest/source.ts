// Sources: the text of a file, and places in it.
// Knows lines and columns; does not know YAML's rules, nor what is wrong with what it points at.

import { LineCounter, type Node } from "yaml";
import type { Place } from "../../store/model/fault.ts";

/** Lines longer than this many characters are not quoted in faults. */
const longestExcerpt = 1000;

export class Source {
  /** To be filled by whatever reads the text. */
  readonly lines = new LineCounter();
  readonly file: string;
  readonly text: string;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** The place of a node, or of its key where the node is an empty value; the file's start where there is none. */
  placeOfNode(node: Node | null, key?: Node): Place {
    const range = node?.range;
    if (key?.range && (!range || range[0] === range[1])) return this.place(key.range[0], key.range[1]);
    return range ? this.place(range[0], range[1]) : this.place(0, 0);
  }

  /** The `nth` occurrence (from 0) of a text inside a node; the node where escapes have hidden it. */
  placeWithin(node: Node, within: string, nth: number): Place {
    const [start, end] = node.range ?? [0, 0];
    let at = this.text.indexOf(within, start);
    for (let i = 0; i < nth && at >= 0; i++) at = this.text.indexOf(within, at + within.length);
    return at < 0 || at >= end ? this.placeOfNode(node) : this.place(at, at + within.length);
  }

  /**
   * The place of some characters, cut off at the end of the first one's line; what lies in the blank end of the
   * text is placed on its last character. Offsets are in UTF-16 units.
   */
  place(from: number, end: number): Place {
    const start = Math.max(0, Math.min(from, this.text.trimEnd().length - 1));
    const { line, col } = this.lines.lineStarts.length > 0 ? this.lines.linePos(start) : { line: 1, col: 1 };
    const at = { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
    const lineStart = start - (at.column - 1);
    const lineEnd = this.text.indexOf("\n", start);
    const excerpt = this.text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).replace(/\r$/, "");
    if (excerpt.length > longestExcerpt) return at;
    const covered = this.text.slice(start, Math.min(end, lineStart + excerpt.length)).trimEnd();
    // A line break of two characters counts as one.
    const column = Math.min(at.column, excerpt.length + 1);
    return { ...at, column, excerpt, length: Math.max(1, covered.length) };
  }
}
