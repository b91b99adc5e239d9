// .debs: what dpkg-deb builds is read back; what is malformed, hostile or cut off is refused.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { debLimits, readDeb } from "../../../builders/archive/deb.ts";
import {
  faultOf,
  memory,
  pieces,
  type RawEntry,
  type RawMember,
  rawAr,
  rawDeb,
  rawTar,
  type Seen,
} from "./rig.ts";

const control =
  "Package: probe\nVersion: 1.0\nArchitecture: all\nMaintainer: Ä <a@example.org>\nDescription: a probe\n";
// Incompressible, and the same every time.
const noise = createHash("shake256", { outputLength: 40_000 }).update("noise").digest();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kit-deb-"));
  const at = join(folder, "tree");
  mkdirSync(join(at, "DEBIAN"), { recursive: true });
  mkdirSync(join(at, "usr/share/probe"), { recursive: true });
  chmodSync(join(at, "usr"), 0o755);
  writeFileSync(join(at, "DEBIAN/control"), control);
  writeFileSync(join(at, "usr/share/probe/noise"), noise);
  writeFileSync(join(at, "usr/share/probe/grüße"), "hello\n");
  chmodSync(join(at, "usr/share/probe/grüße"), 0o4755);
  linkSync(join(at, "usr/share/probe/noise"), join(at, "usr/share/probe/noise-again"));
  symlinkSync("/usr/share/probe", join(at, "usr/share/link"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function build(compression: string): Buffer {
  const out = join(folder, `${compression}.deb`);
  execFileSync("dpkg-deb", ["--build", "--root-owner-group", `-Z${compression}`, join(folder, "tree"), out], {
    stdio: "ignore",
    env: { ...process.env, SOURCE_DATE_EPOCH: "946684800" },
  });
  return readFileSync(out);
}

async function read(bytes: Buffer, step = 65536): Promise<{ control: Seen[]; data: Seen[] }> {
  const sinks = { control: memory(), data: memory() };
  await readDeb(pieces(bytes, step), sinks);
  return { control: sinks.control.seen, data: sinks.data.seen };
}

// bookworm's and later dpkg-deb write zstd; bullseye's does not.
const compressions = ["none", "gzip", "xz", "zstd"];

describe.each(compressions)("a .deb with %s members", (compression) => {
  let bytes: Buffer;
  beforeAll(() => {
    bytes = build(compression);
  });

  test.each([61, 4096, 1e9])("reads back, in pieces of %i bytes", async (step) => {
    const { control: members, data } = await read(bytes, step);
    expect(members.map(({ entry }) => entry.path)).toEqual(["", "control"]);
    expect(Buffer.from(members[1]?.content ?? "", "latin1").toString()).toBe(control);

    const byPath = new Map(data.map((seen) => [seen.entry.path as string, seen]));
    const files = ["noise", "noise-again", "grüße"].map((name) => byPath.get(`usr/share/probe/${name}`));
    expect(byPath.size).toBe(8);
    expect(files[2]).toMatchObject({
      content: "hello\n",
      entry: { type: "file", mode: 0o4755, userName: "root" },
    });
    expect(files.filter((file) => file?.content === noise.toString("latin1"))).toHaveLength(1);
    expect(files.filter((file) => file?.entry.type === "hardlink")).toHaveLength(1);
    expect(byPath.get("usr/share/link")?.entry).toMatchObject({
      type: "symlink",
      target: "/usr/share/probe",
    });
    expect(byPath.get("usr")?.entry).toMatchObject({ type: "directory", mode: 0o755, uid: 0, gid: 0 });
  });

  test("cut off anywhere, it is refused", async () => {
    const cuts = new Set<number>([...pieces(bytes, 512)].map((_, i) => i * 512));
    for (let i = 0; i < 120; i++) cuts.add(bytes.length - 1 - i).add(i * 2);
    for (let at = 0; at < bytes.length; at += 331) cuts.add(at);
    for (const cut of cuts) {
      expect([cut, await faultOf(() => read(bytes.subarray(0, cut)))]).toEqual([cut, "digest/bad-deb"]);
    }
  });

  test("changed anywhere, it is read or refused, never worse", async () => {
    const change = fc.record({ at: fc.nat(bytes.length - 1), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const damaged = Buffer.from(bytes);
        for (const { at, bit } of changes) damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
        const code = await faultOf(() => read(damaged));
        expect(["none", "digest/bad-deb", "digest/unsafe-path", "digest/bomb"]).toContain(code);
      }),
      { numRuns: 150 },
    );
  });
});

test("damage inside xz and gzip members is always noticed", async () => {
  for (const compression of ["xz", "gzip"]) {
    const bytes = build(compression);
    const start = bytes.indexOf("data.tar") + 60 + 10;
    for (let at = start; at < bytes.length - 1; at += 97) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
      expect([compression, at, await faultOf(() => read(damaged))]).toEqual([
        compression,
        at,
        "digest/bad-deb",
      ]);
    }
  }
});

