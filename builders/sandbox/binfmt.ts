// The kernel's binfmt_misc: the host's handlers, read; and user namespaces with a handler of kit's own.
// Acts on what `emulation.ts` decides; does not know what is run there.

import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import type { Readable, Writable } from "node:stream";
import { Fault } from "../../store/model/fault.ts";
import type { System } from "../../store/system.ts";
import { type Binfmt, type Emulator, handles, registration, takesHandlers } from "./emulation.ts";

export function readBinfmt(): Binfmt {
  return { own: takesHandlers(release()), handlers: hostHandlers() };
}

/**
 * Gives this process's user namespace handlers of its own, none, in the place of the host's: what runs here natively is
 * not to depend on which emulators the host has. Returns whether the kernel takes that; on one that does not, the host's
 * stay in force.
 */
export function shutOutHandlers(system: System, folder: string): boolean {
  try {
    system.mount("binfmt_misc", folder, "binfmt_misc", 0, "");
    system.unmount(folder, true);
    return true;
  } catch {
    return false;
  }
}

/** None where the host has no binfmt_misc mounted. */
function hostHandlers(): string[] {
  const folder = "/proc/sys/fs/binfmt_misc";
  try {
    const names = readdirSync(folder).filter((name) => name !== "register" && name !== "status");
    return names.map((name) => readFileSync(`${folder}/${name}`, "utf8"));
  } catch {
    return [];
  }
}

/** The user namespaces that emulated sandboxes run in, one for each emulator; they go with this process. */
export interface Emulators extends Disposable {
  /**
   * The file of a user namespace, below this one's, in which the emulator runs its programs; undefined where the host's
   * own handler does. `tools` is the checkout of an environment that holds it.
   *
   * @throws {Fault} `host/foreign-architecture`
   */
  open(tools: string, emulator: Emulator): Promise<string | undefined>;
}

/** `folder` is an empty one to mount over, for which nobody else has a use. */
export function openEmulators(folder: () => string): Emulators {
  const opened = new Map<string, Promise<Holder | undefined>>();
  const holders = new Set<Holder>();
  const hold = async (tools: string, emulator: Emulator): Promise<Holder | undefined> => {
    try {
      const holder = await holdNamespace(tools, emulator, folder());
      holders.add(holder);
      return holder;
    } catch (cause) {
      if (hostHandlers().some((text) => handles(text, emulator))) return undefined;
      throw new Fault(
        "host/foreign-architecture",
        `the kernel does not take ${emulator.program} as a handler: ${(cause as Error).message}`,
        { cause, hint: "run `kit doctor`" },
      );
    }
  };
  return {
    async open(tools, emulator) {
      const key = `${tools} ${emulator.program}`;
      const holder = opened.get(key) ?? hold(tools, emulator);
      opened.set(key, holder);
      return (await holder)?.file;
    },
    [Symbol.dispose]() {
      for (const { end } of holders) end();
    },
  };
}

interface Holder {
  readonly file: string;
  end(): void;
}

/**
 * The instance of binfmt_misc that belongs to a user namespace lasts as long as it is mounted: by a shell that waits for
 * the end of its standard input, in a mount namespace that nobody else is in. Its ids are those of this process, who
 * alone may say so, after which the shell is root there.
 */
async function holdNamespace(tools: string, emulator: Emulator, folder: string): Promise<Holder> {
  const busybox = `${tools}/usr/bin/busybox`;
  const argv = ["unshare", "-U", "-m", busybox, "sh", "-euc", holderScript, busybox, folder];
  const child = spawn(busybox, [...argv, registration(emulator)], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {},
    cwd: `${tools}/usr/bin`,
    detached: true,
  });
  const input = child.stdin as Writable;
  // Whoever writes to a shell that has ended is told by `says`.
  input.on("error", () => {});
  const says = wordsOf(child);
  await says("entered");
  for (const map of ["uid_map", "gid_map"])
    writeFileSync(`/proc/${child.pid}/${map}`, identity(readFileSync(`/proc/self/${map}`, "utf8")));
  input.write("\n");
  await says("registered");
  child.unref();
  return { file: `/proc/${child.pid}/ns/user`, end: () => input.destroy() };
}

const holderScript = `echo entered
read -r mapped
"$0" mount -t binfmt_misc binfmt_misc "$1"
printf '%s' "$2" > "$1/register"
echo registered
read -r end || :
`;

/** Every id stands for itself. */
function identity(map: string): string {
  const ranges = map.trim().split("\n");
  return ranges
    .map((line) => line.trim().split(/\s+/))
    .map(([inside, , count]) => `${inside} ${inside} ${count}\n`)
    .join("");
}

/** Waits for a word of its output; fails with what it complained of where it ends before. */
function wordsOf(child: ChildProcess): (word: string) => Promise<void> {
  let [said, complaint] = ["", ""];
  let failure: Error | undefined;
  let wake = () => {};
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  (child.stdout as Readable).on("data", (chunk) => {
    said += String(chunk);
    wake();
  });
  (child.stderr as Readable).on("data", (chunk) => {
    complaint = (complaint + String(chunk)).slice(-8192);
  });
  child.on("error", fail);
  child.on("close", (status) => fail(new Error(complaint.trim() || `it ended with status ${status}`)));
  return async (word) => {
    while (!said.split("\n").includes(word)) {
      if (failure) throw failure;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
  };
}
