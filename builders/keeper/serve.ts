// The keeper's side: takes its identity, opens the store and serves calls until it is closed.
// Knows how a build is guarded, logged and recorded; does not know what any builder does.

import { existsSync, renameSync, statSync } from "node:fs";
import { relative } from "node:path";
import { writeTree } from "../../store/checkout.ts";
import { collect } from "../../store/collect.ts";
import { openCommitter } from "../../store/commit.ts";
import { type History, openHistory } from "../../store/history.ts";
import { layoutOf } from "../../store/layout.ts";
import {
  contentOf,
  type Note,
  type Result,
  requestDigest,
  splitContent,
} from "../../store/model/derivation.ts";
import { type Digest, hasher, hexOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { makeTree, type Tree } from "../../store/model/tree.ts";
import { openPool } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";
import { writeRoot } from "../../store/roots.ts";
import { openSession, prepareStore, type Session } from "../../store/session.ts";
import { mountFlags, openSystem, type System } from "../../store/system.ts";
import { asFault, buildFault } from "../../store/trouble.ts";
import { measure } from "../../store/usage.ts";
import { verify } from "../../store/verify.ts";
import type { Builder, Store } from "../builder.ts";
import { type Recruits, recruit } from "../crew/crew.ts";
import type { Event } from "../event.ts";
import { openHttp } from "../fetch/http.ts";
import { fetchIndexes } from "../repository/indexes.ts";
import { outputFile } from "../tar/builder.ts";
import { serveHold } from "./hold.ts";
import { openInbox } from "./inbox.ts";
import { localTree } from "./local.ts";
import { probeMethod, probeOverlay } from "./probe.ts";
import {
  type BuildJob,
  type BuildOutcome,
  type FromKeeper,
  type KeeperSetup,
  type Methods,
  storeMount,
  type ToKeeper,
} from "./protocol.ts";
import { lockRequest } from "./requestlock.ts";
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
  prepareStore(layout);
  if (setup.hold) return await serveHold({ layout, system, setup, recruits, inbox, send: parts.send });
  const { session: id, bootId } = setup;
  using session = await takeTurn(() => openSession(layout, system, { id, bootId, now: parts.now() }), {
    interrupted: inbox.interrupted,
    onWait: () =>
      parts.send({ event: { type: "step", text: "waiting: another kit collects or verifies the store" } }),
  });
  const staging = session.scratch("keeper");
  const pool = openPool(layout, system, staging);
  const records = openRecords(layout, (blob) => pool.find(blob) !== undefined);
  using history = openHistory(layout);
  const committer = openCommitter(session, records, history);
  const store: Store = { layout, system, pool, records, method: probeMethod(setup.method, staging) };
  await using crew = await recruits.enlist({ ...store, staging });
  const methods = openMethods({
    ...parts,
    setup,
    store,
    crew,
    committer,
    history,
    session,
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
  readonly interrupted: AbortSignal;
}

function openMethods(parts: MethodParts) {
  const { setup, store, crew, committer, history, session, send } = parts;
  const builders = new Map(parts.builders.map((builder) => [builder.name, builder]));
  const http = openHttp({ proxy: setup.proxy, connections: setup.downloads, offline: setup.offline });
  const emit = (event: Event) => send({ event });
  let questions = 0;
  const workshop = openWorkshop({
    store,
    crew,
    session,
    emit,
    http: () => http,
    delegation: setup.delegation,
    limits: setup.limits,
    signal: parts.interrupted,
    machine: process.arch,
  });
  const builderOf = (job: BuildJob) => {
    const builder = builders.get(job.request.builder);
    if (!builder) throw new Error(`no builder is called ${job.request.builder}`);
    return builder;
  };

  const build = async (job: BuildJob): Promise<BuildOutcome> => {
    const digest = requestDigest(job.request);
    const reused = (): BuildOutcome | undefined => {
      const result = job.rebuild ? undefined : committer.find(digest);
      return result && { result, how: "reused" };
    };
    const known = reused();
    if (known) return known;
    const reason = "another kit builds the same";
    let waited = false;
    const release = await lockRequest(store, digest, {
      interrupted: parts.interrupted,
      onWait() {
        waited = true;
        emit({ type: "waiting", id: job.id, label: job.label, reason });
      },
    });
    if (waited) emit({ type: "start", id: job.id, label: job.label, builder: job.request.builder });
    try {
      const other = reused();
      if (other) {
        release();
        return other;
      }
      const { durable, ...outcome } = await buildNow(job, digest);
      void durable.then(release, release);
      return outcome;
    } catch (error) {
      release();
      throw error;
    }
  };

  const buildNow = async (
    job: BuildJob,
    digest: Digest,
  ): Promise<BuildOutcome & { durable: Promise<void> }> => {
    const begun = parts.now();
    using work = workshop.open(job, digest);
    const noteOf = (failed?: string): Note => {
      const peakMemory = work.peakMemory();
      return {
        label: job.label,
        builder: job.request.builder,
        duration: Math.round(parts.now() - begun),
        finished: Math.round(parts.now() / 1000),
        ...(failed !== undefined && { failed }),
        ...(peakMemory !== undefined && { peakMemory }),
        ...(work.logged() && { log: relative(store.layout.root, store.layout.log(digest)) }),
      };
    };
    try {
      const built = await builderOf(job).run(work.context);
      const made: Result = {
        format: "kit/result/1",
        request: digest,
        outputs: built.outputs,
        references: built.references ?? [],
      };
      const { result, durable } = committer.add(made, noteOf());
      const same = JSON.stringify(result.outputs) === JSON.stringify(made.outputs);
      return { result, how: "built", durable, ...(!same && { differs: made.outputs }) };
    } catch (error) {
      const lines = work.lastLines();
      const fault = buildFault(error, store.layout.root);
      if (!(fault instanceof Fault && fault.class === "interrupted"))
        history.add([{ request: digest, note: noteOf(fault instanceof Fault ? fault.code : "defect") }]);
      if (setup.keepFailed) work.keep();
      throw withLog(fault, lines, digest);
    }
  };

  const methods: {
    [K in keyof Methods]: (...args: Parameters<Methods[K]>) => Promise<ReturnType<Methods[K]>>;
  } = {
    build,
    async shell(job) {
      const shell: Shell = { status: undefined };
      using work = workshop.open(job, requestDigest(job.request), shell);
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
    fetchIndexes: async (question) =>
      fetchIndexes(http, question, {
        store,
        now: parts.now(),
        signal: parts.interrupted,
        // Two distributions may call a repository and a suite alike.
        scratch: session.scratch(`indexes-${questions++}`),
      }),
    async present(content, file) {
      const { kind, digest: own } = splitContent(content);
      const digest = kind === "tree" ? own : store.records.writeTree(treeOfBlob(own, file, store));
      const place = `outputs/${hexOf(digest)}`;
      const final = `${store.layout.root}/${place}`;
      if (!existsSync(final)) {
        const staging = session.scratch("outputs");
        writeTree(store.records.tree(digest), `${staging}/${hexOf(digest)}`, { ...store, staging });
        renameSync(`${staging}/${hexOf(digest)}`, final);
      }
      return { place, tree: contentOf("tree", digest) };
    },
    async addRoot(link, contents, requests) {
      // A collection that ended after the caller's look, and before this session began, may have taken them.
      if (!contents.every(store.records.has))
        throw new Fault("store/collected", "the store was collected meanwhile", {
          hint: "repeat the command",
        });
      writeRoot(store.layout, { link, contents, requests });
    },
    flush: () => committer.flush(),
    usage: async () => measure(store.layout),
    verify: () => verify(store.layout, store.records, crew.verify),
    collectable: async (dead) =>
      collect(store.layout, store.records, history, { dead: new Set(dead), dryRun: true, flush: () => {} }),
    async probe() {
      const overlay = probeOverlay(store.system, session.scratch("probe"));
      return {
        ...(overlay !== undefined && { overlay }),
        checkout: store.method,
        groups: setup.delegation.version,
      };
    },
  };

  return {
    served: methods,
    async close() {
      await workshop.close();
      await http.close();
    },
  };
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

function withLog(fault: unknown, lines: readonly string[], request: Digest): unknown {
  if (!(fault instanceof Fault) || lines.length === 0 || fault.class === "interrupted") return fault;
  const short = hexOf(request).slice(0, 16);
  const hint =
    fault.hint ?? `the whole log: kit log ${short}; a shell in its sandbox: kit shell MANIFEST ${short}`;
  return new Fault(fault.code, fault.message, {
    hint,
    details: [...fault.details, ...lines],
    cause: fault.cause,
  });
}
