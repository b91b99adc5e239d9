// The builders of sources: one unpacks archives, one lays trees over each other and patches them.
// Carries out what the recipe decides.

import { existsSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { poolTime } from "../../store/layout.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { joinPath, parseTreePath, type TreePath } from "../../store/model/path.ts";
import { type Entry, makeTree, type Tree } from "../../store/model/tree.ts";
import { type BuildContext, type Builder, inputOf } from "../builder.ts";
import { partInput, patchInput, sourceParameters } from "./recipe.ts";
import {
  applyScript,
  type Patch,
  readSeries,
  unappliedFile,
  unappliedHint,
  unpackScript,
  wordsFile,
} from "./script.ts";

export const archiveBuilder: Builder = {
  name: "archive",
  async run(context) {
    const { request, store, crew, scratch } = context;
    const [from, out] = [join(scratch, "from"), join(scratch, "out")];
    for (const folder of [from, out]) mkdirSync(folder);
    const { digest } = splitContent(inputOf(request, "archive"));
    linkSync(store.pool.require(digest, { mode: 0o644, uid: 0, gid: 0 }), join(from, "archive"));
    await runTools(context, unpackScript, [
      { source: from, target: "/tmp/from", writable: false },
      { source: out, target: "/tmp/out", writable: true },
    ]).catch((error: unknown) => {
      if (!(error instanceof Fault) || error.code !== "build/failed") throw error;
      throw new Fault("digest/bad-archive", "it cannot be unpacked", {
        cause: error,
        hint: "a tar in any usual compression, or a zip, is what is taken: is it what its digest was taken of?",
      });
    });
    const { tree } = await crew.scanFolder(out);
    const inner = withoutFolder(store.records.tree(tree));
    if (inner.entries.length < 2)
      throw new Fault("digest/bad-archive", "the archive is empty", {
        hint: "is it what its digest was taken of?",
      });
    return { outputs: { tree: contentOf("tree", store.records.writeTree(inner)) } };
  },
};

export const sourceBuilder: Builder = {
  name: "source",
  async run(context) {
    const { request, store, crew, scratch } = context;
    const { parts, patches } = sourceParameters(request.parameters);
    const treeOf = (name: string) => store.records.tree(splitContent(inputOf(request, name)).digest);
    const laid = layTrees(parts.map((into, index) => ({ into, tree: treeOf(partInput(index)) })));
    const whole = store.records.writeTree(laid);
    if (patches.length === 0) return { outputs: { tree: contentOf("tree", whole) } };
    const [from, out, said] = [join(scratch, "patches"), join(scratch, "out"), join(scratch, "said")];
    for (const folder of [from, out, said]) mkdirSync(folder);
    const all = patches.flatMap((name, index) => patchesAt(name, patchInput(index), context));
    for (const [index, { bytes }] of all.entries()) writeFileSync(join(from, String(index)), bytes);
    const source = await crew.checkout(whole);
    await runTools(context, applyScript(all), [
      { source, target: "/tmp/source", writable: false },
      { source: from, target: "/tmp/patches", writable: false },
      { source: out, target: "/tmp/out", writable: true },
      { source: said, target: "/tmp/said", writable: true },
    ]).catch((error: unknown) => {
      throw unapplied(all, said, error) ?? error;
    });
    const { tree } = await crew.scanFolder(out);
    return { outputs: { tree: contentOf("tree", tree) } };
  },
};

interface NamedPatch extends Patch {
  /** The input that it is, or lies in. */
  readonly input: string;
}

/** The fault of the patch that a file in `said` has the number of; undefined where there is none. */
function unapplied(all: readonly NamedPatch[], said: string, cause: unknown): Fault | undefined {
  const file = join(said, unappliedFile);
  const patch = existsSync(file) ? all[Number(readFileSync(file, "utf8"))] : undefined;
  if (patch === undefined) return undefined;
  return new Fault("build/unapplied-patch", `${patch.name} does not apply`, {
    ...{ about: patch.input, cause },
    hint: unappliedHint(readFileSync(join(said, wordsFile), "utf8")),
  });
}

/** A patch alone, or those that a folder's series names. @throws {Fault} `manifest/bad-patches` */
function patchesAt(name: string, input: string, { request, store }: BuildContext): NamedPatch[] {
  const { kind, digest } = splitContent(inputOf(request, input));
  if (kind === "blob") return [{ name, input, strip: 1, bytes: store.pool.readAll(digest) }];
  const { entries } = store.records.tree(digest);
  const read = (path: string) => {
    const entry = entries.find((one) => one.path === path);
    return entry?.type === "file" ? store.pool.readAll(entry.blob) : undefined;
  };
  const series = read("series");
  if (series === undefined)
    throw new Fault("manifest/bad-patches", `${name} is not there`, {
      about: input,
      hint: "a folder of patches says in a file called series which of them are applied, in which order (quilt(1)); else name each patch",
    });
  return readSeries(name, series.toString("utf8"), input).map(({ file, strip }) => {
    const bytes = read(file);
    if (bytes !== undefined) return { name: `${name}: ${file}`, input, strip, bytes };
    throw new Fault("manifest/bad-patches", `${name} names ${file}, which is not beside it`, {
      about: input,
    });
  });
}

async function runTools(
  context: BuildContext,
  script: string,
  binds: readonly { readonly source: string; readonly target: string; readonly writable: boolean }[],
): Promise<void> {
  const file = join(context.scratch, "script");
  writeFileSync(file, script, { mode: 0o755 });
  const sandbox = await context.sandbox({
    lower: [splitContent(inputOf(context.request, "tools")).digest],
    binds: [...binds, { source: file, target: "/tmp/script", writable: false }],
  });
  await context.run(sandbox, { argv: ["/bin/sh", "/tmp/script"], environment: {}, epoch: poolTime });
  sandbox[Symbol.dispose]();
}

/** What is in a folder that is alone at the top, as `NAME-1.0/` in what projects release. */
function withoutFolder(tree: Tree): Tree {
  const [top, second] = tree.entries.filter(({ path }) => path !== "" && !path.includes("/"));
  if (top?.type !== "directory" || second !== undefined) return tree;
  const prefix = `${top.path}/`;
  return makeTree(
    tree.entries.flatMap((entry): Entry[] =>
      entry.path.startsWith(prefix)
        ? [{ ...entry, path: parseTreePath(entry.path.slice(prefix.length)) }]
        : [],
    ),
  );
}

/**
 * Later ones over earlier ones; a folder of both is one.
 *
 * @throws {Fault} `build/source-clash` where what is a folder in one source is none in another
 */
export function layTrees(parts: readonly { readonly into: string; readonly tree: Tree }[]): Tree {
  const entries = new Map<TreePath, Entry>();
  const kinds = new Map<TreePath, { readonly isFolder: boolean; readonly owner: number }>();
  let links = 0;
  const meet = (path: TreePath, isFolder: boolean, owner: number) => {
    const present = kinds.get(path);
    if (present !== undefined && present.isFolder !== isFolder) throw clashOf(path, present.owner, owner);
    kinds.set(path, { isFolder, owner });
  };
  for (const [index, { into, tree }] of parts.entries()) {
    const top = into === "" ? undefined : parseTreePath(into);
    const offset = links;
    for (const folder of wayTo(into)) meet(folder, true, index);
    for (const entry of tree.entries) {
      const path = top === undefined ? entry.path : joinPath(top, entry.path);
      const isFolder = entry.type === "directory";
      meet(path, isFolder, index);
      if (isFolder && entries.get(path)?.type === "directory") continue;
      const link = entry.type === "file" && entry.link !== undefined ? entry.link + offset : undefined;
      links = Math.max(links, link ?? 0);
      entries.set(path, { ...entry, path, ...(link !== undefined && { link }) } as Entry);
    }
  }
  return makeTree(entries.values());
}

/** A folder and those above it. */
function wayTo(into: string): TreePath[] {
  if (into === "") return [];
  const parts = parseTreePath(into).split("/");
  return parts.map((_, index) => parseTreePath(parts.slice(0, index + 1).join("/")));
}

function clashOf(path: TreePath, first: number, second: number): Fault {
  const sources = `sources ${first + 1} and ${second + 1}`;
  return new Fault("build/source-clash", `of ${sources} one has a folder at ${path}, the other has none`, {
    ...{ about: partInput(second), against: partInput(first) },
    hint: "a later source's files take the place of an earlier one's, but no folder's: write into: FOLDER of one of them, or rename it there",
  });
}
