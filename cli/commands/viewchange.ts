// What changed in a view, as sections of lines.
// Pure. Knows how changes are told; does not know what makes them.

import type {
  LevelChange,
  PartChange,
  ViewChange,
  ViewPackageChange,
  WorkloadChange,
} from "../../evaluator/diff/views.ts";
import { unreachable } from "../../store/model/fault.ts";
import { bytesText, plural } from "../render/text.ts";
import { changeLines, growthText } from "./change.ts";

export type Section = readonly [title: string, lines: readonly string[]];

export function viewLines(change: ViewChange): Section[] {
  const { view, architecture, verb, packages, workloads, installed, tools, levels, sources } = change;
  const title = `${view} on ${architecture}`;
  const growth = installed.after - installed.before;
  // Where all of it came or went, a list of it says nothing more; programs are told it.
  const few = (lines: readonly string[], most: number) =>
    verb === "changed"
      ? firstLines(lines, most)
      : lines.length === 0
        ? []
        : [`${verb} ${plural(lines.length, "package")}`];
  return [
    [
      verb === "changed" ? title : `${title}, ${verb}`,
      [
        ...workloads.flatMap(workloadLines),
        ...few(packageLines(packages), Number.POSITIVE_INFINITY),
        ...(growth === 0 ? [] : [`installed ${bytesText(installed.after)}, ${growthText(growth)}`]),
      ],
    ],
    [
      `building ${title}`,
      [...levels.map(levelLine), ...sources.flatMap(sourceLines), ...few(packageLines(tools), mostTools)],
    ],
  ];
}

function workloadLines({ name, verb, before, after, missing, failure }: WorkloadChange): string[] {
  const title = `workload ${name}`;
  const without = missing.length === 0 ? "" : `, without ${missing.join(", ")}`;
  const reasons = (failure?.explanation ?? []).map((line) => `    ${line}`);
  switch (verb) {
    case "removed":
      return [`removed ${title}`];
    case "added":
      if (failure !== undefined) return [`added ${title}, which fails:`, ...reasons];
      return [`added ${title}: ${plural(after, "package")}${without}`];
    case "failed":
      return [`${title} fails now:`, ...reasons];
    case "recovered":
      return [`${title} fails no more: ${plural(after, "package")}${without}`];
    case "changed": {
      if (failure !== undefined) return [`${title} fails otherwise:`, ...reasons];
      const count = before === after ? plural(after, "package") : `${before} to ${plural(after, "package")}`;
      return [`${title}: ${count}${without}`];
    }
    default:
      return unreachable(verb);
  }
}

function packageLines(changes: readonly ViewPackageChange[]): string[] {
  const lines = changeLines(changes.map((change) => ({ distro: "", ...change })));
  return lines.map((line, i) => {
    const { growth = 0, workloads = [] } = changes[i] ?? {};
    const size = growth === 0 ? "" : `, ${growthText(growth)}`;
    return `${line.trimEnd()}${size}${workloads.length === 0 ? "" : `: ${workloadsText(workloads)}`}`;
  });
}

/** A package of the environment is in all of them. */
function workloadsText(names: readonly string[]): string {
  const more = names.length - mostNames;
  return [...names.slice(0, mostNames), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

const mostNames = 3;

function levelLine({ level, before, after }: LevelChange): string {
  const count = (was: number, is: number, word: string) =>
    was === is ? plural(is, word) : `${was} to ${plural(is, word)}`;
  const packages = count(before.packages, after.packages, "package");
  return `level ${level}: ${packages} of ${count(before.sources, after.sources, "source")}`;
}

function sourceLines({ name, verb, failure }: PartChange): string[] {
  if (failure === undefined) return [`source ${name} can be built again`];
  const how = verb === "changed" ? "cannot be built for another reason" : "cannot be built";
  return [`source ${name} ${how}:`, ...failure.explanation.map((line) => `    ${line}`)];
}

function firstLines(lines: readonly string[], most: number): string[] {
  const more = lines.length - most;
  return more > 0 ? [...lines.slice(0, most), `and ${plural(more, "other package")}`] : [...lines];
}

/** A new compiler moves hundreds. */
const mostTools = 20;
