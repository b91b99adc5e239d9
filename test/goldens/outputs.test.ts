// Golden outputs: what builders make of fixed inputs, byte for byte, under the versions in their keys.

import { rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { BuildContext } from "../../builders/builder.ts";
import { packageTree } from "../../builders/deb-files/package.ts";
import { debFilesParameters } from "../../builders/deb-files/recipe.ts";
import * as ext4 from "../../builders/ext4/recipe.ts";
import { compactList } from "../../builders/index/intake.ts";
import { ociBuilder } from "../../builders/oci/builder.ts";
import { builderVersions } from "../../builders/recipes.ts";
import * as squashfs from "../../builders/squashfs/recipe.ts";
import { tarBuilder } from "../../builders/tar/builder.ts";
import { storeTar } from "../../builders/tar/store.ts";
import { toolsBuilder } from "../../builders/tools/builder.ts";
import { unpackDeb } from "../../builders/unpack/intake.ts";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Content, contentOf, type Request, splitContent } from "../../store/model/derivation.ts";
import { encodeTree, makeTree, type Tree } from "../../store/model/tree.ts";
import { rawAr, rawTar } from "../builders/archive/rig.ts";
import { fileAt, openTestStore, plant } from "../store/rig.ts";
import { expectGolden } from "./golden.ts";
import { derivations } from "./recipes.ts";

const store = openTestStore();
const { pool, records } = store;
const capability = Buffer.from("0100000200040000000000000000000000000000", "hex").toString("base64");
const root = makeTree([
  ...plant(pool, {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/shadow": { text: "root:*:1:\n", mode: 0o640, gid: 42 },
    "usr/bin/one": { text: "linked", mode: 0o755, group: 1 },
    "usr/bin/two": { text: "linked", mode: 0o755, group: 1 },
    "usr/bin/same": { text: "linked", mode: 0o755 },
    "usr/bin/su": { text: "su", mode: 0o4755 },
    "usr/bin/ping": { text: "ping", mode: 0o755, xattrs: { "security.capability": capability } },
    [`usr/share/${"long-".repeat(30)}name`]: "long",
    "usr/share/é\u{1f600}": "unicode",
    "usr/share/large": "0123456789abcdef".repeat(100_000),
    bin: { to: "usr/bin" },
    "run/pipe": { fifo: true },
    "var/mail": { folder: true, mode: 0o2775, uid: 70_000, gid: 3_000_000 },
    tmp: { folder: true, mode: 0o1777 },
  }).entries,
  { type: "character", path: "dev-null" as never, mode: 0o666, uid: 0, gid: 0, major: 1, minor: 3 },
]);

const deb = (name: string, ...files: Parameters<typeof rawTar>) => {
  const control = gzipSync(
    rawTar(
      {
        name: "./control",
        content: `Package: ${name}\nVersion: 1\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: x\n`,
      },
      { name: "./md5sums", content: "" },
    ),
  );
  return pool.put(
    rawAr(
      { name: "debian-binary", content: "2.0\n" },
      { name: "control.tar.gz", content: control },
      { name: "data.tar", content: rawTar(...files) },
    ),
  );
};
const debs = {
  dash: deb(
    "dash",
    { name: "./", flag: "5" },
    { name: "./bin/", flag: "5" },
    { name: "./bin/dash", content: "dash" },
    { name: "./bin/sh", flag: "2", link: "dash" },
  ),
  dpkg: deb(
    "dpkg",
    { name: "./", flag: "5" },
    { name: "./usr/bin/dpkg", content: "dpkg" },
    { name: "./usr/bin/again", flag: "1", link: "./usr/bin/dpkg" },
    { name: "./etc/odd\\x2dname", content: "" },
  ),
};

/** A builder's context without a keeper: nothing here needs a sandbox. */
function contextOf(request: Pick<Request, "builder" | "parameters" | "inputs">): BuildContext {
  const crew = {
    tar: (digest: Parameters<typeof records.tree>[0], options: Parameters<typeof storeTar>[1]) =>
      storeTar(records.tree(digest), options, pool),
  };
  return {
    request: { versions: {}, outputs: [], ...request },
    crew,
    store: { ...store, method: "copy" },
  } as unknown as BuildContext;
}

const textOf = (content: Content | undefined): string => {
  const { digest } = splitContent(content ?? expect.fail());
  return `${encodeTree(records.tree(digest)).toString()}${digest}\n`;
};
const versions = (builder: string, without: readonly string[] = []) =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(builderVersions[builder] ?? {}).filter(([name]) => !without.includes(name)),
    ),
  );
const rootContent = contentOf("tree", records.writeTree(root));
const epoch = 1_000_000_000;

