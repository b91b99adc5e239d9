// kit gc: removes what no link keeps.
// Knows which links are still there; does not know what they keep.

import { Command, Option } from "clipanion";
import { bytesOf } from "../../evaluator/manifest/value.ts";
import type { Layout } from "../../store/layout.ts";
import { Fault, faultsOf } from "../../store/model/fault.ts";
import { expired, readProfiles } from "../../store/profiles.ts";
import { kinds } from "../../store/usage.ts";
import type { Collection, CollectionWish } from "../../store/wish.ts";
import type { Parts } from "../composition.ts";
import { bytesText, plural } from "../render/text.ts";
import { deadRoots } from "../rootlinks.ts";
import { PartsCommand } from "./command.ts";

export class CollectCommand extends PartsCommand {
  static override paths = [["gc"]];
  static override usage = Command.Usage({
    category: "The store",
    description: "remove what nothing keeps",
    details: `
      Kept is what result links (\`kit realize -o\`) lead to, as long as the link is there and leads into the store; what
      lock files pin, as long as the lock is there; every generation of a profile (\`--profile\`); and what running
      kits use: they need not be waited for. With each goes everything it was built from. All else goes. May be
      interrupted or killed at any time.

      \`--older-than\` spares what was used since, and lets go generations that are older, but for the current one;
      \`--keep\` spares the newest generations. With \`--max-size\`, what nothing keeps goes only as far as the store is
      larger, what was not used for longest first.
    `,
    examples: [
      ["What would go", "kit gc --dry-run"],
      ["Let an image go, and make room", "rm result && kit gc"],
      [
        "What was not used for a month, and all but three generations of that age",
        "kit gc --older-than 30d --keep 3",
      ],
      ["Use at most 20 GiB where that is possible", "kit gc --max-size 20GiB"],
    ],
  });

  dryRun = Option.Boolean("--dry-run", false, { description: "only tell what would go" });
  olderThan = Option.String("--older-than", {
    description: "spare what was used within this time: 30d, 12h",
  });
  keep = Option.String("--keep", { description: "generations of each profile that stay" });
  maxSize = Option.String("--max-size", { description: "bytes the store may take: 20GiB" });

  override async work(parts: Parts): Promise<number> {
    this.requireStore(parts);
    const wish = this.wishFor(parts.layout);
    const collection = await this.collect(parts, wish);
    this.done();
    if (this.json) this.print(JSON.stringify({ dryRun: this.dryRun, ...collection }));
    else this.print(...collectionLines(collection, this.dryRun));
    return 0;
  }

  /** Roots are looked at when nobody else collects: of what is registered from then on sessions hold the link. */
  private wishFor(layout: Layout): () => CollectionWish {
    const now = this.context.now() / 1000;
    const age = this.olderThan === undefined ? undefined : secondsOf(this.olderThan);
    const generations = wholeNumber(this.keep);
    const maxSize = this.maxSize === undefined ? undefined : sizeOf(this.maxSize);
    const usedSince = age === undefined ? undefined : now - age;
    const lets = age !== undefined || generations !== undefined;
    const policy = { keep: generations ?? 1, madeBefore: usedSince ?? Number.POSITIVE_INFINITY };
    return () => ({
      dead: deadRoots(layout),
      generations: lets
        ? readProfiles(layout).flatMap((profile) =>
            expired(profile, policy).map(({ number, made }) => ({ profile: profile.name, number, made })),
          )
        : [],
      ...(usedSince !== undefined && { usedSince }),
      ...(maxSize !== undefined && { maxSize }),
      dryRun: this.dryRun,
    });
  }

  /** Beside other sessions, but for a store without room for another one. */
  private async collect(parts: Parts, wish: () => CollectionWish): Promise<Collection> {
    try {
      const keeper = await parts.keeper();
      await keeper.claimCollection();
      return await keeper.collect(wish());
    } catch (error) {
      if (!faultsOf(error).some(({ code }) => code === "store/full")) throw error;
    }
    await parts.close().catch(() => {});
    const keeper = await parts.hold(0);
    try {
      return await keeper.collect(wish());
    } finally {
      await keeper.close();
    }
  }
}

/** `30d`, `12h`, `45min`, `90s`, `2w`. @throws {Fault} `usage/bad-option` */
function secondsOf(text: string): number {
  const units: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400, w: 604_800 };
  const [, number, unit = ""] = /^(\d{1,9})(s|min|h|d|w)$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * (units[unit] ?? 1);
  throw new Fault("usage/bad-option", `--older-than is a time like 30d, not ${JSON.stringify(text)}`, {
    hint: "a whole number and one of s, min, h, d, w",
  });
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Fault("usage/bad-option", `--keep is a number of generations, not ${JSON.stringify(text)}`, {
    hint: "one at the least: the current one always stays",
  });
}

function sizeOf(text: string): number {
  try {
    if (/^\d{1,15}(B|KiB|MiB|GiB|TiB)$/.test(text)) return bytesOf(text);
  } catch {
    // More than can be counted.
  }
  throw new Fault("usage/bad-option", `--max-size is a size like 20GiB, not ${JSON.stringify(text)}`, {
    hint: "a whole number and one of B, KiB, MiB, GiB, TiB",
  });
}

export function collectionLines(collection: Collection, dryRun: boolean): string[] {
  const { removed, kept, bytes, roots, above } = collection;
  const went = kinds.filter((kind) => removed[kind] > 0).map((kind) => `${removed[kind]} ${nameOf(kind)}`);
  const stays = kinds.filter((kind) => kept[kind] > 0).map((kind) => `${kept[kind]} ${nameOf(kind)}`);
  return [
    ...roots.dropped.map((name) => `${dryRun ? "would drop" : "dropped"} ${name}`),
    `${dryRun ? "would remove" : "removed"} ${went.join(", ") || "nothing"}`,
    `${dryRun ? "would free" : "freed"} ${bytesText(bytes)}`,
    `kept ${stays.join(", ") || "nothing"}, for ${plural(roots.kept, "root")}`,
    ...(above === undefined ? [] : [`what is kept takes ${bytesText(above)} more than was wished for`]),
  ];
}

function nameOf(kind: (typeof kinds)[number]): string {
  return kind === "rest" ? "leftovers" : kind;
}
