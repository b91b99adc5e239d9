// Whether a cache's folder is sound: what it names it holds, and what it holds is what its name says.
// Knows CACHE.md; shares no more code with what writes caches than the digest and what reads zstd and trees.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { digestOf } from "../../store/model/digest.ts";
import { decodeTree } from "../../store/model/tree.ts";

/** What is wrong with a cache that nobody writes to just now; empty where nothing is. */
export function flawsOfCache(folder: string): string[] {
  const flaws: string[] = [];
  const complain = (line: string) => void flaws.push(line);
  if (!existsSync(folder)) return [];
  const names = filesOf(folder);
  if (names.length > 0 && !existsSync(join(folder, "kit-cache-info"))) complain("it has no kit-cache-info");
  const packs = new Map(
    names.filter(isIn("packs")).map((name) => [hexIn(name), packAt(join(folder, name), complain)]),
  );
  for (const name of names.filter(isIn("trees"))) checkTree(folder, name, packs, complain);
  for (const name of names.filter(isIn("blobs"))) checkMap(mapOf(folder, name), name, packs, complain);
  for (const name of names.filter(isIn("results"))) checkWord(folder, name, complain);
  return flaws;
}

type Complain = (line: string) => void;
/** Of each frame by its offset: digest, size and length. */
type Pack = { readonly size: number; readonly frames: Map<number, readonly [string, number, number]> };

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
    .filter((name) => !name.startsWith(".incoming/"));
}

const isIn = (folder: string) => (name: string) => name.startsWith(`${folder}/`);
const hexIn = (name: string) => name.slice(name.lastIndexOf("/") + 1);

function packAt(file: string, complain: Complain): Pack {
  const bytes = readFileSync(file);
  const name = hexIn(file);
  const frames: Pack["frames"] = new Map();
  if (digestOf(bytes) !== `blake3-${name}`) complain(`the pack ${name} holds other bytes`);
  const [offset, length] = [
    bytes.readBigUInt64LE(bytes.length - 24),
    bytes.readBigUInt64LE(bytes.length - 16),
  ].map(Number);
  if (
    offset === undefined ||
    length === undefined ||
    bytes.toString("latin1", bytes.length - 8) !== "kit/pack"
  ) {
    complain(`the pack ${name} does not end as one`);
    return { size: bytes.length, frames };
  }
  const index = zstdDecompressSync(bytes.subarray(offset, offset + length)).toString("latin1");
  for (const line of index.split("\n").slice(0, -1)) {
    const [hex = "", size, at, count] = line.split(" ");
    const place = [hex, Number(size), Number(count)] as const;
    frames.set(Number(at), place);
    const content = zstdDecompressSync(bytes.subarray(Number(at), Number(at) + place[2]));
    if (content.length !== place[1] || digestOf(content) !== `blake3-${hex}`)
      complain(`the pack ${name} holds other bytes than its index says at ${at}`);
  }
  return { size: bytes.length, frames };
}

/** The lines of the map that is the last frame of a file, after so many bytes. */
function mapOf(folder: string, name: string, from = 0): string[] {
  return zstdDecompressSync(readFileSync(join(folder, name)).subarray(from))
    .toString("latin1")
    .split("\n");
}