describe("outputs", () => {
  it("tar, plain", async () => {
    const { outputs } = await tarBuilder.run(
      contextOf({
        builder: "tar",
        parameters: { file: "root.tar", epoch, compression: "none" },
        inputs: { root: rootContent },
      }),
    );
    expectGolden("output-tar", versions("tar", ["zstd"]), textOf(outputs["image"]));
  });

  it("tar, compressed", async () => {
    const { outputs } = await tarBuilder.run(
      contextOf({
        builder: "tar",
        parameters: { file: "root.tar.zst", epoch, compression: "zstd" },
        inputs: { root: rootContent },
      }),
    );
    expectGolden("output-tar-zstd", versions("tar"), textOf(outputs["image"]));
  });

  it("oci", async () => {
    const parameters: Canonical = {
      architecture: "amd64",
      epoch,
      entrypoint: ["/bin/sh"],
      environment: { B: "2", A: "1" },
      labels: { "org.example.b": "x", "org.example.a": "y" },
    };
    const { outputs } = await ociBuilder.run(
      contextOf({ builder: "oci", parameters, inputs: { root: rootContent } }),
    );
    expectGolden("output-oci", versions("oci"), textOf(outputs["image"]));
  });

  it("unpack", async () => {
    const texts = await Promise.all(
      Object.values(debs).map(async (blob) => {
        const { control, data, list } = await unpackDeb(blob, pool);
        return `${encodeTree(control).toString()}${encodeTree(data).toString()}${pool.readAll(list).toString()}`;
      }),
    );
    expectGolden("output-unpack", versions("unpack"), texts.join("\n"));
  });

  it("index", async () => {
    const list = pool.put(
      Buffer.from(
        "Package: b\nSource: a (1)\nVersion: 2\nEssential: yes\nDepends: c | v (>= 1), d\nProvides: v (= 1), w\n\nNo: name\n\nPackage: a\n",
      ),
    );
    const index = await compactList(list, { format: "deb", compression: "none" }, pool);
    const lines = pool
      .readAll(index)
      .toString("latin1")
      .replace(/[^\n -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
    expectGolden("output-index", versions("index"), lines);
  });

  it("tools", async () => {
    const inputs: Record<string, Content> = {};
    for (const [name, blob] of Object.entries(debs)) {
      const { control, data, list } = await unpackDeb(blob, pool);
      Object.assign(inputs, {
        [`deb ${name}:amd64`]: contentOf("blob", blob),
        [`list ${name}:amd64`]: contentOf("blob", list),
        [`control ${name}:amd64`]: contentOf("tree", records.writeTree(control)),
        [`data ${name}:amd64`]: contentOf("tree", records.writeTree(data)),
      });
    }
    const { outputs } = await toolsBuilder.run(
      contextOf({
        builder: "tools",
        parameters: { architecture: "amd64", packages: ["dash:amd64", "dpkg:amd64"] },
        inputs,
      }),
    );
    expectGolden("output-tools", versions("tools"), textOf(outputs["root"]));
  });

  it("deb-files: the folder that dpkg-deb packs", () => {
    const inputs: Readonly<Record<string, Content>> = {
      "local ./hello.conf": contentOf("blob", pool.put(Buffer.from("name = ${name}\nliteral = $${name}\n"))),
      "local ./data": contentOf(
        "tree",
        records.writeTree(plant(pool, { a: "a", "sub/b": { text: "b", mode: 0o755 }, link: { to: "a" } })),
      ),
      "local ./postinst": contentOf(
        "blob",
        pool.put(Buffer.from("#!/bin/sh\nset -e\necho configured\n#DEBHELPER#\n")),
      ),
      "local ./hello.service": contentOf(
        "blob",
        pool.put(Buffer.from("[Service]\nExecStart=/usr/bin/hello\n[Install]\nWantedBy=multi-user.target\n")),
      ),
    };
    const tree = packageTree(debFilesParameters(derivations["deb-files"]?.parameters), {
      input: (name) => inputs[name] ?? expect.fail(name),
      tree: (digest) => records.tree(digest),
      read: (blob) => pool.readAll(blob),
      put: (bytes) => pool.put(bytes),
    });
    const control = tree.entries
      .filter((entry) => entry.type === "file" && entry.path.startsWith("DEBIAN/"))
      .map(({ path }) => `--- ${path}\n${pool.readAll(fileAt(tree, path).blob).toString()}`);
    expectGolden(
      "output-deb-files",
      versions("deb-files"),
      `${encodeTree(tree).toString()}${control.join("")}`,
    );
  });

  it("ext4 and squashfs: the commands that write them", () => {
    const digest = splitContent(rootContent).digest;
    const [ownedRoot] = root.entries;
    if (ownedRoot === undefined) throw new Error("a tree without a root");
    const commands = [
      ext4.makeCommand("/tmp/out/image", digest, root, { file: "x", epoch }),
      ext4.makeCommand("/tmp/out/image", digest, root, { file: "x", epoch, label: "root", size: 1 << 30 }),
      squashfs.makeCommand("/tmp/out/image", root.entries[0] ?? expect.fail()),
    ];
    expectGolden(
      "output-commands",
      `${versions("ext4")} ${versions("squashfs")}`,
      `${commands.map((words) => words.join(" ")).join("\n")}\n`,
    );
  });
});

describe("a root that lost a blob", () => {
  const lost = (): Tree => {
    const tree = plant(pool, { a: "first", lost: "this one goes" });
    rmSync(pool.find(fileAt(tree, "lost").blob) ?? "");
    return tree;
  };
  it.each(["none", "zstd"] as const)("is refused whole, compression %s", async (compression) => {
    await expect(storeTar(lost(), { epoch, compression, digests: true }, pool)).rejects.toMatchObject({
      code: "store/missing-blob",
    });
  });
});
