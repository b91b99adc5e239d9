// kit why-not: why a package, or a version of one, is not taken, and what would be if it were asked for.
// Knows how it is told; does not choose anything itself.

import { Command, Option } from "clipanion";
import { explainAbsence } from "../../builders/lock/answer.ts";
import type { Absence } from "../../evaluator/deb/absence.ts";
import { questionText } from "../../evaluator/question.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { visible } from "../render/text.ts";
import { rootsIn } from "./chains.ts";
import { listAge, PlanCommand, refreshOption } from "./command.ts";

export class WhyNotCommand extends PlanCommand {
  static override paths = [["why-not"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "why a package, or a version of one, is not taken",
    details: `
      Of a manifest's roots it tells what of the package is taken, which versions the indexes have, as they were an hour
      ago at most, which of them comes first and why, and what asking for it beside everything else would come to: the packages that would move, or
      those that clash. PACKAGE is written as for apt: \`nginx\`, \`nginx=1.22.1-9\`, \`"nginx (>= 1.27)"\`.
      Locks first where there is no lock yet, like \`realize\`.
    `,
    examples: [
      ["Why the old one?", "kit why-not image.yaml 'openssl (>= 3.5)'"],
      ["Could it be in there at all?", "kit why-not image.yaml postfix"],
    ],
  });

  manifest = Option.String({ name: "MANIFEST" });
  package = Option.String({ name: "PACKAGE" });

  refresh = refreshOption();

  override async work(parts: Parts): Promise<number> {
    const { plan, world } = await this.plan(this.manifest, parts);
    const roots = rootsIn(plan.answered);
    if (roots.length === 0)
      throw new Fault("usage/no-root", "the manifest makes no root that packages could be in", {
        hint: "name the manifest of an image",
      });
    const indexes = parts.indexes(listAge(this.refresh));
    const told = await Promise.all(
      roots.map(async ({ question, closure }) => {
        const lists = await indexes(question, world.assembly);
        return {
          question: questionText(question),
          ...explainAbsence(question, lists, closure, this.package),
        };
      }),
    );
    this.done();
    this.print(...(this.json ? [JSON.stringify({ roots: told })] : told.flatMap(absenceLines)));
    return 0;
  }
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
