// Tree records: what is written is what is read, one record a tree, and nothing unsafe in either.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import { comparePaths, parentOf, parseTreePath } from "../../../store/model/path.ts";
import {
  blobsOf,
  decodeTree,
  digestOfTree,
  directoryAt,
  type Entry,
  encodeTree,
  entriesByPath,
  type FileEntry,
  makeTree,
  sameContent,
} from "../../../store/model/tree.ts";

const name = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "a-b",
    "a.d",
    "c",
    "x\\x2dy",
    'q"',
    '\\"',
    "\\\\",
    "t\tab",
    "new\nline",
    "\r",
    "\u2028",
    "\u2029",
    "é",
    "\u{1f600}",
    "\ue000",
    "- ",
    "\u0001",
    "\\n",
    "\u007f",
  ),
  fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
);
const path = fc
  .array(name, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("/"))
  .filter((text) => isPath(text))
  .map((text) => parseTreePath(text));
const id = fc.oneof(fc.nat(65_535), fc.constant(0), fc.integer({ min: 65_536, max: 2 ** 32 - 2 }));
const xattrs = fc.option(
  fc.dictionary(
    fc.constantFrom("user.a", "user.ä", "security.capability", 'user."', "user.\u2028"),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("base64")),
    { minKeys: 1, noNullPrototype: true },
  ),
  { nil: undefined },
);
const owned = fc
  .record({ path, mode: fc.nat(0o7777), uid: id, gid: id, xattrs })
  .map(({ xattrs, ...rest }) => (xattrs === undefined ? rest : { ...rest, xattrs }));
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc
    .record({ owned, size: fc.maxSafeNat(), text: fc.string() })
    .map(({ owned, size, text }) => ({ type: "file" as const, ...owned, size, blob: digestOf(text) })),
  owned.map((owned) => ({ type: "directory" as const, ...owned })),
  owned.map((owned) => ({ type: "fifo" as const, ...owned })),
  fc
    .record({ owned, target: fc.oneof(name, fc.constantFrom("/", "..", "/etc/../x")) })
    .filter(({ target }) => !target.includes("\0") && target.isWellFormed())
    .map(({ owned, target }) => ({ type: "symlink" as const, ...owned, target })),
  fc
    .record({
      owned,
      type: fc.constantFrom("character" as const, "block" as const),
      major: fc.nat(4095),
      minor: fc.nat(1_048_575),
    })
    .filter(({ major, minor }) => major + minor > 0)
    .map(({ owned, ...rest }) => ({ ...owned, ...rest })),
);
/** Entries that make a tree: one a path, nothing below what is no directory, some files linked. */
const entries = fc.tuple(fc.array(entry, { maxLength: 20 }), fc.array(fc.nat(20))).map(([all, links]) => {
  const byPath = new Map<string, Entry>();
  for (const item of [...all].sort((a, b) => comparePaths(a.path, b.path))) {
    const ancestors = item.path.split("/").map((_, index, parts) => parts.slice(0, index).join("/"));
    if (ancestors.every((above) => (byPath.get(above)?.type ?? "directory") === "directory"))
      byPath.set(item.path, item);
  }
  const files = [...byPath.values()].filter((item): item is FileEntry => item.type === "file");
  for (const [number, index] of links.entries()) {
    const [first, second] = [files[index], files[index + 1]];
    if (!first || !second || first.link !== undefined || second.link !== undefined) continue;
    byPath.set(first.path, { ...first, link: number * 7 + 3 });
    byPath.set(second.path, { ...first, path: second.path, link: number * 7 + 3 });
    files.splice(index, 2);
  }
  return [...byPath.values()];
});

