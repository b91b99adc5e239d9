// kit store info: what the store holds and what that takes.
// Knows how it is told; does not count anything itself.

import { Command } from "clipanion";
import type { StoreUsage } from "../../builders/keeper/protocol.ts";
import { storeFormat } from "../../store/layout.ts";
import { readProfiles } from "../../store/profiles.ts";
import { readRoots } from "../../store/roots.ts";
import { kinds, type Usage } from "../../store/usage.ts";
import type { Parts } from "../composition.ts";
import { bytesText } from "../render/text.ts";
import { PartsCommand } from "./command.ts";

export class StoreInfoCommand extends PartsCommand {
  static override paths = [["store", "info"]];
  static override usage = Command.Usage({
    category: "The store",
    description: "where the store is, what it holds, and what sharing saves",
    details: `
      First by what results are: how many, the bytes of all their files as if each result were stored by itself, and the
      bytes of disk blocks that they take, a file that several have counted once, with the kind that comes first. The
      difference is what sharing saves. Then by folder of the store, with checkouts, which share the pool's files.
    `,
    examples: [["What the store holds", "kit store info"]],
  });

  override async work(parts: Parts): Promise<number> {
    this.requireStore(parts);
    const { usage, kinds: byKind } = await (await parts.keeper()).usage();
    const roots = readRoots(parts.layout).map(({ root }) => root);
    const linksOf = (kind: "link" | "lock") =>
      roots.filter((root) => root.kind === kind).map(({ link }) => link);
    const [links, locks] = [linksOf("link"), linksOf("lock")];
    const profiles = readProfiles(parts.layout).map(({ name }) => name);
    this.done();
    const { root } = parts.layout;
    if (this.json)
      this.print(
        JSON.stringify({ location: root, format: storeFormat, kinds: byKind, usage, links, locks, profiles }),
      );
    else
      this.print(
        `location  ${root}`,
        `format    ${storeFormat}`,
        `roots     ${links.length} links, ${locks.length} locks, ${profiles.length} profiles`,
        "",
        ...kindLines(byKind),
        "",
        ...usageLines(usage),
      );
    return 0;
  }
}

function kindLines(byKind: StoreUsage["kinds"]): string[] {
  const sum = (pick: "results" | "logical" | "physical") =>
    byKind.reduce((total, { holding }) => total + holding[pick], 0);
  const row = (name: string, results: number, logical: number, physical: number) => [
    name,
    String(results),
    bytesText(logical),
    bytesText(physical),
  ];
  const [logical, physical] = [sum("logical"), sum("physical")];
  const saved = Math.max(0, logical - physical);
  return [
    ...tableOf([
      ["", "results", "by themselves", "on disk"],
      ...byKind.map(({ kind, holding }) => row(kind, holding.results, holding.logical, holding.physical)),
      row("all", sum("results"), logical, physical),
    ]),
    `sharing saves ${bytesText(saved)}`,
  ];
}

export function usageLines(usage: Usage): string[] {
  const rows = kinds.map((kind) => [
    kind,
    String(usage[kind].count),
    bytesText(usage[kind].physical),
    bytesText(usage[kind].logical),
  ]);
  const sum = (pick: "count" | "physical" | "logical") =>
    kinds.reduce((total, kind) => total + usage[kind][pick], 0);
  return tableOf([
    ["", "number", "on disk", "by path"],
    ...rows,
    ["all", String(sum("count")), bytesText(sum("physical")), bytesText(sum("logical"))],
  ]);
}

/** Columns as wide as they need to be, the first to the left, numbers to the right. */
function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(([name = "", ...numbers]) =>
    [
      name.padEnd(widths[0] ?? 0),
      ...numbers.map((text, index) => text.padStart(widths[index + 1] ?? 0)),
    ].join("  "),
  );
}
