// Pages whose content is filled by the page's code, from data that would be too large as markup.
// Pure. Knows what is on each; does not know the code.

import type { Page } from "./frame.ts";
import { type Html, html } from "./html.ts";

/** Each section is named by what fills it. */
export function shellPages(): Page[] {
  return [
    list("workloads", "Workloads", "What was asked for, and what it comes to with everything it needs."),
    list(
      "packages",
      "Packages",
      "Everything in the view and its buildroot, on all architectures side by side.",
    ),
    list("sources", "Sources", "What the packages are built from."),
    {
      name: "differences",
      title: "Differences",
      content: html`<h1>Differences</h1>
<p class="lead">What is not the same on all architectures.</p>
${section("differing-packages")}${section("differing-sources")}${noScript("view.json")}`,
    },
    { ...detail("workload", "Workload"), under: "workloads" },
    { ...detail("package", "Package"), under: "packages" },
    { ...detail("source", "Source"), under: "sources" },
    detail("graph", "Graph"),
  ];
}

function list(name: string, title: string, lead: string): Page {
  const content = html`<h1>${title}</h1>
<p class="lead">${lead}</p>
${section(name)}${noScript("index.html#lists")}`;
  return { name, title, content };
}

function detail(name: string, title: string): Page {
  const content = html`<section data-detail="${name}"><h1>${title}</h1></section>${noScript("index.html#lists")}`;
  return { name, title, content };
}

function section(name: string): Html {
  return html`<section data-list="${name}"></section>
`;
}

function noScript(href: string): Html {
  return html`<noscript><p class="empty">This page is filled by a script. The same is in the <a href="${href}">lists and data</a>.</p></noscript>`;
}
