// Laying packages over one another: what dpkg would have left in place.
// Knows the pure merge alone; the whole root is compared with dpkg's in unpacked.test.ts and in fidelity/.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Base, mergedUsr, mergePackages } from "../../../builders/rootfs/merge.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { makeTree, type Tree } from "../../../store/model/tree.ts";
import { type Files, rig } from "./rig.ts";

const { package: pack, tree, text } = rig();
const over = (root: Tree): Base => ({ tree: root, owners: new Map(), diversions: new Map() });
const paths = (entries: readonly { path: string }[]) =>
  entries
    .map(({ path }) => path)
    .filter((path) => path !== "")
    .sort();

test("paths below the links of a merged /usr lie below /usr", () => {
  const { entries } = mergePackages(
    [pack("a", { "bin/sh": "sh", "lib/x/y": "y", "sbin/z": "→ /bin/sh" })],
    over(makeTree(mergedUsr("arm64"))),
  );
  expect(paths(entries)).toEqual([
    "bin",
    "lib",
    "sbin",
    "usr",
    "usr/bin",
    "usr/bin/sh",
    "usr/lib",
    "usr/lib/x",
    "usr/lib/x/y",
    "usr/sbin",
    "usr/sbin/z",
  ]);
  expect(entries.find(({ path }) => path === "bin")).toMatchObject({ type: "symlink", target: "usr/bin" });
});

test("amd64 has the links that base-files has there", () => {
  expect(
    mergedUsr("amd64").flatMap((entry) =>
      entry.type === "symlink" ? [`${entry.path} ${entry.target}`] : [],
    ),
  ).toEqual(["bin", "sbin", "lib", "lib32", "lib64", "libx32"].map((name) => `${name} usr/${name}`));
});

test("without links nothing is moved", () => {
  expect(paths(mergePackages([pack("a", { "bin/sh": "sh" })], undefined).entries)).toEqual(["bin", "bin/sh"]);
});

test("a path behind another package's link to a folder lies where the link points", () => {
  const first = pack("first", {
    "usr/share/doc/here": "/",
    "usr/share/doc/there": "→ here",
    "opt/a": "→ /usr/share/doc",
  });
  const second = pack("second", { "usr/share/doc/there/file": "x", "opt/a/here/more": "y" });
  const { entries } = mergePackages([first, second], undefined);
  expect(paths(entries)).toContain("usr/share/doc/here/file");
  expect(paths(entries)).toContain("usr/share/doc/here/more");
});

test("links in a circle are refused", () => {
  const circle = pack("circle", { a: "→ b", b: "→ a" });
  expect(() => mergePackages([circle, pack("inside", { "a/file": "x" })], undefined)).toThrow(
    /circle of links/,
  );
});

test("a folder keeps the owner and mode it came with", () => {
  const root = makeTree([{ type: "directory", path: parseTreePath("srv"), mode: 0o2775, uid: 7, gid: 8 }]);
  const { entries } = mergePackages([pack("a", { srv: "/", "srv/x": "x" })], over(root));
  expect(entries.find(({ path }) => path === "srv")).toMatchObject({ mode: 0o2775, uid: 7, gid: 8 });
});

test("a file of two packages is refused with both names", () => {
  expect(() =>
    mergePackages([pack("one", { "etc/x": "1" }), pack("two", { "etc/x": "2" })], undefined),
  ).toThrow(/\/etc\/x is in one 1 and.*in two 1/);
});

test.for([
  ["the later one's, which replaces", { Replaces: "one (<< 2)" }, {}, "2", "one"],
  ["the earlier one's, which replaces", {}, { Replaces: "two" }, "1", "two"],
] as const)("a file of two packages is %s", ([, later, earlier, content, loser]) => {
  const packages = [
    pack("one", { "etc/x": "1", "etc/one": "" }, earlier),
    pack("two", { "etc/x": "2", "etc/two": "" }, later),
  ];
  const { entries, lists } = mergePackages(packages, undefined);
  expect(text(entries, "etc/x")).toBe(content);
  for (const item of packages) expect(lists.get(item)?.includes("/etc/x")).toBe(item.name !== loser);
});

