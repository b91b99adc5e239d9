// Measuring whole processes: wall time and peak memory, in turn with a peer.
// Knows medians and ratios; does not know what is measured.

import { spawnSync } from "node:child_process";

export interface Run {
  /** Milliseconds. */
  readonly wall: number;
  /** Of the fastest and the slowest, where this is the median of several. */
  readonly range?: readonly [number, number];
  /** Bytes of the largest process. */
  readonly peak: number;
  /** What it wrote to its standard error. */
  readonly said?: string;
}

/** Runs a command to its end; its standard output is dropped, its error output shown where it fails. */
export function run(
  argv: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Run {
  const [program = "", ...rest] = argv;
  const begun = process.hrtime.bigint();
  const done = spawnSync("/usr/bin/env", ["time", "-f", "kit-bench %M", program, ...rest], {
    env: { ...process.env, ...options.env } as NodeJS.ProcessEnv,
    cwd: options.cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const wall = Number(process.hrtime.bigint() - begun) / 1e6;
  const kilobytes = /kit-bench (\d+)\s*$/.exec(done.stderr)?.[1];
  if (done.status !== 0 || kilobytes === undefined)
    throw new Error(`${argv.join(" ")} failed:\n${done.stderr.slice(-3000)}`);
  return { wall, peak: Number(kilobytes) * 1024, said: done.stderr };
}

/** One of the two that are compared. */
export interface Side {
  /** What is not measured. */
  readonly prepare?: () => void | Promise<void>;
  readonly run: () => Run | Promise<Run>;
}

/**
 * Runs both in turn, `times` each, and gives the medians. What was written or removed before is on disk when one
 * begins: neither pays for the other's pages.
 */
export async function inTurn(
  times: number,
  ours: Side,
  theirs: Side | undefined,
): Promise<{ ours: Run; theirs: Run | undefined }> {
  const runs = { ours: [] as Run[], theirs: [] as Run[] };
  for (let i = 0; i < times; i++) {
    if (theirs) runs.theirs.push(await measured(theirs));
    runs.ours.push(await measured(ours));
  }
  return { ours: median(runs.ours), theirs: theirs && median(runs.theirs) };
}

async function measured({ prepare, run }: Side): Promise<Run> {
  await prepare?.();
  spawnSync("sync");
  return await run();
}

function median(runs: readonly Run[]): Run {
  const walls = runs.map(({ wall }) => wall).sort((a, b) => a - b);
  const nth = (index: number) => walls.at(index) ?? Number.NaN;
  return {
    wall: nth(Math.floor(walls.length / 2)),
    range: [nth(0), nth(-1)],
    peak: Math.max(...runs.map(({ peak }) => peak)),
  };
}

/** A run's time, with its spread where it is a median. */
export function milliseconds({ wall, range }: Run): string {
  const text = (time: number) => (time < 1000 ? `${time.toFixed(0)} ms` : `${(time / 1000).toFixed(2)} s`);
  return range ? `${text(wall)} (${range.map(text).join(" to ")})` : text(wall);
}

export function has(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}
