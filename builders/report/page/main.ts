// What runs on every page of a report: the search box, and whatever the page itself asks for.
// Knows which page has what; does not know how any of it works.

import { fillDifferences } from "./differences.ts";
import { openGraph } from "./graphpage.ts";
import { showTrouble } from "./load.ts";
import { fillBuildrootPackages, fillPackages } from "./packagelist.ts";
import { openPackage } from "./packagepage.ts";
import { openSearchBox } from "./searchbox.ts";
import { fillBuildrootSources, fillSources } from "./sourcelist.ts";
import { openSource } from "./sourcepage.ts";
import { fillWorkloads } from "./workloadlist.ts";
import { openWorkload } from "./workloadpage.ts";

type Fill = (section: HTMLElement) => Promise<void>;

const lists: Readonly<Record<string, Fill>> = {
  packages: fillPackages,
  sources: fillSources,
  workloads: fillWorkloads,
  "buildroot-packages": fillBuildrootPackages,
  "buildroot-sources": fillBuildrootSources,
  "differing-packages": (section) => fillDifferences(section, "packages"),
  "differing-sources": (section) => fillDifferences(section, "sources"),
};

const details: Readonly<Record<string, Fill>> = {
  package: openPackage,
  source: openSource,
  workload: openWorkload,
  graph: openGraph,
};

function fill(fills: Readonly<Record<string, Fill>>, attribute: "list" | "detail"): void {
  for (const section of document.querySelectorAll<HTMLElement>(`[data-${attribute}]`)) {
    const name = section.dataset[attribute] ?? "";
    section.setAttribute("aria-busy", "true");
    fills[name]?.(section)
      .catch((error: unknown) => showTrouble(section, error))
      .finally(() => section.removeAttribute("aria-busy"));
  }
}

openSearchBox();
fill(lists, "list");
fill(details, "detail");
