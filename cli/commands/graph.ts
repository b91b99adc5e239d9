// kit graph: how the derivations of a manifest hang together, for other programs.
// Knows the two forms; does not know how a plan comes about.

import { Command, Option } from "clipanion";
import { allDerivations } from "../../evaluator/evaluate.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { PlanCommand } from "./command.ts";
import { short } from "./selection.ts";

export class GraphCommand extends PlanCommand {
  static override paths = [["graph"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "the derivations as a graph, for graphviz or as JSON",
    details: "An edge leads from a derivation to one that takes an output of it.",
    examples: [
      ["Draw it", "kit graph image.yaml --format dot | dot -Tsvg >image.svg"],
      ["Nodes and edges", "kit graph image.yaml --format json"],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  format = Option.String("--format", { description: "dot, or json, which --json means too" });

  override async work(parts: Parts): Promise<number> {
    const format = this.format ?? (this.json ? "json" : "dot");
    if (format !== "dot" && format !== "json")
      throw new Fault("usage/bad-option", `--format is dot or json, not ${JSON.stringify(format)}`);
    const { plan } = await this.plan(this.manifest, parts);
    const all = allDerivations(plan.outputs);
    this.done();
    this.print(...(format === "dot" ? dotLines(all) : [JSON.stringify(graphRecord(all))]));
    return 0;
  }
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
    format: "kit/graph/1",
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

/** A string of the dot language: a quote is written `\"`, a line break `\n`. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
