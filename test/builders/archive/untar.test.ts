// The tar reader: every dialect tar(1) writes, every refusal, and the same answer however the bytes are cut.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePax } from "../../../builders/archive/pax.ts";
import { untar } from "../../../builders/archive/untar.ts";
import { faultOf, memory, type RawEntry, rawEntry, rawTar, readTar } from "./rig.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kit-untar-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const pax = (records: Record<string, string | Buffer>): RawEntry => ({
  name: "pax",
  flag: "x",
  content: encodePax(new Map(Object.entries(records).map(([key, value]) => [key, Buffer.from(value)]))),
});
const long = (flag: "L" | "K", text: string): RawEntry => ({
  name: "././@LongLink",
  flag,
  content: `${text}\0`,
});
const file: RawEntry = { name: "f", content: "x" };

describe("what tar(1) writes", () => {
  const deep = `${"a".repeat(90)}/${"ü".repeat(60)}/${"c".repeat(120)}`;
  beforeAll(() => {
    const at = join(folder, "tree");
    mkdirSync(join(at, deep), { recursive: true });
    writeFileSync(join(at, deep, "file"), "deep content");
    writeFileSync(join(at, "big"), Buffer.alloc(100_000, "abc"));
    writeFileSync(join(at, "empty"), "");
    symlinkSync("/usr/lib/x", join(at, "absolute"));
    symlinkSync("t".repeat(300), join(at, "long-target"));
    execFileSync("ln", [join(at, "big"), join(at, "link")]);
    execFileSync("mkfifo", [join(at, "pipe")]);
  });

  test.each([
    ["gnu", 512],
    ["gnu", 777],
    ["posix", 65536],
    ["posix", 1],
  ])("%s, in pieces of %i bytes", (format, step) => {
    const bytes = execFileSync(
      "tar",
      [
        `--format=${format}`,
        "--sort=name",
        "--owner=alice:12",
        "--group=staff:3000000",
        "--mtime=@1234567890.5",
        "-c",
        ".",
      ],
      { cwd: join(folder, "tree"), maxBuffer: 1e8 },
    );
    const seen = readTar(bytes, step);
    const byPath = new Map(seen.map((one) => [one.entry.path as string, one]));
    expect([...byPath.keys()].sort()).toEqual(
      [
        "",
        "a".repeat(90),
        `${"a".repeat(90)}/${"ü".repeat(60)}`,
        deep,
        `${deep}/file`,
        "absolute",
        "big",
        "empty",
        "link",
        "long-target",
        "pipe",
      ].sort(),
    );
    expect(byPath.get(`${deep}/file`)?.content).toBe("deep content");
    expect(byPath.get("big")?.content).toBe(Buffer.alloc(100_000, "abc").toString());
    expect(byPath.get("big")?.entry).toMatchObject({
      type: "file",
      size: 100_000,
      uid: 12,
      gid: 3_000_000,
      mtime: 1234567890,
    });
    expect(byPath.get("big")?.entry).toMatchObject({ userName: "alice", groupName: "staff" });
    expect(byPath.get("link")?.entry).toMatchObject({ type: "hardlink", target: "big", size: 0 });
    expect(byPath.get("absolute")?.entry).toMatchObject({ type: "symlink", target: "/usr/lib/x" });
    expect(byPath.get("long-target")?.entry).toMatchObject({ target: "t".repeat(300) });
    expect(byPath.get("pipe")?.entry.type).toBe("fifo");
    expect(byPath.get("")?.entry.type).toBe("directory");
  });

  test.each(["v7", "ustar"])("%s", (format) => {
    const bytes = execFileSync("tar", [`--format=${format}`, "-c", "big", "empty", "absolute"], {
      cwd: join(folder, "tree"),
      maxBuffer: 1e8,
    });
    expect(readTar(bytes).map(({ entry }) => [entry.path, entry.type])).toEqual([
      ["big", "file"],
      ["empty", "file"],
      ["absolute", "symlink"],
    ]);
  });

  test("device numbers in GNU and POSIX headers", () => {
    for (const magic of ["ustar\x0000", "ustar  \0"]) {
      const header = rawEntry({ name: "null", flag: "3", magic });
      header.write("0000001\x000000003\0", 329, "latin1");
      header.write("        ", 148);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
      const [null_] = readTar(Buffer.concat([header, Buffer.alloc(1024)]));
      expect(null_?.entry).toMatchObject({ type: "character", major: 1, minor: 3 });
    }
  });
});

