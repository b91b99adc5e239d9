// The tar writer: the same tree comes back through our reader and through tar(1), and the bytes never change.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stretchesOf, stretchOf, tarOf } from "../../../builders/archive/tarwriter.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { directoryAt, type Entry, makeTree, type Tree } from "../../../store/model/tree.ts";
import { faultOf, installed, readTar } from "./rig.ts";

const text = "content of a file\n";
const big = Buffer.alloc(1_500_001, "0123456789");
const blobs = new Map([text, big, ""].map((bytes) => [digestOf(bytes), Buffer.from(bytes)]));
const epoch = 946684800;
const owned = { mode: 0o644, uid: 0, gid: 0 };

function file(path: string, bytes: string | Buffer, rest: Partial<Entry> & { link?: number } = {}): Entry {
  return {
    type: "file",
    path: parseTreePath(path),
    ...owned,
    size: bytes.length,
    blob: digestOf(bytes),
    ...rest,
  } as Entry;
}

// cap_net_raw=ep in revision 2: magic and flags, permitted, inheritable, twice.
const capability = Buffer.from("0100000200200000000000000000000000000000", "hex").toString("base64");
const deep = `${"d".repeat(90)}/${"é".repeat(50)}/${"f".repeat(90)}`;
const split = `${"s".repeat(100)}/${"t".repeat(50)}/${"u".repeat(90)}`;
const tree = makeTree([
  { ...directoryAt(parseTreePath("")), mode: 0o750, uid: 5 },
  file("a", text),
  file("big", big, { uid: 2_097_152, gid: 4_294_967_294 }),
  file("bin/ping", text, {
    mode: 0o4755,
    xattrs: { "security.capability": capability, "user.x": Buffer.from("a\nb\0c=d").toString("base64") },
  }),
  { type: "character", path: parseTreePath("dev/null"), ...owned, mode: 0o666, major: 1, minor: 3 },
  { type: "block", path: parseTreePath("dev/vda1"), ...owned, major: 254, minor: 1_048_575 },
  file(deep, text),
  file(split, text),
  file(`x/${"n".repeat(98)}`, text),
  file("n".repeat(99), text),
  file("empty", ""),
  file("größe", text),
  file("hard/one", text, { link: 1 }),
  file("hard/two", text, { link: 1 }),
  file("another", big, { link: 2 }),
  file("hard/big", big, { link: 2 }),
  { type: "symlink", path: parseTreePath("link"), ...owned, mode: 0o777, target: "/usr/lib/../bin" },
  { type: "symlink", path: parseTreePath("long-link"), ...owned, mode: 0o777, target: "ü/".repeat(60) },
  { type: "fifo", path: parseTreePath("pipe"), ...owned, uid: 7 },
  { ...directoryAt(parseTreePath("tmp")), mode: 0o1777 },
]);

const blobOf = (digest: string) => [...blobs].find(([known]) => known === digest)?.[1] ?? Buffer.alloc(0);

async function write(what: Tree, options: { prefix?: string; step?: number } = {}): Promise<Buffer> {
  const { step = 1e9, ...rest } = options;
  const read = async function* (digest: string) {
    const bytes = blobOf(digest);
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  };
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarOf(what, read, { mtime: epoch, ...rest })) chunks.push(chunk);
  for (const chunk of chunks.slice(0, -1)) expect(chunk.length).toBeGreaterThanOrEqual(256 * 1024);
  return Buffer.concat(chunks);
}

/** The tree a tar holds, as the importer of a .deb would make it. */
function treeOf(bytes: Buffer): Tree {
  const entries = new Map<string, Entry>();
  let groups = 0;
  for (const { entry, content } of readTar(bytes)) {
    const { path, mode, uid, gid, xattrs } = entry;
    expect(entry.mtime).toBe(epoch);
    const common = { path, mode, uid, gid, ...(xattrs && { xattrs }) };
    if (entry.type === "file") {
      entries.set(path, {
        type: "file",
        ...common,
        size: entry.size,
        blob: digestOf(Buffer.from(content, "latin1")),
      });
    } else if (entry.type === "hardlink") {
      const first = entries.get(entry.target);
      if (first?.type !== "file") throw new Error(`${path} links to no file`);
      const link = first.link ?? ++groups;
      entries.set(first.path, { ...first, link });
      entries.set(path, { ...first, path, link });
    } else if (entry.type === "symlink")
      entries.set(path, { type: "symlink", ...common, target: entry.target });
    else if (entry.type === "character" || entry.type === "block") {
      entries.set(path, { type: entry.type, ...common, major: entry.major, minor: entry.minor });
    } else entries.set(path, { type: entry.type, ...common });
  }
  return makeTree(entries.values());
}

