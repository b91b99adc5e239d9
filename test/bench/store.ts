// Benchmarks of the store itself, each against the plain tool that does the least of the same work.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultRangeStart } from "../../builders/keeper/identity.ts";
import { prepareStore } from "../../store/format.ts";
import { noHolds } from "../../store/holds.ts";
import { blobAttributes, layoutOf } from "../../store/layout.ts";
import { type Content, contentOf } from "../../store/model/derivation.ts";
import { digestOf } from "../../store/model/digest.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { type Entry, makeTree } from "../../store/model/tree.ts";
import { openRecords } from "../../store/records.ts";
import { writeRoot } from "../../store/roots.ts";
import { openSystem } from "../../store/system.ts";
import { contentsOf, type FolderWish, makeFolder, sizesOf } from "./folder.ts";
import { has, inTurn, milliseconds, run, type Side } from "./measure.ts";
import { compared, type Row } from "./row.ts";
import { type BenchSession, openBenchSession, timed } from "./session.ts";

/** A root file system's worth. */
const root: FolderWish = { files: 9000, bytes: 180e6 };

export async function* store(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  if (wants("ingest")) yield* ingest(join(folder, "ingest"), times);
  if (wants("checkout")) yield await checkout(join(folder, "checkout"), times);
  if (wants("collect")) yield await collect(join(folder, "collect"), times);
  if (wants("mark")) yield* mark(join(folder, "mark"), times);
  if (wants("verify")) yield await verify(join(folder, "verify"), times);
}

/**
 * A folder that a build left becomes a tree, its files moved into an empty store; and for comparison a package is
 * unpacked into one, which writes them. Durable both times.
 */
async function* ingest(at: string, times: number): AsyncGenerator<Row> {
  const { tree, tar, deb } = packed(at);
  const untar = fresh(at, `tar -xf ${tar} && sync -f .`);
  const scan = inStore(at, async (session, place) => {
    const left = `staging/${session.id}/left`;
    execFileSync("cp", ["-a", tree, `${place}/${left}`]);
    giveToKeeper(`${place}/${left}`);
    return async () => {
      await session.does({ task: "scan", folder: `/mnt/${left}` });
      await session.keeper.flush();
    };
  });
  const unpack = inStore(at, async (session, place) => {
    const blob = await adopted(session, place, deb);
    return async () => {
      await session.does({ task: "unpack", deb: blob });
      await session.keeper.flush();
    };
  });
  const work = "ingest 9,000 files of 180 MB, durable: a build's, moved in";
  yield compared(work, "tar -x, sync", 1, await inTurn(times, scan, untar));
  const nix = has("nix-store") ? nixAdd(at, tree) : undefined;
  yield compared(work, "nix-store --add, sync", 0.6, await inTurn(times, scan, nix));
  const ostree = has("ostree") ? ostreeCommit(at, tree) : undefined;
  yield compared(work, "ostree commit", 0.4, await inTurn(times, scan, ostree));
  yield compared(
    "the same: a package, whose files are written",
    "tar -x, sync",
    1,
    await inTurn(times, unpack, untar),
  );
}

async function checkout(at: string, times: number): Promise<Row> {
  const { tree: folder, deb } = packed(at);
  const place = join(at, "store");
  const first = await openBenchSession(place);
  const tree = await first.does({ task: "unpack", deb: await adopted(first, place, deb) });
  await first.keeper.close();
  let session: BenchSession | undefined;
  const ours: Side = {
    async prepare() {
      await session?.keeper.close();
      rmSync(join(place, "checkouts"), { recursive: true, force: true });
      mkdirSync(join(place, "checkouts"), { mode: 0o700 });
      giveToKeeper(join(place, "checkouts"));
      session = await openBenchSession(place);
    },
    run: () => timed(async () => void (await session?.does({ task: "checkout", tree }))),
  };
  const copy = join(at, "copy");
  const theirs: Side = {
    prepare: () => rmSync(copy, { recursive: true, force: true }),
    run: () => run(["cp", "-al", folder, copy]),
  };
  const both = await inTurn(times, ours, theirs);
  await session?.keeper.close();
  return compared("checkout by hard links of 9,000 files", "cp -al", 1.5, both);
}

