// All example packages that are debs, built from nothing, in the image that ships: it boots into a service of one.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shippedManifests } from "./base.ts";
import { bootImage } from "./boot.ts";
import { done, kit } from "./kit.ts";
import { openPlace } from "./place.ts";
import { flawsOf } from "./sound.ts";

test("examples.yaml boots, and every example says its word", { timeout: 1_800_000 }, async () => {
  using place = openPlace("examples");
  cpSync(shippedManifests, join(place.folder, "manifests"), {
    recursive: true,
    filter: (path) => !path.endsWith(".lock"),
  });
  const manifest = join(place.folder, "manifests/images/examples.yaml");
  const outcome = done(await kit(["realize", manifest], { cwd: place.folder, store: place.store }));
  const image = outcome.paths.get("ext4") ?? "";
  const console = await bootImage(image, { wanted: /herald-ok/, folder: place.folder });
  for (const word of ["hello, world, from 1.0.0", "Hello, world!", "1.2 km, optimized", "herald-ok"])
    expect(console).toContain(word);
  expect(console).not.toMatch(/Kernel panic|emergency mode|\[FAILED\]/);
  expect(flawsOf(place.store)).toEqual([]);
});
