// kit graph: how packages, or derivations, hang together.
// Knows the words of the command line; does not know how a graph is made or drawn.

import { Command, Option } from "clipanion";
import { refuseUndrawn } from "../../builders/graph/kind.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { PlanCommand } from "./command.ts";
import { writeOutput } from "./outputfile.ts";
import type { Stage } from "./packagegraph.ts";

const stages: readonly Stage[] = ["asked", "resolved", "built"];
const formats = ["dot", "json", "svg"] as const;
type Format = (typeof formats)[number];

export class GraphCommand extends PlanCommand {
  static override paths = [["graph"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "what needs what: packages, or derivations, as DOT, JSON or SVG",
    details: `
      With \`--stage\` it tells the dependency graph of packages: those that manifests make, and all they need. \`asked\`:
      as the manifests say, nothing resolved and no lock read; \`resolved\`: with the packages the lock has chosen (it locks
      first where there is no lock file, and only then), Cached where their files are in the store; \`built\`: with what
      became of builds. Edges lead from who depends to what is depended on.

      Nodes are LocalBuild (Build, BuildError, UpToDate; Delta: out of a cache), LocalRun, RemoteRun (Unresolved, Cached),
      PreBuilt (by digest), Test, Goal (an image, a base, a package that was named) and PureMeta, which stands for
      packages that need each other to run. Builds that need each other are an error, told with the whole path, unless
      a prebuilt package breaks the circle, which is said.

      Searching keeps a part of it, of the stage \`resolved\` unless another is named: what a package needs, what needs
      it, so many steps far. PACKAGE is NAME or NAME:ARCHITECTURE. \`--blockers\` lists instead what is not there yet, with
      how many packages and goals wait for it, and how many of these directly.

      Without any of these it tells the derivations of the plan: there an edge leads from a derivation to one that takes
      an output of it. SVG is drawn by kit itself, up to 10,000 nodes.

      A MANIFEST is one of an image or of a package. Of a view the report has a graph (\`kit report\`).
    `,
    examples: [
      ["Draw what an image is made of", "kit graph image.yaml --stage resolved -o image.svg"],
      [
        "What breaks without openssl?",
        "kit graph image.yaml --dependents-of libssl3t64 --format svg -o part.svg",
      ],
      ["What nginx needs, two steps far", "kit graph image.yaml --dependencies-of nginx --depth 2 --json"],
      ["What holds everything up", "kit graph *.yaml --stage built --blockers"],
      ["The derivations, by graphviz", "kit graph image.yaml --format dot | dot -Tsvg >plan.svg"],
    ],
  });

  manifests = Option.Rest({ name: "MANIFEST", required: 1 });
  stage = Option.String("--stage", { description: "of packages: asked, resolved or built" });
  format = Option.String("--format", {
    description: "dot, json, which --json means too, or svg (what FILE ends with; dot)",
  });
  file = Option.String("-o,--output", { description: "the file to write (standard output)" });
  dependenciesOf = Option.Array("--dependencies-of", { description: "a package: what it needs" });
  dependentsOf = Option.Array("--dependents-of", { description: "a package: what needs it" });
  depth = Option.String("--depth", { description: "steps from package to package, at most (all)" });
  blockers = Option.Boolean("--blockers", false, {
    description: "what is missing, with how many wait for each",
  });

  override async work(parts: Parts): Promise<number> {
    const stage = this.wantedStage();
    const format = this.wantedFormat();
    const file = this.file === undefined ? undefined : this.absolute(this.file);
    const lines =
      stage === undefined ? await this.derivations(format, parts) : await this.packages(stage, format, parts);
    this.done();
    if (file === undefined) this.print(...lines);
    else writeOutput(file, lines);
    return 0;
  }

  private async packages(stage: Stage, format: Format, parts: Parts): Promise<readonly string[]> {
    const { dependenciesOf = [], dependentsOf = [] } = this;
    const depth = this.wantedDepth();
    // Only now: whoever wants no graph need not load it.
    const { blockerLines, packageGraph, packageLines, searched } = await import("./packagegraph.ts");
    const { graph, remarks } = await packageGraph(this.manifests, stage, {
      parts,
      wish: this.wish([]),
      absolute: (written) => this.absolute(written),
      plan: async (manifest, planned) => void (await this.plan(manifest, parts, [], planned)),
    });
    for (const remark of remarks) this.warn(remark);
    const found = searched(graph, { dependenciesOf, dependentsOf, ...(depth !== undefined && { depth }) });
    if (this.blockers) return blockerLines(graph, found, format);
    return packageLines(this.title(stage), stage, found, format);
  }

  private async derivations(format: Format, parts: Parts): Promise<readonly string[]> {
    const outputs = [];
    for (const manifest of this.manifests) {
      const { plan } = await this.plan(manifest, parts, [], ({ world }) => refuseUndrawn(world.assembly));
      outputs.push(...plan.outputs);
    }
    const { derivationLines } = await import("./plangraph.ts");
    return derivationLines(this.title("plan"), allDerivations(outputs), format);
  }

  private title(stage: string): string {
    return `${this.manifests.join(" ")}: ${stage}`;
  }

  /** Undefined where the derivations are meant. */
  private wantedStage(): Stage | undefined {
    const { stage: written, dependenciesOf, dependentsOf, depth, blockers } = this;
    if (written !== undefined) {
      const stage = stages.find((name) => name === written);
      if (stage !== undefined) return stage;
      throw new Fault(
        "usage/bad-option",
        `--stage is asked, resolved or built, not ${JSON.stringify(written)}`,
      );
    }
    const searches = [dependenciesOf, dependentsOf, depth].some((option) => option !== undefined);
    return searches || blockers ? "resolved" : undefined;
  }

  private wantedFormat(): Format {
    if (this.format === undefined) {
      const ending = formats.find((name) => this.file?.endsWith(`.${name}`));
      return ending ?? (this.json ? "json" : "dot");
    }
    const format = formats.find((name) => name === this.format);
    if (format === undefined)
      throw new Fault("usage/bad-option", `--format is dot, json or svg, not ${JSON.stringify(this.format)}`);
    if (this.blockers && format !== "json")
      throw new Fault("usage/bad-option", "--blockers gives a list: as text, or with --format json");
    return format;
  }

  private wantedDepth(): number | undefined {
    if (this.depth === undefined) return undefined;
    if (!/^\d{1,9}$/.test(this.depth))
      throw new Fault("usage/bad-option", `--depth is a whole number, not ${JSON.stringify(this.depth)}`);
    if (this.dependenciesOf === undefined && this.dependentsOf === undefined)
      throw new Fault("usage/bad-option", "--depth says how far to search, and nothing is searched for", {
        hint: "name a package: --dependencies-of PACKAGE or --dependents-of PACKAGE",
      });
    return Number(this.depth);
  }
}
