// The list of workloads, with what each comes to on every architecture.
// Knows its columns; does not know how lists work.

import { countText, sizeText } from "../amount.ts";
import type { NamesData, WorkloadCell, WorkloadData } from "../form.ts";
import { type ListChoice, type ListColumn, showListing } from "./listing.ts";
import { load } from "./load.ts";
import { type Child, make } from "./make.ts";
import { workloadLink } from "./tag.ts";

interface WorkloadItem extends WorkloadData {
  readonly name: string;
}

export async function fillWorkloads(section: HTMLElement): Promise<void> {
  const [names, data] = await Promise.all([load("names"), load("workloads")]);
  const rows = data.map(
    (workload, place): WorkloadItem => ({ ...workload, name: names.workloads[place] ?? "" }),
  );
  showListing(section, {
    caption: "Workloads by architecture",
    nouns: ["workload", "workloads"],
    rows,
    columns: columnsFor(names, rows),
    choices: [labelChoice(rows), stateChoice],
    text: ({ name, description, maintainer }) => `${name} ${maintainer} ${description}`,
  });
}

function columnsFor({ architectures }: NamesData, rows: readonly WorkloadItem[]): ListColumn<WorkloadItem>[] {
  const largest = (item: WorkloadItem) => Math.max(0, ...item.on.map((cell) => cell?.size ?? 0));
  const all: ListColumn<WorkloadItem>[] = [
    {
      key: "name",
      label: "Workload",
      cell: ({ name, description }) => [
        workloadLink(name),
        description !== "" && make("div", { class: "note" }, description),
      ],
      value: ({ name }) => name,
    },
    {
      key: "maintainer",
      label: "Maintainer",
      cell: ({ maintainer }) => maintainer,
      value: ({ maintainer }) => maintainer,
    },
    { key: "labels", label: "Labels", cell: ({ labels }) => labels.join(", ") },
    ...architectures.map(
      (architecture, place): ListColumn<WorkloadItem> => ({
        key: `on-${place}`,
        label: architecture,
        kind: "number",
        cell: ({ on }) => cellPart(on[place] ?? null),
        value: ({ on }) => on[place]?.packages ?? -1,
      }),
    ),
    {
      key: "size",
      label: "Installed",
      kind: "number",
      cell: (item) => sizeText(largest(item)),
      value: largest,
    },
  ];
  // A column in which nobody says anything is left out.
  return all.filter(({ key }) => key !== "maintainer" || rows.some(({ maintainer }) => maintainer !== ""));
}

function cellPart(cell: WorkloadCell | null): Child {
  if (cell === null) return make("span", { class: "none" }, "–");
  if (cell.failure !== undefined) return make("span", { class: "mark bad" }, "fails");
  const { missing, packages } = cell;
  return [
    missing.length > 0 && [make("span", { class: "mark warn" }, `${countText(missing.length)} missing`), " "],
    countText(packages),
  ];
}

function labelChoice(rows: readonly WorkloadItem[]): ListChoice<WorkloadItem> {
  const labels = [...new Set(rows.flatMap((row) => row.labels))].sort();
  return {
    key: "label",
    label: "Label",
    options: labels.map((label) => ({ value: label, label })),
    accepts: (row, value) => row.labels.includes(value),
  };
}

const stateChoice: ListChoice<WorkloadItem> = {
  key: "state",
  label: "State",
  options: [
    { value: "fails", label: "fails" },
    { value: "missing", label: "something missing" },
  ],
  accepts: ({ on }, value) =>
    on.some(
      (cell) => cell !== null && (value === "fails" ? cell.failure !== undefined : cell.missing.length > 0),
    ),
};
