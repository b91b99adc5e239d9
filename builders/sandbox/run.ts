// Runs one command in a sandbox: mounts the overlay, starts the launcher, holds it to its limits.
// Acts on what `spec.ts` decided; does not know what the command builds.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../../store/model/fault.ts";
import type { System } from "../../store/system.ts";
import type { Slot } from "./limits.ts";
import {
  type Command,
  type Launcher,
  type Limits,
  launcherArguments,
  launcherScript,
  overlayOptions,
  type Places,
  quoted,
  shellArguments,
} from "./spec.ts";
import { type Started, type Starters, stopSandbox } from "./starter.ts";

export interface Sandbox extends Disposable {
  /** Where the overlay's upper layer lies: all that was written outside the binds. */
  readonly upper: string;
  /** The overlay as one folder, while the sandbox is open. */
  readonly root: string;
  run(command: Command, options: RunOptions): Promise<Exit>;
}

export interface RunOptions {
  readonly slot: Slot;
  readonly starters: Starters;
  readonly limits: Limits;
  /** The file that standard output and standard error are added to, or file descriptors of a shell's streams. */
  readonly output: string | { readonly stdin: number; readonly stdout: number; readonly stderr: number };
  /** Fed to standard input, which is otherwise empty; beside a shell's streams to the descriptor {@link besideShell}. */
  readonly input?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** Those before it are streams, and what the launcher reads. */
export const besideShell = 5;

export type Exit =
  /** 128 and the signal's number where it was ended by one. */
  | { readonly how: "status"; readonly status: number }
  | { readonly how: "time" }
  | { readonly how: "memory" }
  | { readonly how: "processes" }
  | { readonly how: "interrupted" };

export interface SandboxParts {
  readonly system: System;
  readonly launcher: Launcher;
  /** The file that holds the system call filter; absent on machines kit has none for. */
  readonly filter: string | undefined;
  /** The file of the user namespace it runs in; this process's own where it is absent. */
  readonly userNamespace: string | undefined;
  /** A folder of this sandbox alone, on the store's file system. */
  readonly scratch: string;
  /** Read-only checkouts, uppermost first. */
  readonly lower: readonly string[];
  readonly binds: Places["binds"];
}

/** Mounts the overlay; it is unmounted when the sandbox is disposed of (may be twice), and its upper layer stays. */
export function openSandbox(parts: SandboxParts): Sandbox {
  const places: Places = {
    lower: parts.lower,
    upper: `${parts.scratch}/upper`,
    work: `${parts.scratch}/work`,
    root: `${parts.scratch}/root`,
    binds: parts.binds,
  };
  for (const folder of [places.upper, places.work, places.root])
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  // The mark of an earlier volatile mount, in a folder kept for `kit shell`: nothing crashed in between.
  rmSync(join(places.work, "work", "incompat"), { recursive: true, force: true });
  let mounted = true;
  parts.system.mount("overlay", places.root, "overlay", 0, overlayOptions(places));
  return {
    upper: places.upper,
    root: places.root,
    run: (command, options) => runCommand(parts, places, command, options),
    [Symbol.dispose]() {
      if (mounted) parts.system.unmount(places.root, true);
      mounted = false;
    },
  };
}

async function runCommand(
  parts: SandboxParts,
  places: Places,
  command: Command,
  options: RunOptions,
): Promise<Exit> {
  const { input, signal, slot, starters } = options;
  slot.reset();
  const words = launcherArguments(parts.launcher, places, command, {
    filter: parts.filter !== undefined,
    userNamespace: parts.userNamespace !== undefined,
  });
  const { ended, stop, stdin } = start(parts, words, options);
  // It may fail while something else is waited for.
  ended.catch(() => {});
  let stopped: "time" | "interrupted" | undefined;
  const stopFor = (why: "time" | "interrupted") => {
    stopped ??= why;
    stop();
  };
  const clock = setTimeout(() => stopFor("time"), options.limits.time * 1000);
  const interrupt = () => stopFor("interrupted");
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted) interrupt();
  try {
    const broken = input && stdin && (await feed(input, stdin, stop));
    const status = await ended.catch((error) => {
      // A group that ran out of memory goes as a whole, with the shell that would have told of it.
      if (slot.ranOutOfMemory()) return killed;
      throw error;
    });
    // Nothing of it may still write when its upper layer is read; killed processes take a moment (at most 5 s).
    for (let waited = 0; slot.isBusy(starters.residents) && waited < 2500; waited++) await sleep(2);
    if (broken) throw broken.error;
    if (stopped) return { how: stopped };
    // A command may make any status of the death of one it started.
    if (status !== 0 && slot.ranOutOfMemory()) return { how: "memory" };
    return status !== 0 && slot.ranOutOfProcesses() ? { how: "processes" } : { how: "status", status };
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", interrupt);
  }
}

const killed = 128 + constants.signals.SIGKILL;

/** By a resident shell, or, where the command has streams of its own, by one of its own. */
function start(
  { launcher, filter, userNamespace }: SandboxParts,
  launch: readonly string[],
  { output, input, slot, starters }: RunOptions,
): Started & { readonly stdin?: Writable | null } {
  if (typeof output === "string" && !input) {
    const third = filter === undefined ? "" : ` 3<${quoted(filter)}`;
    const fourth = userNamespace === undefined ? "" : ` 4<${quoted(userNamespace)}`;
    return starters.start(
      launcher,
      `(exec ${launch.map(quoted).join(" ")}) </dev/null >>${quoted(output)} 2>&1${third}${fourth}`,
    );
  }
  const opened = typeof output === "string" ? [openSync(output, "a")] : [];
  const streams = typeof output === "string" ? undefined : output;
  const given = [filter, userNamespace].map((file) => (file === undefined ? "ignore" : openSync(file, "r")));
  const [program = "", ...words] = shellArguments(launcher);
  const child = spawn(program, [...words, "-c", launcherScript(slot.enter, launch)], {
    stdio: [
      input && !streams ? "pipe" : streams?.stdin,
      streams?.stdout ?? opened[0],
      streams?.stderr ?? opened[0],
      ...given,
      ...(input && streams ? ["pipe" as const] : []),
    ],
    env: {},
    cwd: "/",
  });
  for (const fd of [...opened, ...given]) if (typeof fd === "number") closeSync(fd);
  const stop = () => void (child.pid !== undefined && stopSandbox(child.pid));
  const piped: readonly unknown[] = child.stdio;
  const stdin = streams ? (piped[besideShell] as Writable | undefined) : child.stdin;
  return { ended: statusOf(child), stop, stdin: stdin ?? null };
}

/**
 * Writes the input to the command. It may end before it read everything: then its exit says more than the broken
 * pipe. Input that breaks off is an error however the command takes it, for half a stream can look like a whole one.
 */
async function feed(
  input: AsyncIterable<Uint8Array>,
  stdin: Writable,
  stop: () => void,
): Promise<{ readonly error: unknown } | undefined> {
  let broken: { readonly error: unknown } | undefined;
  const watched = async function* () {
    try {
      yield* input;
    } catch (error) {
      broken = { error };
      stop();
      throw error;
    }
  };
  await pipeline(watched, stdin).catch(() => {});
  return broken;
}

function statusOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) =>
      reject(
        new Fault("host/sandbox", `cannot start the sandbox: ${cause.message}`, {
          cause,
          hint: "run `kit doctor`",
        }),
      ),
    );
    child.on("close", (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
