// The keeper's side: takes its identity, opens the store and serves calls until it is closed.
// Knows how a build is guarded, logged and recorded; does not know what any builder does.

import { openCommitter } from "../../store/commit.ts";
import { setAsideDamaged } from "../../store/damage.ts";
import { prepareStore, upgradeStore } from "../../store/format.ts";
import { type History, openHistory } from "../../store/history.ts";
import { openHolds } from "../../store/holds.ts";
import { layoutOf } from "../../store/layout.ts";
import { requestDigest } from "../../store/model/derivation.ts";
import { type Digest, digestOf, hasher } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { openPool } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";
import { openSession, type Session } from "../../store/session.ts";
import { mountFlags, openSystem, type System } from "../../store/system.ts";
import { asFault } from "../../store/trouble.ts";
import type { Builder, Store } from "../builder.ts";
import { type Recruits, recruit } from "../crew/crew.ts";
import type { Event } from "../event.ts";
import { openHttp } from "../fetch/http.ts";
import { commitOf, noRepository, parseRefs, refsUrl } from "../git/refs.ts";
import { fetchIndexes } from "../repository/indexes.ts";
import { fetchRepository } from "../repository/rpm/fetch.ts";
import { shutOutHandlers } from "../sandbox/binfmt.ts";
import { collected, openCare } from "./care.ts";
import {
  changeKinds,
  compacted,
  compactedChanges,
  compactedRepository,
  indexedKinds,
  indexedKindsWithFiles,
} from "./compact.ts";
import { openFetchFile } from "./file.ts";
import { serveHold } from "./hold.ts";
import { openInbox } from "./inbox.ts";
import { localTree } from "./local.ts";
import { damaged, openMaking } from "./making.ts";
import { openOwners } from "./owners.ts";
import { probeMethod, probeOverlay } from "./probe.ts";
import {
  type BuildJob,
  type FromKeeper,
  type KeeperSetup,
  type Methods,
  storeMount,
  type ToKeeper,
} from "./protocol.ts";
import { openTrade } from "./trade.ts";
import { takeTurn } from "./turn.ts";
import { openWorkshop, type Shell } from "./work.ts";

/** What the composition root gives the keeper. */
export interface KeeperParts {
  readonly builders: readonly Builder[];
  readonly threadEntry: URL;
  readonly threads: number;
  /** Fulfilled when everything that is loaded late is loaded. */
  readonly loaded: Promise<void>;
  readonly send: (message: FromKeeper) => void;
  readonly receive: (listener: (message: ToKeeper) => void) => void;
  readonly now: () => number;
}

/**
 * Loads everything, waits for the id maps, then serves. Resolves when the kit process closes it or goes away.
 *
 * @throws {Fault} what opening the store throws, and `store/full` where the last results could not be recorded
 */
export async function serveKeeper(parts: KeeperParts): Promise<void> {
  await serve(parts).catch((error) => {
    throw asFault(error);
  });
}

async function serve(parts: KeeperParts): Promise<void> {
  const system = openSystem();
  const recruits = await recruit(parts.threadEntry, parts.threads);
  const inbox = openInbox(parts.receive, parts.send);
  // Loads the hash's native code.
  hasher();
  await parts.loaded;
  parts.send({ loaded: true });
  const setup = await inbox.setup;
  enterStore(system, setup.store);
  const layout = layoutOf(storeMount);
  prepareStore(layout, system);
  const turn = (text: string) => ({
    interrupted: inbox.interrupted,
    onWait: () => parts.send({ event: { type: "step", text } }),
  });
  await takeTurn(() => upgradeStore(layout, system), turn("waiting: an older kit uses the store"));
  if (setup.hold) return await serveHold({ layout, system, setup, recruits, inbox, send: parts.send });
  const { session: id, bootId } = setup;
  using session = await takeTurn(
    () => openSession(layout, system, { id, bootId, now: parts.now() }),
    turn("waiting: another kit repairs the store"),
  );
  using holds = openHolds(layout, system, id);
  const staging = session.scratch("keeper");
  const handlers = shutOutHandlers(system, session.scratch("binfmt"));
  const pool = openPool(layout, system, staging, holds);
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds });
  using history = openHistory(layout);
  const committer = openCommitter(session, records, history);
  const method = probeMethod(setup.method, staging);
  const store: Store = { layout, system, pool, records, holds, method };
  await using crew = await recruits.enlist({ ...store, staging, session: id });
  const methods = openMethods({
    ...parts,
    setup,
    store,
    crew,
    committer,
    history,
    session,
    handlers,
    interrupted: inbox.interrupted,
  });
  parts.send({ ready: true });
  await inbox.serve(methods.served);
  await methods.close();
  await committer.flush();
}

/** Becomes the inner root and puts the store at its fixed place. */
function enterStore(system: System, store: string): void {
  // As the caller still, who made the folders on the way.
  process.chdir(store);
  process.setgroups?.([]);
  process.setgid?.(0);
  process.setuid?.(0);
  system.umask(0o022);
  system.mount(".", storeMount, "", mountFlags.bind | mountFlags.recursive, "");
  process.chdir(storeMount);
}