describe("headers", () => {
  test("pax records win over the header, and last for one entry", () => {
    const xattr = Buffer.from([0, 10, 61, 255]);
    const bytes = rawTar(
      {
        name: "g",
        flag: "g",
        content: encodePax(
          new Map([
            ["uname", Buffer.from("all")],
            ["comment", Buffer.from("x")],
          ]),
        ),
      },
      pax({
        path: "näme\nwith newline",
        uid: "4000000000",
        size: "3",
        mtime: "-1.5",
        "SCHILY.xattr.user.a%3Db": xattr,
      }),
      { name: "short", content: "abc", size: 0 },
      file,
    );
    const [first, second] = readTar(bytes);
    expect(first).toMatchObject({
      content: "abc",
      entry: { path: "näme\nwith newline", uid: 4_000_000_000, mtime: -2, userName: "all" },
    });
    expect(first?.entry.xattrs).toEqual({ "user.a=b": xattr.toString("base64") });
    expect(second?.entry).toMatchObject({ path: "f", uid: 0, userName: "all" });
  });

  test("base-256 numbers", () => {
    const [one] = readTar(rawTar({ ...file, uid: "\x80\0\0\0\0\x3d\x09\0" }));
    expect(one?.entry.uid).toBe(4_000_000);
  });

  test("a v7 directory is a file with a slash", () => {
    expect(readTar(rawTar({ name: "d/", magic: "" }))[0]?.entry).toMatchObject({
      path: "d",
      type: "directory",
    });
  });

  test("an archive of nothing", () => {
    expect(readTar(rawTar())).toEqual([]);
  });
});

describe("refused paths", () => {
  const link = (name: string, target: string): RawEntry => ({ name, flag: "2", link: target });
  const hard = (name: string, target: string): RawEntry => ({ name, flag: "1", link: target });
  const cases: [string, RawEntry[]][] = [
    ["..", [{ name: ".." }]],
    ["a climbing path", [{ name: "a/../../b" }]],
    ["a path that climbs and comes back", [{ name: "a/../b" }]],
    ["an absolute path", [{ name: "/etc/x" }]],
    ["an absolute directory", [{ name: "/", flag: "5" }]],
    ["a climbing directory", [{ name: "../d/", flag: "5" }]],
    ["a climbing long name", [long("L", "../x"), file]],
    ["an absolute long name", [long("L", `/${"x".repeat(200)}`), file]],
    ["a NUL in a long name", [long("L", "x\0y"), file]],
    ["a climbing pax path", [pax({ path: "../x" }), file]],
    ["an absolute pax path", [pax({ path: "/x" }), file]],
    ["a NUL in a pax path", [pax({ path: "x\0y" }), file]],
    ["a path that is no UTF-8", [pax({ path: Buffer.from([0x66, 0xff]) }), file]],
    ["a part of 300 letters", [pax({ path: "x".repeat(300) }), file]],
    ["a root that is a symlink", [link("./", "/etc")]],
    ["a root that is a file", [{ name: "." }]],
    ["a hard link that climbs", [hard("h", "../etc/shadow")]],
    ["a hard link to an absolute path", [hard("h", "/etc/shadow")]],
    ["a hard link with a NUL", [pax({ linkpath: "a\0b" }), hard("h", "x")]],
    ["a hard link to the root", [hard("h", "./")]],
    ["a symlink target with a NUL", [pax({ linkpath: "a\0b" }), link("l", "x")]],
    ["a write through an absolute symlink", [link("a", "/etc"), { name: "a/x" }]],
    ["a directory through one", [link("a", "/etc"), { name: "a/x/", flag: "5" }]],
    ["a symlink through one", [link("a", "/etc"), link("a/x", "y")]],
    ["a device through one", [link("a", "/etc"), { name: "a/b/c", flag: "3" }]],
    ["a write through a climbing symlink", [link("d/a", "../../x"), { name: "d/a/x" }]],
    ["a write through two symlinks", [link("a", "b"), link("b", "/etc"), { name: "a/x" }]],
    [
      "a write through a symlink below a symlink",
      [link("s", "d"), link("d/up", ".."), link("d/out", "up/.."), { name: "s/out/x" }],
    ],
    ["a write through a loop", [link("a", "b"), link("b", "a"), { name: "a/x" }]],
    ["a write onto a symlink that leaves", [link("a", "/etc/passwd"), { name: "a" }]],
    ["a directory onto one", [link("a", "/etc"), { name: "a/", flag: "5" }]],
    ["a hard link through a symlink that leaves", [link("a", "/etc"), hard("h", "a/shadow")]],
    ["a write through a hard link to a symlink", [link("a", "/etc"), hard("h", "a"), { name: "h/x" }]],
    [
      "a write through a symlink of a long name",
      [long("K", `/${"x".repeat(120)}`), link("a", "short"), { name: "a/x" }],
    ],
  ];

  test.each(cases)("%s", async (_, entries) => {
    const sink = memory();
    const reader = untar(sink);
    expect(await faultOf(() => reader.push(rawTar(...entries)))).toBe("digest/unsafe-path");
  });

  test("symlinks that are not written through, or stay inside, are not refused", () => {
    const entries = [
      link("lib", "usr/lib"),
      link("etc/alternatives/vi", "/usr/bin/vim"),
      link("up", "a/../b"),
      link("out", "../../x"),
    ];
    expect(readTar(rawTar(...entries, { name: "lib/x" }, { name: "up/y" }, { name: "outer/z" })).length).toBe(
      7,
    );
  });
});

