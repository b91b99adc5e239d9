// One build's workplace: scratch folder, log, limits and sandboxes, all gone when it is over.
// Knows what a builder may use; does not know when it is used or what is recorded.

import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { isatty } from "node:tty";
import { splitContent } from "../../store/model/derivation.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Session } from "../../store/session.ts";
import { fullFault } from "../../store/trouble.ts";
import type { BuildContext, Crew, ProxySettings, Store } from "../builder.ts";
import type { Event } from "../event.ts";
import type { Http } from "../fetch/http.ts";
import { type JobPipe, openJobserver } from "../jobserver/jobserver.ts";
import { openEmulators } from "../sandbox/binfmt.ts";
import { type Emulator, emulatorOf } from "../sandbox/emulation.ts";
import { launcherIn } from "../sandbox/launcher.ts";
import { type Delegation, openSlot, type Slot } from "../sandbox/limits.ts";
import { besideShell, type Exit, openSandbox, type Sandbox } from "../sandbox/run.ts";
import { seccompProgram } from "../sandbox/seccomp.ts";
import { type Command, type Limits, quoted } from "../sandbox/spec.ts";
import { openStarters, type Starters } from "../sandbox/starter.ts";
import { forItsReason } from "./failure.ts";
import { openLog } from "./log.ts";
import { type BuildJob, shellStreams } from "./protocol.ts";

export interface WorkParts {
  readonly store: Store;
  readonly crew: Crew;
  readonly session: Session;
  readonly http: () => Http;
  readonly proxy: ProxySettings;
  /** By name, in base64. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly delegation: Delegation;
  readonly limits: Limits;
  readonly tokens: number;
  readonly cores?: number;
  readonly signal: AbortSignal;
  /** Node's name of the processor. */
  readonly machine: string;
  readonly emit: (event: Event) => void;
}

export interface Work extends Disposable {
  readonly context: BuildContext;
  /** Bytes, where the kernel tells and a sandbox ran. */
  peakMemory(): number | undefined;
  /** The same without what could have been taken from it. */
  heldMemory(): number | undefined;
  /** Of the log. */
  lastLines(count: number): string[];
  /** Whether a log is left. */
  logged(): boolean;
  /** Keeps the scratch folder for `kit shell`, in place of an earlier one. */
  keep(): void;
}

/** Where one sandbox at a time runs. */
interface Seat {
  readonly slot: Slot;
  readonly starters: Starters;
}

/** What a sandbox's command is replaced by: the caller's shell. */
export interface Shell {
  status: number | undefined;
}

