// Frames that lie: zstd frames made by hand, that say what they are told to say.
// Knows zstd's headers (RFC 8878, 3.1.1); does not compress, and does not know who reads them.

/** A frame of stored bytes that says it holds `says` of them. */
export function stored(bytes: Uint8Array, says = bytes.length): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 128 << 10) {
    const part = bytes.subarray(at, at + (128 << 10));
    blocks.push(blockHead(at + part.length >= bytes.length, 0, part.length), Buffer.from(part));
  }
  return Buffer.concat([frameHead(says), ...blocks]);
}

/** A frame of `holds` zeros, 4 bytes for each 128 KiB, that says it holds `says` of them. */
export function bomb(holds: number, says = holds): Buffer {
  const blocks: Buffer[] = [];
  for (let left = holds; left > 0; left -= 128 << 10)
    blocks.push(blockHead(left <= 128 << 10, 1, Math.min(left, 128 << 10)), Buffer.alloc(1));
  return Buffer.concat([frameHead(says), ...blocks]);
}

function frameHead(says: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32LE(0xfd2fb528, 0);
  head[4] = 0xe0;
  head.writeBigUInt64LE(BigInt(says), 5);
  return head;
}

function blockHead(last: boolean, kind: number, size: number): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((last ? 1 : 0) | (kind << 1) | (size << 3), 0, 3);
  return head;
}