describe("our reader", () => {
  test("reads the tree back", async () => {
    expect(treeOf(await write(tree))).toEqual(tree);
  });

  test("paths and targets of any length and letters", async () => {
    const part = fc.string({
      unit: fc.constantFrom("a", ".", " ", "é", "漢", "🦀", "\n", "=", "b".repeat(40)),
      minLength: 1,
      maxLength: 6,
    });
    const path = fc
      .array(part, { minLength: 1, maxLength: 6 })
      .map((parts) => parts.map((one) => (/^\.+$/.test(one) ? "dot" : one)).join("/"));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { maxLength: 8 }), path, async (paths, target) => {
        const files = paths.map((one, i) => file(`${i}/${one}`, text));
        const links = paths.map(
          (one, i) => ({ ...owned, type: "symlink", path: parseTreePath(`l${i}/${one}`), target }) as Entry,
        );
        const made = makeTree([...files, ...links]);
        expect(treeOf(await write(made))).toEqual(made);
      }),
      { numRuns: 100 },
    );
  });

  test("numbers beyond ustar's", async () => {
    const size = 8 * 2 ** 30;
    const piece = Buffer.alloc(2 ** 20);
    const huge = makeTree([{ ...file("huge", ""), size } as Entry]);
    const zeros = function* () {
      for (let at = 0; at < size; at += piece.length) yield piece;
    };
    const stream = tarOf(huge, zeros, { mtime: epoch });
    const { value } = await stream.next();
    await stream.return(undefined);
    const head = Buffer.from(value as Uint8Array);
    expect(head.includes("19 size=8589934592\n")).toBe(true);
  });
});

describe("bytes", () => {
  test("are the same whatever pieces blobs come in, and never change without notice", async () => {
    const bytes = await write(tree);
    expect((await write(tree, { step: 333 })).equals(bytes)).toBe(true);
    expect(createHash("sha256").update(bytes).digest("hex")).toMatchInlineSnapshot(
      `"5cde221daec6433921334b61f4abd7c99e40ca65e6672236d75a1931b253ab00"`,
    );
  });

  test("prefixes", async () => {
    const small = makeTree([file("usr/x", text)]);
    const names = async (prefix?: string) => {
      const bytes = await write(small, prefix === undefined ? {} : { prefix });
      return execFileSync("tar", ["-t"], { input: bytes }).toString().trim().split("\n");
    };
    expect(await names()).toEqual(["./", "./usr/", "./usr/x"]);
    expect(await names("")).toEqual(["usr/", "usr/x"]);
    expect(await names("hello-1.0/")).toEqual(["hello-1.0/", "hello-1.0/usr/", "hello-1.0/usr/x"]);
  });
});

describe("stretches", () => {
  const readWhole = (digest: string) => [blobOf(digest)];
  const options = { mtime: epoch };

  test.each([1, 2, 3, 7, 1000])("%i at most, written each to its place, are the whole", async (count) => {
    const whole = await write(tree);
    const stretches = stretchesOf(tree, count, options);
    expect(stretches.length).toBeLessThanOrEqual(count);
    expect(stretches.flatMap(({ entries }) => entries)).toEqual(tree.entries);
    const joined = Buffer.alloc(whole.length, "x");
    for (const stretch of [...stretches].reverse()) {
      let at = stretch.offset;
      for await (const chunk of stretchOf(stretch, readWhole, options)) {
        joined.set(chunk, at);
        at += chunk.length;
      }
    }
    expect(joined.equals(whole)).toBe(true);
  });

  test("share out the work, not the entries", () => {
    const heavy = Array.from({ length: 10 }, (_, index) => file(`a/${index}`, big));
    const light = Array.from({ length: 90 }, (_, index) => file(`b/${index}`, text));
    const [first, second, ...more] = stretchesOf(makeTree([...heavy, ...light]), 2, options);
    expect(more).toEqual([]);
    expect(first?.entries.length).toBeLessThan(15);
    expect(second?.entries.length).toBeGreaterThan(85);
  });

  test("of a tree of nothing are one", async () => {
    const stretches = stretchesOf(makeTree([]), 4, options);
    expect(stretches).toMatchObject([{ offset: 0, isLast: true }]);
  });
});

