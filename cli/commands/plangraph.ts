// The derivations of a plan as a graph, in each form it is told in.
// Pure. Knows derivations; does not know how they are planned.

import type { Derivation } from "../../store/model/derivation.ts";
import { quoted } from "../render/dot.ts";
import type { Sketch } from "../render/sketch.ts";
import { svgText } from "../render/svg.ts";
import { short } from "./selection.ts";

export function derivationLines(
  title: string,
  all: readonly Derivation[],
  format: "dot" | "json" | "svg",
): readonly string[] {
  if (format === "json") return [JSON.stringify(graphRecord(all))];
  return format === "dot" ? dotLines(all) : svgText(derivationSketch(title, all));
}

export function dotLines(all: readonly Derivation[]): string[] {
  const nodes = all.map(
    ({ digest, builder, label }) => `  "${short(digest)}" [label=${quoted(`${builder}\n${label}`)}];`,
  );
  const edges = graphRecord(all).edges.map(({ from, to }) => `  "${short(from)}" -> "${short(to)}";`);
  return ["digraph plan {", "  node [shape=box];", ...nodes, ...new Set(edges), "}"];
}

/** Digests name nodes; `input` is the input's name at `to`, `output` that of the output of `from`. */
export function graphRecord(all: readonly Derivation[]) {
  return {
    format: "kit/derivations/1",
    nodes: all.map(({ digest, builder, label }) => ({ digest, builder, label })),
    edges: all.flatMap((item) =>
      Object.entries(item.inputs).flatMap(([name, input]) =>
        "derivation" in input
          ? [{ from: input.derivation.digest, to: item.digest, input: name, output: input.output }]
          : [],
      ),
    ),
  };
}

function derivationSketch(title: string, all: readonly Derivation[]): Sketch {
  const arrows = new Map(
    graphRecord(all).edges.map(({ from, to }) => [`${from} ${to}`, { from, to, style: "solid" as const }]),
  );
  return {
    title,
    boxes: all.map(({ digest, builder, label }) => ({
      ...{ id: digest, lines: [builder, label], tone: "plain", shape: "box", tip: digest },
    })),
    arrows: [...arrows.values()],
  };
}