describe("members", () => {
  const version: RawMember = { name: "debian-binary", content: "2.0\n" };
  const first: RawMember = { name: "control.tar", content: rawTar({ name: "./control", content: control }) };
  const second: RawMember = { name: "data.tar", content: rawTar({ name: "./x", content: "y" }) };
  const extra: RawMember = { name: "_gpgorigin", content: "signature" };

  test("those with an underscore are skipped, a minor version and further lines do not matter", async () => {
    const newer = { ...version, content: "2.7\nmore\n" };
    const { data } = await read(rawAr(newer, extra, first, extra, second, extra));
    expect(data).toHaveLength(1);
  });

  const cases: [string, RawMember[], RegExp][] = [
    ["nothing", [], /no debian-binary/],
    ["no control", [version], /no control\.tar/],
    ["no data", [version, first], /no data\.tar/],
    ["another order", [version, second, first], /data\.tar stands where control\.tar has to/],
    ["no version", [first, second], /not debian-binary/],
    ["an underscore first", [extra, version, first, second], /not debian-binary/],
    ["a later format", [{ ...version, content: "3.0\n" }, first, second], /format 3\.0/],
    ["an unreadable version", [{ ...version, content: "two\n" }, first, second], /no version number/],
    ["a version without an end", [{ ...version, content: "2.0" }, first, second], /no version number/],
    ["a huge version", [{ ...version, content: "2.0\n".padEnd(5000) }, first, second], /no version number/],
    [
      "an unknown member between",
      [version, first, { name: "extra", content: "" }, second],
      /extra stands where data\.tar/,
    ],
    [
      "an unknown member after",
      [version, first, second, { name: "extra", content: "" }],
      /extra follows data\.tar/,
    ],
    ["two data members", [version, first, second, second], /data\.tar follows/],
    [
      "a name that only begins so",
      [version, { ...first, name: "control.tarball" }, second],
      /control\.tarball/,
    ],
    ["bzip2", [version, first, { ...second, name: "data.tar.bz2" }], /data\.tar\.bz2: .*no longer/],
    ["lzma", [version, first, { ...second, name: "data.tar.lzma" }], /data\.tar\.lzma: .*no longer/],
    [
      "an unknown compression",
      [version, first, { ...second, name: "data.tar.br" }],
      /unknown compression "\.br"/,
    ],
    [
      "a suffix that lies",
      [version, first, { ...second, name: "data.tar.xz" }],
      /data\.tar\.xz: .*xz stream/,
    ],
    ["an empty data member", [version, first, { ...second, content: "" }], /data\.tar: .*cut off/],
    [
      "a data member without an end",
      [version, first, { ...second, content: rawTar({ name: "x" }).subarray(0, 512) }],
      /cut off/,
    ],
  ];
  test.each(cases)("refused: %s", async (_, members, message) => {
    const bytes = rawAr(...members);
    expect(await faultOf(() => read(bytes))).toBe("digest/bad-deb");
    await expect(read(bytes)).rejects.toThrow(message);
    await expect(read(bytes)).rejects.toHaveProperty("hint", expect.any(String));
  });
});

describe("hostile .debs", () => {
  const cases: [string, RawEntry[]][] = [
    ["../", [{ name: "../../etc/cron.d/x" }]],
    ["an absolute path", [{ name: "/etc/cron.d/x" }]],
    [
      "an absolute path written long",
      [{ name: "././@LongLink", flag: "L", content: `/${"x".repeat(120)}\0` }, { name: "x" }],
    ],
    ["a write through a symlink", [{ name: "./opt", flag: "2", link: "/etc" }, { name: "./opt/x" }]],
    ["a hard link out", [{ name: "./x", flag: "1", link: "../../etc/shadow" }]],
  ];
  test.each(cases)("%s", async (_, entries) => {
    const bytes = rawDeb(rawTar(...entries));
    expect(await faultOf(() => read(bytes))).toBe("digest/unsafe-path");
    await expect(read(bytes)).rejects.toThrow(/^data\.tar: refused/);
  });

  test("one that unpacks to more than it may", async () => {
    const big = rawTar({ name: "./zeros", content: Buffer.alloc(5_000_000) });
    const bytes = rawAr(
      { name: "debian-binary", content: "2.0\n" },
      { name: "control.tar", content: rawTar({ name: "control", content: control }) },
      { name: "data.tar.gz", content: gzipSync(big) },
    );
    const sinks = () => ({ control: memory(), data: memory() });
    const limited = (unpacked: number) =>
      readDeb([bytes], { ...sinks(), limits: { ...debLimits, unpacked } });
    expect(await faultOf(() => limited(big.length))).toBe("none");
    expect(await faultOf(() => limited(big.length - 1))).toBe("digest/bomb");
  });
});

test("errors of the sink and of the source come through as they are", async () => {
  const bytes = build("xz");
  const failing = {
    ...memory(),
    entry: () => {
      throw new RangeError("the sink's own");
    },
  };
  await expect(readDeb([bytes], { control: memory(), data: failing })).rejects.toThrow(RangeError);
  const source = async function* () {
    yield bytes.subarray(0, 5000);
    throw new TypeError("the source's own");
  };
  await expect(readDeb(source(), { control: memory(), data: memory() })).rejects.toThrow(TypeError);
});
