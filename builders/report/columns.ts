// A view's result as the data that a report's pages load.
// Pure. Knows the result and the data's form; does not know how either is written.

import type { SourceOn, ViewPackage, ViewResult, WorkloadResult } from "../../evaluator/view/result.ts";
import type {
  MembersData,
  NeedsData,
  PackagesData,
  RequirementsData,
  Rising,
  SourcesData,
  WorkloadCell,
  WorkloadData,
  WorkloadLists,
} from "./form.ts";
import type { Names } from "./names.ts";
import { openPool, openTexts } from "./pool.ts";
import { toRising } from "./rising.ts";

/** The packages of an architecture as all data has them: rows are places in this list. */
export function rowsOf(result: ViewResult, architecture: string, names: Names): readonly ViewPackage[] {
  const rows = [...(result.packages[architecture] ?? [])];
  return rows.sort((a, b) => names.package(a.name) - names.package(b.name));
}

export function packagesData(rows: readonly ViewPackage[], names: Names): PackagesData {
  const versions = openTexts();
  const architectures = openTexts();
  return {
    name: toRising(rows.map(({ name }) => names.package(name))),
    version: rows.map(({ version }) => versions.place(version)),
    versions: versions.values,
    architecture: rows.map(({ architecture }) => architectures.place(architecture)),
    architectures: architectures.values,
    source: rows.map(({ source }) => names.source(source)),
    size: rows.map(({ size }) => size),
    download: rows.map(({ download }) => download),
    level: rows.map(({ level }) => level),
    workloads: rows.map(({ workloads }) => workloads.length),
    placeholders: toRising(rows.flatMap(({ placeholder }, row) => (placeholder ? [row] : []))),
  };
}

export function needsData(rows: readonly ViewPackage[], names: Names): NeedsData {
  return {
    needs: rows.map(({ needs }) => toRising(new Set(needs.map(names.package)))),
    builds: rows.flatMap(({ builds }, row) =>
      builds === undefined
        ? []
        : [{ row, count: builds.count, sources: toRising(builds.sources.map(names.source)) }],
    ),
  };
}

export function membersData(rows: readonly ViewPackage[], names: Names): MembersData {
  const lists = openPool((list: Rising) => list.join(" "));
  const members = names.data.workloads.map(() => ({
    required: [] as number[],
    dependency: [] as number[],
    base: [] as number[],
  }));
  for (const [row, { workloads }] of rows.entries())
    for (const { name, as } of workloads) members[names.workload(name)]?.[as].push(row);
  const workloads = members.map(({ required, dependency, base }): WorkloadLists | null => {
    if (required.length + dependency.length + base.length === 0) return null;
    return [lists.place(toRising(required)), lists.place(toRising(dependency)), lists.place(toRising(base))];
  });
  return { lists: lists.values, workloads };
}

/** By the names' places: of a workload that has packages and is not told about, nothing is known. */
export function workloadsData({ workloads, architectures }: ViewResult, names: Names): WorkloadData[] {
  const known = new Map(workloads.map((workload) => [workload.name, workload]));
  return names.data.workloads.map((name) => {
    const { description = "", maintainer = "", labels = [], on = {} } = known.get(name) ?? {};
    return { description, maintainer, labels, on: architectures.map((one) => cellOf(on, one)) };
  });
}

function cellOf(on: WorkloadResult["on"], architecture: string): WorkloadCell | null {
  const cell = on[architecture];
  if (cell === undefined) return null;
  const { packages, size, missing, failure } = cell;
  return { packages, size, missing, ...(failure && { failure }) };
}

export function sourcesData(result: ViewResult, names: Names): SourcesData {
  const versions = openTexts();
  const { on, known } = sourcesBy(result, names);
  return {
    packages: known.map((source) => toRising(source?.packages.map(names.package) ?? [])),
    archful: toRising(placesWhere(known, (source) => source?.archful === true)),
    local: toRising(placesWhere(known, (source) => source?.local === true)),
    version: on.map((cells) => cells.map((cell) => (cell ? versions.place(cell.version) : -1))),
    versions: versions.values,
    level: on.map((cells) => cells.map((cell) => cell?.level ?? -1)),
    failed: on.map((cells) => toRising(placesWhere(cells, (cell) => cell?.failure !== undefined))),
  };
}

export function requirementsData(result: ViewResult, names: Names): RequirementsData {
  const texts = openTexts();
  const lists = openPool((list: readonly number[]) => list.join(" "));
  const { on } = sourcesBy(result, names);
  return {
    on: on.map((cells) =>
      cells.map((cell) =>
        cell?.requirements === undefined ? -1 : lists.place(cell.requirements.map(texts.place)),
      ),
    ),
    texts: texts.values,
    lists: lists.values,
    failures: on.flatMap((cells, architecture) =>
      cells.flatMap((cell, source) =>
        cell?.failure ? [{ architecture, source, failure: cell.failure }] : [],
      ),
    ),
  };
}

/** Sources by their names' places, and what is said of each by architecture. */
function sourcesBy({ sources, architectures }: ViewResult, names: Names) {
  const byName = new Map(sources.map((source) => [source.name, source]));
  const known = names.data.sources.map((name) => byName.get(name));
  const on: (SourceOn | undefined)[][] = architectures.map((architecture) =>
    known.map((source) => source?.on[architecture]),
  );
  return { known, on };
}

function placesWhere<T>(values: readonly T[], is: (value: T) => boolean): number[] {
  return values.flatMap((value, place) => (is(value) ? [place] : []));
}
