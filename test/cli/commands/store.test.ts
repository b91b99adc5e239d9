// gc, store info and store verify over a real store, through a real keeper.

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deadRoots } from "../../../cli/rootlinks.ts";
import { layoutOf } from "../../../store/layout.ts";
import { contentOf } from "../../../store/model/derivation.ts";
import { type Digest, hexOf } from "../../../store/model/digest.ts";
import { readRoot, writeRoot } from "../../../store/roots.ts";
import { digest, folder, kit, partsAt } from "./rig.ts";

const text = (written: string) => ({ kind: "file" as const, mode: 0o644, bytes: Buffer.from(written) });

describe("a store", () => {
  const place = folder();
  const store = join(place, "store");
  const link = join(place, "result");
  let tree: Digest;

  beforeAll(async () => {
    const parts = partsAt(store);
    const keeper = await parts.keeper();
    tree = await keeper.putFolder([
      { path: "", kind: "directory", mode: 0o755 },
      { path: "kept", ...text("k".repeat(10_000)) },
    ]);
    await keeper.putFolder([
      { path: "", kind: "directory", mode: 0o755 },
      { path: "lost", ...text("l".repeat(10_000)) },
    ]);
    const { place: output } = await keeper.present(contentOf("tree", tree), undefined);
    await keeper.addRoot({ kind: "link", link, contents: [contentOf("tree", tree)], requests: [] });
    symlinkSync(join(store, output), link);
    await expect(
      keeper.addRoot({
        kind: "link",
        link: join(place, "never"),
        contents: [contentOf("tree", digest("nowhere"))],
        requests: [],
      }),
    ).rejects.toMatchObject({ faults: [{ code: "store/collected" }] });
    await parts.close();
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it("info tells what there is", () => {
    const { status, stdout } = kit(["store", "info", "--json"], { store });
    const told = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(told).toMatchObject({ location: store, format: "kit/store/2", links: [link] });
    expect(told.usage).toMatchObject({
      blobs: { count: 2, logical: 20_000 },
      trees: { count: 2 },
      outputs: { count: 1, logical: 10_000 },
      rest: { count: 0 },
    });
    // The output shares its file with the pool: by path it counts, on disk only its folder does.
    expect(told.usage.outputs.physical).toBeLessThan(10_000);
    expect(kit(["store", "info"], { store }).stdout).toMatch(/\nblobs +2 +\d/);
  });

  it("verify finds it sound", () => {
    const { status, stdout } = kit(["store", "verify"], { store });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "0 statements, 2 trees, 2 files of 19.5 KiB: all is sound\n",
    });
  });

  it("a collection that is only tried removes nothing, a real one what no link keeps", () => {
    const tried = JSON.parse(kit(["gc", "--dry-run", "--json"], { store }).stdout);
    expect(tried).toMatchObject({
      dryRun: true,
      removed: { blobs: 1, trees: 1, outputs: 0 },
      kept: { blobs: 1, trees: 1, outputs: 1 },
      roots: { kept: 1, dropped: [] },
    });
    expect(existsSync(link)).toBe(true);
    const { dryRun: _, ...real } = JSON.parse(kit(["gc", "--json"], { store }).stdout);
    expect({ dryRun: true, ...real }).toEqual(tried);
    expect(kit(["gc"], { store }).stdout).toBe(
      "removed nothing\nfreed 0 B\nkept 1 blobs, 1 trees, 1 outputs, for 1 root\n",
    );
  });

  it("damage is told and ends with 5; so does repairing while a link leads to what nothing can make again", () => {
    const layout = layoutOf(store);
    const [fan = ""] = readdirSync(layout.pool).filter(
      (name) => readdirSync(`${layout.pool}/${name}`).length > 0,
    );
    const [member = ""] = readdirSync(`${layout.pool}/${fan}`);
    appendFileSync(`${layout.pool}/${fan}/${member}`, "harm");
    const told = kit(["store", "verify"], { store });
    expect(told.status).toBe(5);
    expect(told.stdout).toContain(`member pool/${fan}/${member}: its bytes have the digest blake3-`);
    expect(told.stdout).toContain(`output outputs/${hexOf(tree)}: it may share what is damaged`);
    const repaired = kit(["store", "verify", "--repair"], { store });
    expect(repaired.status).toBe(5);
    expect(repaired.stdout).toContain(`lost: outputs/${hexOf(tree)}: it is gone, and wanted by ${link}\n`);
    expect(kit(["store", "verify"], { store }).stdout).toContain(`wanted by ${link}\n`);
    expect(existsSync(link)).toBe(false);
  });

  it("without its link all goes", () => {
    unlinkSync(link);
    const { stdout } = kit(["gc", "--json"], { store });
    expect(JSON.parse(stdout)).toMatchObject({
      kept: { blobs: 0, trees: 0, outputs: 0, rest: 0 },
      roots: { kept: 0, dropped: [link] },
    });
  });
});

describe("links", () => {
  it("are dead that are gone, are no links, or lead out of the store", () => {
    const place = folder();
    const layout = layoutOf(join(place, "store"));
    mkdirSync(layout.roots, { recursive: true });
    mkdirSync(join(layout.outputs, "x"), { recursive: true });
    symlinkSync("store", join(place, "alias"));
    const links: Record<string, string> = {
      live: join(layout.outputs, "x"),
      relative: "store/outputs/x",
      alias: "alias/outputs/x",
      collected: join(layout.outputs, "gone"),
      elsewhere: place,
    };
    for (const name of [...Object.keys(links), "absent", "file", "below/file"])
      writeRoot(layout, { kind: "link", link: join(place, `l-${name}`), contents: [], requests: [] });
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(place, `l-${name}`));
    writeFileSync(join(place, "l-file"), "");
    writeFileSync(join(place, "l-below"), "");
    expect(
      deadRoots(layout)
        .map(({ name }) => readRoot(`${layout.roots}/${name}`).link.slice(place.length + 3))
        .sort(),
    ).toEqual(["absent", "below/file", "elsewhere", "file"]);
  });
});
