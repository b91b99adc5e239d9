// The page of a view's history: charts of count and size over the commits of its lock, and the figures behind them.
// Pure. Knows moments; does not know where they come from.

import type { ViewMoment } from "../../evaluator/view/result.ts";
import { countedText, countText, sizeText } from "./amount.ts";
import { type Chart, chartSvg } from "./chart.ts";
import { type Page, type Report, wide } from "./frame.ts";
import { type Html, html } from "./html.ts";

export function historyPage({ result }: Report, history: readonly ViewMoment[]): Page {
  const content = html`<h1>History</h1>
${history.length === 0 ? html`<p class="empty">No commit of the view's lock is known: the lock is in no git repository, or was not committed yet.</p>` : charts(history, architecturesOf(result.architectures, history))}`;
  return { name: "history", title: "History", content };
}

/** Those of the view, then those that it had once. */
function architecturesOf(now: readonly string[], history: readonly ViewMoment[]): string[] {
  const once = history.flatMap(({ on }) => Object.keys(on));
  return [...new Set([...now, ...[...new Set(once)].sort()])];
}

function charts(history: readonly ViewMoment[], architectures: readonly string[]): Html {
  const valuesOf = (field: "packages" | "size") =>
    architectures.map((label) => ({ label, values: history.map(({ on }) => on[label]?.[field]) }));
  // A date that is none puts its commit where the one before is.
  const times = history.map(({ date }) => Date.parse(date));
  for (const [i, time] of times.entries()) if (Number.isNaN(time)) times[i] = times[i - 1] ?? 0;
  const chart = (title: string, rest: Pick<Chart, "series" | "format" | "base" | "id">) =>
    html`<figure><figcaption>${title}</figcaption>${chartSvg({ title, times, summary: summary(rest), ...rest })}</figure>
`;
  return html`<p class="lead">${countedText(history.length, "commit")} of the view's lock, from ${day(history[0])} to ${day(history.at(-1))}.</p>
<div class="charts">
${chart("Packages", { series: valuesOf("packages"), format: countText, base: 10, id: "count" })}
${chart("Installed size", { series: valuesOf("size"), format: sizeText, base: 2, id: "size" })}
</div>
<h2>Figures</h2>
${wide("Figures by commit", table(history, architectures))}`;
}

function summary({ series, format }: Pick<Chart, "series" | "format">): string {
  return series
    .map(({ label, values }) => {
      const known = values.filter((value) => value !== undefined);
      const [first, last] = [known[0], known.at(-1)];
      return first === undefined || last === undefined
        ? ""
        : `${label} from ${format(first)} to ${format(last)}.`;
    })
    .filter((text) => text !== "")
    .join(" ");
}

/** The newest first. */
function table(history: readonly ViewMoment[], architectures: readonly string[]): Html {
  const cells = ({ on }: ViewMoment, before: ViewMoment | undefined) =>
    architectures.map((architecture) => {
      const now = on[architecture];
      if (now === undefined) return html`<td class="number none">–</td><td class="number none">–</td>`;
      const then = before?.on[architecture];
      const moved = then === undefined ? 0 : now.packages - then.packages;
      const change =
        moved === 0
          ? ""
          : html` <span class="change">${moved > 0 ? "+" : "−"}${countText(Math.abs(moved))}</span>`;
      return html`<td class="number">${change}${countText(now.packages)}</td><td class="number">${sizeText(now.size)}</td>`;
    });
  return html`<table class="figures"><caption class="unseen">Packages and installed size at each commit, the newest first</caption>
<thead><tr><th scope="col" rowspan="2">Date</th><th scope="col" rowspan="2">Commit</th>${architectures.map((architecture) => html`<th scope="colgroup" colspan="2">${architecture}</th>`)}</tr>
<tr>${architectures.map(() => html`<th scope="col" class="number">packages</th><th scope="col" class="number">installed</th>`)}</tr></thead>
<tbody>${history
    .map(
      (moment, i) =>
        html`<tr><td><time datetime="${moment.date}">${moment.date.slice(0, 10)}</time></td><th scope="row"><code>${moment.commit.slice(0, 12)}</code></th>${cells(moment, history[i - 1])}</tr>
`,
    )
    .reverse()}</tbody></table>`;
}

function day(moment: ViewMoment | undefined): Html {
  const date = moment?.date ?? "";
  return html`<time datetime="${date}">${date.slice(0, 10)}</time>`;
}
