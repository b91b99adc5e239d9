// kit gc: removes what no link keeps.
// Knows which links are still there; does not know what they keep.

import { existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command, Option } from "clipanion";
import type { Collection } from "../../store/collect.ts";
import type { Layout } from "../../store/layout.ts";
import { readRoots } from "../../store/roots.ts";
import { kinds } from "../../store/usage.ts";
import type { Parts } from "../composition.ts";
import { bytesText, plural } from "../render/text.ts";
import { PartsCommand } from "./command.ts";

export class CollectCommand extends PartsCommand {
  static override paths = [["gc"]];
  static override usage = Command.Usage({
    category: "The store",
    description: "remove what no result link keeps",
    details: `
      Kept is what the links made by \`kit realize -o\` lead to, with everything it was built from, as long as the
      link is there and leads into the store. All else goes: results, logs, files, downloads that were cut off, what
      --keep-failed kept. Waits until no other kit uses the store. May be interrupted or killed at any time.
    `,
    examples: [
      ["What would go", "kit gc --dry-run"],
      ["Let an image go, and make room", "rm result && kit gc"],
    ],
  });

  dryRun = Option.Boolean("--dry-run", false, { description: "only tell what would go" });

  override async work(parts: Parts): Promise<number> {
    this.requireStore(parts);
    const collection = this.dryRun
      ? await (await parts.keeper()).collectable(deadLinks(parts.layout))
      : await this.collect(parts);
    this.done();
    if (this.json) this.print(JSON.stringify({ dryRun: this.dryRun, ...collection }));
    else this.print(...collectionLines(collection, this.dryRun));
    return 0;
  }

  private async collect(parts: Parts): Promise<Collection> {
    await using keeper = await holdOf(parts);
    // Looked at only now: while the store is held nobody adds a root.
    return await keeper.collect(deadLinks(parts.layout));
  }
}

async function holdOf(parts: Parts) {
  const keeper = await parts.hold(0);
  return { collect: keeper.collect, [Symbol.asyncDispose]: keeper.close };
}

/**
 * Links of roots that are gone, or lead out of the store. A link that cannot be looked at counts as there. The
 * keeper could not tell: inside its namespaces it is nobody to the host.
 */
export function deadLinks(layout: Layout): string[] {
  const store = realpathSync(layout.root);
  return readRoots(layout)
    .map(({ root }) => root.link)
    .filter((link) => {
      try {
        if (!lstatSync(link).isSymbolicLink()) return true;
        const target = resolve(dirname(link), readlinkSync(link));
        // The store may be reached by several paths, and what the link named may be gone already.
        const there = existsSync(target) ? realpathSync(target) : target;
        return ![store, layout.root].some((root) => there.startsWith(`${root}/`));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return code === "ENOENT" || code === "ENOTDIR";
      }
    });
}

export function collectionLines({ removed, kept, bytes, roots }: Collection, dryRun: boolean): string[] {
  const went = kinds.filter((kind) => removed[kind] > 0).map((kind) => `${removed[kind]} ${nameOf(kind)}`);
  const stays = kinds.filter((kind) => kept[kind] > 0).map((kind) => `${kept[kind]} ${nameOf(kind)}`);
  return [
    ...roots.dropped.map((link) => `dropped the root ${link}: its link is gone or leads elsewhere`),
    `${dryRun ? "would remove" : "removed"} ${went.join(", ") || "nothing"}`,
    `${dryRun ? "would free" : "freed"} ${bytesText(bytes)}`,
    `kept ${stays.join(", ") || "nothing"}, for ${plural(roots.kept, "link")}`,
  ];
}

function nameOf(kind: (typeof kinds)[number]): string {
  return kind === "rest" ? "leftovers" : kind;
}
