// What every end-to-end test starts from: hello.yaml locked and realized once a run, from a real mirror.
// Knows how it is made and shared between test files; does not know what they try.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import type { Lock } from "../../evaluator/lock.ts";
import { done, kit, type Outcome } from "./kit.ts";

export interface Base {
  readonly folder: string;
  /** hello.yaml with a squashfs beside its own outputs, and its lock. */
  readonly manifest: string;
  readonly lock: string;
  readonly store: string;
  /** How the first realize ended. */
  readonly first: Outcome;
}

/** The folder of the manifests that ship. */
export const shippedManifests = fileURLToPath(new URL("../../manifests", import.meta.url));

/** Made by whichever test file asks first; the others wait. 16 s and 450 MB with a near mirror. */
export async function openBase(): Promise<Base> {
  const folder = join(inject("scratch"), "e2e-base");
  const [ready, failed] = [join(folder, "ready"), join(folder, "failed")];
  if (isFirst(folder)) {
    try {
      writeFileSync(ready, JSON.stringify(await makeBase(folder)));
    } catch (error) {
      writeFileSync(failed, (error as Error).message);
    }
  }
  while (!existsSync(ready)) {
    if (existsSync(failed)) throw new Error(readFileSync(failed, "utf8"));
    await sleep(100);
  }
  const first = JSON.parse(readFileSync(ready, "utf8")) as Outcome & { paths: [string, string][] };
  return { ...placesIn(folder), first: { ...first, paths: new Map(first.paths) } };
}

/** A copy of a store, which a test may do to as it likes. */
export function copyStore(store: string, to: string): void {
  const copied = spawnSync("cp", ["-a", store, to], { encoding: "utf8" });
  if (copied.status !== 0) throw new Error(copied.stderr);
}

/** The base's manifests and lock in a folder of the test's own. Returns the image's path. */
export function copyManifests(base: Base, to: string): string {
  cpSync(join(base.folder, "manifests"), join(to, "manifests"), { recursive: true });
  return join(to, "manifests/images/hello.yaml");
}

export function readLock(file: string): Lock {
  return JSON.parse(readFileSync(file, "utf8")) as Lock;
}

/** Every .deb of the base's store by its SHA-256. */
export function debsOf(base: Base): Map<string, string> {
  const pool = join(base.store, "pool");
  const files = readdirSync(pool).flatMap((fan) =>
    readdirSync(join(pool, fan)).map((name) => join(pool, fan, name)),
  );
  return new Map(
    files.filter(isDeb).map((file) => [createHash("sha256").update(readFileSync(file)).digest("hex"), file]),
  );
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function placesIn(folder: string): Omit<Base, "first"> {
  const manifest = join(folder, "manifests/images/hello.yaml");
  return { folder, manifest, lock: manifest.replace(".yaml", ".lock"), store: join(folder, "store") };
}

async function makeBase(folder: string) {
  const { manifest, store } = placesIn(folder);
  cpSync(shippedManifests, join(folder, "manifests"), {
    recursive: true,
    filter: (path) => !path.endsWith(".lock"),
  });
  // One lock then serves the tests of all four writers.
  writeFileSync(manifest, `${readFileSync(manifest, "utf8")}  - {type: squashfs}\n`);
  const mirrors = process.env["KIT_MIRRORS"];
  const outcome = done(
    await kit(["realize", manifest], {
      cwd: folder,
      store,
      env: { ...(mirrors !== undefined && { KIT_MIRRORS: mirrors }) },
    }),
  );
  return { ...outcome, paths: [...outcome.paths] };
}

function isDeb(file: string): boolean {
  const fd = openSync(file, "r");
  try {
    const head = Buffer.alloc(8);
    readSync(fd, head);
    return head.toString("latin1") === "!<arch>\n";
  } finally {
    closeSync(fd);
  }
}
