// Runs one command in a sandbox: mounts the overlay, starts the launcher, holds it to its limits.
// Acts on what `spec.ts` decided; does not know what the command builds.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
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
  overlayOptions,
  type Places,
} from "./spec.ts";

export interface Sandbox extends Disposable {
  /** Where the overlay's upper layer lies: all that was written outside the binds. */
  readonly upper: string;
  /** The overlay as one folder, while the sandbox is open. */
  readonly root: string;
  run(command: Command, options: RunOptions): Promise<Exit>;
}

export interface RunOptions {
  readonly slot: Slot;
  readonly limits: Limits;
  /** File descriptor that takes standard output and standard error, or one for each stream of a shell. */
  readonly output: number | { readonly stdin: number; readonly stdout: number; readonly stderr: number };
  /** Fed to standard input, which is otherwise empty, or the shell's. */
  readonly input?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

export type Exit =
  | { readonly how: "status"; readonly status: number }
  | { readonly how: "signal"; readonly signal: string }
  | { readonly how: "time" }
  | { readonly how: "memory" }
  | { readonly how: "interrupted" };

export interface SandboxParts {
  readonly system: System;
  readonly launcher: Launcher;
  /** The file that holds the system call filter; absent on machines kit has none for. */
  readonly filter: string | undefined;
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
  rmSync(`${places.work}/work/incompat`, { recursive: true, force: true });
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
  const { output, input, signal, slot } = options;
  slot.reset();
  const [program = "", ...argv] = launcherArguments(
    parts.launcher,
    places,
    command,
    slot.enter,
    parts.filter !== undefined,
  );
  const streams =
    typeof output === "number" ? { stdin: "ignore" as const, stdout: output, stderr: output } : output;
  const filter = parts.filter === undefined ? [] : [openSync(parts.filter, "r")];
  const child = spawn(program, argv, {
    stdio: [input ? "pipe" : streams.stdin, streams.stdout, streams.stderr, ...filter],
    env: {},
    cwd: "/",
  });
  for (const fd of filter) closeSync(fd);
  const ended = exitOf(child);
  // It may fail while something else is waited for.
  ended.catch(() => {});
  let stopped: "time" | "interrupted" | undefined;
  const stop = (why: "time" | "interrupted") => {
    stopped ??= why;
    end(child);
  };
  const clock = setTimeout(() => stop("time"), options.limits.time * 1000);
  const interrupt = () => stop("interrupted");
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted) interrupt();
  try {
    const broken = input && child.stdin && (await feed(input, child.stdin, () => end(child)));
    const exit = await ended;
    // Nothing of it may still write when its upper layer is read; killed processes take a moment (at most 5 s).
    for (let waited = 0; slot.isBusy() && waited < 2500; waited++) await sleep(2);
    if (broken) throw broken.error;
    if (stopped) return { how: stopped };
    // A command may make any status of the death of one it started.
    const failed = exit.how !== "status" || exit.status !== 0;
    return failed && slot.ranOutOfMemory() ? { how: "memory" } : exit;
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", interrupt);
  }
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

/**
 * Ends the sandbox by its first process: the kernel takes all others with it before the launcher sees the end.
 * Killing the launcher would do as well, but return while they are still dying, and writing.
 */
function end(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  let first: number[] = [];
  try {
    first = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .trim()
      .split(" ")
      .filter(Boolean)
      .map(Number);
  } catch {
    // It has ended, or this kernel does not tell children.
  }
  for (const inner of first) tryKill(inner);
  if (first.length === 0) child.kill("SIGKILL");
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was quicker.
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) =>
      reject(
        new Fault("host/sandbox", `cannot start the sandbox: ${cause.message}`, {
          cause,
          hint: "run `kit doctor`",
        }),
      ),
    );
    child.on("close", (status, signal) => {
      resolve(signal === null ? { how: "status", status: status ?? 0 } : { how: "signal", signal });
    });
  });
}
