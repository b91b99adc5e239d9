// Lists of all files: which of a suite's are taken, and who is found in them.

import { describe, expect, it, test } from "vitest";
import { readOwners } from "../../../builders/repository/owners.ts";
import { contentsFiles, parseRelease } from "../../../builders/repository/release.ts";

const contents = `bin/bash                                                shells/bash
usr/include/bzlib.h                                     libdevel/libbz2-dev
usr/include/zlib.h                                      libdevel/zlib1g-dev
usr/include/zlib.h.orig                                 libdevel/odd
usr/bin/bison                                           devel/bison,universe/devel/bison++
usr/share/a b/zlib.h and more                           doc/blanks
usr/share/c d/zlib.h\tdoc/tabbed
usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc              libdevel/zlib1g-dev`;

const filelists = `<?xml version="1.0" encoding="UTF-8"?>
<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="3">
<package pkgid="0a" name="bash" arch="x86_64">
  <version epoch="0" ver="5.2" rel="1"/>
  <file>/usr/bin/bash</file>
</package>
<package pkgid="0b" name="zlib-devel" arch="x86_64">
  <version epoch="0" ver="1.3" rel="1"/>
  <file>/usr/include/zlib.h</file>
  <file type="dir">/usr/share/doc/zlib-devel</file>
  <file>/usr/lib64/pkgconfig/zlib.pc</file>
</package>
<package pkgid="0c" name="other" arch="x86_64">
  <file>/usr/include/bzlib.h</file>
</package>
</filelists>
`;

const ends = ["/zlib.h", "/pkgconfig/zlib.pc", "/bin/bison"];
const zlib = (path: string) => ["usr/include/zlib.h", `usr/${path}/pkgconfig/zlib.pc`];

/** Read in pieces of so many bytes. */
function ownersIn(format: "contents" | "filelists", text: string, size: number) {
  const [bytes, reader] = [Buffer.from(text), readOwners(format, ends)];
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return Object.fromEntries(reader.owners().map(({ name, paths }) => [name, paths]));
}

describe.each([1, 7, 64, 10_000])("in pieces of %i bytes", (size) => {
  it("Debian's lists are read: paths with blanks too, and several packages that have one", () => {
    expect(ownersIn("contents", contents, size)).toEqual({
      "zlib1g-dev": zlib("lib/x86_64-linux-gnu"),
      bison: ["usr/bin/bison"],
      "bison++": ["usr/bin/bison"],
      tabbed: ["usr/share/c d/zlib.h"],
    });
  });

  it("those of rpm repositories are read", () => {
    expect(ownersIn("filelists", filelists, size)).toEqual({ "zlib-devel": zlib("lib64") });
  });
});

test("a name that very many have costs no more than others", () => {
  const lines = Array.from({ length: 50_000 }, (_, i) => `usr/share/p${i}/zlib.h   doc/p${i}`).join("\n");
  expect(Object.keys(ownersIn("contents", lines, 10_000))).toHaveLength(2000);
});

describe("which of a suite's are taken", () => {
  const release = (...files: string[]) =>
    parseRelease(
      `Date: Thu, 19 Nov 2026 02:12:54 UTC\nComponents: main contrib\nSHA256:\n${files.map((file) => ` ${"a".repeat(64)} ${file}`).join("\n")}\n`,
    );
  const paths = (text: ReturnType<typeof release>, component: string, architecture = "amd64") =>
    contentsFiles(text, component, architecture, 1000).map(({ path }) => path);

  it("is that of the component and of just the architecture", () => {
    const debian = release(
      "500 main/Contents-amd64.gz",
      "100 main/Contents-amd64.xz",
      "700 main/Contents-all.gz",
    );
    expect(paths(debian, "main")).toEqual(["main/Contents-amd64.gz"]);
    expect(paths(debian, "main", "all")).toEqual(["main/Contents-all.gz"]);
    expect(paths(debian, "contrib")).toEqual([]);
  });

  it("is the one of all components, once, where there is no other", () => {
    const ubuntu = release("500 Contents-amd64.gz");
    expect([paths(ubuntu, "main"), paths(ubuntu, "contrib")]).toEqual([["Contents-amd64.gz"], []]);
  });

  it("is none that is too large", () => {
    expect(paths(release("1001 main/Contents-amd64.gz"), "main")).toEqual([]);
  });
});
