// The names in a view, each list once and sorted, and their places.
// Knows where names stand in a result; does not know what else is said of them.

import type { ViewResult } from "../../evaluator/view/result.ts";
import type { NamesData } from "./form.ts";
import { toRising } from "./rising.ts";

export interface Names {
  readonly data: NamesData;
  /** Places in the lists. @throws for a name that is in none: all are collected from the same result. */
  package(name: string): number;
  source(name: string): number;
  workload(name: string): number;
}

export function namesOf({ architectures, packages, sources, workloads }: ViewResult): Names {
  const rows = architectures.flatMap((architecture) => packages[architecture] ?? []);
  const all = sorted([
    ...rows.map(({ name }) => name),
    ...rows.flatMap(({ needs }) => needs),
    ...sources.flatMap((source) => source.packages),
  ]);
  const data: NamesData = {
    architectures,
    packages: all,
    sources: sorted([
      ...sources.map(({ name }) => name),
      ...rows.flatMap(({ source, builds }) => [source, ...(builds?.sources ?? [])]),
    ]),
    workloads: sorted([
      ...workloads.map(({ name }) => name),
      ...rows.flatMap((row) => row.workloads.map(({ name }) => name)),
    ]),
    absent: architectures.map((architecture) => {
      const there = new Set((packages[architecture] ?? []).map(({ name }) => name));
      return toRising(all.flatMap((name, place) => (there.has(name) ? [] : [place])));
    }),
  };
  return {
    data,
    package: placesIn(data.packages),
    source: placesIn(data.sources),
    workload: placesIn(data.workloads),
  };
}

/** By code units, as everything that kit sorts for programs. */
function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function placesIn(names: readonly string[]): (name: string) => number {
  const places = new Map(names.map((name, place) => [name, place]));
  return (name) => {
    const place = places.get(name);
    if (place === undefined) throw new Error(`no such name in the view: ${name}`);
    return place;
  };
}
