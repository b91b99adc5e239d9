// The chunker: cuts bytes where their content says, so that a change moves few cuts.
// Pure. Knows FastCDC (Xia et al., USENIX ATC 2016) with normalised cutting; does not know what is cut.

/** Bytes. */
export const chunkSizes = { least: 32 << 10, normal: 128 << 10, most: 512 << 10 } as const;

/** Cuts a stream. What it gives are views of what was pushed, or copies: the caller's to keep. */
export interface Chunker {
  /** The chunks that are complete. */
  push(bytes: Uint8Array): Uint8Array[];
  /** The rest. Called once. */
  end(): Uint8Array[];
}

export function openChunker(): Chunker {
  let held: Uint8Array[] = [];
  let length = 0;
  const cutWhile = (left: number): Uint8Array[] => {
    const bytes = held.length === 1 ? (held[0] as Uint8Array) : Buffer.concat(held, length);
    const chunks: Uint8Array[] = [];
    let at = 0;
    while (length - at > left) {
      const end = cutAfter(bytes, at);
      chunks.push(bytes.subarray(at, end));
      at = end;
    }
    held = at < length ? [bytes.subarray(at)] : [];
    length -= at;
    return chunks;
  };
  return {
    push(bytes) {
      if (bytes.length > 0) held.push(bytes);
      length += bytes.length;
      return length < chunkSizes.most ? [] : cutWhile(chunkSizes.most - 1);
    },
    end: () => cutWhile(0),
  };
}

/** Where the chunk ends that begins at `from`; the bytes hold all of it, or all there is. */
function cutAfter(bytes: Uint8Array, from: number): number {
  const end = Math.min(bytes.length, from + chunkSizes.most);
  const normal = Math.min(end, from + chunkSizes.normal);
  let hash = 0;
  let at = Math.min(end, from + chunkSizes.least);
  for (; at < normal; at++) {
    hash = ((hash << 1) + (gear[bytes[at] as number] as number)) | 0;
    if ((hash & hardMask) === 0) return at + 1;
  }
  for (; at < end; at++) {
    hash = ((hash << 1) + (gear[bytes[at] as number] as number)) | 0;
    if ((hash & easyMask) === 0) return at + 1;
  }
  return end;
}

// 128 KiB are 2^17: two bits more before that size and two fewer after it (normalisation of level 2). The upper bits
// of the hash are those that many bytes have a part in: bit 31 sees 32 of them, bit 13 still 14.
const hardMask = -1 << (32 - 19);
const easyMask = -1 << (32 - 15);

// 256 numbers without pattern: the finaliser of MurmurHash3 over multiples of the golden ratio.
const gear = Int32Array.from({ length: 256 }, (_, index) => {
  let value = Math.imul(index + 1, 0x9e3779b9);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
});