/** 2,000 results, each a tree of 48 blobs: with statements and records 100,000 objects; every other one is rooted. */
async function collect(at: string, times: number): Promise<Row> {
  const half: FolderWish = { files: 48_000, bytes: 48_000 * 8192 };
  const [full, place, files] = [join(at, "full"), join(at, "store"), join(at, "files")];
  mkdirSync(at, { recursive: true });
  const first = await openBenchSession(full);
  await first.does({ task: "fill", salt: 1, perTree: 48, rooted: true, ...half });
  await first.does({ task: "fill", salt: 2, perTree: 48, rooted: false, ...half });
  await first.keeper.close();
  let session: BenchSession | undefined;
  const ours: Side = {
    async prepare() {
      await session?.keeper.close();
      rmSync(place, { recursive: true, force: true });
      execFileSync("cp", ["-a", full, place]);
      session = await openBenchSession(place);
    },
    run: () =>
      timed(async () => void (await session?.keeper.collect({ dead: [], generations: [], dryRun: false }))),
  };
  const theirs: Side = {
    prepare: () => makeFiles(files, half),
    run: () => run(["rm", "-rf", files]),
  };
  const both = await inTurn(times, ours, theirs);
  await session?.keeper.close();
  return compared("collect 100,000 objects, half of them dead", "rm -rf of 50,000 files", 1.3, both);
}

/** As a store fans them out: files of these sizes, and as many records and statements as go with them. */
function makeFiles(folder: string, wish: FolderWish): void {
  const contents = contentsOf(wish);
  for (let fan = 0; fan < 256; fan++) mkdirSync(`${folder}/${fan}`, { recursive: true });
  for (const [index, size] of sizesOf(wish).entries())
    writeFileSync(`${folder}/${index % 256}/${index}`, contents(index, size));
  for (let index = 0; index < 2000; index++)
    writeFileSync(`${folder}/${index % 256}/record-${index}`, contents(index, 3000));
}

/** Statements and records only, as marking does not look at anything else; its process with all it loads. */
async function* mark(at: string, times: number): AsyncGenerator<Row> {
  const objects = makeRecords(at, 50_000, 18);
  const script = join(import.meta.dirname, "mark.ts");
  const ours: Side = { run: () => run([process.execPath, script, at, String(objects)]) };
  const { ours: done } = await inTurn(times, ours, undefined);
  const work = `mark ${objects.toLocaleString("en")} objects`;
  yield { work, against: "10 s", atMost: 1, ratio: done.wall / 10_000, detail: milliseconds(done) };
  const megabytes = `${(done.peak / 1e6).toFixed(0)} MB`;
  yield { work: `${work}: memory`, against: "1 GB", atMost: 1, ratio: done.peak / 1e9, detail: megabytes };
}

/** A store without contents: so many results with a tree of so many blobs each, all rooted. Tells how many objects. */
function makeRecords(at: string, results: number, blobs: number): number {
  const layout = layoutOf(at);
  prepareStore(layout, openSystem());
  const records = openRecords(layout, { hasBlob: () => true, holds: noHolds, cached: 1 });
  const requests = Array.from({ length: results }, (_, nth) => {
    const files = Array.from({ length: blobs }, (_, index): Entry => {
      const path = parseTreePath(`usr/share/doc/a-package-${index}/copyright`);
      const blob = digestOf(`blob ${nth} ${index}`);
      return { type: "file", path, ...blobAttributes, size: 4096, blob };
    });
    const tree = records.writeTree(makeTree(files));
    const request = digestOf(`made ${tree}`);
    const outputs = { tree: contentOf("tree", tree) };
    records.writeResult({ format: "kit/result/1", request, outputs, references: [] });
    return request;
  });
  writeRoot(layout, { kind: "link", link: "/links/all", contents: [], requests });
  return results * (blobs + 2);
}

