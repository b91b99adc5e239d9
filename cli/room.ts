// Room on the disk, kept between two marks while something is built.
// Knows when to collect; does not know what goes.

import { statfsSync } from "node:fs";
import type { Emit } from "../builders/event.ts";
import type { Keeper } from "../builders/keeper/client.ts";
import type { Layout } from "../store/layout.ts";
import { bytesText } from "./render/text.ts";
import { deadRoots } from "./rootlinks.ts";

export interface RoomMeans {
  readonly layout: Layout;
  /** Bytes: below the first a collection begins, which makes room up to the second. Absent where nobody asked for it. */
  readonly marks: { readonly least: number; readonly wanted: number } | undefined;
  readonly keeper: () => Promise<Pick<Keeper, "collect">>;
  readonly emit: Emit;
}

/** Called before something is built or brought: where there is little room it waits until there is more. */
export function openRoom({ layout, marks, keeper, emit }: RoomMeans): () => Promise<void> {
  if (marks === undefined) return async () => {};
  let collecting: Promise<void> | undefined;
  // What a collection could not free the next one cannot either: it is told once, and tried when more was used.
  let given = Number.POSITIVE_INFINITY;
  const collect = async (free: number) => {
    const wish = { dead: deadRoots(layout), generations: [], free: marks.wanted - free, dryRun: false };
    const { bytes } = await (await keeper()).collect(wish);
    const left = freeIn(layout);
    if (left < marks.least)
      emit({
        type: "warning",
        text: `the disk has ${bytesText(left)} of room, less than gc.minFree: nothing more can be collected`,
      });
    else emit({ type: "step", text: `made room: ${bytesText(bytes)}` });
    given = left < marks.least ? left / 2 : Number.POSITIVE_INFINITY;
  };
  return async () => {
    const free = freeIn(layout);
    if (free < marks.least && free < given)
      collecting ??= collect(free).finally(() => {
        collecting = undefined;
      });
    await collecting;
  };
}

function freeIn({ root }: Layout): number {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize;
}
