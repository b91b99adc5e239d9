// kit buildroot: what it takes to build a view, level by level, and as workloads of its own.
// Knows how that is told and written; does not know how it is found.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "clipanion";
import { buildrootLabel, buildrootWorkloads, type WrittenWorkload } from "../../builders/view/loop.ts";
import { viewResult } from "../../builders/view/result.ts";
import type { ViewResult } from "../../evaluator/view/result.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Parts } from "../composition.ts";
import { plural, visible } from "../render/text.ts";
import { PlanCommand } from "./command.ts";
import { watchView } from "./view.ts";

export class BuildrootCommand extends PlanCommand {
  static override paths = [["buildroot"]];
  static override usage = Command.Usage({
    category: "Looking",
    description: "what it takes to build a view, and to build what that takes, to the end",
    details: `
      Of the source packages of a view (a manifest with \`buildroot:\`) it resolves what each needs to be built, then the
      sources of that, until nothing new appears. Prints for each architecture how many packages and sources each level
      has: 0 is in the view, 1 builds that, 2 builds what builds it. What Debian has for all architectures is built on the
      first one by name, and on the others taken as built. Sources whose requirements cannot be met are told with
      the reason. With \`-o\` it writes what is new as workloads, labelled NAME-buildroot, for a second view that gathers
      both labels: that one has everything to build and install the first. Locks first where there is no lock yet.
    `,
    examples: [
      ["How deep does it go?", "kit buildroot view.yaml"],
      ["For a second view", "kit buildroot view.yaml -o workloads"],
    ],
  });

  manifest = Option.String({ name: "VIEW" });
  output = Option.String("-o,--output", { description: "a folder to write workloads into" });

  override async work(parts: Parts): Promise<number> {
    const watch = watchView();
    await this.plan(this.manifest, parts, [], watch.planned);
    const view = watch.view();
    if (view.manifest.buildroot === undefined)
      throw new Fault("usage/no-buildroot", `${view.manifest.name} does not ask what building it takes`, {
        hint: "add `buildroot: {}` to the view, then run `kit lock`",
      });
    const workloads = buildrootWorkloads(view);
    if (this.output !== undefined) writeWorkloads(this.absolute(this.output), workloads);
    this.done();
    const result = viewResult(view);
    if (this.json) this.print(JSON.stringify(buildrootRecord(result, buildrootLabel(view), workloads)));
    else this.print(...buildrootLines(result).map(visible));
    return 0;
  }
}

function writeWorkloads(folder: string, workloads: readonly WrittenWorkload[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const { file, text } of workloads) writeFileSync(join(folder, file), text);
  } catch (cause) {
    throw new Fault("manifest/unwritable", `the workloads cannot be written: ${(cause as Error).message}`, {
      cause,
      hint: "name a folder of your own: -o DIR",
    });
  }
}

/** `packages` and `sources` count, by level. */
export function buildrootRecord(
  result: ViewResult,
  label: string,
  workloads: readonly WrittenWorkload[],
): object {
  return {
    format: "kit/buildroot/1",
    view: result.name,
    label,
    on: Object.fromEntries(result.architectures.map((name) => [name, { levels: levelsOn(result, name) }])),
    archful: result.sources.filter(({ archful }) => archful).map(({ name }) => name),
    takenAsBuilt: takenIn(result),
    local: result.sources.filter(({ local }) => local).map(({ name }) => name),
    failures: failuresIn(result),
    workloads: workloads.map(({ name, file, common, further }) => ({
      name,
      file,
      packages: common,
      archPackages: further,
    })),
  };
}

export function buildrootLines(result: ViewResult): string[] {
  const levels = result.architectures.flatMap((architecture) => [
    architecture,
    ...levelsOn(result, architecture).map(
      ({ level, packages, sources }) =>
        `    level ${level}: ${plural(packages, "package")} of ${plural(sources, "source")}`,
    ),
  ]);
  const archful = result.sources.filter((source) => source.archful).length;
  const taken = takenIn(result);
  const local = result.sources.filter((source) => source.local).map(({ name }) => name);
  return [
    ...levels,
    ...(archful > 0 ? [`${plural(archful, "source")} need something else on another architecture`] : []),
    ...(taken.length > 0
      ? [
          `taken as built, for another architecture builds what is for all and has none of it: ${taken.map(({ source, architectures }) => `${source} (${architectures.join(", ")})`).join(", ")}`,
        ]
      : []),
    ...(local.length > 0 ? [`local, made by manifests: ${local.join(", ")}`] : []),
    ...failuresIn(result).flatMap(({ source, architecture, explanation }) => [
      `${source} cannot be built on ${architecture}:`,
      ...explanation.map((line) => `    ${line}`),
    ]),
  ];
}

function levelsOn({ packages, sources }: ViewResult, architecture: string) {
  const count = (levels: readonly number[], level: number) => levels.filter((each) => each === level).length;
  const ofPackages = (packages[architecture] ?? []).map(({ level }) => level);
  const ofSources = sources.flatMap(({ on }) => on[architecture]?.level ?? []);
  const most = ofPackages.reduce((highest, level) => Math.max(highest, level), 0);
  return Array.from({ length: most + 1 }, (_, level) => ({
    level,
    packages: count(ofPackages, level),
    sources: count(ofSources, level),
  }));
}

function takenIn({ sources }: ViewResult) {
  return sources.flatMap(({ name, takenAsBuilt: architectures }) =>
    architectures === undefined ? [] : [{ source: name, architectures }],
  );
}

function failuresIn({ sources }: ViewResult) {
  return sources.flatMap(({ name, on }) =>
    Object.entries(on).flatMap(([architecture, { failure }]) =>
      failure === undefined ? [] : [{ source: name, architecture, ...failure }],
    ),
  );
}