interface MethodParts extends KeeperParts {
  readonly setup: KeeperSetup;
  readonly store: Store;
  readonly crew: Awaited<ReturnType<Recruits["enlist"]>>;
  readonly committer: ReturnType<typeof openCommitter>;
  readonly history: History;
  readonly session: Session;
  /** Whether no handler of the host's is in force here. */
  readonly handlers: boolean;
  readonly interrupted: AbortSignal;
}

function openMethods(parts: MethodParts) {
  const { setup, store, crew, committer, history, session, send } = parts;
  const builders = new Map(parts.builders.map((builder) => [builder.name, builder]));
  const reach = { proxy: setup.proxy, connections: setup.downloads, offline: setup.offline };
  const http = openHttp(reach);
  const emit = (event: Event) => send({ event });
  const care = openCare({ ...parts, store, crew, history, session });
  const trade = openTrade({
    ...parts,
    settings: setup.caches,
    proxy: setup.proxy,
    store,
    crew,
    session,
    emit,
  });
  const workshop = openWorkshop({
    store,
    crew,
    session,
    emit,
    http: () => http,
    proxy: setup.proxy,
    secrets: setup.secrets,
    delegation: setup.delegation,
    limits: setup.limits,
    tokens: setup.tokens,
    ...(setup.cores !== undefined && { cores: setup.cores }),
    signal: parts.interrupted,
    machine: process.arch,
  });
  const builderOf = (job: BuildJob): Builder => {
    const builder = builders.get(job.request.builder);
    if (!builder) throw new Error(`no builder is called ${job.request.builder}`);
    return builder;
  };

  /** Takes hold of a request, and of its inputs, before anybody looks whether they are there. */
  const hold = async ({ request }: BuildJob): Promise<Digest> => {
    const digest = requestDigest(request);
    const wanted = { requests: [digest], contents: Object.values(request.inputs) };
    if ((await care.keep(wanted)).contents.length > 0) throw collected();
    return digest;
  };
  const making = openMaking({ ...parts, care, trade, workshop, builderOf, emit });
  const { build, bring, pull } = making;
  const fetch = openFetchFile({ build }, store);
  const owners = openOwners({ ...parts, making, http: reach, emit });

  const methods: {
    [K in keyof Methods]: (...args: Parameters<Methods[K]>) => Promise<ReturnType<Methods[K]>>;
  } = {
    build: (job) => build(job),
    bring,
    pull,
    offers: trade.offers,
    testimonies: trade.testimonies,
    async push(order) {
      // What is pushed has to be on disk, as what is named.
      await committer.flush();
      const id = digestOf(`push ${order.place.url}`);
      emit({ type: "start", id, label: order.place.name, builder: "push" });
      const results = order.requests.flatMap((request) => store.records.sound(request) ?? []);
      const contents = results.flatMap(({ outputs, references }) => [
        ...Object.values(outputs),
        ...references,
      ]);
      return await trade.push(order, id).catch((error: unknown) => {
        throw damaged(error, () => setAsideDamaged(store.layout, store.records, contents)) ?? error;
      });
    },
    async shell(job) {
      const shell: Shell = { status: undefined };
      using work = workshop.open(job, await hold(job), shell);
      try {
        await builderOf(job).run(work.context);
      } catch (error) {
        if (shell.status === undefined) throw error;
      }
      if (shell.status === undefined) {
        throw new Fault("usage/no-sandbox", `${job.label} is not built in a sandbox`, {
          hint: "name a derivation that runs commands; `kit graph` lists them",
        });
      }
      return { status: shell.status };
    },
    putBlob: async (bytes) => store.pool.put(bytes),
    async putFolder(entries) {
      const tree = localTree(entries, ({ bytes = new Uint8Array() }, mode) => {
        return { digest: store.pool.put(bytes, { mode, uid: 0, gid: 0 }), size: bytes.length };
      });
      return store.records.writeTree(tree);
    },
    async fetchIndexes(question) {
      const means = { fetch, now: parts.now(), signal: parts.interrupted };
      const fetched = await fetchIndexes(http, question, means);
      return await Promise.all(fetched.map((index) => compacted(index, { build })));
    },
    async fetchRepository({ architecture, paths, changes, ...question }) {
      const means = { fetch, now: parts.now(), signal: parts.interrupted };
      const kinds = changes ? changeKinds : paths === undefined ? indexedKinds : indexedKindsWithFiles;
      const fetched = await fetchRepository(http, { ...question, kinds }, means);
      if (changes) return await compactedChanges(fetched, architecture, { build });
      return [await compactedRepository(fetched, { architecture, ...(paths && { paths }) }, { build })];
    },
    owners: owners.of,
    async resolveRevision({ url, rev }) {
      const wanted = { limit: mostRefs, signal: parts.interrupted };
      const { bytes } = await http.bytes([refsUrl(url)], wanted).catch((error: unknown) => {
        throw noRepository(url, error);
      });
      return commitOf(url, rev, parseRefs(url, bytes));
    },
    ...care,
    flush: () => committer.flush(),
    async probe() {
      const overlay = probeOverlay(store.system, session.scratch("probe"));
      return {
        ...(overlay !== undefined && { overlay }),
        checkout: store.method,
        groups: setup.delegation.version,
        handlers: parts.handlers,
      };
    },
  };

  return {
    served: methods,
    async close() {
      await workshop.close();
      await owners.close();
      await http.close();
      await trade.close();
    },
  };
}

/** Bytes of a repository's list of references; the kernel's has 0.5 MB. */
const mostRefs = 64 << 20;
