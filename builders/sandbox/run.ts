// Runs one command in a sandbox: mounts the overlay, starts the launcher, holds it to its limits.
// Acts on what `spec.ts` decided; does not know what the command builds.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Fault } from "../../store/model/fault.ts";
import type { System } from "../../store/system.ts";
import type { Slot } from "./limits.ts";
import { type Command, type Launcher, launcherArguments, type Limits, overlayOptions, type Places } from "./spec.ts";

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
  for (const folder of [places.upper, places.work, places.root]) mkdirSync(folder, { recursive: true, mode: 0o755 });
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

async function runCommand(parts: SandboxParts, places: Places, command: Command, options: RunOptions): Promise<Exit> {
  const { output, input, signal, slot } = options;
  slot.reset();
  const [program = "", ...argv] = launcherArguments(parts.launcher, places, command, slot.enter, parts.filter !== undefined);
  const streams = typeof output === "number" ? { stdin: "ignore" as const, stdout: output, stderr: output } : output;
  const filter = parts.filter === undefined ? [] : [openSync(parts.filter, "r")];
  const child = spawn(program, argv, {
    stdio: [input ? "pipe" : streams.stdin, streams.stdout, streams.stderr, ...filter],
    env: {},
    cwd: "/",
  });
  for (const fd of filter) closeSync(fd);
  const ended = exitOf(child);
  let stopped: "time" | "interrupted" | undefined;
  const stop = (why: "time" | "interrupted") => {
    stopped ??= why;
    child.kill("SIGKILL");
  };
  const clock = setTimeout(() => stop("time"), options.limits.time * 1000);
  const interrupt = () => stop("interrupted");
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted) interrupt();
  try {
    // The command may end before it read everything; its exit says more than the broken pipe.
    if (input && child.stdin) await pipeline(input, child.stdin).catch(() => {});
    const exit = await ended;
    if (stopped) return { how: stopped };
    const killed = exit.how === "signal" || (exit.how === "status" && exit.status === 137);
    return killed && slot.ranOutOfMemory() ? { how: "memory" } : exit;
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", interrupt);
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) =>
      reject(new Fault("host/sandbox", `cannot start the sandbox: ${cause.message}`, { cause, hint: "run `kit doctor`" })),
    );
    child.on("close", (status, signal) => {
      resolve(signal === null ? { how: "status", status: status ?? 0 } : { how: "signal", signal });
    });
  });
}
