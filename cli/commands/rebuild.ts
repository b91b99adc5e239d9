// kit store rebuild: the index made anew from what is on disk.
// Knows how it is told; does not know what is in the index.

import { Command } from "clipanion";
import type { Parts } from "../composition.ts";
import { plural } from "../render/text.ts";
import { PartsCommand } from "./command.ts";

export class StoreRebuildCommand extends PartsCommand {
  static override paths = [["store", "rebuild"]];
  static override usage = Command.Usage({
    category: "The store",
    description: "make the index anew from what is on disk",
    details: `
      The index (\`index.sqlite\`) may be deleted at any time: results, roots and profiles are files, and nothing is
      collected or built differently without it. This brings back how long each recorded build took; why builds failed
      is known again when they fail again.
    `,
    examples: [["After the index was lost", "kit store rebuild"]],
  });

  override async work(parts: Parts): Promise<number> {
    this.requireStore(parts);
    const found = await (await parts.keeper()).rebuildIndex();
    this.done();
    if (this.json) this.print(JSON.stringify(found));
    else
      this.print(
        `found ${plural(found.results, "result")}, ${plural(found.roots, "root")}, ${plural(found.generations, "generation")}`,
      );
    return 0;
  }
}
