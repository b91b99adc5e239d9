// Checkouts: one contract for hard links, reflinks and copies. What is inside looks and behaves the same.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { overlayOptions } from "../../builders/sandbox/spec.ts";
import type { CheckoutMethod } from "../../store/checkout.ts";
import { poolTime } from "../../store/layout.ts";
import { digestOf } from "../../store/model/digest.ts";
import {
  checkout,
  expectation,
  fileAt,
  isRoot,
  mountImage,
  observe,
  openTestStore,
  plant,
  type Spec,
  system,
  type TestStore,
} from "./rig.ts";

const capability = Buffer.from("0100000200040000000000000000000000000000", "hex").toString("base64");
const spec: Spec = {
  "": { folder: true },
  etc: { folder: true, mode: 0o2750, uid: 3, gid: 7 },
  "etc/same-1": "identical",
  "etc/same-2": "identical",
  "etc/same-3": { text: "identical", mode: 0o600 },
  "bin/one": { text: "linked", mode: 0o755, group: 1 },
  "bin/two": { text: "linked", mode: 0o755, group: 1 },
  "bin/apart": { text: "linked", mode: 0o755 },
  "bin/su": { text: "su", mode: 0o4755, uid: 0, gid: 12 },
  "bin/sg": { text: "sg", mode: 0o2755, uid: 5, gid: 5 },
  "bin/ping": { text: "ping", mode: 0o755, xattrs: { "security.capability": capability } },
  "bin/marked": { text: "marked", xattrs: { "user.kit": "eWVz", "user.other": "" } },
  lib: { to: "usr/lib", uid: 9, gid: 9 },
  dangling: { to: "/no/where" },
  locked: { folder: true, mode: 0o500 },
  "locked/in": { text: "in", mode: 0o400, uid: 1 },
  "run/pipe": { fifo: true, mode: 0o620, uid: 2, gid: 3 },
  tmp: { folder: true, mode: 0o1777 },
  empty: "",
  "empty-too": "",
  "odd\nname": "odd",
};

// Reflinks need a file system that has them: a btrfs image on a loop device.
const place = `${inject("scratch")}/btrfs`;
const hasReflinks = isRoot && mountBtrfs();
afterAll(() => void (hasReflinks && spawnSync("umount", ["--lazy", place])));

const methods: readonly CheckoutMethod[] = hasReflinks
  ? ["hardlink", "reflink", "copy"]
  : ["hardlink", "copy"];

describe.runIf(isRoot).each(methods)("a checkout by %s", (method) => {
  let store: TestStore;
  let folder: string;
  beforeAll(() => {
    store = openTestStore(method === "reflink" ? place : undefined);
    folder = store.checkout(plant(store.pool, spec), method);
  });

  it("shows the tree: types, modes, owners, attributes, targets and link groups", () => {
    expect(observe(folder)).toEqual(expectation(plant(store.pool, spec), store.pool));
  });

  it("has one inode for each path, but for hard links", () => {
    const inode = (path: string) => statSync(`${folder}/${path}`).ino;
    expect(inode("bin/one")).toBe(inode("bin/two"));
    const apart = ["etc/same-1", "etc/same-2", "etc/same-3", "bin/one", "bin/apart", "empty", "empty-too"];
    expect(new Set(apart.map(inode)).size).toBe(apart.length);
  });

  it("dates everything alike", () => {
    for (const path of Object.keys(observe(folder)))
      expect([path, lstatSync(`${folder}/${path}`).mtimeMs]).toEqual([path, poolTime * 1000]);
  });

  it("is made once", () => {
    const { ino } = statSync(folder);
    expect(store.checkout(plant(store.pool, spec), method)).toBe(folder);
    expect(statSync(folder).ino).toBe(ino);
    expect(readdirSync(store.staging)).toEqual([]);
  });

  it("gives way to the one another process made meanwhile", () => {
    const tree = plant(store.pool, { racing: "racing" });
    const digest = store.records.writeTree(tree);
    const tools = store.tools(method);
    // The other process is done at the moment this one looks for its first file.
    const { pool } = tools;
    const layout = {
      ...tools.layout,
      member: (...args: Parameters<typeof tools.layout.member>) => (other(), tools.layout.member(...args)),
    };
    const racing = {
      ...pool,
      require: (...args: Parameters<typeof pool.require>) => (other(), pool.require(...args)),
    };
    const other = () => mkdirSync(`${tools.layout.checkout(digest)}/theirs`, { recursive: true });
    expect(checkout(digest, () => tree, { ...tools, layout, pool: racing })).toBe(
      tools.layout.checkout(digest),
    );
    expect(readdirSync(tools.layout.checkout(digest))).toEqual(["theirs"]);
    expect(readdirSync(store.staging)).toEqual([]);
  });

  it("that fails shows nothing, and can be repeated", () => {
    const tree = plant(store.pool, { "a/first": "first", "z/last": "last, then lost" });
    const { blob } = fileAt(tree, "z/last");
    const member = store.layout.member(blob, { mode: 0o644, uid: 0, gid: 0 });
    const bytes = readFileSync(member);
    rmSync(member);
    expect(() => store.checkout(tree, method)).toThrow(
      expect.objectContaining({ code: "store/missing-blob" }),
    );
    expect(readdirSync(store.layout.checkouts)).not.toContain(store.records.writeTree(tree).slice(7));
    store.pool.put(bytes);
    expect(observe(store.checkout(tree, method))).toEqual(expectation(tree, store.pool));
  });

  it("does not lend the pool's bytes: what an overlay over it changes stays above", () => {
    const [upper, work, root] = [store.folder(), store.folder(), store.folder()];
    system.mount("overlay", root, "overlay", 0, overlayOptions({ lower: [folder], upper, work }));
    try {
      writeFileSync(`${root}/etc/same-1`, "changed");
      truncateSync(`${root}/bin/one`);
      chmodSync(`${root}/bin/su`, 0o644);
    } finally {
      system.unmount(root, true);
    }
    expect(observe(folder)).toEqual(expectation(plant(store.pool, spec), store.pool));
    for (const item of plant(store.pool, spec).entries)
      if (item.type === "file") expect(digestOf(store.pool.readAll(item.blob, item))).toBe(item.blob);
  });
});

