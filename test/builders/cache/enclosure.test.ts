// Enclosures: a manifest's files come out of a bundle as they went in, and nothing else is believed.

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import {
  type About,
  aboutName,
  decodeAbout,
  enclosedName,
  encodeAbout,
} from "../../../builders/cache/about.ts";
import { type ExtraSource, openBundle, writeBundle } from "../../../builders/cache/bundle.ts";
import { enclose, readAbout, unpackEnclosure } from "../../../builders/cache/enclosure.ts";
import { digestLocal } from "../../../builders/load/local.ts";
import { folderStorage } from "../../../store/cache/folder.ts";
import { faultsOf } from "../../../store/model/fault.ts";

const place = () => mkdtempSync(join(inject("scratch"), "enclosure-"));
const codeOf = (error: unknown) =>
  faultsOf(error)
    .map(({ code, message }) => `${code} ${message}`)
    .join();

function fill(folder: string): { manifest: string; others: string[] } {
  const files: Record<string, string> = {
    "images/image.yaml": "kind: image\n",
    "images/image.lock": "{}\n",
    "packages/hello/hello.yaml": "kind: package\n",
    "packages/hello/run": "#!/bin/sh\n",
    "packages/hello/src/deep/main.c": "main;\n",
    "packages/hello/src/tool": "#!/bin/sh\n",
    "packages/hello/src/.git/config": "not part of it\n",
    "elsewhere/not": "not part of it\n",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  mkdirSync(join(folder, "packages/hello/src/empty/inner"), { recursive: true });
  symlinkSync("deep/main.c", join(folder, "packages/hello/src/link"));
  symlinkSync("/nowhere", join(folder, "packages/hello/src/empty/out"));
  chmodSync(join(folder, "packages/hello/run"), 0o755);
  chmodSync(join(folder, "packages/hello/src/tool"), 0o700);
  const at = (path: string) => join(folder, path);
  return {
    manifest: at("images/image.yaml"),
    others: [
      "images/image.yaml",
      "images/image.lock",
      "packages/hello/hello.yaml",
      "packages/hello/run",
      "packages/hello/src",
    ].map(at),
  };
}

async function bundleOf(folder: string, extras: readonly ExtraSource[]) {
  const file = join(folder, "bundle.kit");
  await writeBundle(folderStorage(join(folder, "cache")), [], file, extras);
  return await openBundle(file);
}

const below = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((path) => {
      const stats = lstatSync(join(folder, path));
      if (stats.isSymbolicLink()) return `${path} -> ${readlinkSync(join(folder, path))}`;
      if (stats.isDirectory()) return `${path}/`;
      return `${path}${stats.mode & 0o100 ? "*" : ""} ${readFileSync(join(folder, path), "utf8").length}`;
    });

describe("an enclosure", () => {
  it("brings files, links, empty folders and modes back, and nothing that is not named", async () => {
    const folder = place();
    const belongings = fill(folder);
    const extras = enclose(belongings, { architecture: "amd64", buildType: undefined });
    await using bundle = await bundleOf(folder, extras);
    const about = (await readAbout(bundle)) as About;
    expect(about).toEqual({
      manifest: "images/image.yaml",
      architecture: "amd64",
      links: { "packages/hello/src/empty/out": "/nowhere", "packages/hello/src/link": "deep/main.c" },
      folders: ["packages/hello/src/empty/inner"],
    });
    const to = join(folder, "out");
    await unpackEnclosure(bundle, about, to);
    expect(below(to)).toEqual([
      "images/",
      "images/image.lock 3",
      "images/image.yaml 12",
      "packages/",
      "packages/hello/",
      "packages/hello/hello.yaml 14",
      "packages/hello/run* 10",
      "packages/hello/src/",
      "packages/hello/src/deep/",
      "packages/hello/src/deep/main.c 6",
      "packages/hello/src/empty/",
      "packages/hello/src/empty/inner/",
      "packages/hello/src/empty/out -> /nowhere",
      "packages/hello/src/link -> deep/main.c",
      "packages/hello/src/tool* 10",
    ]);
    for (const path of ["packages/hello/run", "packages/hello/src"])
      expect(digestLocal(join(to, path))).toEqual(digestLocal(join(folder, path)));
  });

  it("has the same form whatever order its parts are named in", () => {
    const { manifest, others } = fill(place());
    const text = (list: readonly string[]) =>
      enclose({ manifest, others: list }, {})
        .map(({ path }) => path)
        .sort();
    expect(text(others)).toEqual(text([...others].reverse()));
  });

  it("of one file lies in that file's folder", () => {
    const folder = place();
    const { manifest } = fill(folder);
    expect(enclose({ manifest, others: [] }, {}).map(({ path }) => path)).toEqual([
      aboutName,
      enclosedName("image.yaml"),
    ]);
  });

  it("tells of a file that went away", () => {
    const { manifest } = fill(place());
    const missing = () => enclose({ manifest, others: [`${manifest}.gone`] }, {});
    expect(missing).toThrow(expect.objectContaining({ code: "manifest/missing-file" }));
  });

  it("is not unpacked over anything", async () => {
    const folder = place();
    const extras = enclose(fill(folder), {});
    await using bundle = await bundleOf(folder, extras);
    const about = (await readAbout(bundle)) as About;
    await expect(unpackEnclosure(bundle, about, folder)).rejects.toMatchObject({
      code: "store/cache-failed",
    });
    expect(existsSync(join(folder, "images/image.yaml"))).toBe(true);
  });

  it("is absent from a bundle without one", async () => {
    await using bundle = await bundleOf(place(), []);
    expect(await readAbout(bundle)).toBeUndefined();
  });
});

describe("what a bundle says of its manifest", () => {
  const files = new Set(["a/image.yaml", "a/b/c"]);
  const good: About = { manifest: "a/image.yaml", links: { "a/link": "b" }, folders: ["d/e"] };
  const decoding = (change: object) => {
    const text = { ...JSON.parse(encodeAbout(good).toString()), ...change };
    return () => decodeAbout(Buffer.from(JSON.stringify(text)), files, "x.kit");
  };

  it("comes back", () => {
    expect(decodeAbout(encodeAbout(good), files, "x.kit")).toEqual(good);
  });

  it("is refused where it is not sound", () => {
    const wrong: object[] = [
      { format: "kit/manifest/2" },
      { manifest: "a/other.yaml" },
      { manifest: "../image.yaml" },
      { manifest: 7 },
      { architecture: "amd64; rm -rf" },
      { buildType: "profile" },
      { links: { "../out": "b" } },
      { links: { "/out": "b" } },
      { links: { "a/./x": "b" } },
      { links: { "a/link": "" } },
      { links: { "a/link": "b\0" } },
      { links: { "a/link": "b".repeat(5000) } },
      // In the place of a file, below one, above one, below a link.
      { links: { "a/b/c": "d" } },
      { links: { "a/b/c/d": "e" } },
      { links: { a: "elsewhere" } },
      { links: { x: "y", "x/z": "w" } },
      { folders: ["a/b/c"] },
      { folders: ["a/b/c/d"] },
      { folders: ["a/link"] },
      { folders: ["a/link/x"] },
      { folders: ["x\n"] },
      { folders: "d" },
    ];
    for (const change of wrong) {
      try {
        decoding(change)();
        expect.unreachable(JSON.stringify(change));
      } catch (error) {
        expect(codeOf(error)).toContain("digest/bad-bundle x.kit");
      }
    }
    for (const text of ["", "null", "[]", "{", '"x"'])
      expect(() => decodeAbout(Buffer.from(text), files, "x.kit")).toThrow(
        expect.objectContaining({ code: "digest/bad-bundle" }),
      );
  });
});
