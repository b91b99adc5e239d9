// A sketch: boxes with lines of text, and arrows between them, before it is known in which form they are drawn.
// Knows what the nodes of a dependency graph look like; does not know where anything is placed.

import type { EdgeKind, Graph, GraphEdge, GraphNode, NodeState } from "../../evaluator/graph/graph.ts";

/** What a box's colour says. */
export const tones = ["plain", "wanting", "good", "bad", "cache"] as const;
export type Tone = (typeof tones)[number];

export interface Box {
  readonly id: string;
  readonly lines: readonly string[];
  readonly tone: Tone;
  readonly shape: "box" | "round" | "octagon";
  /** What a person who points at it is told. */
  readonly tip?: string;
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly style: "solid" | "dashed" | "dotted";
  readonly tip?: string;
}

export interface Sketch {
  readonly title: string;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** Arrows lead from who depends to what is depended on; those of builds are dashed, of tests and members dotted. */
export function graphSketch(title: string, { nodes, edges }: Graph): Sketch {
  return { title, boxes: nodes.map(boxOf), arrows: edges.map(arrowOf) };
}

const stateTones: Readonly<Record<NodeState, Tone>> = {
  Meta: "plain",
  Build: "wanting",
  Unresolved: "wanting",
  BuildError: "bad",
  UpToDate: "good",
  Cached: "good",
  Delta: "cache",
};

const styles: Readonly<Record<EdgeKind, Arrow["style"]>> = {
  made: "dashed",
  build: "dashed",
  run: "solid",
  goal: "solid",
  test: "dotted",
  member: "dotted",
};

function boxOf(node: GraphNode): Box {
  const { id, type, state, name, version, architecture, digest, note } = node;
  return {
    id,
    lines: [
      [name, version, type === "PureMeta" ? undefined : architecture]
        .filter((word) => word !== undefined)
        .join(" "),
      type === "Goal" ? `${type}: ${note}` : `${type}, ${state}`,
      // By its digest, a package is taken in the place of one that would be built.
      ...(type === "PreBuilt" && digest !== undefined ? [shortened(digest)] : []),
    ],
    tone: stateTones[state],
    shape: type === "Goal" ? "octagon" : type === "LocalBuild" || type === "Test" ? "box" : "round",
    tip: [id, note, digest].filter((line) => line !== undefined).join("\n"),
  };
}

function arrowOf({ from, to, kind, requirements }: GraphEdge): Arrow {
  return { from, to, style: styles[kind], ...(requirements.length > 0 && { tip: requirements.join(", ") }) };
}

/** As much of a digest as tells it from others: `sha256:0123456789abcdef`. */
function shortened(digest: string): string {
  return digest.replace(/([0-9a-f]{16})[0-9a-f]+$/, "$1");
}
