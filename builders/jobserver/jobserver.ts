// The jobserver: tokens that builds take for every process beside their first (GNU make's manual, "Job Slots").
// Knows a named pipe for each build, and what it was given; does not know which tools read there.
//
// A build is not trusted: one pipe for all could be drained or filled by any of them, and nobody would know whose the
// tokens are that are missing. Of a pipe of its own it is known what was given into it, and all of that is there for
// others when the build is over, whatever it did. What it writes there of its own makes it no richer than `-j1000` does.

import { chmodSync, closeSync, constants, openSync, readSync, rmSync, writeSync } from "node:fs";
import { fileTypes, type System } from "../../store/system.ts";
import { movesOf } from "./share.ts";

export interface Jobserver extends Disposable {
  /** A build runs, with the one process that it needs no token for; returns how to tell that it is over. */
  enter(): () => void;
  /** A pipe for one build, until it leaves. */
  join(): JobPipe;
}

export interface JobPipe {
  readonly path: string;
  /** May be called twice. */
  leave(): void;
}

interface Joined {
  readonly path: string;
  readonly fd: number;
  given: number;
}

/** `tokens`: as many processes as are to run together; `folder` is for the pipes. */
export function openJobserver(system: System, tokens: number, folder: () => string): Jobserver {
  const members = new Set<Joined>();
  let [running, named] = [0, 0];
  let timer: NodeJS.Timeout | undefined;
  const share = () => {
    const all = [...members];
    const spare = tokens - running - all.reduce((sum, { given }) => sum + given, 0);
    const moves = movesOf(
      spare,
      all.map(({ fd, given }) => ({ given, unread: Math.min(given, system.unread(fd)) })),
    );
    for (const [index, member] of all.entries()) move(member, moves[index] ?? 0);
  };
  const watch = () => {
    if (members.size === 0) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    share();
    timer ??= setInterval(share, shareEvery).unref();
  };
  const leave = (member: Joined) => {
    if (!members.delete(member)) return;
    closeSync(member.fd);
    rmSync(member.path, { force: true });
    watch();
  };
  return {
    enter() {
      running++;
      watch();
      return () => {
        running--;
        watch();
      };
    },
    join() {
      const path = `${folder()}/${named++}`;
      system.makeNode(path, fileTypes.fifo | 0o666, 0, 0);
      chmodSync(path, 0o666);
      // Both ends, so that nobody who opens it waits for another.
      const member = { path, fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK), given: 0 };
      members.add(member);
      watch();
      return { path, leave: () => leave(member) };
    },
    [Symbol.dispose]() {
      for (const member of members) leave(member);
    },
  };
}

/** Milliseconds. Tokens that a build gives back and takes again never leave its pipe, so this is for changes alone. */
const shareEvery = 50;

function move(member: Joined, count: number): void {
  try {
    if (count > 0) member.given += writeSync(member.fd, Buffer.alloc(count, "+"));
    else if (count < 0) member.given -= readSync(member.fd, Buffer.alloc(-count));
  } catch (error) {
    // The build was quicker, or has filled its pipe.
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
}
