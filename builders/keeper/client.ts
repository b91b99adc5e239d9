// The kit process's side: starts the keeper in its namespaces and calls it.
// Knows how namespaces are entered and calls matched with replies; does not know what the calls do.

import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Fault, Faults, faultFromRecord } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import { delegateGroups } from "./delegate.ts";
import { prepareFolder } from "./folder.ts";
import { defaultRangeStart, type IdMaps, rootMaps, userMaps } from "./identity.ts";
import {
  type Call,
  type FromKeeper,
  type HoldMethods,
  holdMethodNames,
  type KeeperSetup,
  type Methods,
  methodNames,
  shellStreams,
  type ToKeeper,
} from "./protocol.ts";

export interface KeeperOptions {
  /** The absolute path of the store. */
  readonly store: string;
  /** The Node that runs kit. */
  readonly node: string;
  /** The keeper's entry file. */
  readonly entry: string;
  readonly threads: number;
  /** The environment of the keeper's process; builds see none of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly user: { readonly uid: number; readonly gid: number; readonly name: string };
  /** The first host id of the range that root maps; a multiple of 65,536. */
  readonly rangeStart?: number;
  readonly session: string;
  readonly setup: Omit<KeeperSetup, "session" | "bootId" | "delegation" | "hold">;
  /** For a shell: the keeper stays in the terminal's session and is given standard error for it. */
  readonly terminal?: boolean;
  /** Interrupts the keeper, also while it starts. */
  readonly signal?: AbortSignal;
  readonly emit: Emit;
}

export interface Link {
  /** Stops what runs; calls under way end with `interrupted/…`. */
  interrupt(): void;
  /** Ends the keeper when what runs is over. @throws {Fault} `store/full` where results could not be recorded */
  close(): Promise<void>;
}

type Called<M> = {
  [K in keyof M]: M[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;
};
export type Keeper = Called<Methods> & Link;
export type HoldKeeper = Called<HoldMethods> & Link;

/**
 * Starts the keeper: `unshare` gives it a user and a mount namespace, this process writes the id maps.
 *
 * @throws {Fault} `host/no-user-namespaces`, `host/no-subordinate-ids`, `host/no-id-range`, `host/no-uidmap`, and what opening the store throws
 */
export async function openKeeper(options: KeeperOptions): Promise<Keeper> {
  const { channel, ...link } = await start(options, false);
  return { ...methodsOf<Methods>(channel, methodNames), ...link };
}

/** Starts a keeper that has the store for itself, once every session is over. */
export async function openHoldKeeper(options: KeeperOptions): Promise<HoldKeeper> {
  const { channel, ...link } = await start(options, true);
  return { ...methodsOf<HoldMethods>(channel, holdMethodNames), ...link };
}

/**
 * MiB of new objects before a collection, for the keeper and each of its threads: with V8's own 16 they hold 410 MB
 * at the most, with 2 340 MB, and are no slower.
 */
const smallNursery = ["--max-semi-space-size=2"];

async function start(options: KeeperOptions, hold: boolean): Promise<Link & { readonly channel: Channel }> {
  const maps = mapsFor(options);
  const owner = maps.uid[0]?.outside ?? 0;
  prepareFolder(options.store, owner);
  const stdio: StdioOptions = ["inherit", "inherit", "pipe", "ipc"];
  if (options.terminal) stdio[shellStreams.stderr] = 2;
  const child = spawn(
    "unshare",
    [
      "--user",
      "--mount",
      "--keep-caps",
      "--",
      options.node,
      "--disable-warning=ExperimentalWarning",
      ...smallNursery,
      options.entry,
      String(options.threads),
    ],
    {
      cwd: options.store,
      env: options.environment,
      stdio,
      serialization: "advanced",
      detached: !options.terminal,
    },
  );
  const complaint = { text: "" };
  child.stderr?.on("data", (chunk) => {
    complaint.text = (complaint.text + String(chunk)).slice(-8192);
  });
  const channel = openChannel(child, options.emit, () => complaint.text);
  const interrupt = () => channel.send({ interrupt: true });
  options.signal?.addEventListener("abort", interrupt);
  await channel.loaded;
  writeMaps(child.pid ?? 0, maps);
  const groups = delegateGroups(`kit-${child.pid}-${options.session.slice(0, 8)}`, owner, child.pid ?? 0);
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  channel.send({
    setup: { ...options.setup, session: options.session, bootId, delegation: groups.delegation, hold },
  });
  try {
    await channel.ready;
  } catch (error) {
    groups[Symbol.dispose]();
    throw error;
  }
  return {
    channel,
    interrupt,
    async close() {
      channel.send({ close: true });
      await channel.ended;
      groups[Symbol.dispose]();
      const failure = channel.failure();
      if (failure) throw failure;
    },
  };
}

function methodsOf<M>(channel: Channel, names: readonly (keyof M & string)[]): Called<M> {
  return Object.fromEntries(
    names.map((name) => [name, (...args: readonly unknown[]) => channel.call(name, args)]),
  ) as Called<M>;
}

interface Channel {
  readonly loaded: Promise<void>;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  /** Why the keeper ended, unless it was asked to. */
  failure(): Error | undefined;
  send(message: ToKeeper): void;
  call(method: string, args: readonly unknown[]): Promise<unknown>;
}

function openChannel(child: ChildProcess, emit: Emit, complaint: () => string): Channel {
  const calls = new Map<number, PromiseWithResolvers<unknown>>();
  const [loaded, ready, ended] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  let ids = 0;
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure ??= error;
    end(failure);
  };
  const end = (error: Error) => {
    for (const waiting of [loaded, ready, ...calls.values()]) {
      waiting.promise.catch(() => {});
      waiting.reject(error);
    }
    calls.clear();
    ended.resolve();
  };
  child.on("error", (cause) =>
    fail(
      new Fault("host/no-unshare", `cannot start unshare: ${cause.message}`, {
        cause,
        hint: "install util-linux",
      }),
    ),
  );
  child.on("exit", (status, signal) => {
    const error = keeperEnded(status, signal, complaint());
    if (status === 0) end(error);
    else fail(error);
  });
  child.on("message", (message: FromKeeper) => {
    if ("loaded" in message) loaded.resolve();
    else if ("ready" in message) ready.resolve();
    else if ("event" in message) emit(message.event);
    else if ("failed" in message) fail(faultFromRecord(message.failed));
    else {
      const call = calls.get(message.id);
      calls.delete(message.id);
      if ("value" in message) call?.resolve(message.value);
      else if ("faults" in message) call?.reject(new Faults(message.faults.map(faultFromRecord)));
      else call?.reject(new Error(message.defect));
    }
  });
  return {
    loaded: loaded.promise,
    ready: ready.promise,
    ended: ended.promise,
    failure: () => failure,
    send: (message) => void (child.connected && child.send(message)),
    call(method, args) {
      const id = ids++;
      const answer = Promise.withResolvers<unknown>();
      calls.set(id, answer);
      const message: Call = { id, method, args };
      child.send(message, (error) => error && answer.reject(error));
      return answer.promise;
    },
  };
}

