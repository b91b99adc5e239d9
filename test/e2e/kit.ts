// The kit command as a user runs it: the built binary, a clean environment, everything it said.
// Knows how it is started and stopped; does not know what it is asked to do.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";

// Whole commands on a machine that may be busy with other tests: the bounds are for hangs, not for speed.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 400_000 });

/** The binary of the clone that is tested. */
export const ownKit = fileURLToPath(new URL("../../cli/kit", import.meta.url));

export interface KitOptions {
  readonly cwd: string;
  readonly store?: string;
  /** Another binary than the clone's own. */
  readonly binary?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What stands before the command: `["unshare", "--mount", …]`. */
  readonly before?: readonly string[];
  /** Milliseconds after which the test has failed. */
  readonly patience?: number;
}

/** A line of `--json`: an event, or the faults a command ended with. */
export interface Told {
  readonly type: string;
  readonly label?: string;
  readonly builder?: string;
  readonly how?: string;
  readonly text?: string;
  readonly faults?: readonly {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly details?: readonly string[];
    readonly place?: { readonly file: string; readonly line: number; readonly column: number };
  }[];
}

export interface Outcome {
  /** The exit status; 128 and the signal's number where one ended it, as a shell has it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Output lines, `TYPE PATH ARCHITECTURE NAME`, by NAME. */
  readonly paths: ReadonlyMap<string, string>;
  readonly milliseconds: number;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Fulfilled when standard error holds the text; rejected when the command ends before. */
  says(text: string | RegExp): Promise<void>;
}

export async function kit(argv: readonly string[], options: KitOptions): Promise<Outcome> {
  return await startKit(argv, options).ended;
}

export function startKit(argv: readonly string[], options: KitOptions): Running {
  const { before = [], binary = ownKit, store, env = {}, patience = 240_000 } = options;
  const [program = "", ...rest] = [...before, binary, ...argv];
  const begun = performance.now();
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: {
      PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: options.cwd,
      XDG_CACHE_HOME: `${options.cwd}/.cache`,
      ...(store !== undefined && { KIT_STORE: store }),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.stderr += text;
    for (const listener of listeners) listener();
  });
  const clock = setTimeout(() => child.kill("SIGKILL"), patience);
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(clock);
      const status = code ?? 128 + (signalNumbers[signal ?? ""] ?? 0);
      // A path may hold spaces, the others may not.
      const paths = new Map(
        [...said.stdout.matchAll(/^\S+ (.+) \S+ (\S+)$/gm)].map(([, path = "", name = ""]) => [name, path]),
      );
      resolve({ status, ...said, paths, milliseconds: performance.now() - begun });
    });
  });
  return {
    process: child,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (typeof text === "string" ? !said.stderr.includes(text) : !text.test(said.stderr)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then(({ status }) =>
          reject(new Error(`ended with ${status} before it said ${text}:\n${said.stderr}`)),
        );
      }),
  };
}

/** The outcome, where the command went well; else an error with what it said. */
export function done(outcome: Outcome): Outcome {
  if (outcome.status === 0) return outcome;
  throw new Error(`kit ended with ${outcome.status}:\n${outcome.stderr}`);
}

/** The lines of `--json`. Throws where one is no JSON. */
export function told({ stderr }: Outcome): Told[] {
  return stderr
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Told);
}

/** What was built, by label, sorted. */
export function built(outcome: Outcome): string[] {
  return told(outcome)
    .flatMap((event) => (event.type === "end" && event.how === "built" ? [event.label ?? ""] : []))
    .sort();
}

/** Codes of the faults a `--json` command ended with. */
export function codes(outcome: Outcome): string[] {
  return told(outcome).flatMap((event) =>
    (event.type === "error" ? (event.faults ?? [{ code: `defect: ${JSON.stringify(event)}` }]) : []).map(
      ({ code }) => code,
    ),
  );
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
