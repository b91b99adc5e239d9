// What a .dsc says: read as dpkg-source writes it, and refused where it is otherwise.

import { describe, expect, test } from "vitest";
import { readDsc } from "../../evaluator/dsc.ts";
import { refusal } from "../rig/refusal.ts";

const [a, b] = ["a".repeat(64), "b".repeat(64)];
const md5 = "0".repeat(32);
const text = `Format: 3.0 (quilt)
Source: hello
Binary: hello
Version: 1:2.10-3
Maintainer: A <a@example.org>
Checksums-Sha1:
 ${"1".repeat(40)} 725946 hello_2.10.orig.tar.gz
Checksums-Sha256:
 ${a} 725946 hello_2.10.orig.tar.gz
 ${b} 6132 hello_2.10-3.debian.tar.xz
Files:
 ${md5} 725946 hello_2.10.orig.tar.gz
 ${md5} 6132 hello_2.10-3.debian.tar.xz
`;

test("names the source package, and its files with what they must be", () => {
  expect(readDsc(text)).toEqual({
    source: "hello",
    version: "1:2.10-3",
    name: "hello_2.10-3.dsc",
    files: [
      { name: "hello_2.10.orig.tar.gz", size: 725_946, sha256: a },
      { name: "hello_2.10-3.debian.tar.xz", size: 6132, sha256: b },
    ],
  });
});

describe("refused", () => {
  const line = ` ${a} 725946 hello_2.10.orig.tar.gz\n`;
  const fields = ["Format", "Source", "Version", "Checksums-Sha256", "Files"];
  const without = (field: string) => text.replace(new RegExp(`^${field}:.*\\n(?: .*\\n)*`, "m"), "");

  test.each(fields)("without %s", async (field) => {
    expect(await refusal(() => readDsc(without(field)))).toMatchObject({
      code: "digest/malformed-source",
      message: `it has no ${field}`,
    });
  });

  test.each([
    ["nothing", "", "it holds no field"],
    ["two paragraphs", `${text}\nSource: other\n`, "a second paragraph"],
    ["a field twice", `${text}Source: other\n`, "field Source appears twice"],
    ["another name", text.replace("Source: hello", "Source: ../hello"), 'its Source is "../hello"'],
    ["another version", text.replace("1:2.10-3", "2.10/3"), 'its Version is "2.10/3"'],
    ["a way out", text.replaceAll(/hello_2\.10\.orig/g, "../x"), "../x.tar.gz"],
    ["an absolute path", text.replaceAll(/hello_2\.10\.orig/g, "/x"), "/x.tar.gz"],
    ["a hidden file", text.replaceAll(/hello_2\.10\.orig/g, ".x"), ".x.tar.gz"],
    ["an option of a tool", text.replaceAll(/hello_2\.10\.orig/g, "-x"), "-x.tar.gz"],
    ["a digest that is none", text.replace(a, a.slice(1)), "Checksums-Sha256 has the line"],
    ["a size that is none", text.replace(`${a} 725946`, `${a} -1`), "Checksums-Sha256 has the line"],
    ["one twice", text.replace(line, `${line}${line}`), "it lists hello_2.10.orig.tar.gz twice"],
    ["itself", text.replace(line, `${line} ${a} 1 hello_2.10-3.dsc\n`), "it lists hello_2.10-3.dsc twice"],
    ["one that nobody checks", text.replace(line, ""), '"hello_2.10.orig.tar.gz", which Files lists'],
    ["one twice in Files", `${text} ${md5} 6132 hello_2.10-3.debian.tar.xz\n`, "twice"],
    ["a way out in Files", `${text} ${md5} 1 ../x\n`, '"../x", which Files lists'],
    ["a line of Files that is none", `${text} x\n`, '"", which Files lists'],
  ])("%s", async (_, changed, said) => {
    const fault = await refusal(() => readDsc(changed));
    expect(fault.code).toBe("digest/malformed-source");
    expect(fault.message).toContain(said);
  });
});
