// What a view comes to in figures, on each architecture.
// Pure. Knows what is counted; does not know where it is shown.

import type { ViewResult } from "../../evaluator/view/result.ts";

export interface Figures {
  /** In the order of the view's architectures. */
  readonly on: readonly ArchitectureFigures[];
  /** Levels that anything has, rising. */
  readonly levels: readonly number[];
  /** Things, not cases: what fails on two architectures is one. */
  readonly failed: number;
  readonly missing: number;
  readonly unwanted: number;
  readonly archful: number;
}

export interface ArchitectureFigures {
  readonly architecture: string;
  /** Those that are there for it. */
  readonly workloads: number;
  readonly failedWorkloads: number;
  readonly missing: number;
  readonly failedSources: number;
  readonly unwanted: number;
  readonly placeholders: number;
  readonly levels: ReadonlyMap<number, LevelFigures>;
}

export interface LevelFigures {
  readonly packages: number;
  readonly sources: number;
  /** Bytes, installed and to fetch. */
  readonly size: number;
  readonly download: number;
}

export const noFigures: LevelFigures = { packages: 0, sources: 0, size: 0, download: 0 };

export function figuresOf(result: ViewResult): Figures {
  const on = result.architectures.map((architecture) => figuresOn(result, architecture));
  const failedWorkloads = result.workloads.filter((one) =>
    Object.values(one.on).some((cell) => cell.failure),
  );
  const failedSources = result.sources.filter((one) => Object.values(one.on).some((cell) => cell.failure));
  const missing = result.workloads.flatMap((one) => Object.values(one.on).flatMap((cell) => cell.missing));
  return {
    on,
    levels: [...new Set(on.flatMap(({ levels }) => [...levels.keys()]))].sort((a, b) => a - b),
    failed: failedWorkloads.length + failedSources.length,
    missing: new Set(missing).size,
    unwanted: new Set(result.unwanted.map(({ what, name }) => `${what} ${name}`)).size,
    archful: result.sources.filter(({ archful }) => archful).length,
  };
}

function figuresOn(result: ViewResult, architecture: string): ArchitectureFigures {
  const cells = result.workloads.flatMap(({ on }) => on[architecture] ?? []);
  const sources = result.sources.flatMap(({ on }) => on[architecture] ?? []);
  const packages = result.packages[architecture] ?? [];
  const levels = new Map<number, LevelFigures>();
  const add = (level: number, more: Partial<LevelFigures>) => {
    const { packages, sources, size, download } = levels.get(level) ?? noFigures;
    levels.set(level, {
      packages: packages + (more.packages ?? 0),
      sources: sources + (more.sources ?? 0),
      size: size + (more.size ?? 0),
      download: download + (more.download ?? 0),
    });
  };
  for (const { level, size, download } of packages) add(level, { packages: 1, size, download });
  for (const { level } of sources) add(level, { sources: 1 });
  return {
    architecture,
    workloads: cells.length,
    failedWorkloads: cells.filter(({ failure }) => failure).length,
    missing: new Set(cells.flatMap(({ missing }) => missing)).size,
    failedSources: sources.filter(({ failure }) => failure).length,
    unwanted: new Set(
      result.unwanted
        .filter((one) => one.architecture === architecture)
        .map(({ what, name }) => `${what} ${name}`),
    ).size,
    placeholders: packages.filter(({ placeholder }) => placeholder).length,
    levels,
  };
}

/** All of the levels that are wanted together. */
export function sumLevels({ levels }: ArchitectureFigures, wanted: (level: number) => boolean): LevelFigures {
  const counted = [...levels].filter(([level]) => wanted(level)).map(([, figures]) => figures);
  const sum = (of: keyof LevelFigures) => counted.reduce((total, figures) => total + figures[of], 0);
  return { packages: sum("packages"), sources: sum("sources"), size: sum("size"), download: sum("download") };
}
