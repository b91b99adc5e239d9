// A keeper's dealings with caches: what they offer, bringing it, and pushing to one.
// Knows settings and the session's store; does not know which results are wanted.

import { isAnswer, type Request, type Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { parseSecretKey } from "../../store/model/key.ts";
import type { Testimony } from "../../store/model/testimony.ts";
import type { Session } from "../../store/session.ts";
import type { Crew, Store } from "../builder.ts";
import { openBringer } from "../cache/bring.ts";
import { type Cache, openCache } from "../cache/cache.ts";
import { openComplaints, Unfit } from "../cache/complaint.ts";
import { type Offer, openOffers } from "../cache/offers.ts";
import { type Pushed, push } from "../cache/push.ts";
import { hostFault } from "../cache/refusal.ts";
import { testimonies } from "../cache/testimonies.ts";
import type { CachePlace, CacheSettings } from "../cache/trust.ts";
import type { Event } from "../event.ts";
import type { ProxySetting } from "../fetch/agent.ts";
import { openPlaces } from "../fetch/places.ts";

export interface TradeParts {
  readonly settings: CacheSettings;
  readonly proxy: ProxySetting;
  readonly store: Store;
  readonly crew: Crew;
  readonly session: Session;
  readonly interrupted: AbortSignal;
  readonly emit: (event: Event) => void;
}

export interface PushOrder {
  readonly place: CachePlace;
  readonly requests: readonly Digest[];
  /** A secret key as its file holds it; without one what was built here goes unsigned. */
  readonly key?: string;
  readonly logs: boolean;
}

export interface Trade {
  offers(requests: readonly Digest[]): Promise<ReadonlyMap<Digest, Result>>;
  /**
   * Brings what is offered for a request, all of it; undefined where nobody gave it, or where the request itself is
   * known and asks for other outputs.
   *
   * @throws {Fault} `store/full`
   */
  bring(
    digest: Digest,
    request: Pick<Request, "outputs"> | undefined,
    onBytes: (done: number, total: number) => void,
  ): Promise<Offer | undefined>;
  /** What each cache says, believed or not; in the order of the settings. @throws {Fault} `network/…` */
  testimonies(requests: readonly Digest[]): Promise<ReadonlyMap<Digest, readonly Testimony[]>>;
  /** @throws {Fault} `network/…`, `store/…`, `digest/bad-key` */
  push(order: PushOrder, id: Digest): Promise<Pushed>;
  close(): Promise<void>;
}

export function openTrade(parts: TradeParts): Trade {
  const { settings, proxy, store, crew, session, emit } = parts;
  const warn = (text: string) => emit({ type: "warning", text });
  const means = { deadline: settings.deadline, warn, signal: parts.interrupted, proxy, large: openPlaces(1) };
  const caches = settings.places.map((place) => openCache(place, means));
  // Where what is asked for can be built, that tells of a full disk; else whoever brings it has to.
  let full: unknown;
  const complained = openComplaints(warn);
  const complain: typeof complained = (cache, error) => {
    if (error instanceof Unfit) full = error.cause;
    complained(cache, error);
  };
  const opened: Cache[] = [...caches];
  const offers = openOffers(caches, settings, { warn, complain });
  const { flush } = session;
  const bring = openBringer({ store, crew, caches, scratch: session.scratch("brought"), flush, complain });
  return {
    async offers(requests) {
      const found = await offers.ask(requests);
      return new Map([...found].map(([request, { result }]) => [request, result]));
    },
    async bring(digest, request, onBytes) {
      const offer = (await offers.ask([digest])).get(digest);
      if (offer === undefined) return undefined;
      if (request !== undefined && !isAnswer(offer.result, request)) {
        const names = Object.keys(offer.result.outputs).join(", ");
        warn(`ignored a statement on ${digest}: it names other outputs than are asked for: ${names}`);
        return undefined;
      }
      const contents = [...Object.values(offer.result.outputs), ...offer.result.references];
      for (const content of contents) {
        if (await bring(content, onBytes)) continue;
        if (request === undefined && full !== undefined) throw full;
        return undefined;
      }
      return offer;
    },
    testimonies: (requests) => testimonies(requests, caches, settings.trusted),
    async push({ place, requests, key, logs }, id) {
      const cache = openCache(place, { ...means, patient: true });
      opened.push(cache);
      const onProgress = (done: number, total: number) =>
        emit({ type: "progress", id, done, total, unit: "steps" });
      const secret = key === undefined ? undefined : parseSecretKey(key);
      try {
        return await push(requests, {
          ...{ store, crew, cache, logs, warn, onProgress },
          key: secret,
          signal: parts.interrupted,
        });
      } catch (error) {
        throw hostFault(
          error,
          place.name,
          "repeat the command when it answers: what is there already is not sent again",
        );
      }
    },
    async close() {
      await Promise.all(opened.map(({ host }) => host.close()));
    },
  };
}
