// A cache's own file: that it is one, of which version, and how it wants to be used.
// Pure. Knows `kit-cache-info`; does not know the rest of the cache.

import { Fault } from "../model/fault.ts";

export interface CacheInfo {
  /** Caches with lower numbers are asked first. */
  readonly priority: number;
  /** Whether it answers questions on many things at once. */
  readonly bulk: boolean;
}

export const defaultPriority = 40;

/** Bytes. */
export const maxInfo = 1 << 16;

const format = "kit/cache/1";

/** JSON, its line feed included. */
export function encodeInfo(info: Partial<CacheInfo> = {}): string {
  const { priority = defaultPriority, bulk = false } = info;
  return `${JSON.stringify({ format, priority, ...(bulk && { bulk: 1 }) })}\n`;
}

/** Members that are not known are passed over. @throws {Fault} `digest/bad-cache-info` */
export function decodeInfo(text: string | Uint8Array): CacheInfo {
  if (text.length > maxInfo) throw bad(`it has more than ${maxInfo} bytes`);
  const members = objectIn(typeof text === "string" ? text : Buffer.from(text).toString("utf8"));
  if (members["format"] !== format) throw unknownFormat(members["format"]);
  const { priority = defaultPriority, bulk } = members;
  if (typeof priority !== "number" || !Number.isSafeInteger(priority) || priority < 0)
    throw bad("its priority is no number from 0");
  return { priority, bulk: bulk === 1 };
}

function objectIn(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bad("it is no JSON", cause);
  }
  if (typeof value !== "object" || value === null) throw bad("it is no JSON object");
  return value as Record<string, unknown>;
}

function unknownFormat(found: unknown): Fault {
  if (typeof found !== "string" || !/^kit\/cache\/\d{1,9}$/.test(found))
    return bad("it does not say kit/cache");
  return new Fault("digest/bad-cache-info", `this kit reads caches of the format ${format}, not ${found}`, {
    hint: "a newer kit wrote that cache: use one as new, or another cache",
  });
}

function bad(why: string, cause?: unknown): Fault {
  return new Fault("digest/bad-cache-info", `not a kit cache: ${why}`, {
    cause,
    hint: "is the address right? A cache has a file `kit-cache-info` at its root",
  });
}
