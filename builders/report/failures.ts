// The page of what does not work: workloads without a solution, packages that are nowhere, sources that cannot be built.
// Pure. Knows how an argument is shown; does not know how it was found.

import type { Failure, ViewResult } from "../../evaluator/view/result.ts";
import { countText } from "./amount.ts";
import { type Page, type Report, wide } from "./frame.ts";
import { sourceHref, workloadHref } from "./href.ts";
import { type Html, html } from "./html.ts";

export function failuresPage({ result }: Report): Page {
  const content = html`<h1>Failures</h1>
${failed("Workloads without a solution", "workloads", "Every workload has a solution.", casesOf(result.workloads, workloadHref))}
${missing(result)}
${failed("Sources that cannot be built", "sources", "Every source has what it needs to be built.", casesOf(result.sources, sourceHref))}`;
  return { name: "failures", title: "Failures", content };
}

/** One argument, on all architectures where it is the same. */
interface Case {
  readonly name: string;
  readonly href: string;
  readonly architectures: readonly string[];
  readonly failure: Failure;
}

interface Failing {
  readonly name: string;
  readonly on: Readonly<Record<string, { readonly failure?: Failure }>>;
}

function casesOf(items: readonly Failing[], href: (name: string) => string): Case[] {
  return items.flatMap(({ name, on }) => {
    const failing = Object.entries(on).flatMap(([architecture, { failure }]) =>
      failure ? [{ architecture, failure, key: failure.explanation.join("\n") }] : [],
    );
    return [...Map.groupBy(failing, ({ key }) => key).values()].map((same) => ({
      name,
      href: href(name),
      architectures: same.map(({ architecture }) => architecture).sort(),
      failure: same[0]?.failure ?? { explanation: [] },
    }));
  });
}

function failed(heading: string, id: string, none: string, cases: readonly Case[]): Html {
  if (cases.length === 0) return html`<h2 id="${id}">${heading}</h2><p class="empty">${none}</p>`;
  return html`<h2 id="${id}">${heading} <span class="count">${countText(cases.length)}</span></h2>
${cases.map(
  ({ name, href, architectures, failure }) => html`<article class="failure">
<h3><a href="${href}">${name}</a> ${tags(architectures)}</h3>
${argument(failure)}
</article>
`,
)}`;
}

export function argument({ explanation, hint }: Failure): Html {
  return html`<ul class="argument">${explanation.map((line) => html`<li>${line}</li>`)}</ul>
${hint ? html`<p class="hint">${hint}</p>` : ""}`;
}

export function tags(architectures: readonly string[]): Html {
  return html`${architectures.map((architecture) => html`<span class="tag">${architecture}</span> `)}`;
}

function missing({ workloads }: ViewResult): Html {
  const cases = workloads.flatMap(({ name, on }) =>
    Object.entries(on).flatMap(([architecture, cell]) =>
      cell.missing.map((item) => ({ item, name, architecture })),
    ),
  );
  const byItem = [...Map.groupBy(cases, ({ item }) => item)].sort(([a], [b]) => (a < b ? -1 : 1));
  const heading = "Asked for and nowhere";
  if (byItem.length === 0)
    return html`<h2 id="missing">${heading}</h2><p class="empty">Everything that was asked for is there.</p>`;
  return html`<h2 id="missing">${heading} <span class="count">${countText(byItem.length)}</span></h2>
${wide(
  heading,
  html`<table><caption class="unseen">Packages that were asked for and are nowhere</caption>
<thead><tr><th scope="col">Package</th><th scope="col">Asked for by</th></tr></thead>
<tbody>${byItem.map(
    ([item, asked]) => html`<tr><th scope="row">${item}</th><td>${[
      ...Map.groupBy(asked, ({ name }) => name),
    ].map(
      ([name, on]) =>
        html`<div><a href="${workloadHref(name)}">${name}</a> ${tags(on.map(({ architecture }) => architecture).sort())}</div>`,
    )}</td></tr>
`,
  )}</tbody></table>`,
)}`;
}
