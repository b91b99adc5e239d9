// The files of a report.
// Pure: the same result, history and page code give the same bytes. Does not know where the files are written.

import type { ViewMoment, ViewResult } from "../../evaluator/view/result.ts";
import {
  membersData,
  needsData,
  packagesData,
  requirementsData,
  rowsOf,
  sourcesData,
  workloadsData,
} from "./columns.ts";
import { dataScript } from "./datafile.ts";
import { failuresPage } from "./failures.ts";
import { figuresOf } from "./figures.ts";
import type { DataFiles } from "./form.ts";
import { framed } from "./frame.ts";
import { historyPage } from "./history.ts";
import { levelsPage } from "./levels.ts";
import { listFiles } from "./lists.ts";
import { namesOf } from "./names.ts";
import { overviewPage } from "./overview.ts";
import { shellPages } from "./shells.ts";
import { unwantedPage } from "./unwanted.ts";
import { viewJson } from "./viewjson.ts";

/** What pages do and how they look, as kit ships it. */
export interface PageCode {
  readonly script: string;
  readonly style: string;
}

/** By path within the report's folder. A large file's text is made when it is read, piece by piece. */
export type ReportFiles = ReadonlyMap<string, Iterable<string>>;

/** `history` is in the order of time, the oldest first. */
export function reportFiles(
  result: ViewResult,
  history: readonly ViewMoment[],
  { script, style }: PageCode,
): ReportFiles {
  const report = { result, figures: figuresOf(result) };
  const pages = [
    overviewPage(report, history),
    levelsPage(report),
    unwantedPage(report),
    failuresPage(report),
    historyPage(report, history),
    ...shellPages(),
  ];
  return new Map<string, Iterable<string>>([
    ...pages.map((page) => [`${page.name}.html`, [framed(report, page)]] as const),
    ...dataFiles(result),
    ["report.js", [script]],
    ["report.css", [style]],
    ["icon.svg", [icon]],
    ["view.json", whenRead(() => viewJson(result))],
    ...(history.length > 0 ? [["history.json", [`${JSON.stringify(history, null, 1)}\n`]] as const] : []),
    ...listFiles(result).map(({ path, lines }) => [path, whenRead(() => ended(lines()))] as const),
  ]);
}

function dataFiles(result: ViewResult): (readonly [string, Iterable<string>])[] {
  const names = namesOf(result);
  const file = <K extends keyof DataFiles & string>(name: K, make: () => DataFiles[K]) =>
    [`data/${name}.js`, whenRead(() => [dataScript(name, make())])] as const;
  return [
    file("names", () => names.data),
    file("workloads", () => workloadsData(result, names)),
    file("sources", () => sourcesData(result, names)),
    file("requirements", () => requirementsData(result, names)),
    ...result.architectures.flatMap((architecture, place) => {
      const rows = () => rowsOf(result, architecture, names);
      return [
        file(`packages-${place}`, () => packagesData(rows(), names)),
        file(`needs-${place}`, () => needsData(rows(), names)),
        file(`members-${place}`, () => membersData(rows(), names)),
      ];
    }),
  ];
}

function* ended(lines: Iterable<string>): Iterable<string> {
  for (const line of lines) yield `${line}\n`;
}

/** Made anew each time it is read, and kept by nobody. */
function whenRead(make: () => Iterable<string>): Iterable<string> {
  return { [Symbol.iterator]: () => make()[Symbol.iterator]() };
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3.5" fill="#2b6a8e"/><path d="M4 3.5v9M4 8h4.5M8.5 8 12 4.5M8.5 8 12 11.5" stroke="#fff" stroke-width="1.6" fill="none" stroke-linecap="round"/></svg>
`;
