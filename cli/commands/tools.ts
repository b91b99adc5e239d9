// Why a package is in a view's buildroot, as it is told.
// Pure. Knows the words; does not know how the ways are found.

import type { ViewAnswer } from "../../evaluator/view/pinned.ts";
import { viewText } from "../../evaluator/view/question.ts";
import { type BuildStep, type ToolReasons, toolReasons } from "../../evaluator/view/tool.ts";
import { plural, visible } from "../render/text.ts";
import { calledIn } from "./chains.ts";

export interface ViewTool extends ToolReasons {
  /** What was asked, as the lock has it. */
  readonly question: string;
}

/** `wanted` is `NAME`, or `NAME:ARCHITECTURE` for a foreign one. */
export function viewTools(view: ViewAnswer, wanted: string): ViewTool[] {
  const called = calledIn(wanted, view.question.source.architecture);
  return toolReasons(view, called).map((tool) => ({ question: viewText(view.question), ...tool }));
}

export function toolLines(tools: readonly ViewTool[]): string[] {
  return tools
    .flatMap(({ name, version, architecture, question, level, count, ways }) => [
      `${name} ${version} ${architecture} in the buildroot of ${question}`,
      `    level ${level}: ${plural(count, "source")} of level ${level - 1} ${count === 1 ? "is" : "are"} built with it`,
      ...ways.map((way) => `    ${wayText(way)}`),
      ...(count > ways.length ? [`    and ${count - ways.length} more`] : []),
    ])
    .map(visible);
}

/** `source nginx with cmake; source cmake with ninja-build`. */
function wayText(way: readonly BuildStep[]): string {
  return way.map((step) => `source ${step.source} with ${step.package}`).join("; ");
}
