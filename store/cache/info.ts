// `kit-cache-info`: what says that a storage is a cache.
// Knows its members; does not know where it lies.

import { Fault } from "../model/fault.ts";
import { type CacheStorage, readSmall } from "./storage.ts";

export const infoName = "kit-cache-info";
export const cacheFormat = "kit/cache/1";

export interface CacheInfo {
  /** Lower is asked first. */
  readonly priority: number;
  /** Whether it answers in bulk, as `kit serve` does. */
  readonly bulk: boolean;
  /** All members as they stand. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** As it is written. The format stands first. */
export function encodeInfo(members: Readonly<Record<string, unknown>> = {}): Buffer {
  return Buffer.from(`${JSON.stringify({ format: cacheFormat, ...members })}\n`);
}

/** @throws {Fault} `store/not-a-cache`, `store/newer-cache` */
export function parseInfo(bytes: Uint8Array, location: string): CacheInfo {
  const members = readMembers(bytes);
  const { format, priority = defaultPriority, bulk } = members ?? {};
  if (members === undefined || typeof format !== "string" || !/^kit\/cache\/\d{1,4}$/.test(format))
    throw notACache(location, `its ${infoName} is none`);
  if (format !== cacheFormat) {
    throw new Fault("store/newer-cache", `the cache ${location} has the format ${format}`, {
      hint: `this kit knows ${cacheFormat}: use a newer one`,
    });
  }
  if (!Number.isSafeInteger(priority) || (priority as number) < 0)
    throw notACache(location, `its ${infoName} has a priority that is none`);
  return { priority: priority as number, bulk: bulk === 1, members };
}

/** Undefined where there is none. @throws {Fault} as {@link parseInfo} does */
export async function readInfo(storage: CacheStorage): Promise<CacheInfo | undefined> {
  const bytes = await readSmall(storage, infoName, infoLimit);
  return bytes && parseInfo(bytes, storage.location);
}

/** The most bytes it may have. */
export const infoLimit = 64 * 1024;
export const defaultPriority = 40;

export function notACache(location: string, why: string): Fault {
  return new Fault("store/not-a-cache", `${location} is no cache: ${why}`, {
    hint: "check that it is the cache's own folder or address, the one that holds kit-cache-info",
  });
}

function readMembers(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (bytes.length > infoLimit) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
