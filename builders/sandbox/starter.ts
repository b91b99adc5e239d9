// Starters: small resident shells that start the launchers of sandboxes.
// Knows how they are asked, stopped and brought down; does not know what they start.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { Fault } from "../../store/model/fault.ts";
import { type Launcher, shellArguments } from "./spec.ts";

/**
 * The starters of one slot. Forking copies the tables of all memory, which is 200 MB here, and joining a control
 * group waits for all processors: a trivial sandbox takes 19.8 ms that way, and 9.5 from a shell of 1 MB that is in
 * its group already.
 */
export interface Starters {
  /** The processes that stay. */
  readonly residents: ReadonlySet<number>;
  /** Runs one line of shell, with nothing on standard input. It waits for nobody: each line has a shell of its own. */
  start(launcher: Launcher, line: string): Started;
  /** Brings all down; fulfilled when they are gone. */
  close(): Promise<void>;
}

export interface Started {
  /** The exit status as a shell tells it: 128 and the signal's number where it was killed. @throws {Fault} `host/sandbox`, `build/killed` */
  readonly ended: Promise<number>;
  /** Ends what runs, if it takes several attempts; after a second the shell itself. */
  stop(): void;
}

interface Starter {
  run(line: string): Started;
  close(): Promise<void>;
}

/** `enter`: what puts a shell under the slot's limits. */
export function openStarters(enter: string): Starters {
  const residents = new Set<number>();
  const idle = new Map<string, Starter[]>();
  const all = new Set<Starter>();
  return {
    residents,
    start(launcher, line) {
      const alike = idle.get(launcher.shell) ?? [];
      idle.set(launcher.shell, alike);
      const starter = alike.pop() ?? openStarter(launcher, enter, residents);
      all.add(starter);
      const { ended, stop } = starter.run(line);
      // One that fails to run a line is not asked again.
      const back = ended.then((status) => {
        alike.push(starter);
        return status;
      });
      return { ended: back, stop };
    },
    async close() {
      await Promise.all([...all].map((starter) => starter.close()));
    },
  };
}

/**
 * The shell's first words: a watcher that brings the whole process group down when file descriptor 3 comes to its
 * end, which it does however this process ends. The shell itself waits in the foreground for what it runs, since
 * what a shell runs in the background has SIGINT and SIGQUIT ignored, and a build would notice.
 */
const watched = "(read -r end <&3; kill -9 0) >/dev/null & exec 3<&-; echo $!\n";

function openStarter(launcher: Launcher, enter: string, residents: Set<number>): Starter {
  const [program = "", ...words] = shellArguments(launcher);
  const child = spawn(program, words, {
    stdio: ["pipe", "pipe", "ignore", "pipe"],
    env: {},
    cwd: "/",
    detached: true,
  });
  const life = child.stdio[3] as Writable | null;
  const gone = new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    // Not `close`: the watcher holds its end, and goes with this one.
    child.on("exit", () => resolve(void life?.destroy()));
  });
  let isAtWork = false;
  const answers = answersOf(child, () => isAtWork);
  const input = child.stdin as Writable;
  // Whoever writes to a shell that has ended is told by `answers`.
  input.on("error", () => {});
  input.write(`${enter} || exit 125\n${watched}`);
  const watcher = answers.next().then((pid) => {
    isAtWork = true;
    residents.add(pid).add(child.pid ?? pid);
    return pid;
  });
  watcher.catch(() => {});
  return {
    run(line) {
      input.write(`${line}; echo $?\n`);
      let over = false;
      // Asked for at once: it may come with the line before it.
      const ended = answers.next().finally(() => {
        over = true;
      });
      const stop = async (attempts: number) => {
        const beside = await watcher.catch(() => 0);
        if (over || child.pid === undefined) return;
        if (attempts === 0) {
          isAtWork = false;
          return void child.kill("SIGKILL");
        }
        stopLaunched(child.pid, beside);
        setTimeout(() => void stop(attempts - 1), 10);
      };
      return { ended, stop: () => void stop(100) };
    },
    async close() {
      life?.destroy();
      input.destroy();
      await gone;
    },
  };
}

/** The numbers a shell prints, one a line, in the order they are asked for. */
function answersOf(child: ChildProcess, isAtWork: () => boolean): { next(): Promise<number> } {
  const waiting: PromiseWithResolvers<number>[] = [];
  let text = "";
  let failure: Fault | undefined;
  const fail = (why: string, cause?: Error) => {
    failure ??= isAtWork()
      ? new Fault("build/killed", `what runs the sandbox did not live to its end: ${why}`, {
          hint: "ended by somebody, or by a kernel that has no memory left: build less at once with --jobs",
        })
      : new Fault("host/sandbox", `cannot start the sandbox: ${why}`, { cause, hint: "run `kit doctor`" });
    for (const answer of waiting.splice(0)) answer.reject(failure);
  };
  child.on("error", (cause) => fail(cause.message, cause));
  child.on("exit", (status, signal) => fail(`its shell ended with ${signal ?? `status ${status}`}`));
  (child.stdout as Readable | null)?.on("data", (chunk) => {
    text += String(chunk);
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      waiting.shift()?.resolve(Number(text.slice(0, end)));
      text = text.slice(end + 1);
    }
  });
  return {
    next() {
      const answer = Promise.withResolvers<number>();
      if (failure) answer.reject(failure);
      else waiting.push(answer);
      return answer.promise;
    },
  };
}

function stopLaunched(shell: number, watcher: number): void {
  for (const launcher of childrenOf(shell)) if (launcher !== watcher) stopSandbox(launcher);
}

/**
 * Ends a sandbox by its first process: the kernel takes all others with it before the launcher sees the end.
 * Killing the launcher would do as well, but return while they are still dying, and writing.
 */
export function stopSandbox(launcher: number): void {
  const first = childrenOf(launcher);
  for (const pid of first.length > 0 ? first : [launcher]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It was quicker.
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.trim().split(" ").filter(Boolean).map(Number);
  } catch {
    // It has ended, or this kernel does not tell children.
    return [];
  }
}
