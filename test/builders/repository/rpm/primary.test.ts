// Packages and their files: what a stanza says, and which packages are skipped.
// Knows the metadata's format; does not know what relations mean.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FileList, readFilelists } from "../../../../builders/repository/rpm/filelists.ts";
import { readPrimary } from "../../../../builders/repository/rpm/primary.ts";
import { parseStanza, parseStanzas } from "../../../../evaluator/deb/stanza.ts";
import { refusal } from "../../../rig/refusal.ts";
import { escaped, filelistsXml, type PackageParts, packageXml, primaryXml } from "./documents.ts";

async function readText(document: string, modular?: (nevra: string) => string | undefined) {
  const texts: string[] = [];
  const reader = await readPrimary(
    "base primary.xml",
    (text) => void texts.push(text),
    modular && { modular },
  );
  reader.push(Buffer.from(document));
  reader.end();
  return { text: texts.join(""), warnings: reader.warnings(), packages: reader.packages };
}

async function stanzaOf(parts: PackageParts) {
  const { text, warnings } = await readText(primaryXml(packageXml(parts)));
  expect(warnings).toEqual([]);
  return parseStanza(text);
}

const entry = (attributes: string) => `<rpm:entry ${attributes}/>`;

describe("a stanza", () => {
  test("of a package", async () => {
    const format = `<rpm:provides>${entry('name="hello" flags="EQ" epoch="0" ver="1.0" rel="2"')}</rpm:provides>
      <rpm:requires>${entry('name="b" flags="GE" epoch="0" ver="5.0" rel="1"')}${entry('name="/bin/sh" pre="1"')}${entry('name="a"')}</rpm:requires>
      <file>/usr/bin/hello</file><file type="dir">/etc/hello</file>`;
    const { text, warnings, packages } = await readText(primaryXml(packageXml({ format })));
    expect(text).toBe(`Package: hello
Version: 1.0-2
Architecture: x86_64
Source: hello-1.0-2.src.rpm
Filename: Packages/h/hello.rpm
Size: 1000
Installed-Size: 2000
SHA256: ${"ab".repeat(32)}
License: MIT
Summary: Says hello
Build-Time: 1700000000
Requires:
 b >= 5.0-1
 a
Requires-Pre:
 /bin/sh
Provides:
 hello = 1.0-2
Files:
 /usr/bin/hello
 /etc/hello

`);
    expect([warnings, packages]).toEqual([[], 1]);
  });

  test("says the epoch where it is not 0", async () => {
    const version = (epoch: string) => ({ version: `<version epoch="${epoch}" ver="1" rel="2"/>` });
    expect((await stanzaOf(version("3")))["Version"]).toBe("3:1-2");
    expect((await stanzaOf(version("00")))["Version"]).toBe("1-2");
    expect((await stanzaOf({ version: '<version ver="1~rc1^git" rel="2.el9_1"/>' }))["Version"]).toBe(
      "1~rc1^git-2.el9_1",
    );
  });

  test.each([
    ['name="a"', "a"],
    ['name="a" flags="EQ" epoch="0" ver="1"', "a = 1"],
    ['name="a" flags="LT" epoch="2" ver="1" rel="3"', "a < 2:1-3"],
    ['name="a" flags="GT" ver="1" rel="3"', "a > 1-3"],
    ['name="a" flags="LE" epoch="" ver="1"', "a <= 1"],
    ['name="libc.so.6(GLIBC_2.34)(64bit)"', "libc.so.6(GLIBC_2.34)(64bit)"],
    ['name="(a &gt;= 1 if (b or c) else d)"', "(a >= 1 if (b or c) else d)"],
    ['name="perl(Na\u00efve)" flags="EQ" epoch="0" ver="%{version}"', "perl(Na\u00efve) = %{version}"],
  ])("writes %s as rpm does", async (attributes, written) => {
    for (const kind of ["requires", "provides", "conflicts", "obsoletes", "supplements", "enhances"]) {
      const stanza = await stanzaOf({ format: `<rpm:${kind}>${entry(attributes)}</rpm:${kind}>` });
      expect(stanza[kind.charAt(0).toUpperCase() + kind.slice(1)]).toBe(`\n ${written}`);
    }
  });

  test("has a base, another digest and a module where they are given", async () => {
    const xml = primaryXml(
      packageXml({
        location: '<location xml:base="https://example.org/cd/" href="a.rpm"/>',
        checksum: `<checksum type="sha512" pkgid="YES">${"cd".repeat(64)}</checksum>`,
        version: '<version epoch="1" ver="1.0" rel="2"/>',
      }),
    );
    const modular = (nevra: string) => (nevra === "hello-1:1.0-2.x86_64" ? "m:1:2:c:x86_64" : undefined);
    const stanza = parseStanza((await readText(xml, modular)).text);
    expect(stanza).toMatchObject({
      Base: "https://example.org/cd/",
      Filename: "a.rpm",
      SHA512: "cd".repeat(64),
      Modular: "m:1:2:c:x86_64",
    });
    expect(stanza["SHA256"]).toBeUndefined();
  });

  test("cannot be forged by a text", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 60 });
    const hostile = fc.constantFrom(
      "a\n\nPackage: forged",
      "\r\nProvides: x",
      "a\n b",
      "\u2028X: y",
      " ",
      "#",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(text, hostile), { minLength: 5, maxLength: 5 }), async (texts) => {
        const [summary = "", license = "", relation = "", file = "", name = ""] = texts.map((each) =>
          escaped(each.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "")).replace(/[\n\r]/g, "&#10;"),
        );
        const parts = {
          summary,
          format: `<rpm:requires><rpm:entry name="${relation}"/></rpm:requires><file>${file}</file><file>/${file}</file>`,
        };
        const bad = packageXml({ name, ...parts }).replace("MIT", license);
        const good = packageXml({ name: "after" });
        const { text, warnings, packages } = await readText(primaryXml(packageXml(parts), bad, good));
        const stanzas = parseStanzas(text);
        expect(stanzas.length).toBe(packages);
        expect(stanzas.length + warnings.length).toBe(3);
        expect(stanzas.at(-1)?.["Package"]).toBe("after");
        for (const stanza of stanzas) {
          expect(Object.keys(stanza).filter((field) => !known.has(field))).toEqual([]);
          expect((stanza["Requires"] ?? "\n x").split("\n").length).toBe(2);
        }
      }),
    );
  });
});

