// Tool environments: from which distribution they are asked for.
// Plans images over the manifests that ship; nothing is fetched.

import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
async function questions(text: string, distro?: string): Promise<Record<string, string[]>> {
  const folder = mkdtempSync(join(tmpdir(), "kit-tools-"));
  try {
    const file = join(folder, "image.yaml");
    writeFileSync(file, `kind: image\nname: asked\n${text}`);
    if (distro !== undefined) {
      writeFileSync(join(folder, "mine.yaml"), distro);
      symlinkSync(join(shipped, "distros/debian/keys"), join(folder, "keys"));
    }
    const { assembly, tools } = await load(file, shipped, kinds);
    const nothing = {
      locals: new Map(),
      executables: new Set<string>(),
      provisional: new Map(),
      facts: new Map(),
      untold: new Map(),
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

const shippedBookworm = readFileSync(join(shipped, "distros/debian/bookworm.yaml"), "utf8");
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

test("a distribution of the user's own is not taken for one that ships: of one name there is one", async () => {
  const mine = (name: string) =>
    shippedBookworm
      .replace("name: debian/bookworm", `name: ${name}`)
      .replaceAll("bookworm-updates", "bookworm-mine");
  const asked = (name: string) => questions("distro: ./mine.yaml\noutputs: [{type: tar}]\n", mine(name));
  for (const name of ["debian/bookworm", "debian/trixie"])
    await expect(asked(name)).rejects.toMatchObject({ faults: [{ code: "manifest/name-clash" }] });
  expect(await asked("mine/stable")).toEqual({
    "debian/trixie": ["bubblewrap dash"],
    "mine/stable": [root],
  });
  expect(await questions("distro: ./mine.yaml\noutputs: [{type: tar}]\n", shippedBookworm)).toEqual({
    "debian/bookworm": expect.arrayContaining(["bubblewrap dash", root]),
  });
});