async function verify(at: string, times: number): Promise<Row> {
  const place = join(at, "store");
  const session = await openBenchSession(place);
  for (const salt of [1, 2, 3, 4])
    await session.does({ task: "fill", salt, perTree: 9000, rooted: true, ...root });
  await session.keeper.flush();
  const ours: Side = { run: () => timed(async () => void (await session.keeper.verify())) };
  const theirs: Side | undefined = has("b3sum")
    ? { run: () => run(["sh", "-c", `find ${place}/pool -type f -print0 | xargs -0 b3sum`]) }
    : undefined;
  const both = await inTurn(times, ours, theirs);
  await session.keeper.close();
  return compared("verify 36,000 files of 720 MB", "b3sum", 1.5, both);
}

/** The tree, its tar, and a package of it whose data member is just that tar. */
function packed(at: string): { readonly tree: string; readonly tar: string; readonly deb: string } {
  const [tree, tar, deb] = [join(at, "tree"), join(at, "data.tar"), join(at, "tree.deb")];
  makeFolder(tree, root);
  execFileSync("tar", ["-cf", tar, "--sort=name", "-C", tree, "."]);
  const control = join(at, "control");
  mkdirSync(control);
  writeFileSync(
    join(control, "control"),
    "Package: tree\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: a tree\n",
  );
  execFileSync("tar", ["-cf", join(at, "control.tar"), "-C", control, "."]);
  writeFileSync(join(at, "debian-binary"), "2.0\n");
  execFileSync("ar", ["rc", deb, "debian-binary", "control.tar", "data.tar"], { cwd: at });
  return { tree, tar, deb };
}

/** A command in a folder that was empty. */
function fresh(at: string, command: string): Side {
  const folder = join(at, "peer");
  return {
    prepare() {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
    },
    run: () => run(["sh", "-ec", command], { cwd: folder }),
  };
}

function nixAdd(at: string, tree: string): Side {
  const home = join(at, "nix");
  return {
    prepare() {
      spawnSync("chmod", ["-R", "u+w", home]);
      rmSync(home, { recursive: true, force: true });
      mkdirSync(home);
    },
    run: () =>
      run(["sh", "-ec", `nix-store --add ${tree} && sync -f .`], {
        cwd: home,
        env: {
          NIX_STORE_DIR: join(home, "store"),
          NIX_STATE_DIR: join(home, "var"),
          NIX_LOG_DIR: join(home, "log"),
          HOME: home,
        },
      }),
  };
}

/** It flushes by itself. */
function ostreeCommit(at: string, tree: string): Side {
  const place = join(at, "ostree");
  return {
    prepare() {
      rmSync(place, { recursive: true, force: true });
      execFileSync("ostree", ["init", `--repo=${place}`, "--mode=bare"]);
    },
    run: () => run(["ostree", "commit", `--repo=${place}`, "--branch=tree", `--tree=dir=${tree}`]),
  };
}

/** A task in a new store; what it needs is there before the clock runs. */
function inStore(
  at: string,
  prepare: (session: BenchSession, place: string) => Promise<() => Promise<void>>,
): Side {
  const place = join(at, "store");
  let session: BenchSession | undefined;
  let task = async () => {};
  return {
    async prepare() {
      rmSync(place, { recursive: true, force: true });
      session = await openBenchSession(place);
      task = await prepare(session, place);
    },
    async run() {
      const done = await timed(task);
      await session?.keeper.close();
      return done;
    },
  };
}

/** Puts a file into the pool. */
async function adopted(session: BenchSession, place: string, file: string): Promise<Content> {
  const staged = `staging/${session.id}/file`;
  execFileSync("cp", [file, `${place}/${staged}`]);
  giveToKeeper(`${place}/${staged}`);
  const blob = await session.does({ task: "adopt", file: `/mnt/${staged}` });
  await session.keeper.flush();
  return blob;
}

function giveToKeeper(path: string): void {
  execFileSync("chown", ["-hR", `${defaultRangeStart}:${defaultRangeStart}`, path]);
}
