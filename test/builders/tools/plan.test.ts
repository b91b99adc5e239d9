// Tool environments: from which distribution they are asked for.
// Plans images over the manifests that ship; nothing is fetched.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { distroKind } from "../../../builders/distro/schema.ts";
import { planImage } from "../../../builders/image/plan.ts";
import { imageKind } from "../../../builders/image/schema.ts";
import { load } from "../../../builders/load/load.ts";
import { packageKind } from "../../../builders/package/schema.ts";
import { toolsKind } from "../../../builders/tools/schema.ts";
import { evaluate } from "../../../evaluator/evaluate.ts";
import { emptyLock } from "../../../evaluator/lock.ts";

const shipped = join(import.meta.dirname, "../../../manifests");
const kinds = [distroKind, packageKind, imageKind, toolsKind];

/** What an image's first plan asks, by the distribution it asks: the requests of each question. */
async function questions(text: string): Promise<Record<string, string[]>> {
  const folder = mkdtempSync(join(tmpdir(), "kit-tools-"));
  try {
    const file = join(folder, "image.yaml");
    writeFileSync(file, `kind: image\nname: asked\n${text}`);
    const { assembly, tools } = await load(file, shipped, kinds);
    const nothing = {
      locals: new Map(),
      executables: new Set<string>(),
      provisional: new Map(),
      facts: new Map(),
    };
    const world = { assembly, tools, host: "amd64", lock: emptyLock, ...nothing };
    const { open } = evaluate(world, {}, (planning) => planImage(planning, assembly.root));
    const asked: Record<string, string[]> = {};
    for (const { source, requests, base } of open)
      asked[source.distro] = [...(asked[source.distro] ?? []), [...base, ...requests].join(" ")];
    return asked;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const root = "apt essential required";

test("come from the distribution that is built for: no other's indexes are read", async () => {
  expect(await questions("distro: debian/bookworm\noutputs: [{type: tar}, {type: oci}]\n")).toEqual({
    "debian/bookworm": expect.arrayContaining(["bubblewrap dash", root]),
  });
  expect(await questions("outputs: [{type: tar}]\n")).toEqual({
    "debian/trixie": expect.arrayContaining(["bubblewrap dash", root]),
  });
});

test("come from the first they name where that one's packages do not make them", async () => {
  expect(await questions("distro: debian/bookworm\noutputs: [{type: ext4}, {type: squashfs}]\n")).toEqual({
    "debian/bookworm": expect.arrayContaining(["bubblewrap dash", root]),
    "debian/trixie": ["dash e2fsprogs libarchive13t64", "dash squashfs-tools"],
  });
});
