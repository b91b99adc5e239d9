// kit evaluate: what a manifest asks for, without building it.
// Knows how a plan is told; does not know how it comes about.

import { Command, Option } from "clipanion";
import { load } from "../../builders/load/load.ts";
import { packageKind } from "../../builders/package/schema.ts";
import { choosable, choose } from "../../builders/packages/plan.ts";
import { packagesKind } from "../../builders/packages/schema.ts";
import { type Choosable, selectPackages } from "../../builders/packages/select.ts";
import { allDerivations, type Plan, type WishedPackages } from "../../evaluator/evaluate.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import type { ViewAnswer } from "../../evaluator/view/pinned.ts";
import { viewText } from "../../evaluator/view/question.ts";
import type { Derivation, Input } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { shippedManifests } from "../entry.ts";
import { kinds } from "../kinds.ts";
import { plural, visible } from "../render/text.ts";
import { PlanCommand } from "./command.ts";
import { short } from "./selection.ts";

export class EvaluateCommand extends PlanCommand {
  static override paths = [["evaluate"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "the plan: every derivation a manifest comes to",
    details: `
      Prints every derivation, inputs before their users: digest, builder, label, and below it its inputs. The
      last lines are the outputs. Of a view, of which nothing is built, it tells the workloads and how many packages each
      has. Like \`realize\` it locks first where there is no lock file, and only then.
    `,
    examples: [
      ["What would be built", "kit evaluate image.yaml"],
      [
        "Which packages need this one, however far away",
        "kit evaluate packages --dependents libhello --recursive",
      ],
      ["The same for a program, with all parameters", "kit evaluate image.yaml --json"],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });

  dependents = Option.String("--dependents", {
    description: "instead of the plan, the packages that need the one of this name",
  });
  recursive = Option.Boolean("--recursive", false, {
    description: "with --dependents: and those that need these, and so on",
  });

  protected override readonly facts = "recorded";

  /** Who needs whom is told of the others, too. */
  protected override keepsGoing(): boolean {
    return this.dependents !== undefined;
  }

  override async work(parts: Parts): Promise<number> {
    if (this.recursive && this.dependents === undefined)
      throw new Fault("usage/bad-option", "--recursive goes with --dependents NAME");
    if (this.dependents !== undefined) return await this.tellDependents(this.dependents, parts);
    const { plan } = await this.plan(this.manifest, parts);
    this.done();
    this.tellOpen(plan);
    if (this.json) this.print(JSON.stringify(planRecord(plan)));
    else this.print(...planLines(plan));
    return 0;
  }

  /** What packages of source come to is known when they are built. */
  private tellOpen({ wanted }: Plan): void {
    const labels = [...new Set(wanted.map(({ derivation }) => derivation.label))];
    if (labels.length > 0)
      this.context.stderr.write(
        `${visible(`the rest is known when these are built: ${labels.join(", ")}`)}\n`,
      );
  }

  private async tellDependents(name: string, parts: Parts): Promise<number> {
    const { assembly } = await load(this.manifestFile(this.manifest), shippedManifests, kinds);
    const selection = {
      ...{ only: [name], ignore: [] },
      dependents: this.recursive ? ("all" as const) : ("direct" as const),
    };
    const isSet = assembly.manifests.get(assembly.root)?.kind.name === packagesKind.name;
    const named = () => selectPackages(choosable(assembly, packagesOf(assembly), this.wish([])), selection);
    const chosen = (isSet && (await this.dependentsInSet(selection, parts))) || named();
    const found = chosen.filter((item) => item.name !== name);
    this.done();
    if (this.json) this.print(JSON.stringify(found.map(({ name, file }) => ({ name, file }))));
    else this.print(...found.map((item) => visible(item.name)));
    return 0;
  }

  /** Who is built with whom of a set, specs and control files say; what turns out, as far as it was built; undefined while texts are open. */
  private async dependentsInSet(
    selection: WishedPackages,
    parts: Parts,
  ): Promise<readonly Choosable[] | undefined> {
    let chosen: readonly Choosable[] | undefined;
    const { plan } = await this.plan(this.manifest, parts, [], (planning) => {
      chosen = choose(planning, planning.world.assembly.root, selection)?.chosen;
    });
    this.tellOpen(plan);
    return chosen;
  }
}

function packagesOf({ manifests }: Assembly): string[] {
  return [...manifests.values()].flatMap(({ kind, file }) => (kind.name === packageKind.name ? [file] : []));
}

export function planLines(plan: Pick<Plan, "outputs" | "wanted" | "views">): string[] {
  const derivations = allDerivations([...plan.outputs, ...plan.wanted]).flatMap((item) => [
    `${short(item.digest)} ${item.builder} ${item.label}`,
    ...Object.entries(item.inputs).map(([name, input]) => `    ${name} ${inputText(input)}`),
  ]);
  const outputs = plan.outputs.map(
    ({ type, name, architecture, derivation }) =>
      `output ${type} ${name} ${architecture} ${short(derivation.digest)}`,
  );
  return [...derivations, ...outputs, ...plan.views.flatMap(viewLines)];
}

function viewLines(answer: ViewAnswer): string[] {
  const { question, packages, workloads } = viewRecord(answer);
  return [
    `view ${question}: ${plural(packages, "package")}`,
    ...workloads.map(({ name, packages, failure }) =>
      failure === undefined
        ? `    workload ${name}: ${plural(packages, "package")}`
        : `    workload ${name} fails: ${failure.explanation[0]}`,
    ),
  ].map(visible);
}

function viewRecord({ question, view, packages }: ViewAnswer) {
  return {
    question: viewText(question),
    packages: packages.size,
    workloads: Object.entries(view.workloads).map(([name, { required, others, failure }]) => ({
      name,
      packages: required.length + others.length,
      ...(failure && { failure }),
    })),
  };
}

/** The plan as data; derivations name each other by digest. */
export function planRecord(plan: Pick<Plan, "outputs" | "wanted" | "views">): object {
  return {
    format: "kit/plan/1",
    outputs: plan.outputs.map(({ derivation, ...output }) => ({ ...output, derivation: derivation.digest })),
    derivations: allDerivations([...plan.outputs, ...plan.wanted]).map((item) => ({
      ...item,
      inputs: mapValues(item),
    })),
    ...(plan.views.length > 0 && { views: plan.views.map(viewRecord) }),
  };
}

function mapValues({ inputs }: Derivation): Record<string, unknown> {
  const plain = (input: Input) =>
    "content" in input ? input : { derivation: input.derivation.digest, output: input.output };
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, plain(input)]));
}

function inputText(input: Input): string {
  if ("content" in input) return input.content;
  return `${short(input.derivation.digest)} ${input.derivation.label} (${input.output})`;
}
