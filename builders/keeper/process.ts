// The keeper's process and what is said over its channel: loading at first, without a store.
// Knows processes, and which reply belongs to which call; does not know what calls do, nor whose ids are mapped.

import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, relative } from "node:path";
import { Fault, Faults, faultFromRecord } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import { type Call, type FromKeeper, shellStreams, type ToKeeper } from "./protocol.ts";

export interface ProcessOptions {
  /** The absolute path of the store, which need not be there yet: nothing is made. */
  readonly store: string;
  /** The Node that runs kit. */
  readonly node: string;
  /** The keeper's entry file. */
  readonly entry: string;
  readonly threads: number;
  /** The environment of the keeper's process; builds see none of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For a shell: the keeper stays in the terminal's session and is given standard error for it. */
  readonly terminal?: boolean;
}

/** A keeper's process on its way: it loads its code, and takes ids and a store when it is told which. */
export interface KeeperProcess {
  readonly pid: number;
  readonly channel: Channel;
  /** The store as it is reached from the working directory, whatever else the process may not pass through later. */
  readonly store: string;
  /** Ends it; nobody has asked anything of it. */
  abandon(): void;
}

/**
 * MiB of new objects before a collection, for the keeper and each of its threads: with V8's own 16 they hold 410 MB
 * at the most, with 2 340 MB, and are no slower.
 */
const smallNursery = ["--max-semi-space-size=2"];

/** Starts it in namespaces of its own. Where that fails, `channel` tells: `host/no-unshare`, `host/no-user-namespaces`. */
export function startProcess(options: ProcessOptions): KeeperProcess {
  const stdio: StdioOptions = ["inherit", "inherit", "pipe", "ipc"];
  if (options.terminal) stdio[shellStreams.stderr] = 2;
  const folder = nearest(options.store);
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
      cwd: folder,
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
  return {
    pid: child.pid ?? 0,
    channel: openChannel(child, () => complaint.text),
    store: relative(folder, options.store) || ".",
    abandon: () => void child.kill("SIGKILL"),
  };
}

/** The folder itself, or the first above it that is there. */
function nearest(folder: string): string {
  return isFolder(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

export interface Channel {
  readonly loaded: Promise<void>;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  /** Why the keeper ended, unless it was asked to. */
  failure(): Error | undefined;
  send(message: ToKeeper): void;
  call(method: string, args: readonly unknown[]): Promise<unknown>;
  /** Who is told of events; there are none before a setup is sent. */
  listen(emit: Emit): void;
}

function openChannel(child: ChildProcess, complaint: () => string): Channel {
  const calls = new Map<number, PromiseWithResolvers<unknown>>();
  const [loaded, ready, ended] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  let ids = 0;
  let failure: Error | undefined;
  let emit: Emit = () => {};
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
    listen(listener) {
      emit = listener;
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
