// Who has what was not found, and in which order they are told.

import { describe, expect, it } from "vitest";
import { missingIn } from "../../../builders/keeper/missing.ts";
import { foundAmong, type Holder, suggestions } from "../../../builders/keeper/suggestion.ts";

const holder = (name: string, ...paths: string[]): Holder => ({ name, isLocal: false, paths });
const own = (name: string, ...paths: string[]): Holder => ({ name, isLocal: true, paths });
const missing = missingIn(["a.c:1:1: fatal error: zlib.h: No such file or directory", "cannot find -lz"]);
const names = (...holders: Holder[]) =>
  foundAmong(missing, holders).map(({ holders }) => holders.map(({ name }) => name));

describe("who has it", () => {
  it("is kit's own package first, by the end of a path and not by a part of a name", () => {
    expect(
      names(
        holder("zlib1g-dev", "usr/lib/x86_64-linux-gnu/libz.so", "usr/include/zlib.h"),
        own("zlib", "include/zlib.h"),
        own("other", "include/bzlib.h", "lib/libzz.so"),
      ),
    ).toEqual([["zlib", "zlib1g-dev"], ["zlib1g-dev"]]);
  });

  it("is who has it where compilers look, whichever folder that is, and not who has a file of that name", () => {
    const others = [
      holder("libpoco-dev", "usr/include/Poco/zlib.h"),
      holder("cc65", "usr/share/cc65/include/zlib.h"),
    ];
    expect(names(...others, holder("zlib1g-dev", "usr/include/x86_64-linux-gnu/zlib.h"))).toEqual([
      ["zlib1g-dev"],
    ]);
    expect(names(...others)).toEqual([["libpoco-dev"]]);
  });

  it("is a package for development first, and three at most", () => {
    const at = "usr/include/zlib.h";
    expect(names(...["a", "b", "c", "z-dev"].map((name) => holder(name, at)))).toEqual([["z-dev", "a", "b"]]);
  });

  it("is nobody where nobody has it", () => {
    expect(names()).toEqual([]);
    expect(names(holder("x", "usr/share/doc/zlib.html"))).toEqual([]);
  });
});

it.each([
  ["tree", "try buildDependencies: [zlib1g-dev]"],
  ["deb-source", "try Build-Depends in debian/control, or buildDependencies: [zlib1g-dev]"],
  ["rpm", "try BuildRequires in the spec, or buildDependencies: [zlib1g-dev]"],
  ["customize", "try the image's packages: [zlib1g-dev]"],
])("what a build by %s is told", (builder, key) => {
  const found = foundAmong(missing, [holder("zlib1g-dev", "usr/include/zlib.h")]);
  expect(suggestions(found, builder)).toEqual([`kit: zlib.h is in zlib1g-dev: ${key}`]);
});

it("what kit itself builds is named by its manifest", () => {
  const found = foundAmong(missing, [own("zlib", "include/zlib.h")]);
  expect(suggestions(found, "tree")).toEqual([
    "kit: zlib.h is in zlib: try its manifest in dependencies or buildDependencies",
  ]);
});
