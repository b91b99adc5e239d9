// The loop's second turn: what a view's buildroot adds, as workloads of their own.
// Pure. Knows manifests' text; does not know how a buildroot is found, nor where files are written.

import type { PlannedView } from "./plan.ts";

export interface WrittenWorkload {
  /** `NAME-buildroot-1.yaml`. */
  readonly file: string;
  readonly name: string;
  readonly text: string;
  /** Packages on all architectures, and on single ones beside that. */
  readonly common: readonly string[];
  readonly further: Readonly<Record<string, readonly string[]>>;
}

/** The label that the workloads have, by which a second view gathers them. */
export function buildrootLabel({ manifest }: Pick<PlannedView, "manifest">): string {
  return `${manifest.name}-buildroot`;
}

/**
 * As many workloads as it takes, because what builds one thing may clash with what builds another: of each the packages
 * that all architectures need, then those of single ones, with the version where the name alone would give another. A
 * view of both labels has all that building and installing the first takes, and its own buildroot is empty.
 */
export function buildrootWorkloads(view: PlannedView): readonly WrittenWorkload[] {
  const on = [...view.on].map(([architecture, { view: answer }]) => ({
    architecture,
    parties: answer.buildroot?.parties ?? [],
  }));
  const count = Math.max(0, ...on.map(({ parties }) => parties.length));
  return Array.from({ length: count }, (_, number) => {
    const lists = on.map(({ architecture, parties }) => [architecture, new Set(parties[number])] as const);
    const [first = new Set<string>(), ...others] = lists.map(([, names]) => names);
    const common = [...first].filter((name) => others.every((names) => names.has(name))).sort();
    const own = lists.map(([architecture, names]) => {
      return [architecture, [...names].filter((name) => !common.includes(name)).sort()] as const;
    });
    const further = Object.fromEntries(own.filter(([, names]) => names.length > 0));
    const name = `${buildrootLabel(view)}-${number + 1}`;
    return { file: `${name}.yaml`, name, common, further, text: workloadText(view, name, common, further) };
  });
}

/** Strings as JSON has them, which YAML reads the same. */
function workloadText(
  view: PlannedView,
  name: string,
  common: readonly string[],
  further: Readonly<Record<string, readonly string[]>>,
): string {
  const list = (names: readonly string[], indent: string) =>
    names.map((each) => `${indent}- ${JSON.stringify(each)}\n`).join("");
  const section = (key: string, indent: string, names: readonly string[]) =>
    names.length === 0 ? "" : `${indent}${key}:\n${list(names, `${indent}  `)}`;
  const onSingle = Object.entries(further)
    .map(([architecture, names]) => section(architecture, "  ", names))
    .join("");
  return [
    "kind: workload\n",
    `name: ${JSON.stringify(name)}\n`,
    `description: ${JSON.stringify(`What building ${view.manifest.name} takes beside what is in it.`)}\n`,
    `labels: [${JSON.stringify(buildrootLabel(view))}]\n`,
    section("packages", "", common),
    onSingle === "" ? "" : `archPackages:\n${onSingle}`,
  ].join("");
}