describe("refused", () => {
  const drain = async (what: Tree, piece: string, mtime = epoch) => {
    for await (const _ of tarOf(what, () => [Buffer.from(piece)], { mtime }));
  };
  test("blobs of another size than the tree's", async () => {
    const one = makeTree([file("a", text)]);
    expect(await faultOf(() => drain(one, text))).toBe("none");
    expect(await faultOf(() => drain(one, `${text}x`))).toBe("digest/wrong-size");
    expect(await faultOf(() => drain(one, text.slice(1)))).toBe("digest/wrong-size");
  });
  test("device numbers and times that tar cannot hold", async () => {
    // A tree refuses such numbers itself; the writer does not rely on it.
    const far: Entry = { type: "block", path: parseTreePath("d"), ...owned, major: 1, minor: 2_097_152 };
    const device = { entries: [...makeTree([]).entries, far] };
    expect(await faultOf(() => drain(device, ""))).toBe("digest/bad-tree");
    for (const time of [-1, 1.5, 2 ** 33]) await expect(drain(tree, "", time)).rejects.toThrow(RangeError);
  });
});

test("tar -tv says what the tree says", async () => {
  const lines = execFileSync("tar", ["-tv", "--numeric-owner"], {
    input: await write(tree),
    env: { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC" },
  });
  const said = lines
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.replace(/ +/g, " "));
  expect(said).toHaveLength(tree.entries.length);
  for (const line of [
    "drwxr-x--- 5/0 0 2000-01-01 00:00 ./",
    "-rw-r--r-- 2097152/4294967294 1500001 2000-01-01 00:00 ./big",
    "-rwsr-xr-x 0/0 18 2000-01-01 00:00 ./bin/ping",
    "crw-rw-rw- 0/0 1,3 2000-01-01 00:00 ./dev/null",
    "hrw-r--r-- 0/0 0 2000-01-01 00:00 ./hard/two link to ./hard/one",
    "lrwxrwxrwx 0/0 0 2000-01-01 00:00 ./link -> /usr/lib/../bin",
    "prw-r--r-- 7/0 0 2000-01-01 00:00 ./pipe",
    "drwxrwxrwt 0/0 0 2000-01-01 00:00 ./tmp/",
    `-rw-r--r-- 0/0 18 2000-01-01 00:00 ./${split}`,
  ]) {
    expect(said).toContain(line);
  }
});

describe.skipIf(process.getuid?.() !== 0)("as root", () => {
  test("tar -x --xattrs unpacks owners, modes, devices, links and attributes", async () => {
    const at = mkdtempSync(join(tmpdir(), "kit-tar-"));
    try {
      execFileSync("tar", ["-x", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-C", at], {
        input: await write(tree),
      });
      for (const entry of tree.entries) {
        const stat = lstatSync(join(at, entry.path));
        if (entry.type !== "symlink")
          expect([entry.path, stat.mode & 0o7777]).toEqual([entry.path, entry.mode]);
        expect([entry.path, stat.uid, stat.gid]).toEqual([entry.path, entry.uid, entry.gid]);
        if (entry.type === "file") expect(digestOf(readFileSync(join(at, entry.path)))).toBe(entry.blob);
        if (entry.type === "symlink") expect(readlinkSync(join(at, entry.path))).toBe(entry.target);
      }
      const inode = (path: string) => lstatSync(join(at, path)).ino;
      expect(inode("hard/one")).toBe(inode("hard/two"));
      expect(inode("another")).toBe(inode("hard/big"));
      // What tar packs again with its own hand holds the attributes it set.
      const again = execFileSync("tar", [
        "--format=posix",
        "--xattrs",
        "--xattrs-include=*",
        "-C",
        at,
        "-c",
        "bin/ping",
      ]);
      expect(readTar(again)[0]?.entry.xattrs).toMatchObject({ "security.capability": capability });
    } finally {
      rmSync(at, { recursive: true });
    }
  });
});

describe.skipIf(!installed("bsdtar"))("bsdtar", () => {
  test("lists every entry", async () => {
    const out = execFileSync("bsdtar", ["-tf", "-"], {
      input: await write(tree),
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    expect(out.toString().trim().split("\n")).toHaveLength(tree.entries.length);
  });
});

describe.skipIf(!installed("sqfstar"))("sqfstar", () => {
  test("takes the stream", async () => {
    const at = mkdtempSync(join(tmpdir(), "kit-sqfs-"));
    try {
      const image = join(at, "image");
      execFileSync("sqfstar", ["-quiet", "-no-progress", image], {
        input: await write(tree),
        stdio: ["pipe", "ignore", "ignore"],
      });
      const listed = execFileSync("unsquashfs", ["-lln", image], {
        env: { ...process.env, LC_ALL: "C.UTF-8" },
      }).toString();
      expect(listed).toMatch(/^-rwsr-xr-x 0\/0 .* squashfs-root\/bin\/ping$/m);
      expect(listed).toMatch(/^-rw-r--r-- 2097152\/4294967294 +1500001 .*\/big$/m);
      expect(listed.split("\n").filter((line) => / squashfs-root/.test(line))).toHaveLength(
        tree.entries.length,
      );
    } finally {
      rmSync(at, { recursive: true });
    }
  });
});
