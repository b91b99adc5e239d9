// A file system without hard links, links, owners and modes: exFAT by way of FUSE, which most kernels have.
// Knows how it is mounted; does not know what is put there.

import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./place.ts";

/** Where it can be mounted. */
export const hasExfat =
  process.getuid?.() === 0 && existsSync("/dev/fuse") && existsSync("/dev/loop-control");

/** Mounts an empty one of so many MiB; returns its folder, which goes with the place. */
export function mountExfat({ folder }: Place, mebibytes: number): string {
  const [image, mount] = [join(folder, "exfat.img"), join(folder, "exfat")];
  const fd = openSync(image, "w");
  ftruncateSync(fd, mebibytes << 20);
  closeSync(fd);
  mkdirSync(mount);
  execFileSync("mkfs.exfat", [image], { stdio: "ignore" });
  const device = execFileSync("losetup", ["--find", "--show", image], { encoding: "utf8" }).trim();
  const mounted = spawnSync("mount.exfat-fuse", [device, mount], { encoding: "utf8" });
  // The kernel does so when it is unmounted.
  execFileSync("losetup", ["--detach", device]);
  if (mounted.status !== 0) throw new Error(mounted.stderr);
  return mount;
}
