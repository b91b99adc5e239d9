// Verification: whether a store holds what it says it holds, and setting aside what does not.
// Knows the store's invariants (FORMAT.md); does not know threads, nor how anything is built again.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { setAside } from "./aside.ts";
import type { Layout } from "./layout.ts";
import type { PoolReport, Problem } from "./members.ts";
import { type Content, splitContent } from "./model/derivation.ts";
import { type Digest, digestFromHex, digestOf, hexOf } from "./model/digest.ts";
import { blobsOf, decodeTree } from "./model/tree.ts";
import { readGeneration, writtenNumbers } from "./profiles.ts";
import type { RecordReader } from "./records.ts";
import { isRoot, readRoot } from "./roots.ts";
import { groupsOf, namesIn } from "./usage.ts";

export interface Verification {
  readonly statements: number;
  readonly trees: number;
  readonly members: number;
  /** Bytes of blobs that were hashed. */
  readonly bytes: number;
  /** In the order they can be mended in: nothing is named by what comes after it. */
  readonly problems: readonly Problem[];
}

/** What is shared between threads. */
export interface Checks {
  /** One 256th of the pool ({@link verifyFan}). */
  verifyFan(fan: string): Promise<PoolReport>;
  /** A checkout or an output ({@link flawOfShown}). */
  flawOfShown(place: string): Promise<string | undefined>;
}

/**
 * Looks at everything: pool members (bytes, mode, owner, attributes, date), tree records (form, digest, blobs that
 * are there), checkouts and outputs (all that their trees say of them), statements (form, contents that are there),
 * roots and generations (form). Sessions may run beside it: what names is listed before what is named.
 */
export async function verify(layout: Layout, records: RecordReader, checks: Checks): Promise<Verification> {
  const statements = groupsOf(layout.results, "results").flatMap(namesIn).filter(isHex);
  const trees = groupsOf(layout.trees, "trees").flatMap(namesIn).filter(isHex);
  const reports = await Promise.all(namesIn(layout.pool).map(checks.verifyFan));
  const poolProblems = reports.flatMap(({ problems }) => problems);
  const pool = poolState(layout, poolProblems);
  const treeState = checkTrees(layout, trees, pool);
  const isThere = (content: Content) => {
    const { kind, digest } = splitContent(content);
    return kind === "tree" ? treeState.sound.has(hexOf(digest)) : pool.sound.has(hexOf(digest));
  };
  const shown = await Promise.all([
    checkShown(layout, treeState.touched, "checkout", checks),
    checkShown(layout, treeState.touched, "output", checks),
  ]);
  const sum = (pick: (report: PoolReport) => number) =>
    reports.reduce((total, report) => total + pick(report), 0);
  return {
    statements: statements.length,
    trees: trees.length,
    members: sum(({ members }) => members),
    bytes: sum(({ bytes }) => bytes),
    problems: [
      ...checkRoots(layout),
      ...checkGenerations(layout),
      ...statements.flatMap((hex) => checkStatement(layout, records, digestFromHex(hex), isThere)),
      ...shown.flat(),
      ...treeState.problems,
      ...poolProblems,
    ],
  };
}

/**
 * Sets aside what is wrong, under `corrupt/`, so that it is built again; checkouts and outputs are taken apart. The
 * caller has the store for itself. A kill leaves a store in which less is wrong than before.
 */
export function repair(layout: Layout, problems: readonly Problem[], flush: () => void): void {
  for (const [index, problem] of problems.entries()) {
    // Whatever names a thing is gone on disk before the thing itself is.
    if (index > 0 && problems[index - 1]?.kind !== problem.kind) flush();
    if (problem.kind === "checkout" || problem.kind === "output")
      rmSync(`${layout.root}/${problem.place}`, { recursive: true, force: true });
    else setAside(layout, problem);
  }
  flush();
}

const hex = /^[0-9a-f]{64}$/;
const isHex = (name: string) => hex.test(name);

interface PoolState {
  /** Blobs with a sound member. */
  readonly sound: ReadonlySet<string>;
  /** Blobs with a damaged one: checkouts may share it. */
  readonly damaged: ReadonlySet<string>;
}

