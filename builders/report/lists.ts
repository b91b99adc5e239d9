// The text lists of a report, for scripts: a name a line, or columns with tabs between them.
// Pure. Knows what stands in each; does not know where they are written.

import type { Failure, ViewPackage, ViewResult } from "../../evaluator/view/result.ts";
import { fileWord } from "./href.ts";

export interface ListFile {
  readonly path: string;
  /** For people. */
  readonly about: string;
  readonly lines: () => Iterable<string>;
}

export function listFiles(result: ViewResult): ListFile[] {
  return [
    ...result.architectures.flatMap((architecture) => packageLists(result, architecture)),
    {
      path: "sources.txt",
      about: "sources of what runs",
      lines: () => sourcesAt(result, (level) => level === 0),
    },
    {
      path: "buildroot-sources.txt",
      about: "sources of what only builds",
      lines: () => sourcesAt(result, (level) => level > 0),
    },
    {
      path: "archful-sources.txt",
      about: "sources whose build requirements differ between architectures",
      lines: () => result.sources.filter(({ archful }) => archful).map(({ name }) => word(name)),
    },
    {
      path: "local-sources.txt",
      about: "what manifests make: there is no source package",
      lines: () => result.sources.filter(({ local }) => local).map(({ name }) => word(name)),
    },
    {
      path: "workloads.txt",
      about: "workloads",
      lines: () => result.workloads.map(({ name }) => word(name)),
    },
    {
      path: "unwanted.txt",
      about: "what is unwanted: architecture, kind, name, workload, chain",
      lines: () =>
        result.unwanted.map(({ architecture, what, name, workload, chain }) =>
          columns(architecture, what, name, workload, chain.map((link) => link.package).join(" > ")),
        ),
    },
    {
      path: "missing.txt",
      about: "what was asked for and is nowhere: architecture, workload, package",
      lines: () => missingLines(result),
    },
    {
      path: "failures.txt",
      about: "what failed: architecture, kind, name, and why",
      lines: () => failureLines(result),
    },
  ];
}

function packageLists({ packages }: ViewResult, architecture: string): ListFile[] {
  const rows = packages[architecture] ?? [];
  const at = (is: (level: number) => boolean) => () =>
    new Set(rows.filter(({ level }) => is(level)).map(({ name }) => word(name)));
  const suffix = fileWord(architecture);
  return [
    {
      path: `packages-${suffix}.txt`,
      about: `packages that run on ${architecture}`,
      lines: at((level) => level === 0),
    },
    {
      path: `buildroot-packages-${suffix}.txt`,
      about: `packages that only build, on ${architecture}`,
      lines: at((level) => level > 0),
    },
    {
      path: `packages-${suffix}.tsv`,
      about: `all packages on ${architecture}, with version, source, level and sizes`,
      lines: () => [packageHeader, ...rows.map(packageLine)],
    },
  ];
}

const packageHeader = "name\tversion\tarchitecture\tsource\tlevel\tsize\tdownload\tworkloads";

function packageLine(item: ViewPackage): string {
  const { name, version, architecture, source, level, size, download, workloads } = item;
  return columns(name, version, architecture, source, level, size, download, workloads.length);
}

function sourcesAt({ sources }: ViewResult, is: (level: number) => boolean): string[] {
  const lowest = (on: ViewResult["sources"][number]["on"]) =>
    Math.min(...Object.values(on).map(({ level }) => level));
  return sources
    .filter(({ on }) => Object.keys(on).length > 0 && is(lowest(on)))
    .map(({ name }) => word(name));
}

function missingLines({ workloads, architectures }: ViewResult): string[] {
  return architectures.flatMap((architecture) =>
    workloads.flatMap(({ name, on }) =>
      (on[architecture]?.missing ?? []).map((missing) => columns(architecture, name, missing)),
    ),
  );
}

function failureLines({ workloads, sources, architectures }: ViewResult): string[] {
  const linesOf = (
    kind: string,
    items: readonly { name: string; on: Readonly<Record<string, { failure?: Failure }>> }[],
    architecture: string,
  ) =>
    items.flatMap(({ name, on }) => {
      const failure = on[architecture]?.failure;
      return failure === undefined ? [] : [columns(architecture, kind, name, failure.explanation.join("; "))];
    });
  return architectures.flatMap((architecture) => [
    ...linesOf("workload", workloads, architecture),
    ...linesOf("source", sources, architecture),
  ]);
}

function columns(...values: readonly (string | number)[]): string {
  return values.map((value) => word(String(value))).join("\t");
}

/** A text that stays within its column: no controls, and no line ends of any kind. */
function word(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
