// Benchmarks of the binary cache: a root pulled over loopback, all of it and what changed of it.
// Knows what both sides are given and what is counted; does not know how anything is packed.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { LocalEntry } from "../../builders/keeper/protocol.ts";
import { nameOf } from "../../store/cache/names.ts";
import { decodeTreeFile } from "../../store/cache/treefile.ts";
import { contentOf, type Request, requestDigest } from "../../store/model/derivation.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import { formatPublicKey, parseSecretKey } from "../../store/model/key.ts";
import { changeFiles, changePlaces, makeFiles } from "./files.ts";
import { has, inTurn, type Run, run, type Side } from "./measure.ts";
import { openMeter } from "./meter.ts";
import type { Row } from "./row.ts";
import { openBenchKeeper } from "./session.ts";

const kit = join(import.meta.dirname, "../../cli/kit");

export async function* caches(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  if (!wants("pull") && !wants("changes")) return;
  const at = join(folder, "caches");
  mkdirSync(at, { recursive: true });
  run([kit, "key", "generate", "bench", "-o", join(at, "key")]);
  const files = makeFiles();
  const [whole, inFiles, inPlaces] = await ingest(at, [files, changeFiles(files), changePlaces(files)]);
  if (whole === undefined || inFiles === undefined || inPlaces === undefined) return;
  const pushed = push(at, whole);
  await using server = await serve(join(at, "cache"));
  if (wants("pull")) yield await cold(at, server.url, whole, pushed, times);
  if (!wants("changes")) return;
  pull(at, server.url, whole);
  push(at, inFiles);
  yield await changes(at, server.url, "90 files with 1 % of a root's bytes changed", [whole], inFiles);
  push(at, inPlaces);
  yield await changes(
    at,
    server.url,
    "14 large files of it changed in four places",
    [whole, inFiles],
    inPlaces,
  );
}

/** A root that is in the benchmark's store. */
interface Root {
  readonly request: Digest;
  readonly tree: Digest;
  /** Where its files are to be seen. */
  readonly folder: string;
}

/** Results of one label, as one image becomes time after time. */
async function ingest(at: string, versions: readonly (readonly LocalEntry[])[]): Promise<Root[]> {
  const store = join(at, "store");
  const keeper = await openBenchKeeper(store);
  const roots: Root[] = [];
  for (const entries of versions) {
    const tree = await keeper.putFolder(entries);
    const file = contentOf("tree", tree);
    const request: Request = {
      builder: "copy",
      versions: {},
      parameters: {},
      inputs: { file },
      outputs: ["file"],
    };
    const digest = requestDigest(request);
    await keeper.build({ request, id: digest, label: "root", hints: undefined, rebuild: false });
    const { place } = await keeper.present(file, undefined);
    roots.push({ request: digest, tree, folder: join(store, place) });
  }
  await keeper.close();
  return roots;
}

function push(at: string, { request }: Root): Run {
  const env = { KIT_STORE: join(at, "store") };
  return run([kit, "push", join(at, "cache"), hexOf(request), "--key", join(at, "key")], { env });
}

/** Into the store `pulled`, with what it holds already. */
function pull(at: string, url: string, { request }: Root): Run {
  const { public: key } = parseSecretKey(readFileSync(join(at, "key"), "utf8"));
  const env = { KIT_STORE: join(at, "pulled"), KIT_TRUSTED_KEYS: formatPublicKey(key) };
  return run([kit, "pull", url, hexOf(request)], { env });
}

/** `kit serve`, for both sides. */
async function serve(folder: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server: ChildProcess = spawn(kit, ["serve", folder, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(server.stdout ?? server, "data")) as [Buffer];
  return {
    url: line.toString().trim(),
    async [Symbol.asyncDispose]() {
      server.kill();
      await once(server, "exit");
    },
  };
}

/** What is pulled is on disk when kit ends, and what tar wrote is not: told beside it with a flush. */
async function cold(at: string, url: string, root: Root, pushed: Run, times: number): Promise<Row> {
  const ours: Side = {
    prepare: () => rmSync(join(at, "pulled"), { recursive: true, force: true }),
    run: () => pull(at, url, root),
  };
  const work = "cold pull of a root, 9,000 files, 180 MB, flushed";
  const against = "curl | zstd -d | tar -x, not flushed";
  const peers = ["", " && sync -f ."].map((end) => peer(at, url, root, end));
  const { ours: mine, theirs } = await inTurn(times, ours, peers[0]);
  const flushed = peers[1] && (await inTurn(times, peers[1], undefined)).ours;
  const detail = [
    theirs === undefined ? text(mine) : `${text(mine)} against ${text(theirs)}`,
    ...(flushed === undefined ? [] : [`with a flush ${text(flushed)}`]),
    `kit push ${text(pushed)}`,
  ].join("; ");
  return { work, against, atMost: 1.3, detail, ...(theirs && { ratio: mine.wall / theirs.wall }) };
}

/** The same files in a tar, from the same server. */
function peer(at: string, url: string, { folder }: Root, end: string): Side | undefined {
  if (!has("curl") || !has("zstd")) return undefined;
  // A name that a cache may have, so that its server gives it.
  const name = `logs/${"0".repeat(64)}`;
  const out = join(at, "unpacked");
  mkdirSync(join(at, "cache/logs"), { recursive: true });
  run(["sh", "-c", `tar -C ${folder} -c . | zstd -q -f -o ${join(at, "cache", name)}`]);
  return {
    prepare() {
      rmSync(out, { recursive: true, force: true });
      mkdirSync(out);
    },
    run: () => run(["sh", "-c", `curl -sf ${url}/${name} | zstd -d | tar -x${end}`], { cwd: out }),
  };
}

/** Every byte that a client gets who has the ones and pulls the other, against the frames it lacks. */
async function changes(
  at: string,
  url: string,
  work: string,
  before: readonly Root[],
  after: Root,
): Promise<Row> {
  const meter = await openMeter(url);
  const { wall } = pull(at, meter.url, after);
  const bytes = meter.bytes();
  await meter.close();
  const held = new Set(before.flatMap((root) => [...framesOf(at, root).keys()]));
  const needed = framesOf(at, after)
    .entries()
    .reduce((sum, [digest, length]) => sum + (held.has(digest) ? 0 : length), 0);
  const kilobytes = (count: number) => `${(count / 1000).toFixed(1)} kB`;
  return {
    work: `bytes to pull ${work}`,
    against: "what changed, compressed",
    ratio: bytes / needed,
    atMost: 1.1,
    detail: `${kilobytes(bytes)} against ${kilobytes(needed)}, ${text({ wall, peak: 0 })}`,
  };
}

/** The length of each frame that holds a blob of the tree, or a chunk of one. */
function framesOf(at: string, { tree }: Root): Map<Digest, number> {
  const bytes = readFileSync(join(at, "cache", nameOf({ kind: "tree", tree })));
  const places = [...decodeTreeFile(bytes, tree).map.values()];
  return new Map(
    places.flatMap(({ frames }) => frames.map(({ digest, length }) => [digest, length] as const)),
  );
}

function text({ wall, range }: Run): string {
  const milliseconds = (time: number) =>
    time < 1000 ? `${time.toFixed(0)} ms` : `${(time / 1000).toFixed(2)} s`;
  return range ? `${milliseconds(wall)} (${range.map(milliseconds).join(" to ")})` : milliseconds(wall);
}
