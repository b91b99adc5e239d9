// What all pages of a report have: head, policy, navigation, search box.
// Knows the pages there are; does not know what is on them.

import type { ViewResult } from "../../evaluator/view/result.ts";
import { countText } from "./amount.ts";
import type { Figures } from "./figures.ts";
import { type Content, type Html, html } from "./html.ts";

/** What a report is made of. */
export interface Report {
  readonly result: ViewResult;
  readonly figures: Figures;
}

export interface Page {
  /** The file, without its ending; it also tells the page's code what to do. */
  readonly name: string;
  readonly title: string;
  /** The entry of the navigation that it belongs to. */
  readonly under?: string;
  readonly content: Content;
}

/** Scripts, styles and images of the report's own folder, and nothing from anywhere else. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

export function framed({ result, figures }: Report, page: Page): string {
  const { name, title, content } = page;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title === result.name ? "" : `${title} · `}${result.name}</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="report.css">
<script src="report.js" defer></script>
</head>
<body data-page="${name}">
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="index.html"><span class="kind">view</span> <bdi>${result.name}</bdi></a>
${searchBox}
<nav aria-label="Report">${entries(figures).map(([file, label, count]) => entry(file, label, count, page))}</nav>
</header>
<main id="main" tabindex="-1">
${content}
</main>
<footer class="foot">Written by <code>kit report</code> from package lists of <time datetime="${result.date}">${result.date.slice(0, 10)}</time>. <a href="index.html#lists">Lists and data</a></footer>
</body>
</html>
`.text;
}

/** Its options appear with the page's code; without that it is not shown. */
const searchBox = html`<div class="search" role="search" hidden>
<label for="search" class="unseen">Search packages, sources and workloads</label>
<input id="search" type="text" role="combobox" aria-expanded="false" aria-controls="found" aria-autocomplete="list" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="Search packages, sources, workloads">
<kbd aria-hidden="true">/</kbd>
<div id="found" role="listbox" aria-label="Found" hidden></div>
<div id="found-count" class="unseen" role="status"></div>
</div>`;

type Entry = readonly [file: string, label: string, count?: number];

function entries({ unwanted, failed, missing }: Figures): readonly Entry[] {
  return [
    ["index", "Overview"],
    ["workloads", "Workloads"],
    ["packages", "Packages"],
    ["sources", "Sources"],
    ["buildroot", "Buildroot"],
    ["differences", "Differences"],
    ["unwanted", "Unwanted", unwanted],
    ["failures", "Failures", failed + missing],
    ["history", "History"],
    ["graph", "Graph"],
  ];
}

function entry(file: string, label: string, count: number | undefined, { name, under = name }: Page): Html {
  const badge = count ? html` <span class="badge">${countText(count)}</span>` : "";
  const current = file === under && html` aria-current="${file === name ? "page" : "true"}"`;
  return html`<a href="${file}.html"${current}>${label}${badge}</a>`;
}

/** A table wider than the screen moves by itself, and by keyboard. */
export function wide(label: string, table: Html): Html {
  return html`<div class="wide" role="region" aria-label="${label}" tabindex="0">${table}</div>`;
}
