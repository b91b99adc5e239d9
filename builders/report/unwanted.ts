// The page of what the view has and does not want, each with the way it came in.
// Pure. Knows how a chain is shown; does not know how it was found.

import type { Unwanted } from "../../evaluator/view/result.ts";
import { countedText } from "./amount.ts";
import { tags } from "./failures.ts";
import type { Page, Report } from "./frame.ts";
import { packageHref, sourceHref, workloadHref } from "./href.ts";
import { type Html, html } from "./html.ts";

export function unwantedPage({ result: { unwanted } }: Report): Page {
  const things = [...Map.groupBy(unwanted, ({ what, name }) => `${what} ${name}`).values()];
  const content = html`<h1>Unwanted</h1>
${
  things.length === 0
    ? html`<p class="empty">Nothing is in the view against its wish.</p>`
    : html`<p class="lead">${countedText(things.length, "thing")} in the view against its wish, each with the shortest way from what a workload asks for.</p>`
}
${things.map(thing)}`;
  return { name: "unwanted", title: "Unwanted", content };
}

function thing(cases: readonly Unwanted[]): Html {
  const [{ what, name }] = cases as readonly [Unwanted];
  const href = what === "package" ? packageHref(name) : sourceHref(name);
  const ways = [...Map.groupBy(cases, (one) => JSON.stringify([one.workload, one.chain])).values()];
  return html`<article class="failure">
<h2><a href="${href}">${name}</a> <span class="count">${what}</span></h2>
${ways.map((same) => way(same))}
</article>
`;
}

/** The same on several architectures is told once. */
function way(same: readonly Unwanted[]): Html {
  const [{ workload, chain }] = same as readonly [Unwanted];
  return html`<div class="way">${tags(same.map(({ architecture }) => architecture))}
<ol class="chain"><li><span class="relation">workload</span> <a href="${workloadHref(workload)}">${workload}</a></li>
${chain.map((link) => html`<li><span class="relation">${link.relation}</span> <a href="${packageHref(link.package.split(":")[0] ?? "")}">${link.package}</a></li>`)}</ol></div>
`;
}