describe("refused archives", () => {
  const sum = rawTar(file);
  sum.write("g", 0);
  const cases: [string, Buffer][] = [
    ["a wrong checksum", sum],
    ["an octal number that is none", rawTar({ ...file, uid: "12x45678" })],
    ["a negative owner", rawTar({ ...file, uid: "\xff\xff\xff\xff\xff\xff\xff\xff" })],
    ["a sparse file", rawTar({ ...file, flag: "S" })],
    ["a volume label", rawTar({ ...file, flag: "V" })],
    ["no name", rawTar({ ...file, name: "" })],
    ["a symlink to nothing", rawTar({ name: "l", flag: "2" })],
    ["a pax record of a wrong length", rawTar({ name: "p", flag: "x", content: "99 path=x\n" }, file)],
    ["a pax record without a newline", rawTar({ name: "p", flag: "x", content: "9 path=xy" }, file)],
    ["a pax record without a keyword", rawTar({ name: "p", flag: "x", content: "5 =x\n" }, file)],
    ["a pax number that is none", rawTar(pax({ uid: "1e3" }), file)],
    ["an owner of 2³² − 1", rawTar(pax({ gid: "4294967295" }), file)],
    ["a global path", rawTar({ ...pax({ path: "x" }), flag: "g" }, file)],
    ["a name said twice", rawTar(pax({ path: "x" }), long("L", "y"), file)],
    ["a pax header without an entry", rawTar(pax({ path: "x" }))],
    ["an entry after one zero block", Buffer.concat([rawEntry(file), Buffer.alloc(512), rawTar(file)])],
    ["bytes after the end", Buffer.concat([rawTar(file), Buffer.alloc(512), Buffer.from("x")])],
    ["no bytes", Buffer.alloc(0)],
    ["no end", rawEntry(file)],
    ["one zero block for an end", Buffer.concat([rawEntry(file), Buffer.alloc(512)])],
    ["gzip", Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(1020)])],
  ];
  test.each(cases)("%s", async (_, bytes) => {
    expect(await faultOf(() => readTar(bytes))).toBe("digest/bad-tar");
  });

  test("too many entries, and too long a header", async () => {
    const read = (bytes: Buffer) => () => untar(memory(), { entries: 3, metadata: 2048 }).push(bytes);
    expect(await faultOf(read(rawTar(file, file, file)))).toBe("none");
    expect(await faultOf(read(rawTar(file, file, file, file)))).toBe("digest/bomb");
    expect(await faultOf(read(rawTar({ name: "p", flag: "x", size: 2049 })))).toBe("digest/bomb");
    expect(await faultOf(read(rawTar({ name: "p", flag: "L", size: 2049 })))).toBe("digest/bomb");
  });
});

describe("whatever the bytes", () => {
  const sound = rawTar(
    { name: "./", flag: "5" },
    pax({ path: "long/name", "SCHILY.xattr.user.x": "y" }),
    { name: "n", content: "x".repeat(700) },
    long("L", "p".repeat(130)),
    { name: "p", content: "z" },
    { name: "l", flag: "2", link: "long" },
    { name: "h", flag: "1", link: "long/name" },
  );
  const outcome = (bytes: Buffer, step: number) => {
    try {
      return readTar(bytes, step);
    } catch (error) {
      return error;
    }
  };

  test("an archive cut off at any byte is refused", async () => {
    for (let cut = 0; cut < sound.length; cut++) {
      expect([cut, await faultOf(() => readTar(sound.subarray(0, cut)))]).toEqual([cut, "digest/bad-tar"]);
    }
  });

  test("a bit that flips in a header is noticed, unless the checksum still reads as the same number", async () => {
    const checksum = (bytes: Buffer) => Number.parseInt(bytes.toString("latin1", 148, 154), 8);
    for (let bit = 0; bit < 8 * 512; bit++) {
      const at = bit >> 3;
      if (at === 154 || at === 155) continue;
      const bytes = Buffer.from(sound);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at);
      const unchanged = at >= 148 && at < 154 && checksum(bytes) === checksum(sound);
      expect([bit, await faultOf(() => readTar(bytes))]).toEqual([
        bit,
        unchanged ? "none" : "digest/bad-tar",
      ]);
    }
  });

  test("changed anywhere, it is read or refused, and the same in whatever pieces", () => {
    const change = fc.record({ at: fc.nat(sound.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.integer({ min: 1, max: 2000 }), (changes, step) => {
        const bytes = Buffer.from(sound);
        for (const { at, byte } of changes) bytes.writeUInt8(byte, at);
        const whole = outcome(bytes, bytes.length);
        const cut = outcome(bytes, step);
        if (whole instanceof Error) expect(whole.name).toBe("Fault");
        expect(cut).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });
});