describe.runIf(isRoot)("a hard link checkout", () => {
  it("shares the pool's bytes", () => {
    const store = openTestStore();
    const tree = plant(store.pool, { file: "shared" });
    const folder = store.checkout(tree);
    expect(statSync(`${folder}/file`).ino).toBe(
      statSync(store.layout.member(fileAt(tree, "file").blob, { mode: 0o644, uid: 0, gid: 0 })).ino,
    );
  });

  it("goes on where an inode takes no further link", () => {
    const image = `${inject("scratch")}/links.ext4`;
    if (!makeImage(image, 64, "mkfs.ext4", ["-q", "-N", "4000"])) return;
    const mount = `${inject("scratch")}/links`;
    expect(mountImage(image, mount)).toBe(true);
    try {
      rmSync(`${mount}/lost+found`, { recursive: true });
      const store = openTestStore(mount);
      const tree = plant(store.pool, {
        a: "full",
        g1: { text: "group", group: 1 },
        g2: { text: "group", group: 1 },
        g3: { text: "group", group: 1 },
      });
      exhaust(store, tree, "a", 65_000);
      exhaust(store, tree, "g1", 64_999 - 1);
      const folder = store.checkout(tree);
      expect(observe(folder)).toEqual(expectation(tree, store.pool));
      expect(lstatSync(`${folder}/g1`).nlink).toBe(3);
      expect(lstatSync(`${folder}/a`).nlink).toBe(1);
    } finally {
      spawnSync("umount", ["--lazy", mount]);
    }
  }, 60_000);
});

