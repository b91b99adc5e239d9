// A sketch in the language of graphviz.
// Knows its quoting (graphviz.org/doc/info/lang.html); does not know what is drawn.

import type { Box, Sketch, Tone } from "./sketch.ts";
import { visible } from "./text.ts";

/** Whole lines; node names are the ids. */
export function dotText({ title, boxes, arrows }: Sketch): string[] {
  return [
    `digraph ${quoted(title)} {`,
    "  graph [rankdir=TB];",
    '  node [shape=box, style=filled, fontname="sans-serif", fontsize=10];',
    ...boxes.map((box) => `  ${quoted(box.id)} [${attributes(boxAttributes(box))}];`),
    ...arrows.map(
      ({ from, to, style, tip }) =>
        `  ${quoted(from)} -> ${quoted(to)} [${attributes({ style, ...(tip !== undefined && { tooltip: tip }) })}];`,
    ),
    "}",
  ];
}

/** A string of the dot language: a quote is written `\"`, a line break `\n`; nothing else is escaped by its reader. */
export function quoted(text: string): string {
  const lines = text.split("\n").map((line) => visible(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"'));
  return `"${lines.join("\\n")}"`;
}

export const fills: Readonly<Record<Tone, string>> = {
  plain: "#ffffff",
  wanting: "#fff3bf",
  good: "#d3f9d8",
  bad: "#ffc9c9",
  cache: "#d0ebff",
};

const shapes: Readonly<Record<Box["shape"], Readonly<Record<string, string>>>> = {
  box: { shape: "box" },
  round: { shape: "box", style: "filled,rounded" },
  octagon: { shape: "octagon" },
};

function boxAttributes({ lines, tone, shape, tip }: Box): Readonly<Record<string, string>> {
  return {
    label: lines.join("\n"),
    ...shapes[shape],
    fillcolor: fills[tone],
    ...(tip !== undefined && { tooltip: tip }),
  };
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(", ");
}