/** Opens workplaces; control groups and what starts sandboxes are reused from one to the next. */
export function openWorkshop(parts: WorkParts): {
  open(job: BuildJob, request: Digest, shell?: Shell): Work;
  close(): Promise<void>;
} {
  const seats: Seat[] = [];
  const freeSeats: Seat[] = [];
  const openSeat = (): Seat => {
    const slot = openSlot(parts.delegation, `slot-${seats.length}`, parts.limits);
    const seat = { slot, starters: openStarters(slot.enter) };
    seats.push(seat);
    return seat;
  };
  const filter = filterFile(parts);
  const emulators = openEmulators(() => parts.session.scratch("binfmt"));
  const jobserver = openJobserver(parts.store.system, parts.tokens, () => parts.session.scratch("jobs"));
  return {
    async close() {
      emulators[Symbol.dispose]();
      jobserver[Symbol.dispose]();
      await Promise.all(seats.map(({ starters }) => starters.close()));
    },
    open(job, request, shell) {
      const kept = `${parts.store.layout.failed}/${hexOf(request)}`;
      const isKept = shell !== undefined && existsSync(kept);
      if (isKept) keepSandboxes(kept);
      const scratch = isKept
        ? kept
        : parts.session.scratch(`build-${hexOf(request).slice(0, 16)}-${randomUUID().slice(0, 8)}`);
      const log = openLog(
        shell ? `${scratch}/shell.log` : parts.store.layout.log(request),
        parts.session.scratch("logs"),
      );
      const sandboxes: Sandbox[] = [];
      let pipe: JobPipe | undefined;
      let seat: Seat | undefined;
      let opened = 0;
      let [peak, held]: (number | undefined)[] = [];
      let logged = false;
      const takeSeat = () => {
        seat ??= freeSeats.pop() ?? openSeat();
        return seat;
      };
      const closeSandboxes = () => {
        for (const sandbox of sandboxes.splice(0)) sandbox[Symbol.dispose]();
      };
      const context: BuildContext = {
        request: job.request,
        label: job.label,
        hints: job.hints,
        store: parts.store,
        crew: parts.crew,
        http: parts.http,
        proxy: parts.proxy,
        secret(name) {
          const secret = parts.secrets[name];
          if (secret !== undefined) return Buffer.from(secret, "base64");
          throw new Fault("build/no-secret", `nobody gave the secret ${name}`, {
            hint: `set KIT_SECRET_${name}, or name its file under secrets in kit.config.yaml`,
          });
        },
        scratch,
        log,
        ...(parts.cores !== undefined && { cores: parts.cores }),
        jobPipe() {
          if (!shell) pipe ??= jobserver.join();
          return pipe?.path;
        },
        signal: parts.signal,
        progress: (done, total, unit) => parts.emit({ type: "progress", id: job.id, done, total, unit }),
        async sandbox({ lower, binds = [] }) {
          const folders = await Promise.all(lower.map((tree) => parts.crew.checkout(tree)));
          const tools = await parts.crew.checkout(launcherTree(job));
          const emulator = emulatorIn(tools, job.request.system);
          const folder = `${scratch}/${sandboxPrefix}${opened++}`;
          mkdirSync(folder, { recursive: true });
          const sandbox = openSandbox({
            system: parts.store.system,
            launcher: launcherIn(tools, parts.machine),
            filter: filter(),
            userNamespace: emulator && (await emulators.open(tools, emulator)),
            scratch: folder,
            lower: folders,
            binds,
          });
          sandboxes.push(sandbox);
          return sandbox;
        },
        async run(sandbox, wanted, { input, reading, hidden = [] } = {}) {
          const common = { ...takeSeat(), limits: parts.limits, signal: parts.signal };
          if (shell) {
            const exit = await sandbox.run(shellCommand(wanted, sandbox.root, reading), {
              ...{ ...common, output: shellStreams },
              ...(reading !== undefined && input && { input }),
            });
            shell.status = exit.how === "status" ? exit.status : 1;
            throw new Fault("interrupted/shell", "the shell has ended");
          }
          const command = reading === undefined ? wanted : readingFirst(wanted, reading);
          const watch = watchMemory(common.slot, (bytes) => {
            held = Math.max(held ?? 0, bytes);
          });
          const [leave, settle] = [jobserver.enter(), log.bound()];
          const exit = await sandbox
            .run(command, { ...common, ...(input && { input }), output: log.file })
            .finally(() => {
              watch();
              leave();
              settle();
              log.hide(hidden);
            });
          peak = Math.max(peak ?? 0, takeSeat().slot.peakMemory() ?? 0);
          if (exit.how === "status" && exit.status === 0) return;
          const failed = failedCommand(wanted, exit, parts.limits);
          // Before anybody takes it for the command's own word.
          throw fullFault(forItsReason(failed, log.lastLines(linesOfRoom)), parts.store.layout.root);
        },
      };
      return {
        context,
        peakMemory: () => peak || undefined,
        heldMemory: () => held,
        lastLines: (count) => (log.size() > 0 ? log.lastLines(count) : []),
        logged: () => logged || log.size() > 0,
        keep() {
          closeSandboxes();
          if (scratch === kept) return;
          rmSync(kept, { recursive: true, force: true });
          renameSync(scratch, kept);
        },
        [Symbol.dispose]() {
          closeSandboxes();
          pipe?.leave();
          if (seat) freeSeats.push(seat);
          logged = log.size() > 0;
          log.close();
          if (scratch !== kept) sweep(scratch);
        },
      };
    },
  };
}

/** What a builder made beside its sandbox it makes again for a shell in it. */
function keepSandboxes(kept: string): void {
  for (const name of readdirSync(kept))
    if (!name.startsWith(sandboxPrefix)) rmSync(join(kept, name), { recursive: true, force: true });
}

const sandboxPrefix = "sandbox-";

/** Looks what is held while a command runs (0.04 ms each time); returns how to stop. */
function watchMemory(slot: Slot, tell: (bytes: number) => void): () => void {
  const look = () => {
    const bytes = slot.heldMemory();
    if (bytes !== undefined) tell(bytes);
  };
  const soon = setTimeout(look, lookEvery / 5);
  const again = setInterval(look, lookEvery);
  return () => {
    clearTimeout(soon);
    clearInterval(again);
  };
}

