// Files as a root file system has them, the same in every run.
// Knows sizes, and how well contents compress; does not know who reads them.

import type { LocalEntry } from "../../builders/keeper/protocol.ts";

/**
 * 9,000 files of 180 MB in folders of sixteen, one in twenty with another one's content, and a link to each tenth.
 * Sizes are log-normal. zstd makes 40 % of it at level 3, each file by itself; of a Debian root with Python and Perl
 * (8,180 files, 232 MB) 39 %.
 */
export function makeFiles(): LocalEntry[] {
  return sizes().flatMap((size, index): LocalEntry[] => {
    const folder = `usr/${Math.floor(index / 1024)}/${Math.floor(index / 16)}`;
    const path = `${folder}/file-${index}`;
    const file: LocalEntry = {
      path,
      mode: index % 8 === 0 ? 0o755 : 0o644,
      kind: "file",
      bytes: soup(size, seedOf(index)),
    };
    if (index % 10 !== 0) return [file];
    return [file, { path: `${folder}/link-${index}`, mode: 0o777, kind: "symlink", target: `file-${index}` }];
  });
}

/** Other contents of the same sizes in 90 files that together have 1 % of the bytes. */
export function changeFiles(entries: readonly LocalEntry[]): LocalEntry[] {
  const random = randomFrom(96);
  const changed = new Set<number>();
  const most = totalOf(entries) / 100;
  for (let sum = 0; changed.size < 90; ) {
    const index = Math.floor(random() * entries.length);
    const size = entries[index]?.bytes?.length ?? most;
    if (changed.has(index) || sum + size > most) continue;
    changed.add(index);
    sum += size;
  }
  return entries.map((entry, index) =>
    changed.has(index) ? { ...entry, bytes: soup(entry.bytes?.length ?? 0, -index) } : entry,
  );
}

/** In each of the 14 files above 1 MiB four stretches of 2 kB replaced by such of 3 kB. */
export function changePlaces(entries: readonly LocalEntry[]): LocalEntry[] {
  return entries.map((entry, index) => {
    const { bytes } = entry;
    if (bytes === undefined || bytes.length <= 1 << 20) return entry;
    const quarter = Math.floor(bytes.length / 4);
    const parts = [0, 1, 2, 3].flatMap((nth) => {
      const part = bytes.subarray(nth * quarter, nth === 3 ? undefined : (nth + 1) * quarter);
      const place = Math.floor(randomFrom(index + nth)() * (part.length - 2000));
      return [part.subarray(0, place), soup(3000, -index - nth), part.subarray(place + 2000)];
    });
    return { ...entry, bytes: Buffer.concat(parts) };
  });
}

export function totalOf(entries: readonly LocalEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
}

function sizes(): number[] {
  const random = randomFrom(9000);
  const raw = Array.from({ length: 9000 }, () => {
    const [u, v] = [1 - random(), random()];
    return Math.exp(2.04 * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v));
  });
  for (let index = 19; index < raw.length; index += 20) raw[index] = raw[index - 1] ?? 0;
  const scale = 180e6 / raw.reduce((sum, size) => sum + size, 0);
  return raw.map((size) => Math.ceil(size * scale));
}

/** What one file in twenty has in common with the one before it. */
function seedOf(index: number): number {
  return index % 20 === 19 ? index - 1 : index;
}

/** Words of a vocabulary, the first of them by far the most often: letters in six files of ten, else any bytes. */
function soup(size: number, seed: number): Buffer {
  const random = randomFrom(seed);
  const words = random() < 0.6 ? text : code;
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; )
    at += (words[Math.floor(words.length * random() ** 3)] as Buffer).copy(content, at);
  return content;
}

function vocabulary(alphabet: Uint8Array, count: number): Buffer[] {
  const random = randomFrom(count);
  const drawn = () => alphabet[Math.floor(random() * alphabet.length)] ?? 0;
  return Array.from({ length: count }, () =>
    Buffer.from(Array.from({ length: 4 + Math.floor(random() * 9) }, drawn)),
  );
}

const text = vocabulary(Buffer.from("etaoinshrdlucmfw  etaoin"), 4096);
const code = vocabulary(
  Uint8Array.from({ length: 256 }, (_, byte) => byte),
  2048,
);

/** Numbers from 0 to 1 (xorshift). */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
