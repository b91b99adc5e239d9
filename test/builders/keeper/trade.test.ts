// What a cache offers is brought for a request that it answers, and for no other.

import { expect, it } from "vitest";
import type { Event } from "../../../builders/event.ts";
import { openTrade } from "../../../builders/keeper/trade.ts";
import type { Session } from "../../../store/session.ts";
import { type Depot, keys, noise, openDepot, openShop, type Shop } from "../cache/rig.ts";

/** Dealings of a store with one cache, and what people are told. */
function openDealings(to: Shop, depot: Depot) {
  const events: Event[] = [];
  const trade = openTrade({
    ...{ store: to.store, crew: to.crew, proxy: {} },
    settings: {
      places: [{ url: depot.spoiler.url, name: "depot", token: "a-token-that-is-long-enough" }],
      ...{ trusted: [keys.one.public], required: 1, deadline: 5000 },
    },
    session: { flush: async () => {}, scratch: () => `${to.store.layout.staging}/x` } as unknown as Session,
    interrupted: new AbortController().signal,
    emit: (event) => void events.push(event),
  });
  return { trade, events };
}

it("an offer with other outputs than are asked for is ignored with one line; who asks by the digest alone takes it", async () => {
  await using depot = await openDepot();
  const [from, to] = [openShop(), openShop()];
  const request = from.record("thing", { other: from.blob("x") });
  await from.push([request], depot.open());
  const { trade, events } = openDealings(to, depot);
  expect(await trade.bring(request, { outputs: ["own"] }, () => {})).toBeUndefined();
  expect(events).toEqual([
    {
      type: "warning",
      text: `ignored a statement on ${request}: it names other outputs than are asked for: other`,
    },
  ]);
  expect(await trade.bring(request, { outputs: ["other"] }, () => {})).toBeDefined();
  expect(await trade.bring(request, undefined, () => {})).toBeDefined();
  await trade.close();
});

it("a disk that a large blob finds full is told where nothing can be built in its place, and else left to that", async () => {
  await using depot = await openDepot();
  const full = Object.assign(new Error("no room"), { code: "ENOSPC" });
  const [from, to] = [openShop(), openShop({ takeFrames: () => Promise.reject(full) })];
  const request = from.record("thing", { own: from.blob(noise(2 << 20)) });
  await from.push([request], depot.open());
  const { trade, events } = openDealings(to, depot);
  expect(await trade.bring(request, { outputs: ["own"] }, () => {})).toBeUndefined();
  expect(events).toMatchObject([{ type: "warning", text: expect.stringContaining("the disk became full") }]);
  await expect(trade.bring(request, undefined, () => {})).rejects.toMatchObject({ code: "store/full" });
  await trade.close();
});
