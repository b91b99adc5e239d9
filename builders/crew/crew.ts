// The crew: worker threads that share out what takes processor time.
// Knows threads and their queue; does not know how a task is done.

import { Worker } from "node:worker_threads";
import { beginCheckout, type CheckoutKind, type CheckoutTools } from "../../store/checkout.ts";
import type { Holds } from "../../store/holds.ts";
import type { Digest } from "../../store/model/digest.ts";
import { faultFromRecord } from "../../store/model/fault.ts";
import { layerOf, treeOf, type Walk } from "../../store/scan.ts";
import type { TreeWriter } from "../../store/trees.ts";
import type { Crew } from "../builder.ts";
import { sharesOf, stretchesOf } from "./shares.ts";
import type { Task, TaskResults, ThreadReply, ThreadSetup } from "./task.ts";

export interface Recruits {
  /** Gives the threads their store; to be called once, after the process has taken its identity. */
  enlist(store: CrewStore): Promise<Crew>;
}

/** The store as the process has it that shares out the work. */
export interface CrewStore extends Pick<CheckoutTools, "layout" | "system" | "method" | "staging"> {
  readonly records: TreeWriter;
  readonly holds: Holds;
  /** The session's id; none where the process has the store for itself. */
  readonly session?: string;
}

interface Job {
  readonly work: Task;
  /** Given away to the thread, not copied. */
  readonly given: readonly ArrayBuffer[];
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts threads and waits until their code is loaded. */
export async function recruit(entry: URL, size: number): Promise<Recruits> {
  const workers = Array.from({ length: size }, () => new Worker(entry, { stdout: false, stderr: false }));
  // Not `online`: that is when a thread begins to load, and what it loads may be out of reach a moment later.
  await Promise.all(
    workers.map(
      (worker) => new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject)),
    ),
  );
  return { enlist: (store) => enlist(workers, store) };
}

async function enlist(workers: Worker[], store: CrewStore): Promise<Crew> {
  const idle: Worker[] = [];
  const queue: Job[] = [];
  const running = new Map<Worker, Job>();
  const lost = new Map<Worker, unknown>();
  let ids = 0;

  const dispatch = () => {
    while (idle.length > 0 && queue.length > 0) {
      const worker = idle.pop();
      const job = queue.shift();
      if (!worker || !job) return;
      running.set(worker, job);
      worker.postMessage({ id: ids++, work: job.work }, job.given);
    }
  };
  /** A thread that has ended takes its job with it, the last one all that wait. */
  const lose = (worker: Worker, error: unknown) => {
    running.get(worker)?.reject(error);
    running.delete(worker);
    if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
    if (!lost.has(worker)) lost.set(worker, error);
    if (lost.size === workers.length) for (const job of queue.splice(0)) job.reject(error);
  };
  const finish = (worker: Worker, settle: (job: Job) => void) => {
    const job = running.get(worker);
    running.delete(worker);
    idle.push(worker);
    if (job) settle(job);
    dispatch();
  };
  await Promise.all(
    workers.map(
      (worker, index) =>
        new Promise<void>((resolve, reject) => {
          worker.on("message", (reply: ThreadReply) => {
            if ("loaded" in reply) return;
            if ("ready" in reply) {
              idle.push(worker);
              resolve();
            } else if ("value" in reply) {
              finish(worker, (job) => job.resolve(reply.value as never));
            } else if ("fault" in reply) {
              finish(worker, (job) => job.reject(faultFromRecord(reply.fault)));
            } else {
              finish(worker, (job) => job.reject(new Error(reply.defect)));
            }
          });
          worker.on("error", (error) => {
            reject(error);
            lose(worker, error);
          });
          worker.on("exit", (code) => lose(worker, new Error(`a thread of the crew has ended (${code})`)));
          worker.postMessage({ setup: setupOf(store, index) });
        }),
    ),
  );
  const ask = <K extends Task["task"]>(
    work: Task & { task: K },
    given: readonly ArrayBuffer[] = [],
  ): Promise<TaskResults[K]> =>
    new Promise((resolve, reject) => {
      if (lost.size === workers.length) return reject([...lost.values()][0]);
      queue.push({ work, given, resolve, reject });
      dispatch();
    });
  const checkout = async (tree: Digest, kind: CheckoutKind) => {
    const begun = beginCheckout(tree, store.records.tree, store, kind);
    if (typeof begun === "string") return begun;
    const { files, folder } = begun;
    const placed = await Promise.allSettled(
      sharesOf(files, workers.length).map((share) => ask({ task: "place", files: share, folder })),
    );
    const failed = placed.find((outcome) => outcome.status === "rejected");
    return failed === undefined ? begun.finish() : begun.giveUp(failed.reason);
  };
  const scan = async (folder: string) => {
    const { walk, adopted } = await ask({ task: "walk", folder });
    const adopt = (files: Walk["files"]) => ask({ task: "adopt-all", files });
    return { walk, adopted: adopted ?? (await Promise.all(stretchesOf(walk.files).map(adopt))).flat() };
  };
  // Each once: nothing collects them while this process has the store.
  const checkouts = new Map<string, Promise<string>>();
  return {
    size: workers.length,
    unpack: (deb) => ask({ task: "unpack", deb }),
    index: (lists, form) => ask({ task: "index", lists, form }),
    owners: (list, ends) => ask({ task: "owners", list, ends }),
    verifyFan: (fan) => ask({ task: "verify-fan", fan }),
    flawOfShown: (place) => ask({ task: "flaw-of-shown", place }),
    checkout(tree, kind = "checkouts") {
      const name = `${kind} ${tree}`;
      const made = checkouts.get(name) ?? checkout(tree, kind);
      checkouts.set(name, made);
      made.catch(() => checkouts.delete(name));
      return made;
    },
    tar: (tree, options) => ask({ task: "tar", tree, options }),
    tarStretch: async (stretch, target) => void (await ask({ task: "tar-stretch", stretch, target })),
    adopt: (file, attributes) => ask({ task: "adopt", file, ...(attributes && { attributes }) }),
    takeFrames: async (batch) => void (await ask({ task: "take-frames", batch }, [batch.bytes.buffer])),
    packBlobs: (parts) => ask({ task: "pack-blobs", parts }),
    async scanFolder(folder) {
      const { walk, adopted } = await scan(folder);
      const { tree, dropped } = treeOf(walk, adopted);
      return { tree: store.records.writeTree(tree), dropped };
    },
    async scanUpper(upper) {
      const { walk, adopted } = await scan(upper);
      return layerOf(walk, adopted);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function setupOf({ layout, method, staging, session }: CrewStore, index: number): ThreadSetup {
  const own = { root: layout.root, method, staging: `${staging}/thread-${index}` };
  return session === undefined ? own : { ...own, session };
}
