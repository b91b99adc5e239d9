// OCI layouts: the exact bytes, and that skopeo and umoci take them.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OciImage, type OciLayer, ociBlobPath, ociLayout } from "../../../builders/archive/ocilayout.ts";
import { sha256Of } from "../../../store/model/digest.ts";
import { faultOf, installed, rawTar } from "./rig.ts";

const tars = [
  rawTar({ name: "./", flag: "5" }, { name: "./hello", content: "lower" }),
  rawTar({ name: "./", flag: "5" }, { name: "./hello", content: "upper" }, { name: "./etc/", flag: "5" }),
];
const layers: OciLayer[] = tars.map((tar) => ({
  digest: sha256Of(tar),
  size: tar.length,
  diffId: sha256Of(tar),
}));
const image: OciImage = {
  architecture: "arm64",
  created: 946684800,
  tag: "edge",
  entrypoint: ["/bin/sh", "-l"],
  environment: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
  labels: { "org.example.b": "2", "org.example.a": "1" },
};

test("the documents, byte for byte", () => {
  const { files, manifest, config } = ociLayout(layers, image);
  expect(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes.toString()]))).toMatchInlineSnapshot(`
    {
      "blobs/sha256/7b4eb5d3e35500a027491232b15c19f56a47704f069774a4d704695f29c6fc02": "{"created":"2000-01-01T00:00:00Z","architecture":"arm64","os":"linux","variant":"v8","config":{"Env":["LANG=C.UTF-8","PATH=/usr/bin:/bin"],"Entrypoint":["/bin/sh","-l"],"Labels":{"org.example.a":"1","org.example.b":"2"}},"rootfs":{"type":"layers","diff_ids":["sha256:ce43e81374bfadec49d0f1687e09b06176b6f06463b839e2bb9ca7d008cb3723","sha256:ba34e37c2a02232c5cfdfa69ce3979cdc927c86ded6aefcc37ab2d1fa6f02a18"]},"history":[{"created":"2000-01-01T00:00:00Z","created_by":"kit"},{"created":"2000-01-01T00:00:00Z","created_by":"kit"}]}",
      "blobs/sha256/bebd009905390a997e664317b5bb8617edd4224cd87da0abfc303031c6524189": "{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:7b4eb5d3e35500a027491232b15c19f56a47704f069774a4d704695f29c6fc02","size":529},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:ce43e81374bfadec49d0f1687e09b06176b6f06463b839e2bb9ca7d008cb3723","size":2560},{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:ba34e37c2a02232c5cfdfa69ce3979cdc927c86ded6aefcc37ab2d1fa6f02a18","size":3072}]}",
      "index.json": "{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:bebd009905390a997e664317b5bb8617edd4224cd87da0abfc303031c6524189","size":547,"annotations":{"org.opencontainers.image.ref.name":"edge"},"platform":{"architecture":"arm64","os":"linux","variant":"v8"}}]}",
      "oci-layout": "{"imageLayoutVersion":"1.0.0"}",
    }
  `);
  for (const digest of [manifest, config]) {
    const blob = files.find(({ path }) => path === ociBlobPath(digest));
    expect(blob && sha256Of(blob.bytes)).toBe(digest);
  }
});

test("the order in which a manifest names things does not matter", () => {
  const reversed = (record: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(record).reverse());
  const other = { ...image, environment: reversed(image.environment), labels: reversed(image.labels) };
  expect(ociLayout(layers, other)).toEqual(ociLayout(layers, image));
});

test("architectures", async () => {
  const platform = (architecture: string) => {
    const index = ociLayout([], { architecture, created: 0 }).files.find(({ path }) => path === "index.json");
    const { os, ...rest } = JSON.parse(index?.bytes.toString() ?? "").manifests[0].platform;
    expect(os).toBe("linux");
    return Object.values(rest).join("/");
  };
  const debian = ["amd64", "arm64", "armhf", "armel", "i386", "ppc64el", "riscv64", "s390x", "mips64el"];
  expect(debian.map(platform)).toEqual([
    "amd64",
    "arm64/v8",
    "arm/v7",
    "arm/v5",
    "386",
    "ppc64le",
    "riscv64",
    "s390x",
    "mips64le",
  ]);
  for (const unknown of ["all", "x32", "constructor", ""]) {
    expect(await faultOf(() => platform(unknown))).toBe("manifest/unsupported-architecture");
  }
});

describe("on disk", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kit-oci-"));
    const blobs = tars.map((bytes) => ({ path: ociBlobPath(sha256Of(bytes)), bytes }));
    for (const { path, bytes } of [...ociLayout(layers, image).files, ...blobs]) {
      mkdirSync(dirname(join(folder, "layout", path)), { recursive: true });
      writeFileSync(join(folder, "layout", path), bytes);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.skipIf(!installed("skopeo"))("skopeo inspects and copies it", () => {
    const inspect = (...options: string[]) =>
      JSON.parse(execFileSync("skopeo", ["inspect", ...options, `oci:${folder}/layout:edge`]).toString());
    const { manifest } = ociLayout(layers, image);
    expect(inspect()).toMatchObject({
      Digest: `sha256:${manifest}`,
      Created: "2000-01-01T00:00:00Z",
      Architecture: "arm64",
      Layers: layers.map(({ digest }) => `sha256:${digest}`),
      Labels: image.labels,
    });
    expect(inspect("--config").config.Entrypoint).toEqual(["/bin/sh", "-l"]);
    execFileSync("skopeo", [
      "--insecure-policy",
      "copy",
      "--quiet",
      `oci:${folder}/layout:edge`,
      `dir:${folder}/copy`,
    ]);
    expect(sha256Of(readFileSync(join(folder, "copy/manifest.json")))).toBe(manifest);
  });

  test.skipIf(!installed("umoci"))("umoci unpacks it", () => {
    const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
    execFileSync("umoci", ["unpack", ...rootless, "--image", `${folder}/layout:edge`, `${folder}/bundle`], {
      stdio: "ignore",
    });
    expect(readFileSync(join(folder, "bundle/rootfs/hello"), "utf8")).toBe("upper");
    expect(JSON.parse(readFileSync(join(folder, "bundle/config.json"), "utf8")).process.args).toEqual([
      "/bin/sh",
      "-l",
    ]);
  });
});
