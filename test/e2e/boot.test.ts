// bootable.yaml's ext4 boots in an emulated machine until the system itself says on the serial console that it is up.
// Takes kernel, initial file system and command line out of what kit made.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Base, copyManifests, copyStore, openBase } from "./base.ts";
import { bootImage } from "./boot.ts";
import { done, kit } from "./kit.ts";
import { openPlace } from "./place.ts";
import { flawsOf } from "./sound.ts";

let base: Base;
beforeAll(async () => {
  base = await openBase();
});

test("bootable.yaml boots to its marker on the serial console", { timeout: 480_000 }, async () => {
  using place = openPlace("boot");
  copyStore(base.store, place.store);
  const manifest = join(copyManifests(base, place.folder), "../bootable.yaml");
  const mirrors = process.env["KIT_MIRRORS"];
  const outcome = done(
    await kit(["realize", manifest], {
      cwd: place.folder,
      store: place.store,
      env: { ...(mirrors !== undefined && { KIT_MIRRORS: mirrors }) },
    }),
  );
  expect(outcome.stdout).toMatch(/^ext4 \S+ amd64 ext4\n$/);
  const image = outcome.paths.get("ext4") ?? "";
  expect(execFileSync("e2fsck", ["-fn", image], { encoding: "utf8", stdio: "pipe" })).not.toMatch(
    /fix|error/i,
  );

  const console = await bootImage(image, { wanted: /kit-boot-ok/, folder: place.folder });
  expect(console).toContain("kit-boot-ok");
  expect(console).not.toMatch(/Kernel panic|emergency mode|\[FAILED\]/);
  expect(flawsOf(place.store)).toEqual([]);
});