test("Replaces of another version does not count", () => {
  const packages = [pack("one", { "etc/x": "1" }), pack("two", { "etc/x": "2" }, { Replaces: "one (<< 1)" })];
  expect(() => mergePackages(packages, undefined)).toThrow(/is in one/);
});

test("a package of the base loses a file to one that replaces it", () => {
  const old = pack("old", { "usr/bin/x": "old", "usr/bin/y": "y" });
  const root = {
    ...over(tree({ "usr/bin/x": "old", "usr/bin/y": "y" })),
    owners: new Map([[parseTreePath("usr/bin/x"), old]]),
    lists: new Map([[old, ["/usr/bin/x", "/usr/bin/y"]]]),
  };
  const { entries, lists } = mergePackages([pack("new", { "usr/bin/x": "new" }, { Replaces: "old" })], root);
  expect(text(entries, "usr/bin/x")).toBe("new");
  expect(lists.get(old)).toEqual(["/usr/bin/y"]);
});

test("a pair of Multi-Arch: same shares files of the same bytes, and no others", () => {
  const pair = (file: string) =>
    ["amd64", "i386"].map((Architecture) =>
      pack(
        "pair",
        { "usr/share/doc/pair": "doc", [file]: Architecture },
        { Architecture, "Multi-Arch": "same" },
      ),
    );
  const [amd64, i386] = pair("usr/lib/x");
  expect(() => mergePackages(pair("usr/lib/x"), undefined)).toThrow(/usr\/lib\/x/);
  if (!amd64 || !i386) throw new Error("no pair");
  const { lists } = mergePackages(
    [amd64, pack("pair", { "usr/share/doc/pair": "doc" }, { Architecture: "i386", "Multi-Arch": "same" })],
    undefined,
  );
  for (const list of lists.values()) expect(list).toContain("/usr/share/doc/pair");
});

test("a diversion of the base moves everybody's file but its owner's", () => {
  const diversions = new Map([
    [parseTreePath("usr/bin/x"), { to: parseTreePath("usr/bin/x.distrib"), by: "mine" }],
  ]);
  const root = { ...over(makeTree([])), diversions };
  const { entries } = mergePackages(
    [pack("mine", { "usr/bin/x": "mine" }), pack("theirs", { "usr/bin/x": "theirs" })],
    root,
  );
  expect(text(entries, "usr/bin/x")).toBe("mine");
  expect(text(entries, "usr/bin/x.distrib")).toBe("theirs");
});

test("hard links stay within their package", () => {
  const linked = (name: string): Files => ({
    [`${name}/a`]: { text: name, link: 1 },
    [`${name}/b`]: { text: name, link: 1 },
  });
  const { entries } = makeTree(
    mergePackages([pack("one", linked("one")), pack("two", linked("two"))], undefined).entries,
  );
  const groups = entries.flatMap((entry) => (entry.type === "file" ? [`${entry.path} ${entry.link}`] : []));
  expect(groups).toEqual(["one/a 1", "one/b 1", "two/a 2", "two/b 2"]);
});

test("the order of packages that share no file does not count", () => {
  const name = fc.stringMatching(/^[a-z]{1,4}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, fc.array(name, { maxLength: 4 })), {
        selector: ([item]) => item,
        maxLength: 6,
      }),
      fc.gen(),
      (items, gen) => {
        const packages = items.map(([item, files]) =>
          pack(item, Object.fromEntries(files.map((file) => [`lib/${file}/${item}`, item]))),
        );
        const shuffled = gen(fc.shuffledSubarray, packages, { minLength: packages.length });
        const merged = (order: typeof packages) =>
          makeTree(mergePackages(order, over(makeTree(mergedUsr("amd64")))).entries);
        expect(merged(shuffled)).toEqual(merged(packages));
      },
    ),
  );
});
