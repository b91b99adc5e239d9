// A set of digests, of millions: 40 to 70 bytes each, where a set of strings takes 150.
// Knows 64 hexadecimal digits; does not know what they name.

/** Open addressing over one buffer, doubled when it is half full; a digest's first bytes are as good as random. */
export interface DigestSet {
  readonly size: number;
  /** False where it was there already. @throws {RangeError} on what is not 64 hexadecimal digits */
  add(hex: string): boolean;
  has(hex: string): boolean;
  /** The same for 64 digits that stand in a buffer: a record of 9,000 files need not become strings. */
  addFrom(bytes: Uint8Array, at: number): boolean;
}

const width = 32;

export function openDigestSet(expected = 1024): DigestSet {
  let capacity = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * expected)));
  let keys = Buffer.alloc(capacity * width);
  let used = new Uint8Array(capacity);
  let size = 0;
  const key = Buffer.alloc(width);

  const find = (): number => {
    let slot = key.readUInt32LE(0) & (capacity - 1);
    while (used[slot] === 1 && key.compare(keys, slot * width, (slot + 1) * width) !== 0)
      slot = (slot + 1) & (capacity - 1);
    return slot;
  };
  const grow = () => {
    const [oldKeys, oldUsed] = [keys, used];
    capacity *= 2;
    keys = Buffer.alloc(capacity * width);
    used = new Uint8Array(capacity);
    for (let slot = 0; slot < oldUsed.length; slot++) {
      if (oldUsed[slot] === 0) continue;
      oldKeys.copy(key, 0, slot * width, (slot + 1) * width);
      place(find());
    }
  };
  const place = (slot: number) => {
    key.copy(keys, slot * width);
    used[slot] = 1;
  };
  const addKey = (): boolean => {
    if (used[find()] === 1) return false;
    if (2 * ++size > capacity) {
      const added = Buffer.from(key);
      grow();
      added.copy(key);
    }
    place(find());
    return true;
  };
  const read = (hex: string) => {
    if (hex.length !== 2 * width || key.write(hex, "hex") !== width)
      throw new RangeError(`not 64 hexadecimal digits: ${hex.slice(0, 80)}`);
  };
  return {
    get size() {
      return size;
    },
    add(hex) {
      read(hex);
      return addKey();
    },
    has(hex) {
      read(hex);
      return used[find()] === 1;
    },
    addFrom(bytes, at) {
      for (let i = 0; i < width; i++) key[i] = (digit(bytes[at + 2 * i]) << 4) | digit(bytes[at + 2 * i + 1]);
      return addKey();
    },
  };
}

/** The value of an ASCII digit, `0` to `9` and `a` to `f`. */
function digit(code = 0): number {
  const value = code < 58 ? code - 48 : code - 87;
  if (value < 0 || value > 15) throw new RangeError(`no hexadecimal digit: ${code}`);
  return value;
}
