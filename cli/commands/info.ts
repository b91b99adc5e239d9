// kit store info: what the store holds and what that takes.
// Knows how it is told; does not count anything itself.

import { Command } from "clipanion";
import { storeFormat } from "../../store/layout.ts";
import { readRoots } from "../../store/roots.ts";
import { kinds, type Usage } from "../../store/usage.ts";
import type { Parts } from "../composition.ts";
import { bytesText } from "../render/text.ts";
import { PartsCommand } from "./command.ts";

export class StoreInfoCommand extends PartsCommand {
  static override paths = [["store", "info"]];
  static override usage = Command.Usage({
    category: "The store",
    description: "where the store is, and what it holds",
    details: `
      For each kind of thing: how many, the bytes of disk blocks (a file that several paths share counts once, with
      the kind that comes first), and the bytes of all files as often as they have a path.
    `,
    examples: [["What the store holds", "kit store info"]],
  });

  override async work(parts: Parts): Promise<number> {
    this.requireStore(parts);
    const usage = await (await parts.keeper()).usage();
    const links = readRoots(parts.layout).map(({ root }) => root.link);
    this.done();
    const { root } = parts.layout;
    if (this.json) this.print(JSON.stringify({ location: root, format: storeFormat, usage, links }));
    else
      this.print(
        `location  ${root}`,
        `format    ${storeFormat}`,
        `links     ${links.length}`,
        "",
        ...usageLines(usage),
      );
    return 0;
  }
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
  const table = [
    ["", "number", "on disk", "by path"],
    ...rows,
    ["all", String(sum("count")), bytesText(sum("physical")), bytesText(sum("logical"))],
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map(([kind = "", ...numbers]) =>
    [
      kind.padEnd(widths[0] ?? 0),
      ...numbers.map((text, index) => text.padStart(widths[index + 1] ?? 0)),
    ].join("  "),
  );
}
