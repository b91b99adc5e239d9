// The first page: what the view comes to on each architecture, and what is wrong with it.
// Pure. Knows what is shown where; does not count anything itself.

import type { ViewMoment } from "../../evaluator/view/result.ts";
import { countedText, countText, sizeText } from "./amount.ts";
import { type ArchitectureFigures, sumLevels } from "./figures.ts";
import { type Page, type Report, wide } from "./frame.ts";
import { fileHref, listHref, workloadHref } from "./href.ts";
import { type Content, type Html, html } from "./html.ts";
import { listFiles } from "./lists.ts";

export function overviewPage(report: Report, history: readonly ViewMoment[]): Page {
  const { result, figures } = report;
  const { name, description, distro, labels, subtracts, architectures } = result;
  const content = html`<h1>${name}</h1>
${description ? html`<p class="lead">${description}</p>` : ""}
<dl class="facts">
<div><dt>Distro</dt><dd>${distro}</dd></div>
<div><dt>Architectures</dt><dd>${architectures.join(", ")}</dd></div>
<div><dt>Labels</dt><dd>${labels.length > 0 ? labels.join(", ") : "none"}</dd></div>
<div><dt>Package lists of</dt><dd><time datetime="${result.date}">${result.date.slice(0, 10)}</time></dd></div>
${subtracts ? html`<div><dt>Added to</dt><dd>${subtracts}, whose packages are left out here</dd></div>` : ""}
</dl>
${notices(report)}
<h2>Side by side</h2>
${wide("Figures by architecture", sideBySide(figures.on, figures.levels))}
<h2>Largest workloads</h2>
${largest(report)}
<h2 id="lists">Lists and data</h2>
${lists(report, history)}`;
  return { name: "index", title: name, content };
}

function notices({ figures: { failed, missing, unwanted, on } }: Report): Html {
  const failedWorkloads = Math.max(0, ...on.map((one) => one.failedWorkloads));
  const notice = (kind: string, href: string, text: string, more: string) =>
    html`<li class="notice ${kind}"><a href="${href}">${text}</a><span>${more}</span></li>`;
  const told = [
    failed > 0 &&
      notice(
        "bad",
        "failures.html",
        countedText(failed, "failure"),
        failedWorkloads > 0
          ? "workloads that no set of packages satisfies, or sources that cannot be built"
          : "sources that cannot be built",
      ),
    missing > 0 &&
      notice(
        "warn",
        "failures.html#missing",
        countedText(missing, "missing package"),
        "asked for, and nowhere",
      ),
    unwanted > 0 &&
      notice("warn", "unwanted.html", `${countText(unwanted)} unwanted`, "in the view against its wish"),
  ].filter((one) => one !== false);
  if (told.length === 0)
    return html`<p class="notice good">Every workload has its packages, and nothing unwanted is among them.</p>`;
  return html`<ul class="notices">${told}</ul>`;
}

type Measure = readonly [label: Content, of: (one: ArchitectureFigures) => number, kind?: "size"];

function sideBySide(on: readonly ArchitectureFigures[], levels: readonly number[]): Html {
  const at = (level: number) => (one: number) => one === level;
  const buildroot = levels.some((level) => level > 0);
  const above = (level: number) => level > 0;
  const measures: readonly (readonly [heading: string, ...Measure[]])[] = [
    [
      "What runs",
      [
        html`<a href="${listHref("packages.html", { level: "0" })}">Packages</a>`,
        (one) => sumLevels(one, at(0)).packages,
      ],
      [
        html`<a href="${listHref("sources.html", { level: "0" })}">Sources</a>`,
        (one) => sumLevels(one, at(0)).sources,
      ],
      ["Installed", (one) => sumLevels(one, at(0)).size, "size"],
      ["To download", (one) => sumLevels(one, at(0)).download, "size"],
      ["Placeholders", (one) => one.placeholders],
    ],
    [
      "Workloads",
      [html`<a href="workloads.html">All</a>`, (one) => one.workloads],
      ["Failed", (one) => one.failedWorkloads],
      ["Packages missing", (one) => one.missing],
      ["Unwanted", (one) => one.unwanted],
    ],
    ...(buildroot
      ? [
          [
            "What builds it",
            [
              html`<a href="buildroot.html">Packages</a>`,
              (one: ArchitectureFigures) => sumLevels(one, above).packages,
            ],
            ["Sources", (one: ArchitectureFigures) => sumLevels(one, above).sources],
            ["Installed", (one: ArchitectureFigures) => sumLevels(one, above).size, "size"],
            ["Sources that fail", (one: ArchitectureFigures) => one.failedSources],
          ] as const,
        ]
      : []),
  ];
  return html`<table class="figures">
<caption class="unseen">Figures by architecture</caption>
<thead><tr><td></td>${on.map(({ architecture }) => html`<th scope="col">${architecture}</th>`)}</tr></thead>
${measures.map(([heading, ...rows]) => group(heading, rows, on))}
</table>`;
}

function group(heading: string, rows: readonly Measure[], on: readonly ArchitectureFigures[]): Html {
  return html`<tbody>
<tr class="group"><th scope="rowgroup" colspan="${on.length + 1}">${heading}</th></tr>
${rows.map(
  ([label, of, kind]) =>
    html`<tr><th scope="row">${label}</th>${on
      .map(of)
      .map(
        (value) =>
          html`<td class="number${value === 0 && " none"}">${kind === "size" ? sizeText(value) : countText(value)}</td>`,
      )}</tr>
`,
)}
</tbody>
`;
}

function largest({ result: { workloads, architectures } }: Report): Html {
  const sized = workloads.map((workload) => {
    const sizes = architectures.map((architecture) => workload.on[architecture]?.size ?? 0);
    return { name: workload.name, sizes, most: Math.max(0, ...sizes) };
  });
  const first = sized.sort((a, b) => b.most - a.most || (a.name < b.name ? -1 : 1)).slice(0, 8);
  if (first.length === 0) return html`<p class="empty">The view has no workloads.</p>`;
  return wide(
    "Largest workloads",
    html`<table class="figures"><caption class="unseen">Largest workloads, by installed size</caption>
<thead><tr><th scope="col">Workload</th>${architectures.map((architecture) => html`<th scope="col" class="number">${architecture}</th>`)}</tr></thead>
<tbody>${first.map(
      ({ name, sizes }) =>
        html`<tr><th scope="row"><a href="${workloadHref(name)}">${name}</a></th>${sizes.map((size) => html`<td class="number${size === 0 ? " none" : ""}">${size === 0 ? "–" : sizeText(size)}</td>`)}</tr>
`,
    )}</tbody></table>`,
  );
}

function lists({ result }: Report, history: readonly ViewMoment[]): Html {
  return html`<ul class="files">
<li><a href="view.json">view.json</a> everything in this report, for programs (<code>${result.format}</code>)</li>
${history.length > 0 && html`<li><a href="history.json">history.json</a> count and size at each commit of the lock</li>`}
${listFiles(result).map(
  ({ path, about }) => html`<li><a href="${fileHref(path)}">${path}</a> ${about}</li>
`,
)}</ul>`;
}
