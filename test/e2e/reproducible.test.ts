// The same lock and the same manifests give the same bytes: whoever builds, where, when, and how many at once.
// Compares every output with the base's, which root built on tmpfs.

import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Base, copyManifests, openBase } from "./base.ts";
import { done, kit, type Outcome } from "./kit.ts";
import { type Mirror, openMirror } from "./mirror.ts";
import { openPlace, type Place } from "./place.ts";
import { asUser } from "./user.ts";

const long = process.env["KIT_TEST_LONG"] !== undefined;

let base: Base;
let mirror: Mirror;
let wanted: Record<string, string>;
beforeAll(async () => {
  base = await openBase();
  mirror = await openMirror(base);
  wanted = digests(base.first);
});
afterAll(() => mirror[Symbol.asyncDispose]());

interface Way {
  readonly name: string;
  readonly user: "root" | "ordinary";
  readonly disk: "tmpfs" | "ext4";
  readonly jobs: number;
  readonly checkout: "hardlink" | "copy";
}

const ways: readonly Way[] = [
  {
    name: "an ordinary user on tmpfs, one job at a time, with hard links",
    user: "ordinary",
    disk: "tmpfs",
    jobs: 1,
    checkout: "hardlink",
  },
  { name: "root on ext4, eight jobs, with copies", user: "root", disk: "ext4", jobs: 8, checkout: "copy" },
  ...(!long
    ? []
    : ([
        {
          name: "an ordinary user on ext4, three jobs, with copies",
          user: "ordinary",
          disk: "ext4",
          jobs: 3,
          checkout: "copy",
        },
        {
          name: "an ordinary user on ext4, two jobs, with hard links",
          user: "ordinary",
          disk: "ext4",
          jobs: 2,
          checkout: "hardlink",
        },
        {
          name: "root on another ext4, one job, with hard links",
          user: "root",
          disk: "ext4",
          jobs: 1,
          checkout: "hardlink",
        },
        {
          name: "root on tmpfs, two jobs, with copies",
          user: "root",
          disk: "tmpfs",
          jobs: 2,
          checkout: "copy",
        },
      ] as const)),
];

describe.skipIf(process.getuid?.() !== 0)("every output is bit for bit the same", () => {
  test.for(ways)("as $name", { timeout: 180_000 }, async ({ user, disk, jobs, checkout }) => {
    using place = openPlace("reproducible", { open: true });
    const folder = join(place.folder, "at some other, longer place");
    mkdirSync(folder);
    if (disk === "ext4") mountExt4(place, folder);
    const image = copyManifests(base, folder);
    const before = user === "ordinary" ? asUser(folder) : [];
    if (user === "ordinary") execFileSync("chown", ["-R", "--reference", folder, folder]);
    const env = {
      KIT_MIRRORS: mirror.mirrors,
      KIT_CHECKOUT: checkout,
      TZ: "Pacific/Auckland",
      LANG: "tr_TR.UTF-8",
      USER: "somebody",
    };
    const umask = ["sh", "-c", 'umask 0077 && exec "$@"', "sh"];
    const outcome = done(
      await kit(["realize", image, "--jobs", String(jobs)], {
        cwd: folder,
        store: join(folder, "kit's store"),
        env,
        before: [...before, ...umask],
      }),
    );
    expect(digests(outcome)).toEqual(wanted);
  });

  test("the mirror gave packages alone", () =>
    expect(mirror.requests.filter((path) => !path.endsWith(".deb"))).toEqual([]));
});

/** A fresh ext4 in a file, mounted by loop device. Its folders list names in an order of its own. */
function mountExt4(place: Place, folder: string): void {
  const image = join(place.folder, "disk");
  writeFileSync(image, "");
  truncateSync(image, 4 * 2 ** 30);
  execFileSync("mkfs.ext4", ["-q", "-F", "-E", `hash_seed=${randomUUID()}`, image]);
  execFileSync("mount", ["-o", "loop", image, folder]);
}

/** SHA-256 of every file of every output. */
function digests({ paths }: Outcome): Record<string, string> {
  const files = [...paths].flatMap(([name, path]) =>
    name === "oci" ? filesBelow(path, "oci") : [[name, path]],
  );
  return Object.fromEntries(files.map(([name = "", path = ""]) => [name, digestOfFile(path)]));
}

function filesBelow(folder: string, name: string): string[][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const [path, shown] = [join(folder, entry.name), `${name}/${entry.name}`];
    return entry.isDirectory() ? filesBelow(path, shown) : [[shown, path]];
  });
}

function digestOfFile(path: string): string {
  const hash = createHash("sha256");
  const fd = openSync(path, "r");
  const piece = Buffer.alloc(1 << 20);
  for (let count = readSync(fd, piece); count > 0; count = readSync(fd, piece))
    hash.update(piece.subarray(0, count));
  closeSync(fd);
  return hash.digest("hex");
}