/** Milliseconds. */
const lookEvery = 250;

/** What ran beside who found no room, and above it, says more before it ends. */
const linesOfRoom = 100;

/** Removes a scratch folder while the next build's sandbox runs (0.5 ms of 12); the session's end takes what is left. */
function sweep(scratch: string): void {
  const remove = () => {
    try {
      rmSync(scratch, { recursive: true, force: true });
    } catch {
      // It goes with the session's folder, whose removal tells why it does not.
    }
  };
  setTimeout(remove, sweepAfter).unref();
}

/** Milliseconds: time enough to answer, and to start what follows. */
const sweepAfter = 4;

/** The system call filter as a file of the session, written when first asked for. */
function filterFile(parts: WorkParts): () => string | undefined {
  let file: string | undefined;
  return () => {
    const program = seccompProgram(parts.machine);
    if (program === undefined || file !== undefined) return file;
    file = `${parts.session.scratch("filter")}/seccomp`;
    writeFileSync(file, program);
    return file;
  };
}

/** What runs a system's programs, where what launches its sandboxes brings it: then they are not this machine's own. */
function emulatorIn(tools: string, system: string | undefined): Emulator | undefined {
  const emulator = system === undefined ? undefined : emulatorOf(system);
  return emulator && existsSync(`${tools}/usr/bin/${emulator.program}`) ? emulator : undefined;
}

function launcherTree({ request }: BuildJob): Digest {
  const tree = request.inputs["launcher"];
  if (tree === undefined) throw new Error(`${request.builder} has no launcher among its inputs`);
  return splitContent(tree).digest;
}

function readingFirst(command: Command, reading: string): Command {
  const script = `${reading}\nexec ${command.argv.map(quoted).join(" ")} < /dev/null`;
  return { ...command, argv: ["/bin/sh", "-c", script] };
}

/** The same sandbox with the caller's shell in it; the command it stands for is in KIT_COMMAND. */
function shellCommand(command: Command, root: string, reading: string | undefined): Command {
  const environment = {
    ...command.environment,
    TERM: "xterm",
    PS1: "[kit] $PWD # ",
    KIT_COMMAND: command.argv.map(quoted).join(" "),
  };
  // dash cannot give back a terminal whose process group it does not see, and tells that instead of its status.
  const shell = existsSync(`${root}/usr/bin/bash`) ? ["/usr/bin/bash", "--norc"] : ["/bin/sh"];
  const interactive = isatty(shellStreams.stdin) ? ["-i"] : [];
  const argv = [...shell, ...interactive];
  const script = `(${reading}\n) <&${besideShell} || exit\nexec ${besideShell}<&-\nexec ${argv.map(quoted).join(" ")}`;
  const started = reading === undefined ? argv : ["/bin/sh", "-c", script];
  return { ...command, argv: started, environment, terminal: true };
}

/** A shell's way to tell signals: 128 and the number. */
function statusText(status: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128)?.[0];
  return signal === undefined ? String(status) : `${status} (${signal})`;
}

/** As a shell tells SIGKILL. */
const killed = 128 + constants.signals.SIGKILL;

function failedCommand(command: Command, exit: Exit, limits: Limits): Fault {
  const program = command.argv[0] ?? "the command";
  switch (exit.how) {
    case "status":
      if (exit.status === killed)
        return new Fault("build/killed", `${program} was killed`, {
          hint: "by somebody, or by a kernel that has no memory left: build less at once with --jobs",
        });
      return new Fault("build/failed", `${program} ended with status ${statusText(exit.status)}`);
    case "time":
      return new Fault("build/time-limit", `${program} was stopped after ${limits.time} s`, {
        hint: "raise the limit: --time-limit SECONDS",
      });
    case "memory":
      return new Fault(
        "build/memory-limit",
        `${program} needed more than ${Math.round(limits.memory / 2 ** 20)} MiB of memory`,
        {
          hint: "raise the limit: --memory-limit SIZE",
        },
      );
    case "processes":
      return new Fault(
        "build/process-limit",
        `${program} was refused one more process beside the ${limits.processes} that it may have`,
        { hint: "does it start itself for ever? with fewer --cores, make and its like start less at once" },
      );
    case "interrupted":
      return new Fault("interrupted/build", `${program} was interrupted`);
  }
}