describe("records", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(entries, (entries) => {
        const tree = makeTree(entries);
        const bytes = encodeTree(tree);
        expect(decodeTree(bytes)).toEqual(tree);
        expect(encodeTree(decodeTree(bytes))).toEqual(bytes);
        expect(digestOf(bytes)).toBe(digestOfTree(tree));
      }),
      { numRuns: 1000 },
    );
  });

  it("are one for each tree, in whatever order its entries came", () => {
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.nat()), (entries, random) => {
        const shuffled = entries
          .map((entry) => ({ entry, rank: random.next().value as number }))
          .sort((a, b) => a.rank - b.rank);
        const again = makeTree(shuffled.map(({ entry }) => reordered(entry)));
        expect(encodeTree(again).toString()).toBe(encodeTree(makeTree(entries)).toString());
      }),
    );
  });

  it("sort by bytes, each parent a directory before its children", () => {
    fc.assert(
      fc.property(entries, (entries) => {
        const tree = makeTree(entries);
        const paths = tree.entries.map(({ path }) => Buffer.from(path));
        expect(
          paths.every((path, index) => index === 0 || Buffer.compare(paths[index - 1] ?? path, path) < 0),
        ).toBe(true);
        const all = entriesByPath(tree);
        for (const { path } of tree.entries)
          if (path !== "") expect(all.get(parentOf(path))?.type).toBe("directory");
        expect(all.get(parseTreePath(""))?.type).toBe("directory");
        expect(blobsOf(tree)).toEqual(
          new Set(tree.entries.flatMap((entry) => (entry.type === "file" ? [entry.blob] : []))),
        );
      }),
    );
  });

  it("damaged in one byte are another tree, or none", () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (entries, at, change) => {
        const bytes = encodeTree(makeTree(entries));
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        try {
          expect(encodeTree(decodeTree(bytes))).toEqual(bytes);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^digest\/(bad-tree|unsafe-path)$/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const blob = digestOf("kit");
const file = (path: string, more: Partial<FileEntry> = {}): FileEntry => ({
  type: "file",
  path: parseTreePath(path),
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 3,
  blob,
  ...more,
});

describe("makeTree", () => {
  it("adds the directories above", () => {
    expect(makeTree([file("a/b/c")]).entries.map(({ type, path, mode }) => [type, path, mode])).toEqual([
      ["directory", "", 0o755],
      ["directory", "a", 0o755],
      ["directory", "a/b", 0o755],
      ["file", "a/b/c", 0o644],
    ]);
    expect(makeTree([]).entries).toEqual([directoryAt(parseTreePath(""))]);
  });

  it("numbers link groups from 1 in order of first path, and forgets groups of one", () => {
    const links = (items: FileEntry[]) =>
      makeTree(items)
        .entries.filter((item) => item.type === "file")
        .map((item) => item.link);
    expect(
      links([
        file("d", { link: 9 }),
        file("a", { link: 40 }),
        file("b", { link: 9 }),
        file("c", { link: 40 }),
        file("e", { link: 5 }),
      ]),
    ).toEqual([1, 2, 1, 2, undefined]);
  });

  const refusals: Readonly<Record<string, readonly Entry[]>> = {
    "one path twice": [file("a"), file("a")],
    "a file below a file": [file("a"), file("a/b")],
    "a file below a symlink": [
      { ...directoryAt(parseTreePath("a")), type: "symlink", target: "b" },
      file("a/b"),
    ],
    "overlayfs's whiteout": [{ ...directoryAt(parseTreePath("a")), type: "character", major: 0, minor: 0 }],
    "overlayfs's attributes": [file("a", { xattrs: { "user.overlay.opaque": "eQ==" } })],
    "trusted overlay attributes": [
      { ...directoryAt(parseTreePath("a")), xattrs: { "trusted.overlay.redirect": "" } },
    ],
    "a link target with NUL": [{ ...directoryAt(parseTreePath("a")), type: "symlink", target: "b\0c" }],
    "a link target of half a character": [
      { ...directoryAt(parseTreePath("a")), type: "symlink", target: "b\ud800" },
    ],
    "a link target too long": [
      { ...directoryAt(parseTreePath("a")), type: "symlink", target: "b".repeat(4096) },
    ],
    "a link group of different content": [
      file("a", { link: 1 }),
      file("b", { link: 1, blob: digestOf("other") }),
    ],
    "a link group of different owners": [file("a", { link: 1 }), file("b", { link: 1, uid: 5 })],
    "a mode past twelve bits": [file("a", { mode: 0o10644 })],
    "a negative id": [file("a", { uid: -1 })],
    "an id that means nobody at all": [file("a", { gid: 2 ** 32 - 1 })],
    "a size that is none": [file("a", { size: 1.5 })],
  };
  for (const [what, entries] of Object.entries(refusals)) {
    it(`refuses ${what}`, () => {
      expect(() => makeTree(entries)).toThrow(expect.objectContaining({ code: "digest/bad-tree" }));
    });
  }
});

describe("decodeTree", () => {
  const hex = hexOf(blob);
  const root = "d 755 0:0\t";
  const record = (...lines: string[]) => Buffer.from(`${["kit/tree/1", ...lines].join("\n")}\n`);

  it("reads a record of every type", () => {
    const bytes = record(
      root,
      `b 660 0:6 8:1\tb`,
      `c 666 0:0 1:3\tc`,
      `f 644 0:0 3 ${hex} #1\td`,
      `f 644 0:0 3 ${hex} #1\te`,
      `l 777 0:0 "a \\"b\\""\tl`,
      `p 600 1:2 x{"user.a":"YQ=="}\tp\\n`,
    );
    expect(decodeTree(bytes).entries.map(({ type }) => type)).toEqual([
      "directory",
      "block",
      "character",
      "file",
      "file",
      "symlink",
      "fifo",
    ]);
    expect(encodeTree(decodeTree(bytes))).toEqual(bytes);
  });

  const refusals: Readonly<Record<string, Buffer>> = {
    "another version": Buffer.from("kit/tree/2\n"),
    "no entries": record(),
    "a record that is cut off": Buffer.from(`kit/tree/1\n${root}`),
    "a root that is a file": record(`f 644 0:0 3 ${hex}\t`),
    "a missing root": record("d 755 0:0\ta"),
    "entries out of order": record(root, "d 755 0:0\tb", "d 755 0:0\ta"),
    "one path twice": record(root, "d 755 0:0\ta", "d 755 0:0\ta"),
    "a path that climbs": record(root, "d 755 0:0\t.."),
    "a path in another form": record(root, "d 755 0:0\t./a"),
    "an absolute path": record(root, "d 755 0:0\t/a"),
    "a missing parent": record(root, "d 755 0:0\ta/b"),
    "a parent that is no directory": record(root, "p 600 0:0\ta", "p 600 0:0\ta/b"),
    "a whiteout": record(root, "c 666 0:0 0:0\ta"),
    "a mode with a leading zero": record(root, "d 0755 0:0\ta"),
    "an id with a leading zero": record(root, "d 755 00:0\ta"),
    "an id past 32 bits": record(root, "d 755 9999999999:0\ta"),
    "a size with a leading zero": record(root, `f 644 0:0 03 ${hex}\ta`),
    "a file without content": record(root, "f 644 0:0\ta"),
    "a directory with content": record(root, `d 755 0:0 3 ${hex}\ta`),
    "attributes out of order": record(root, 'd 755 0:0 x{"user.b":"","user.a":""}\ta'),
    "attributes that are no text": record(root, 'd 755 0:0 x{"user.b":1}\ta'),
    "no attributes, written out": record(root, "d 755 0:0 x{}\ta"),
    "a target in another form": record(root, 'l 777 0:0 "\\u0061"\ta'),
    "an escape that is none": record(root, "d 755 0:0\ta\\q"),
    "a link group of one": record(root, `f 644 0:0 3 ${hex} #1\ta`),
    "link groups numbered otherwise": record(root, `f 644 0:0 3 ${hex} #2\ta`, `f 644 0:0 3 ${hex} #2\tb`),
    "a link group of different content": record(root, `f 644 0:0 3 ${hex} #1\ta`, `f 644 0:0 4 ${hex} #1\tb`),
  };
  for (const [what, bytes] of Object.entries(refusals)) {
    it(`refuses ${what}`, () => {
      expect(() => decodeTree(bytes)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^digest\/(bad-tree|unsafe-path)$/) }),
      );
    });
  }
});

describe("sameContent", () => {
  it("leaves path and link group out, and nothing else", () => {
    expect(sameContent(file("a", { link: 1 }), file("b"))).toBe(true);
    for (const more of [
      { mode: 0o755 },
      { uid: 1 },
      { size: 4 },
      { blob: digestOf("x") },
      { xattrs: { "user.a": "" } },
    ])
      expect(sameContent(file("a"), file("a", more))).toBe(false);
  });
});

/** The same entry with its members and attributes in another order. */
function reordered(entry: Entry): Entry {
  const { xattrs, ...rest } = entry;
  const turned = Object.fromEntries(Object.entries(rest).reverse()) as unknown as Entry;
  return xattrs === undefined
    ? turned
    : { ...turned, xattrs: Object.fromEntries(Object.entries(xattrs).reverse()) };
}

function isPath(text: string): boolean {
  try {
    return parseTreePath(text) === text && text !== "";
  } catch {
    return false;
  }
}
