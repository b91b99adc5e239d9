// A package list on its way into its compact form.
// Knows how its text is got at and where the form goes; does not know what lists say.

import { encodeHead, type Scanned } from "../../evaluator/compact.ts";
import { scanPackages } from "../../evaluator/deb/packages.ts";
import { scanSources } from "../../evaluator/deb/sources.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Pool } from "../../store/pool.ts";
import { decompressor } from "../archive/decompress.ts";
import { badStream, type Compression } from "../archive/stream.ts";
import type { XzOpener } from "../archive/xz.ts";
import type { IndexHints, ListForm, ListParts } from "./recipe.ts";
import { scanChanges, scanRepository } from "./rpm.ts";

/** @throws {Fault} `digest/bomb`, `digest/bad-stream`; of rpm packages what `listPackages` and `listGroups` say */
export async function compactList(
  lists: ListParts<Digest>,
  form: ListForm,
  pool: Pick<Pool, "pieces" | "writer" | "find">,
  openXz?: XzOpener,
): Promise<Digest> {
  const { text, scanned } = await scan(lists, form, pool, openXz).catch((error) => {
    throw toldOf(form.label, error);
  });
  const writer = pool.writer();
  try {
    for (const part of encodeHead(scanned, text.length)) writer.write(part);
    writer.write(text);
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return writer.finish().blob;
}

async function scan(
  lists: ListParts<Digest>,
  form: ListForm,
  pool: Pick<Pool, "pieces" | "find">,
  openXz: XzOpener | undefined,
): Promise<{ readonly text: Buffer; readonly scanned: Scanned }> {
  if (form.format === "rpm") return await scanRepository(lists, form, pool);
  if (form.format === "rpm-changes") return await scanChanges(lists, form, pool);
  const text = await uncompressList(pool.pieces(lists.list), form, { ...(openXz && { openXz }) });
  return { text, scanned: form.format === "deb" ? scanPackages(text) : scanSources(text) };
}

/** What is wrong, with the list it is wrong in: what unpacks, and what scans, knows bytes alone. */
function toldOf(label: string, error: unknown): unknown {
  if (!(error instanceof Fault) || error.place !== undefined || error.message.startsWith(label)) return error;
  const { code, message, details, cause } = error;
  return new Fault(code, `${label}: ${message}`, {
    details,
    cause,
    hint: "the list is damaged, or made to do harm: try another mirror, through KIT_MIRRORS, and tell whoever keeps the archive",
  });
}

export interface UncompressOptions {
  /** Bytes it may have; 512 MiB. */
  readonly limit?: number;
  readonly openXz?: XzOpener;
}

/**
 * The text of a list, in memory. Where its size is known it is written to its place at once: gathering trixie's 57 MB
 * in parts and joining them takes 0.1 s and as much memory again.
 *
 * @throws {Fault} `digest/bomb` above its known size, or the limit; `digest/bad-stream`, also below its known size
 */
export async function uncompressList(
  pieces: Iterable<Uint8Array>,
  { compression, plainSize }: { readonly compression: Compression } & IndexHints,
  { limit = textLimit, openXz }: UncompressOptions = {},
): Promise<Buffer> {
  const most = Math.min(plainSize ?? limit, limit);
  const text = plainSize === undefined ? partsOfText() : sizedText(most);
  const stream = await decompressor(compression, most, text.add, openXz);
  try {
    for (const piece of pieces) await stream.push(piece);
    await stream.end();
    const whole = text.whole();
    if (plainSize !== undefined && whole.length !== plainSize)
      throw badStream(compression, `it unpacks to ${whole.length} bytes where ${plainSize} are promised`);
    return whole;
  } finally {
    stream.close();
  }
}

/** The largest list of any archive, Debian's unstable with its debug packages, has a third of it. */
const textLimit = 2 ** 29;

interface GatheredText {
  readonly add: (part: Uint8Array) => void;
  whole(): Buffer;
}

function partsOfText(): GatheredText {
  const parts: Uint8Array[] = [];
  return { add: (part) => void parts.push(Buffer.from(part)), whole: () => Buffer.concat(parts) };
}

function sizedText(size: number): GatheredText {
  const buffer = Buffer.allocUnsafeSlow(size);
  let used = 0;
  return {
    add(part) {
      buffer.set(part, used);
      used += part.length;
    },
    whole: () => buffer.subarray(0, used),
  };
}
