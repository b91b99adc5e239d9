// Verification of the pool: whether each member is what its name says.
// Knows one 256th at a time, so that threads can share them; does not know what names members.

import { lstatSync } from "node:fs";
import { relative } from "node:path";
import { openFileHash } from "./filehash.ts";
import { type Layout, poolTime } from "./layout.ts";
import { hexOf } from "./model/digest.ts";
import type { System } from "./system.ts";
import { namesIn } from "./usage.ts";

/** One thing that is not as it should be. */
export interface Problem {
  readonly kind: "root" | "generation" | "statement" | "tree" | "checkout" | "output" | "member";
  /** Relative to the store. */
  readonly place: string;
  readonly why: string;
}

export interface PoolReport {
  readonly members: number;
  /** Bytes that were hashed. */
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

/** Every pool member whose name begins with these two digits. */
export function verifyFan(layout: Layout, system: System, fan: string): PoolReport {
  const problems: Problem[] = [];
  let [members, bytes] = [0, 0];
  const hashOf = openFileHash();
  for (const name of namesIn(`${layout.pool}/${fan}`)) {
    const file = `${layout.pool}/${fan}/${name}`;
    const { size, why } = checkMember(layout, system, hashOf, file, name);
    members++;
    bytes += size;
    if (why !== undefined) problems.push({ kind: "member", place: relative(layout.root, file), why });
  }
  return { members, bytes, problems };
}

function checkMember(
  layout: Layout,
  system: System,
  hashOf: ReturnType<typeof openFileHash>,
  file: string,
  name: string,
): { size: number; why?: string } {
  const [, digits, copy = "0"] = /^([0-9a-f]{64})\.[^~]*(?:~([1-9]\d*))?$/.exec(name) ?? [];
  if (digits === undefined) return { size: 0, why: "its name is none of a pool member" };
  const stats = lstatSync(file);
  if (!stats.isFile()) return { size: 0, why: "it is no file" };
  const { digest, size } = hashOf(file, stats.size);
  if (hexOf(digest) !== digits) return { size, why: `its bytes have the digest ${digest}` };
  const names = system.listAttributes(file).filter((attribute) => attribute !== "security.selinux");
  const xattrs = Object.fromEntries(
    names.map((attribute) => [attribute, system.getAttribute(file, attribute).toString("base64")]),
  );
  const attributes = {
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    ...(names.length > 0 && { xattrs }),
  };
  const right = layout.member(digest, attributes, Number(copy));
  if (right !== file)
    return {
      size,
      why: `its mode, owner and attributes are those of ${right.slice(right.lastIndexOf("/") + 1)}`,
    };
  if (stats.mtimeMs !== poolTime * 1000) return { size, why: `its date is ${stats.mtime.toISOString()}` };
  return { size };
}
