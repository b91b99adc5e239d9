// A sketch as an SVG picture, drawn by kit itself: it needs no graphviz, and the same sketch is the same bytes.
// Knows SVG 1.1; does not know where boxes belong.

import { Fault } from "../../store/model/fault.ts";
import { fills } from "./dot.ts";
import { type Layout, layoutOf, type Piece, type Size } from "./layers.ts";
import type { Arrow, Box, Sketch } from "./sketch.ts";
import { displayWidth, visible } from "./text.ts";

/** 9,000 boxes with 40,000 arrows took 4 s on a busy machine and are 10 MB of text, which browsers still show. */
const most = { boxes: 10_000, arrows: 200_000 } as const;

const font = { size: 11, width: 6.7, line: 15 } as const;
const padding = { x: 10, y: 7 } as const;

/** Whole lines. @throws {Fault} `usage/too-large` */
export function svgText({ title, boxes, arrows }: Sketch): string[] {
  if (boxes.length > most.boxes || arrows.length > most.arrows)
    throw new Fault(
      "usage/too-large",
      `${boxes.length} nodes and ${arrows.length} edges are more than can be drawn for anybody to look at`,
      { hint: "draw a part: --dependencies-of, --dependents-of, --depth; or take --format dot or json" },
    );
  const numbers = new Map(boxes.map(({ id }, i) => [id, i]));
  const known = arrows.filter(({ from, to }) => numbers.has(from) && numbers.has(to));
  const sizes = boxes.map(sizeOf);
  const layout = layoutOf(
    sizes,
    known.map(({ from, to }) => [numbers.get(from) ?? 0, numbers.get(to) ?? 0]),
  );
  const { width, height, pieces } = layout;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>',
    `<style>text{font:${font.size}px monospace;text-anchor:middle}path.a{fill:none;stroke:#888}path.l{marker-end:url(#end)}path.dashed{stroke-dasharray:6 3}path.dotted{stroke-dasharray:2 3}.b{stroke:#555}</style>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...pieces.map((piece) => pieceText(piece, known)),
    ...boxes.map((box, i) => boxText(box, i, sizes, layout)),
    "</svg>",
  ];
}

function sizeOf({ lines, shape }: Box): Size {
  const columns = lines.reduce((longest, line) => Math.max(longest, displayWidth(visible(line))), 0);
  const corners = shape === "octagon" ? 2 * corner : 0;
  return {
    width: Math.ceil(columns * font.width) + 2 * padding.x + corners,
    height: lines.length * font.line + 2 * padding.y,
  };
}

const corner = 8;

function pieceText({ from, to, isLast, arrows }: Piece, known: readonly Arrow[]): string {
  const own = arrows.flatMap((arrow) => known[arrow] ?? []);
  const styles = new Set(own.map(({ style }) => style));
  const [style = "solid"] = styles.size === 1 ? styles : ["solid"];
  const middle = Math.round((from.y + to.y) * 5) / 10;
  const line =
    from.x === to.x
      ? `M${from.x} ${from.y}V${to.y}`
      : `M${from.x} ${from.y}C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
  const tip = own.length === 1 && own[0] !== undefined ? `<title>${escaped(arrowTip(own[0]))}</title>` : "";
  return `<path class="a${isLast ? " l" : ""} ${style}" d="${line}"${tip === "" ? "/>" : `>${tip}</path>`}`;
}

function arrowTip({ from, to, tip }: Arrow): string {
  return tip === undefined ? `${from} → ${to}` : `${from} → ${to}: ${tip}`;
}

function boxText(box: Box, index: number, sizes: readonly Size[], { places }: Layout): string {
  const { x, y } = places[index] ?? { x: 0, y: 0 };
  const { width, height } = sizes[index] ?? { width: 0, height: 0 };
  const top = y - height / 2 + padding.y + font.size;
  const lines = box.lines.map(
    (line, i) => `<text x="${x}" y="${Math.round((top + i * font.line) * 10) / 10}">${escaped(line)}</text>`,
  );
  const tip = box.tip === undefined ? "" : `<title>${escaped(box.tip)}</title>`;
  return `<g id="n${index}">${tip}${outline(box, x - width / 2, y - height / 2, width, height)}${lines.join("")}</g>`;
}

function outline({ shape, tone }: Box, x: number, y: number, width: number, height: number): string {
  const look = `class="b" fill="${fills[tone]}"`;
  if (shape !== "octagon")
    return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${shape === "round" ? 9 : 0}" ${look}/>`;
  const [right, bottom] = [x + width, y + height];
  const points = [
    ...[
      `${x + corner},${y}`,
      `${right - corner},${y}`,
      `${right},${y + corner}`,
      `${right},${bottom - corner}`,
    ],
    ...[
      `${right - corner},${bottom}`,
      `${x + corner},${bottom}`,
      `${x},${bottom - corner}`,
      `${x},${y + corner}`,
    ],
  ];
  return `<polygon points="${points.join(" ")}" ${look}/>`;
}

/** What XML 1.0 lets stand in a text; what it does not, and what would not show, is written out. */
function escaped(text: string): string {
  return text
    .split("\n")
    .map(visible)
    .join("\n")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