function checkTree(folder: string, name: string, packs: ReadonlyMap<string, Pack>, complain: Complain): void {
  const bytes = readFileSync(join(folder, name));
  const [tree = "", base] = hexIn(name).split(".from-");
  if (tree.endsWith(".bases")) {
    for (const hex of bytes.toString("latin1").split("\n").slice(0, -1))
      if (!existsSync(join(folder, `trees/${tree.slice(0, 64)}.from-${hex}`)))
        complain(`${name} names ${hex}, which is not there`);
    return;
  }
  const known = base === undefined ? undefined : join(folder, "trees", base);
  if (known !== undefined && !existsSync(known)) return complain(`${name} is told from what is not there`);
  const dictionary = known === undefined ? undefined : recordAt(readFileSync(known)).record;
  const { record, end } = recordAt(bytes, dictionary);
  if (digestOf(record) !== `blake3-${tree}`) return complain(`${name} holds another record`);
  const has = new Set(dictionary === undefined ? [] : blobsOf(dictionary));
  const wanted = new Set(blobsOf(record).filter((blob) => !has.has(blob)));
  const mapped = checkMap(mapOf(folder, name, end), name, packs, complain);
  for (const blob of wanted) if (!mapped.has(blob)) complain(`${name} does not say where ${blob} is`);
  for (const blob of mapped)
    if (!wanted.has(blob)) complain(`${name} says where ${blob} is, of which it has no need`);
}

function blobsOf(record: Buffer): string[] {
  return decodeTree(record).entries.flatMap((entry) => (entry.type === "file" ? [entry.blob.slice(7)] : []));
}

/** The first frame, and where the second one begins: at the first place from which on both can be read. */
function recordAt(bytes: Buffer, dictionary?: Buffer): { record: Buffer; end: number } {
  const magic = Buffer.from("28b52ffd", "hex");
  for (let end = bytes.indexOf(magic, 4); end > 0; end = bytes.indexOf(magic, end + 1)) {
    try {
      const map = zstdDecompressSync(bytes.subarray(end)).toString("latin1");
      if (!map.startsWith("kit/map/1\n")) continue;
      return { record: zstdDecompressSync(bytes.subarray(0, end), dictionary ? { dictionary } : {}), end };
    } catch {
      // Four bytes like these within a frame.
    }
  }
  throw new Error("it is not two frames");
}

/** The blobs that the map says the places of, each place of which was looked at. */
function checkMap(
  lines: readonly string[],
  name: string,
  packs: ReadonlyMap<string, Pack>,
  complain: Complain,
): Set<string> {
  const named: string[] = [];
  const blobs = new Set<string>();
  if (lines[0] !== "kit/map/1" || lines.at(-1) !== "") complain(`${name} holds no map`);
  for (const line of lines.slice(1, -1)) {
    const [kind, hex = "", size, number, offset, length] = line.split(" ");
    if (kind === "p") {
      named.push(hex);
      if (packs.get(hex)?.size !== Number(size))
        complain(`${name} names the pack ${hex}, which is not there`);
      continue;
    }
    if (kind === "b" || kind === "c") blobs.add(hex);
    if (kind === "c") continue;
    const frame = packs.get(named[Number(number)] ?? "")?.frames.get(Number(offset));
    if (frame === undefined || frame[0] !== hex || frame[1] !== Number(size) || frame[2] !== Number(length))
      complain(`${name} says that ${hex} is where it is not`);
  }
  return blobs;
}

function parsed(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A statement or a signature: what it names is there. */
function checkWord(folder: string, name: string, complain: Complain): void {
  const text = readFileSync(join(folder, name), "utf8");
  const [, request, file = ""] = name.split("/");
  const isSignature = file.endsWith(".sig");
  if (!isSignature && digestOf(text) !== `blake3-${file}`) return complain(`${name} holds another statement`);
  const read = parsed(text);
  if (read === undefined) return complain(`${name} is no JSON`);
  const { outputs, references, request: of } = isSignature ? read.statement : read;
  if (of !== `blake3-${request}`) complain(`${name} is on ${of}`);
  for (const content of [...Object.values<string>(outputs), ...(references as string[])]) {
    const [kind, digest] = content.split(":blake3-");
    if (!existsSync(join(folder, `${kind}s/${digest}`)))
      complain(`${name} names ${content}, which is not there`);
  }
  const statement = digestOf(`${JSON.stringify(read.statement)}\n`).slice(7);
  if (
    isSignature &&
    statSync(join(folder, `results/${request}/${statement}`), { throwIfNoEntry: false }) === undefined
  )
    complain(`${name} signs a statement that is not there`);
}
