// Writing a lock where there is no room for it, and where nobody may write.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lockFile } from "../../cli/lockfile.ts";
import { emptyLock, type Lock } from "../../evaluator/lock.ts";
import { folder } from "./commands/rig.ts";

it("on a full disk is told as that, and the lock is as it was", () => {
  // Where nothing can be mounted there is no small disk to fill.
  const disk = folder();
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", disk]).status !== 0) return;
  try {
    const { readLock, writeLock } = lockFile(join(disk, "image.yaml"));
    writeLock(emptyLock);
    const large: Lock = {
      ...emptyLock,
      answers: { x: { question: "x".repeat(100_000), distro: "d", date: 0, packages: {} } },
    };
    expect(() => writeLock(large)).toThrow(
      expect.objectContaining({ code: "host/full", hint: expect.stringContaining("make room") }),
    );
    expect(readLock()).toEqual(emptyLock);
    expect(readdirSync(disk)).toEqual(["image.lock"]);
  } finally {
    spawnSync("umount", [disk]);
  }
});

it("elsewhere is the manifests' folder's fault", () => {
  const place = folder();
  mkdirSync(join(place, "image.lock"));
  writeFileSync(join(place, "image.lock", "x"), "");
  expect(() => lockFile(join(place, "image.yaml")).writeLock(emptyLock)).toThrow(
    expect.objectContaining({ code: "manifest/unwritable" }),
  );
});
