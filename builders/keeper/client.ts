// The kit process's side: gives the keeper its ids and its store, and calls it.
// Knows id maps and what must be there before; does not know what the calls do.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Fault } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import { refuseAllowance } from "./allowance.ts";
import { delegateGroups } from "./delegate.ts";
import { prepareFolder } from "./folder.ts";
import { defaultRangeStart, type IdMaps, rootMaps, userMaps } from "./identity.ts";
import { type Channel, type KeeperProcess, type ProcessOptions, startProcess } from "./process.ts";
import {
  type HoldMethods,
  holdMethodNames,
  type KeeperSetup,
  type Methods,
  methodNames,
} from "./protocol.ts";

export interface KeeperOptions extends ProcessOptions {
  /** One that was started for this store before; without it one is started. */
  readonly process?: KeeperProcess;
  readonly user: { readonly uid: number; readonly gid: number; readonly name: string };
  /** The first host id of the range that root maps; a multiple of 65,536. */
  readonly rangeStart?: number;
  readonly session: string;
  readonly setup: Omit<KeeperSetup, "store" | "session" | "bootId" | "delegation" | "hold">;
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
 * @throws {Fault} `host/open-files`, `host/file-size`, `host/no-user-namespaces`, `host/no-subordinate-ids`, `host/no-id-range`, `host/no-uidmap`, and what opening the store throws
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

async function start(options: KeeperOptions, hold: boolean): Promise<Link & { readonly channel: Channel }> {
  let process = options.process;
  try {
    refuseAllowance(readFileSync("/proc/self/limits", "utf8"));
    const maps = mapsFor(options);
    const owner = maps.uid[0]?.outside ?? 0;
    prepareFolder(options.store, owner);
    process ??= startProcess(options);
    return await setUp(process, maps, owner, options, hold);
  } catch (error) {
    process?.abandon();
    throw error;
  }
}

async function setUp(
  { channel, pid, store }: KeeperProcess,
  maps: IdMaps,
  owner: number,
  options: KeeperOptions,
  hold: boolean,
): Promise<Link & { readonly channel: Channel }> {
  channel.listen(options.emit);
  const interrupt = () => channel.send({ interrupt: true });
  options.signal?.addEventListener("abort", interrupt);
  await channel.loaded;
  writeMaps(pid, maps);
  const groups = delegateGroups(`kit-${pid}-${options.session.slice(0, 8)}`, owner, pid);
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  channel.send({
    setup: { ...options.setup, store, session: options.session, bootId, delegation: groups.delegation, hold },
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
