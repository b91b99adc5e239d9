// The page of the buildroot: how many packages and sources have which level, and the lists of them.
// Pure. Knows figures; the lists are filled by the page's code.

import { countText, sizeText } from "./amount.ts";
import { noFigures } from "./figures.ts";
import { type Page, type Report, wide } from "./frame.ts";
import { type Html, html } from "./html.ts";

export function levelsPage({ figures }: Report): Page {
  const content = html`<h1>Buildroot</h1>
<p class="lead">Level 0 runs; level 1 is needed to build it; level 2 and above builds the builders.</p>
${wide("Levels by architecture", table(figures))}
${
  figures.levels.some((level) => level > 0)
    ? html`<section data-list="buildroot-packages" aria-label="Packages that only build"></section>
<section data-list="buildroot-sources" aria-label="Sources of packages that only build"></section>`
    : html`<p class="empty">The view has no buildroot.</p>`
}`;
  return { name: "buildroot", title: "Buildroot", content };
}

function table({ on, levels }: Report["figures"]): Html {
  return html`<table class="figures levels">
<caption class="unseen">Packages, sources and installed size of each level, by architecture</caption>
<thead><tr><td rowspan="2"></td>${on.map(({ architecture }) => html`<th scope="colgroup" colspan="3">${architecture}</th>`)}</tr>
<tr>${on.map(() => html`<th scope="col" class="number">packages</th><th scope="col" class="number">sources</th><th scope="col" class="number">installed</th>`)}</tr></thead>
<tbody>${levels.map(
    (
      level,
    ) => html`<tr><th scope="row"><span class="level l${Math.min(level, 2)}">${level}</span> ${meaning(level)}</th>${on.map(
      (one) => {
        const { packages, sources, size } = one.levels.get(level) ?? noFigures;
        return html`<td class="number">${countText(packages)}</td><td class="number">${countText(sources)}</td><td class="number">${sizeText(size)}</td>`;
      },
    )}</tr>
`,
  )}</tbody></table>`;
}

function meaning(level: number): string {
  if (level === 0) return "runs";
  return level === 1 ? "builds what runs" : `builds level ${level - 1}`;
}