function poolState(layout: Layout, problems: readonly Problem[]): PoolState {
  const bad = new Set(problems.map(({ place }) => place.slice("pool/00/".length)));
  const members = groupsOf(layout.pool, "blobs").flatMap(namesIn);
  return {
    sound: new Set(members.filter((name) => !bad.has(name)).map((name) => name.slice(0, 64))),
    damaged: new Set([...bad].map((name) => name.slice(0, 64))),
  };
}

interface TreeState {
  readonly sound: ReadonlySet<string>;
  /** Trees that are damaged or name a blob with a damaged member: a checkout of one may share that. */
  readonly touched: readonly string[];
  readonly problems: readonly Problem[];
}

function checkTrees(layout: Layout, trees: readonly string[], pool: PoolState): TreeState {
  const sound = new Set<string>();
  const touched: string[] = [];
  const problems: Problem[] = [];
  for (const name of trees) {
    const file = layout.tree(digestFromHex(name));
    const { why, shares } = checkTree(file, name, pool);
    if (why === undefined) sound.add(name);
    else problems.push({ kind: "tree", place: relative(layout.root, file), why });
    if (why !== undefined || shares) touched.push(name);
  }
  return { sound, touched, problems };
}

/** `shares` where it names a blob that has a damaged member. */
function checkTree(file: string, name: string, pool: PoolState): { why?: string; shares?: boolean } {
  try {
    const bytes = readFileSync(file);
    if (hexOf(digestOf(bytes)) !== name) return { why: "the record holds other bytes" };
    const blobs = [...blobsOf(decodeTree(bytes))].map(hexOf);
    const missing = blobs.find((blob) => !pool.sound.has(blob));
    if (missing !== undefined) return { why: `it names the blob ${missing}, which is not there` };
    return { shares: pool.damaged.size > 0 && blobs.some((blob) => pool.damaged.has(blob)) };
  } catch (error) {
    return { why: (error as Error).message };
  }
}

/** Checkouts, or outputs, of trees that something is wrong with, and those that are not what their trees say. */
async function checkShown(
  layout: Layout,
  touched: readonly string[],
  kind: "checkout" | "output",
  { flawOfShown }: Checks,
): Promise<Problem[]> {
  const bad = new Set(touched);
  const names = namesIn(layout[`${kind}s`]).filter(isHex);
  const flaws = await Promise.all(
    names.map(async (name): Promise<Problem[]> => {
      const place = `${kind}s/${name}`;
      const why = bad.has(name) ? "it may share what is damaged" : await flawOfShown(place);
      return why === undefined ? [] : [{ kind, place, why }];
    }),
  );
  return flaws.flat();
}

function checkStatement(
  layout: Layout,
  records: RecordReader,
  request: Digest,
  isThere: (content: Content) => boolean,
): Problem[] {
  const problem = (why: string): Problem => ({
    kind: "statement",
    place: relative(layout.root, layout.result(request)),
    why,
  });
  try {
    const result = records.result(request);
    if (result === undefined) return [];
    const missing = [...Object.values(result.outputs), ...result.references].find(
      (content) => !isThere(content),
    );
    return missing === undefined ? [] : [problem(`it names ${missing}, which is not there`)];
  } catch (error) {
    return [problem(said(layout, error))];
  }
}

/** Roots that cannot be read: they would keep collection from beginning. */
function checkRoots(layout: Layout): Problem[] {
  return namesIn(layout.roots)
    .filter(isRoot)
    .flatMap((name) => unreadable(layout, "root", `roots/${name}`, readRoot));
}

/** The same of generations. */
function checkGenerations(layout: Layout): Problem[] {
  return namesIn(layout.profiles).flatMap((profile) =>
    writtenNumbers(layout, profile).flatMap((number) =>
      unreadable(layout, "generation", `profiles/${profile}/${number}`, () =>
        readGeneration(layout, profile, number),
      ),
    ),
  );
}

function unreadable(
  layout: Layout,
  kind: Problem["kind"],
  place: string,
  read: (file: string) => unknown,
): Problem[] {
  const file = `${layout.root}/${place}`;
  try {
    read(file);
    return [];
  } catch (error) {
    // One that was let go meanwhile is missed by nobody.
    return existsSync(file) ? [{ kind, place, why: said(layout, error) }] : [];
  }
}

/** What an error says, with places relative to the store: where that is mounted tells a reader nothing. */
function said(layout: Layout, error: unknown): string {
  return (error as Error).message.replaceAll(`${layout.root}/`, "");
}