function keeperEnded(status: number | null, signal: string | null, complaint: string): Error {
  if (
    /unshare failed|Operation not permitted|No space left/.test(complaint) &&
    /^unshare:/m.test(complaint)
  ) {
    return new Fault(
      "host/no-user-namespaces",
      `the host does not let kit make namespaces: ${complaint.trim().split("\n")[0]}`,
      {
        hint: "run `kit doctor`; often: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0",
      },
    );
  }
  if (signal === "SIGSEGV" || signal === "SIGBUS" || signal === "SIGILL") {
    return new Fault("host/keeper-killed", `the keeper crashed (${signal})`, {
      hint: "native code of a damaged store or installation can do that: run `kit store verify --repair`, then repeat the command",
    });
  }
  if (signal !== null) {
    return new Fault("host/keeper-killed", `the keeper ended (${signal}): something outside kit ended it`, {
      hint: "where memory ran out, `dmesg` says so: use fewer --jobs; what was finished is kept, repeat the command",
    });
  }
  return new Error(`the keeper ended (status ${status})\n${complaint}`);
}

function mapsFor(options: KeeperOptions): IdMaps {
  if (options.user.uid === 0) return rootMaps(options.rangeStart ?? defaultRangeStart);
  const read = (file: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return "";
    }
  };
  return userMaps(options.user, read("/etc/subuid"), read("/etc/subgid"));
}

function writeMaps(pid: number, maps: IdMaps): void {
  for (const kind of ["gid", "uid"] as const) {
    if (maps.by === "root") {
      const text = maps[kind].map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join("");
      writeFileSync(`/proc/${pid}/${kind}_map`, text);
      continue;
    }
    const ranges = maps[kind].flatMap(({ inside, outside, count }) => [
      String(inside),
      String(outside),
      String(count),
    ]);
    const done = spawnSync(`new${kind}map`, [String(pid), ...ranges], { encoding: "utf8" });
    if (done.error || done.status !== 0) {
      throw new Fault(
        "host/no-uidmap",
        `new${kind}map did not set the ids: ${done.error?.message ?? done.stderr.trim()}`,
        {
          hint: "as root: apt-get install uidmap; then `kit doctor`",
        },
      );
    }
  }
}
