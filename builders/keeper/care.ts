// A keeper's care for the store itself: what is kept, shown, counted, verified and collected.
// Knows the calls of the kit process; does not build anything.

import { closeSync, openSync, rmSync, statSync, utimesSync } from "node:fs";
import { relative } from "node:path";
import { collect } from "../../store/collect.ts";
import type { History } from "../../store/history.ts";
import { openJournals } from "../../store/holds.ts";
import { takeInventory } from "../../store/inventory.ts";
import { type Content, contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Digest, digestOf, hexOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { makeTree, type Tree } from "../../store/model/tree.ts";
import { addGeneration, generationPlace, readProfiles } from "../../store/profiles.ts";
import { recordedRequests } from "../../store/records.ts";
import { readRoots, rootId, writeRoot } from "../../store/roots.ts";
import { type Lost, restore } from "../../store/salvage.ts";
import { deadJournals, dropDeadLocks, type Session } from "../../store/session.ts";
import { measure } from "../../store/usage.ts";
import { verify } from "../../store/verify.ts";
import type { CollectionParts } from "../../store/wish.ts";
import type { Crew, Store } from "../builder.ts";
import { inHundredths } from "../progress.ts";
import { resultKindOf, resultKinds } from "../recipes.ts";
import { outputFile } from "../tar/builder.ts";
import type { FromKeeper, Methods, Wanted } from "./protocol.ts";
import { takeTurn } from "./turn.ts";

export interface CareParts {
  readonly store: Store;
  readonly crew: Crew;
  readonly history: History;
  readonly session: Session;
  readonly interrupted: AbortSignal;
  readonly send: (message: FromKeeper) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Care = Pick<
  Methods,
  | "keep"
  | "present"
  | "addRoot"
  | "addGeneration"
  | "removeGenerations"
  | "rebuildIndex"
  | "restore"
  | "usage"
  | "verify"
  | "claimCollection"
  | "collect"
>;

export function openCare(parts: CareParts): {
  [K in keyof Care]: (...args: Parameters<Care[K]>) => Promise<ReturnType<Care[K]>>;
} {
  const { store, crew, session } = parts;
  const { layout, records, holds } = store;
  const keep = (wanted: Wanted) => keepWanted(store, wanted, parts.now() / 1000);
  let claim: (() => void) | undefined;
  const requireAll = (wanted: Wanted) => {
    const { requests, contents } = keep(wanted);
    if (requests.length + contents.length === 0) return;
    throw collected();
  };
  return {
    keep: async (wanted) => keep(wanted),
    async present(content, file) {
      const { kind, digest: own } = splitContent(content);
      requireAll({ requests: [], contents: [content] });
      const digest = kind === "tree" ? own : records.writeTree(treeOfBlob(own, file, store));
      const place = relative(layout.root, await crew.checkout(digest, "outputs"));
      return { place, tree: contentOf("tree", digest) };
    },
    async addRoot(root) {
      holds.take("link", [rootId(root)]);
      requireAll({ requests: [], contents: root.contents });
      keep(root);
      writeRoot(layout, root);
    },
    async addGeneration(profile, generation) {
      requireAll({ requests: [], contents: generation.contents });
      keep(generation);
      return addGeneration(layout, profile, generation);
    },
    async removeGenerations(profile, numbers) {
      for (const number of numbers) rmSync(generationPlace(layout, profile, number), { force: true });
    },
    async rebuildIndex() {
      const requests = recordedRequests(layout);
      const notes = requests.flatMap((request) => {
        const note = records.origin(request)?.note;
        return note === undefined ? [] : [{ request, note }];
      });
      parts.history.replace(notes);
      const generations = readProfiles(layout).flatMap(({ generations }) => generations);
      return {
        results: requests.length,
        roots: readRoots(layout).length,
        generations: generations.length,
      };
    },
    async restore() {
      const { restored, lost } = restore(layout, records);
      return { restored, lost: lost.map((one) => titled(one, parts.history)) };
    },
    usage: async () => ({
      usage: measure(layout),
      kinds: takeInventory(layout, records, resultKinds, (origin) =>
        origin === undefined ? "other" : resultKindOf(origin.note.builder, origin.note.label),
      ),
    }),
    async verify() {
      // What goes meanwhile would look like what is lost.
      const release = await lockCollection(parts, "shared");
      try {
        return await verify(layout, records, crew);
      } finally {
        release();
      }
    },
    async claimCollection() {
      claim ??= await lockCollection(parts, "exclusive");
    },
    async collect(wish) {
      const release = claim ?? (await lockCollection(parts, "exclusive"));
      claim = undefined;
      await dropDeadJournals(parts);
      using journals = openJournals(layout, store.system);
      try {
        const { history, interrupted: signal } = parts;
        const trash = session.scratch("trash");
        const common = { layout, records, history, journals, trash, signal, flush: session.flush };
        return await collect({ ...common, ...collecting(parts.send) }, wish);
      } finally {
        await dropDeadJournals(parts);
        if (!wish.dryRun) dropDeadLocks(layout, store.system);
        release();
      }
    },
  };
}

/** As the index knows it, where its own record cannot be read. */
function titled(one: Lost, history: History): Lost {
  if (one.origin !== undefined) return one;
  const note = history.find(one.request);
  return note === undefined ? one : { ...one, origin: { note } };
}

/** Nothing need be held for sessions that are over once what they wrote is on disk. The caller is who collects. */
async function dropDeadJournals({ store: { layout, system }, session }: CareParts): Promise<void> {
  const dead = deadJournals(layout, system);
  if (dead.length === 0) return;
  await session.flush();
  for (const name of dead) rmSync(layout.session(name), { force: true });
}

/** What a caller saw, and did not take hold of, is gone. */
export function collected(): Fault {
  return new Fault("store/collected", "the store was collected meanwhile", { hint: "repeat the command" });
}

/** How a collection's progress is told. */
export function collecting(send: (message: FromKeeper) => void): Pick<CollectionParts, "onProgress"> {
  const id = digestOf("collection");
  send({ event: { type: "start", id, label: "the store", builder: "collect" } });
  return {
    onProgress: inHundredths((done, total) =>
      send({ event: { type: "progress", id, done, total, unit: "steps" } }),
    ),
  };
}

/** One collection at a time, and none beside what shares its lock. @throws {Fault} `interrupted/waiting` */
async function lockCollection(
  { store, interrupted, send }: CareParts,
  mode: "shared" | "exclusive",
): Promise<() => void> {
  const fd = openSync(store.layout.collecting, "a", 0o644);
  await takeTurn(() => (store.system.tryLock(fd, mode) ? true : undefined), {
    interrupted,
    onWait: () =>
      send({ event: { type: "step", text: "waiting: another kit collects or verifies the store" } }),
  });
  return () => closeSync(fd);
}

function keepWanted({ layout, records, holds }: Store, { requests, contents }: Wanted, now: number): Wanted {
  const hexes = (kind: "blob" | "tree") =>
    contents.map(splitContent).flatMap((one) => (one.kind === kind ? [hexOf(one.digest)] : []));
  holds.take("request", requests.map(hexOf));
  holds.take("blob", hexes("blob"));
  holds.take("tree", hexes("tree"));
  const missing = requests.filter((request) => records.sound(request) === undefined);
  for (const request of requests) if (!missing.includes(request)) touch(layout.result(request), now);
  return { requests: missing, contents: contents.filter((content: Content) => !records.has(content)) };
}

/** A statement's date is when it was last used, to the hour: `kit gc --older-than` goes by it. */
function touch(file: string, now: number): void {
  const { mtimeMs } = statSync(file);
  if (mtimeMs / 1000 < now - 3600) utimesSync(file, now, now);
}

/** An output that is a blob, as users see it: one file in a folder. */
function treeOfBlob(blob: Digest, file: string | undefined, { pool }: Store): Tree {
  const member = pool.find(blob);
  if (member === undefined || file === undefined)
    throw new Fault("store/missing-blob", `the store lacks ${blob}, or a name for it`, {
      hint: "run `kit store verify --repair`",
    });
  return makeTree([outputFile(file, blob, statSync(member).size)]);
}