const known = new Set(
  "Package Version Architecture Source Filename Size Installed-Size SHA256 License Summary Build-Time Requires Files".split(
    " ",
  ),
);

describe("a package is skipped with a warning that names it", () => {
  const requires = (attributes: string) => ({ format: `<rpm:requires>${entry(attributes)}</rpm:requires>` });
  test.each<[string, PackageParts, string]>([
    ["without a version", { version: "" }, 'its version "" is none'],
    ["without a release", { version: '<version epoch="0" ver="1"/>' }, 'its release "" is none'],
    ["with a dash in its version", { version: '<version ver="1-2" rel="3"/>' }, 'its version "1-2" is none'],
    [
      "with a worded epoch",
      { version: '<version epoch="x" ver="1" rel="1"/>' },
      'its epoch "x" is no number',
    ],
    ["without an architecture", { arch: "" }, 'its architecture "" is none'],
    ["without a checksum", { checksum: "" }, 'its checksum is of the kind "", which proves nothing'],
    [
      "with a weak checksum",
      { checksum: `<checksum type="sha" pkgid="YES">${"ab".repeat(20)}</checksum>` },
      'its checksum is of the kind "sha", which proves nothing',
    ],
    [
      "with a short checksum",
      { checksum: '<checksum type="sha256">ab</checksum>' },
      "its checksum is malformed",
    ],
    ["without a place", { location: "" }, 'its place "" is none below the repository'],
    [
      "with a place above",
      { location: '<location href="../../x.rpm"/>' },
      'its place "../../x.rpm" is none below the repository',
    ],
    [
      "with a place of its own machine",
      { location: '<location xml:base="file:///etc/" href="passwd"/>' },
      'its base "file:///etc/" is no address',
    ],
    ["without a size", { size: "" }, 'its size "" is no number'],
    ["with a name twice", { more: "<name>other</name>" }, "it has <name> twice"],
    ["with requirements twice", { format: "<rpm:requires/><rpm:requires/>" }, "it has <rpm:requires> twice"],
    ["with an empty relation", requires('name=""'), 'a relation "" is none'],
    ["with a relation of two words", requires('name="a = 2"'), 'a relation "a = 2" is none'],
    ["with a relation of two lines", requires('name="(a&#10;b)"'), 'a relation "(a\\nb)" is none'],
    ["with an unknown flag", requires('name="a" flags="NE" ver="1"'), 'the relation "a" compares by "NE"'],
    [
      "with flags on a rich relation",
      requires('name="(a or b)" flags="EQ" ver="1"'),
      'the relation "(a or b)" compares by "EQ"',
    ],
    ["with a flag and no version", requires('name="a" flags="EQ"'), 'the relation "a" is to the version ""'],
    [
      "with a version of two words",
      requires('name="a" flags="EQ" ver="1 2"'),
      'the relation "a" is to the version "1 2"',
    ],
  ])("%s", async (_, parts, why) => {
    const { text, warnings } = await readText(primaryXml(packageXml(parts), packageXml({ name: "after" })));
    expect(warnings).toEqual([`base primary.xml: skipped "hello": ${why}`]);
    expect(parseStanzas(text).map((stanza) => stanza["Package"])).toEqual(["after"]);
  });

  test.each(["", "../x", "-x", "a b", "a\tb", "na\u00efve", "a/b"])("called %j", async (name) => {
    const { warnings, packages } = await readText(primaryXml(packageXml({ name }), packageXml()));
    expect(packages).toBe(1);
    const who = name === "" ? "a package without a name" : JSON.stringify(name);
    expect(warnings).toEqual([`base primary.xml: skipped ${who}: its name ${JSON.stringify(name)} is none`]);
  });

  test("with more than a stanza can hold", async () => {
    const long = `(${"a or ".repeat(2_000)}b)`;
    const format = `<rpm:requires>${entry(`name="${long}"`).repeat(900)}</rpm:requires>`;
    const { warnings, packages } = await readText(primaryXml(packageXml({ format }), packageXml()));
    expect(packages).toBe(1);
    expect(warnings).toEqual(['base primary.xml: skipped "hello": it says more than a stanza can hold']);
  });

  test("but not more than a hundred are told", async () => {
    const many = Array.from({ length: 150 }, () => packageXml({ arch: "" }));
    const { warnings } = await readText(primaryXml(...many, packageXml()));
    expect(warnings.length).toBe(101);
    expect(warnings.at(-1)).toBe("base primary.xml: 50 more warnings like these");
  });

  test("and where all are, the file is refused", async () => {
    const fault = await refusal(() => readText(primaryXml(packageXml({ arch: "" }))));
    expect(fault.code).toBe("digest/bad-primary");
    expect(fault.details.length).toBe(1);
  });
});

