// Runs: parts of files that are read in one go.
// Knows places; does not read anything.

/** A line of a question: `length` bytes of a file from `offset` on. */
export interface Part {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/** A stretch of a file, and what is asked for of it, in order. */
export interface Run extends Part {
  readonly parts: readonly Part[];
}

/** Bytes that are rather read and dropped than left to another read. */
const gap = 16 * 1024;
/** Bytes of a run of several parts, which is in memory as a whole. */
export const longestRun = 1 << 20;

/** Neighbours that lie in ascending order and close to each other are read together. */
export function runsOf(parts: readonly Part[]): Run[] {
  const runs: (Part & { length: number; parts: Part[] })[] = [];
  for (const part of parts) {
    const run = runs.at(-1);
    const end = run === undefined ? 0 : run.offset + run.length;
    const length = run === undefined ? 0 : Math.max(end, part.offset + part.length) - run.offset;
    const last = run?.parts.at(-1);
    const joins =
      run?.name === part.name &&
      part.offset >= (last?.offset ?? 0) &&
      part.offset <= end + gap &&
      length <= longestRun;
    if (run === undefined || !joins) runs.push({ ...part, parts: [part] });
    else {
      run.length = length;
      run.parts.push(part);
    }
  }
  return runs;
}
