// kit why: why a package is there, or exactly what was hashed to name a build.
// Knows how it is told; does not know how keys are made.

import { Command, Option } from "clipanion";
import { nameIn } from "../../evaluator/chain.ts";
import type { Answered, World } from "../../evaluator/evaluate.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { isRoot } from "../../evaluator/question.ts";
import { viewPackages, workloadClosures } from "../../evaluator/view/closures.ts";
import type { ViewAnswer } from "../../evaluator/view/pinned.ts";
import { viewText } from "../../evaluator/view/question.ts";
import { describe } from "../../store/model/canonical.ts";
import { describeDerivation, type Input, requestText } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { packageLines, packageReasons, type Seen } from "./chains.ts";
import { PlanCommand } from "./command.ts";
import { isTitle, type Known, knownOf, select, short, unknownDerivation } from "./selection.ts";
import { toolLines, viewTools } from "./tools.ts";

export class WhyCommand extends PlanCommand {
  static override paths = [["why"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "why a package is there; or what was hashed to name a build",
    details: `
      Of a package, NAME or NAME:ARCHITECTURE, it tells the shortest ways to it from what was asked for, at most ten,
      each step with the dependency that leads on: \`request nginx -> libssl3t64 (>= 3.0.0)\`. Of a package that a view
      has only for building, it tells the sources that are built with it, each with the way down to it from a source of
      the view, level by level.

      Of a derivation it tells the digest, that of its request (the derivation with every input replaced by what it became),
      what it was built into, where each input comes from, and then the very text whose BLAKE3 digest is the
      request's. Where an input is not built yet there is no request; the derivation's own text is shown then.
      It is named by its label or how one begins, "BUILDER LABEL", or the first digits of a digest.
    `,
    examples: [
      ["Who brings openssl in?", "kit why image.yaml libssl3t64"],
      ["Why is this root built again?", "kit why image.yaml 'hello root'"],
      [
        "What changed against an older tree of sources",
        "diff <(kit why a/image.yaml hello.tar) <(kit why b/image.yaml hello.tar)",
      ],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  wanted = Option.String({ name: "PACKAGE|DERIVATION" });

  override async work(parts: Parts): Promise<number> {
    const { plan, world } = await this.plan(this.manifest, parts);
    const known = knownOf(allDerivations(plan.outputs), (request) => parts.records.result(request));
    const answered = [...plan.answered, ...plan.views.flatMap((view) => workloadsWith(view, this.wanted))];
    const find = (wanted: string) => ({
      packages: isTitle(known, wanted) ? [] : packageReasons(answered, wanted),
      tools: plan.views.flatMap((view) => viewTools(view, wanted)),
    });
    const names = [...new Set([...answered, ...plan.views].flatMap(namesIn))];
    const found = [this.wanted, ...foreignNames(this.wanted, names)].map(find);
    const { packages, tools } = found.find((each) => each.packages.length + each.tools.length > 0) ?? {
      packages: [],
      tools: [],
    };
    if (packages.length + tools.length > 0) {
      this.done();
      const told = { packages, ...(tools.length > 0 && { tools }) };
      this.print(...(this.json ? [JSON.stringify(told)] : [...packageLines(packages), ...toolLines(tools)]));
      return 0;
    }
    const hasRoots = plan.views.length > 0 || plan.answered.some(({ question }) => isRoot(question));
    const item = select(known, this.wanted, () =>
      hasRoots
        ? unknownPackage(this.wanted, names, known, this.manifest)
        : unknownDerivation(this.wanted, known, names),
    );
    this.done();
    const told = reasons(item, world);
    if (this.json) this.print(JSON.stringify(told));
    else this.print(...reasonLines(told));
    return 0;
  }
}

/** Where there are roots to look in, a package is meant rather than a derivation. */
function unknownPackage(
  wanted: string,
  names: readonly string[],
  known: readonly Known[],
  manifest: string,
): Fault {
  const close = nearest(wanted, [...names, ...known.map(({ derivation }) => derivation.label)]);
  const others = known.length > 0 ? ", nor a derivation" : "";
  const whyNot = `\`kit why-not ${manifest} PACKAGE\` tells why one is not taken`;
  return new Fault("usage/unknown-package", `no package is called ${JSON.stringify(wanted)}${others}`, {
    hint: close === undefined ? whyNot : `did you mean ${JSON.stringify(close)}? ${whyNot}`,
  });
}

/** What can be asked about, as it is called. */
function namesIn(told: Answered | ViewAnswer): string[] {
  const all = "closure" in told ? told.closure.packages : [...told.packages.values()];
  return all.map((item) => nameIn(item, told.question.source.architecture));
}

/** A name without an architecture stands for the native one, and where there is none for any that there is. */
function foreignNames(wanted: string, names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith(`${wanted}:`)).sort();
}

/** The closures of a view's workloads that have a package of this name. */
function workloadsWith(view: ViewAnswer, wanted: string): Seen[] {
  const name = wanted.split(":")[0] ?? "";
  const keys = new Set([...view.packages].flatMap(([key, item]) => (item.name === name ? [key] : [])));
  const has = (workload: string) => {
    const { required = [], others = [] } = view.view.workloads[workload] ?? {};
    return [...required, ...others].some((key) => keys.has(key));
  };
  const packages = viewPackages(view);
  const question = viewText(view.question);
  return view.question.workloads.flatMap((workload) =>
    has(workload.name)
      ? workloadClosures(view, packages, (each) => each === workload).map((answered) => ({
          ...answered,
          title: { question, workload: workload.name },
        }))
      : [],
  );
}

export interface Reasons {
  readonly label: string;
  readonly builder: string;
  readonly derivation: string;
  /** Absent while an input is not built. */
  readonly request?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly inputs: readonly { readonly name: string; readonly content?: string; readonly from: string }[];
  /** What the request's digest, or where there is none the derivation's, is of. */
  readonly text: string;
}

export function reasons({ derivation, request, result }: Known, world: Pick<World, "locals">): Reasons {
  return {
    label: derivation.label,
    builder: derivation.builder,
    derivation: derivation.digest,
    ...(request && { request: request.digest }),
    ...(result && { outputs: result.outputs }),
    inputs: Object.entries(derivation.inputs).map(([name, input]) => {
      const content = request?.request.inputs[name];
      return { name, ...(content && { content }), from: originOf(input, world) };
    }),
    text: request
      ? requestText(request.request)
      : describe("kit/derivation/1", describeDerivation(derivation)),
  };
}

function originOf(input: Input, world: Pick<World, "locals">): string {
  if ("derivation" in input)
    return `${short(input.derivation.digest)} ${input.derivation.builder} ${input.derivation.label} (${input.output})`;
  return [...world.locals].find(([, content]) => content === input.content)?.[0] ?? "written in the manifest";
}

export function reasonLines(told: Reasons): string[] {
  const outputs = Object.entries(told.outputs ?? {}).map(([name, content]) => `    ${name} ${content}`);
  return [
    `${told.builder} ${told.label}`,
    `derivation ${told.derivation}`,
    told.request === undefined
      ? "request    none yet: not all inputs are built"
      : `request    ${told.request}`,
    ...(told.outputs === undefined ? ["built      not yet"] : ["built into", ...outputs]),
    ...(told.inputs.length === 0 ? [] : ["inputs"]),
    ...told.inputs.map(({ name, content, from }) => `    ${name} ${content ?? "not built yet"} from ${from}`),
    told.request === undefined ? "the derivation's digest is of" : "the request's digest is of",
    ...told.text.trimEnd().split("\n"),
  ];
}