test("what is no list of packages is refused, and an empty one is none", async () => {
  expect((await refusal(() => readText("<filelists/>"))).code).toBe("digest/bad-primary");
  expect((await refusal(() => readText(primaryXml(packageXml()).slice(0, -1)))).code).toBe("digest/bad-xml");
  expect(await readText(primaryXml())).toEqual({ text: "", warnings: [], packages: 0 });
});

describe("file lists", () => {
  const listXml = (name: string, files: string) =>
    `<package pkgid="${"ab".repeat(32)}" name="${name}" arch="noarch"><version epoch="1" ver="2" rel="3"/>${files}</package>`;

  async function lists(document: string) {
    const found: FileList[] = [];
    const reader = await readFilelists("base filelists.xml", (list) => void found.push(list));
    reader.push(Buffer.from(document));
    reader.end();
    return { found, warnings: reader.warnings(), packages: reader.packages };
  }

  test("are records, and stanzas", async () => {
    const { found, warnings, packages } = await lists(
      filelistsXml(
        listXml(
          "a",
          '<file type="dir">/etc</file><file>/etc/x y &amp; z </file><file type="ghost">/run/\u00ef</file>',
        ),
        listXml("empty", ""),
      ),
    );
    expect([warnings, packages]).toEqual([[], 2]);
    expect(found[0]).toEqual({
      name: "a",
      epoch: "1",
      version: "2",
      release: "3",
      architecture: "noarch",
      pkgid: "ab".repeat(32),
      paths: ["/etc", "/etc/x y & z ", "/run/\u00ef"],
    });
  });

  test("without what is broken", async () => {
    const { found, warnings } = await lists(
      filelistsXml(
        listXml("../x", "<file>/a</file>"),
        listXml("b", "<file>/ok</file><file>/two\nlines</file><file>relative</file><file/>"),
        listXml("c", "").replace(/pkgid="\w+"/, 'pkgid="x"'),
      ),
    );
    expect(found.map(({ name, paths }) => [name, paths])).toEqual([["b", ["/ok"]]]);
    expect(warnings).toEqual([
      'base filelists.xml: skipped "../x": its name "../x" is none',
      "base filelists.xml: b has 3 files whose names are no lines: left out",
      'base filelists.xml: skipped "c": its pkgid is no checksum',
    ]);
    expect((await refusal(() => lists("<metadata/>"))).code).toBe("digest/bad-filelists");
  });
});
