// kit why-not: why a package, or a version of one, is not taken, and what would be if it were asked for.
// Knows how it is told; does not choose anything itself.

import { Command, Option } from "clipanion";
import { type ExplainAbsence, openAbsences } from "../../builders/lock/answer.ts";
import type { Absence } from "../../evaluator/absence.ts";
import type { Answered } from "../../evaluator/evaluate.ts";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { questionText, requestsOf } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import { pathsAmong } from "../../evaluator/rpm/request.ts";
import { viewPackages, workloadClosures } from "../../evaluator/view/closures.ts";
import type { ViewAnswer } from "../../evaluator/view/pinned.ts";
import { viewText } from "../../evaluator/view/question.ts";
import type { Failure } from "../../evaluator/view/result.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { visible } from "../render/text.ts";
import { rootsIn, type Title, titleText } from "./chains.ts";
import { listAge, PlanCommand, refreshOption } from "./command.ts";
import { readingRequests } from "./request.ts";

export class WhyNotCommand extends PlanCommand {
  static override paths = [["why-not"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "why a package, or a version of one, is not taken",
    details: `
      Of a manifest's roots, or of a view's workloads one by one, it tells what of the package is taken, which versions the indexes have, as they were an hour
      ago at most, which of them comes first and why, and what asking for it beside everything else would come to: the packages that would move, or
      those that clash. A workload that fails is told with the reason. PACKAGE is written as for apt: \`nginx\`, \`nginx=1.22.1-9\`, \`"nginx (>= 1.27)"\`.
      Locks first where there is no lock yet, like \`realize\`.
    `,
    examples: [
      ["Why the old one?", "kit why-not image.yaml 'openssl (>= 3.5)'"],
      ["Could it be in there at all?", "kit why-not image.yaml postfix"],
      ["Why does one workload not have it?", "kit why-not view.yaml postfix --workload mail"],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  package = Option.String({ name: "PACKAGE" });

  workload = Option.String("--workload", { description: "of a view, this workload alone" });
  refresh = refreshOption();

  override async work(parts: Parts): Promise<number> {
    const { plan, world } = await this.plan(this.manifest, parts);
    const asked = [...rootsIn(plan.answered).map(rootScene), ...plan.views.flatMap(workloadScenes)];
    const scenes = this.workload === undefined ? asked : workloadsCalled(asked, this.workload);
    if (scenes.length === 0)
      throw new Fault("usage/no-root", "the manifest makes no root that packages could be in", {
        hint: "name the manifest of an image, or a view that has workloads",
      });
    const indexes = parts.indexes(listAge(this.refresh));
    const requests = scenes.flatMap(({ answered }) => (answered ? requestsOf(answered.question) : []));
    const paths = pathsAmong([...requests, this.package]);
    const explains = new Map<Scene["kept"], ExplainAbsence>();
    const told: Told[] = [];
    for (const { answered, kept, ...scene } of scenes) {
      if (answered === undefined) {
        told.push(scene);
        continue;
      }
      const { question, closure } = answered;
      const lists = await indexes({ ...question, paths }, world.assembly);
      const explain = explains.get(kept) ?? openAbsences(question, lists, kept);
      explains.set(kept, explain);
      told.push({ ...scene, ...readingRequests(() => explain(question, closure, this.package)) });
    }
    this.done();
    this.print(...(this.json ? [JSON.stringify({ roots: told })] : told.flatMap(toldLines)));
    return 0;
  }
}

/** What a package could be in, as it is told. */
interface Heading extends Title {
  /** Why there is no answer. */
  readonly failure?: Failure;
}

interface Scene extends Heading {
  /** Absent where there is no answer. */
  readonly answered?: Answered;
  /** What the lock has beside it: of a view, the same for all of its workloads. */
  readonly kept: readonly Pick<ChosenPackage, "origin" | "stanza">[];
}

type Told = Heading | (Heading & Absence);

function rootScene(answered: Answered): Scene {
  return { question: questionText(answered.question), answered, kept: answered.closure.packages };
}

function workloadScenes(view: ViewAnswer): Scene[] {
  const packages = viewPackages(view);
  const kept = [...view.packages.values()];
  const question = viewText(view.question);
  return view.question.workloads.map((workload) => {
    const failure = view.view.workloads[workload.name]?.failure;
    const [answered] = workloadClosures(view, packages, (each) => each === workload);
    return {
      question,
      workload: workload.name,
      kept,
      ...(failure && { failure }),
      ...(answered && { answered }),
    };
  });
}

/** @throws {Fault} `usage/no-workload` */
function workloadsCalled(scenes: readonly Scene[], wanted: string): Scene[] {
  const found = scenes.filter(({ workload }) => workload === wanted);
  if (found.length > 0) return found;
  const close = nearest(
    wanted,
    scenes.flatMap(({ workload }) => workload ?? []),
  );
  throw new Fault("usage/no-workload", `there is no workload ${wanted}`, {
    hint: close === undefined ? "name one of the view, or leave --workload out" : `did you mean ${close}?`,
  });
}

function toldLines(told: Told): string[] {
  const { failure } = told;
  const title = titleText(told);
  if ("wanted" in told) return absenceLines({ ...told, question: title });
  const lines = (failure?.explanation ?? []).map((line) => `        ${line}`);
  const hint = failure?.hint === undefined ? [] : [`    ${failure.hint}`];
  return [title, "    it fails, whatever else is asked for:", ...lines, ...hint].map(visible);
}

export function absenceLines({
  question,
  wanted,
  reasons,
  versions,
  providers,
  attempt,
}: Absence & { readonly question: string }): string[] {
  return [
    `${wanted} in ${question}`,
    ...reasons.map((reason) => `    ${reason}`),
    ...(providers.length > 0 ? [`    it is provided by ${providers.join(", ")}`] : []),
    ...versions.map(({ version, priority, from }) => {
      const rank = priority === undefined ? "" : `, priority ${priority}`;
      return `    there is ${version} (${from})${rank}`;
    }),
    ...(attempt === undefined ? [] : attemptLines(wanted, attempt)),
  ].map(visible);
}

function attemptLines(wanted: string, attempt: NonNullable<Absence["attempt"]>): string[] {
  if (!attempt.ok)
    return [
      `    it cannot be had with the rest:`,
      ...attempt.explanation.map((line) => `        ${line}`),
      ...(attempt.hint === undefined ? [] : [`    ${attempt.hint}`]),
    ];
  return [
    `    asking for ${wanted} would come to`,
    ...attempt.moves.map(({ name, before, after }) => {
      if (before === undefined) return `        added ${name} ${after}`;
      return after === undefined
        ? `        removed ${name} ${before}`
        : `        ${name} ${before} to ${after}`;
    }),
  ];
}