describe.runIf(isRoot && hasReflinks)("programs", () => {
  // All three on one file system, so that nothing but the method differs.
  const identical: Spec = {
    ...Object.fromEntries(
      ["a", "b", "c"].map((name) => [`data/usr/share/${name}`, "the same bytes in three files"]),
    ),
    "data/usr/bin/tool": { text: "#!/bin/sh\n", mode: 0o755, group: 1 },
    "data/usr/bin/alias": { text: "#!/bin/sh\n", mode: 0o755, group: 1 },
    "data/usr/bin/like": { text: "#!/bin/sh\n", mode: 0o755 },
    "data/DEBIAN/control":
      "Package: same\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: same\n",
  };

  const actions: Readonly<Record<string, readonly string[]>> = {
    "cp over an identical file": ["cp -v data/usr/share/a data/usr/share/b"],
    "cp of a hard link over its other name": ["cp -v data/usr/bin/tool data/usr/bin/alias"],
    "cp --update=none, cp -u": [
      "cp -vu data/usr/share/a data/usr/share/b",
      "cp -vu data/usr/share/c data/usr/share/new",
    ],
    "cp -a of all": [
      "cp -a data copy",
      "find copy -printf '%P %y %m %n %s\\n' | sort",
      "cp -al data linked",
      "find linked -printf '%P %y %m %s\\n' | sort",
    ],
    "mv over an identical file": ["mv -v data/usr/share/a data/usr/share/b"],
    "mv of a hard link over its other name": ["mv -v data/usr/bin/tool data/usr/bin/alias"],
    "install, ln": [
      "install -m 644 data/usr/share/a data/usr/share/b",
      "ln -f data/usr/share/a data/usr/share/c",
      "ln data/usr/share/a data/usr/share/a",
      "stat -c '%n %h' data/usr/share/*",
    ],
    tar: [
      "tar --sort=name --format=pax --pax-option=delete=atime,delete=ctime -cf - data | sha256sum",
      "tar --sort=name -cvf /dev/null data | sort",
      "tar --sort=name -tvf - < /dev/null",
    ],
    "tar, unpacked over itself": [
      "tar -cf ../x.tar -C data .",
      "tar -xf ../x.tar -C data",
      "find data -printf '%P %y %m %n %s\\n' | sort",
    ],
    // Not by -links: how often the pool's inode is linked is the one thing that shows, and nothing here acts on it.
    "find by inode, du": [
      "find data -samefile data/usr/share/a",
      "find data -samefile data/usr/bin/tool | sort",
      "du --apparent-size -b data | sort",
      "du -l --apparent-size -b data | sort",
    ],
    "cmp, test -ef": [
      "cmp data/usr/share/a data/usr/share/b",
      "test data/usr/share/a -ef data/usr/share/b",
      "test data/usr/bin/tool -ef data/usr/bin/alias",
    ],
    "dpkg-deb": [
      "SOURCE_DATE_EPOCH=1 dpkg-deb -Znone --build data ../same.deb",
      "sha256sum < ../same.deb",
      "dpkg-deb -c ../same.deb",
    ],
    "writing through one name": [
      "echo more >> data/usr/share/a",
      "cat data/usr/share/b",
      "echo more >> data/usr/bin/tool",
      "cat data/usr/bin/alias data/usr/bin/like",
    ],
  };

  /** What a shell sees and says, command by command, in an overlay over the checkout, as builds have it. */
  function behave(store: TestStore, method: CheckoutMethod, commands: readonly string[]): unknown {
    const lower = store.checkout(plant(store.pool, identical), method);
    const [upper, work, root, scratch] = [store.folder(), store.folder(), store.folder(), store.folder()];
    for (const place of [upper, work, root]) chmodSync(place, 0o755);
    system.mount("overlay", root, "overlay", 0, overlayOptions({ lower: [lower], upper, work }));
    try {
      const run = (command: string) => {
        // What is written beside the folder goes into one that this run has for itself.
        const { status, stdout, stderr } = spawnSync(
          "/bin/sh",
          ["-c", command.replaceAll("../", `${scratch}/`)],
          {
            cwd: root,
            encoding: "utf8",
            env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" },
          },
        );
        return {
          command,
          status,
          stdout: stdout.replaceAll(scratch, ".."),
          stderr: stderr.replaceAll(scratch, ".."),
        };
      };
      return { said: commands.map(run), left: observe(root) };
    } finally {
      system.unmount(root, true);
    }
  }

  let stores: Readonly<Record<CheckoutMethod, TestStore>>;
  beforeAll(() => {
    stores = { hardlink: openTestStore(place), reflink: openTestStore(place), copy: openTestStore(place) };
  });

  it.each(Object.entries(actions))("%s: alike in all three", (_, commands) => {
    const hardlink = behave(stores.hardlink, "hardlink", commands);
    expect(behave(stores.reflink, "reflink", commands)).toEqual(hardlink);
    expect(behave(stores.copy, "copy", commands)).toEqual(hardlink);
    expect(JSON.stringify(hardlink)).not.toContain("not found");
  });

  it("a naive checkout, one inode for equal files, would be told apart", () => {
    const folder = stores.copy.folder();
    writeFileSync(`${folder}/a`, "same");
    linkSync(`${folder}/a`, `${folder}/b`);
    const { status, stderr } = spawnSync("cp", [`${folder}/a`, `${folder}/b`], {
      encoding: "utf8",
      env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining("are the same file")]);
  });

  it("a reflink shares its blocks and nothing else", () => {
    const store = stores.reflink;
    const tree = plant(store.pool, { big: createHash("sha256").update("x").digest("hex").repeat(40_000) });
    const member = store.layout.member(fileAt(tree, "big").blob, { mode: 0o644, uid: 0, gid: 0 });
    const folder = store.checkout(tree, "reflink");
    const extents = (file: string) =>
      execFileSync("filefrag", ["-v", file], { encoding: "utf8" })
        .split("\n")
        .slice(3, -2)
        .map((line) => line.split(":").slice(1, 3).join(":"));
    expect(statSync(`${folder}/big`).ino).not.toBe(statSync(member).ino);
    execFileSync("sync", ["-f", folder]);
    expect(extents(`${folder}/big`)).toEqual(extents(member));
  });
});

/** Links a member to so many names that it takes no more; `links` counts the member itself. */
function exhaust(store: TestStore, tree: ReturnType<typeof plant>, path: string, links: number): void {
  const member = store.layout.member(fileAt(tree, path).blob, { mode: 0o644, uid: 0, gid: 0 });
  const folder = store.folder();
  for (let i = statSync(member).nlink; i < links; i++) linkSync(member, `${folder}/${i}`);
}

function mountBtrfs(): boolean {
  const image = `${inject("scratch")}/btrfs.img`;
  return makeImage(image, 256, "mkfs.btrfs", ["-q"]) && mountImage(image, place);
}

function makeImage(image: string, mebibytes: number, program: string, options: readonly string[]): boolean {
  writeFileSync(image, "");
  truncateSync(image, mebibytes << 20);
  return (
    spawnSync(program, [...options, image], { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } }).status === 0
  );
}
