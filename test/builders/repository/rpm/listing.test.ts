// Metadata files that were damaged or made to harm: refused in bounded memory, wherever they end.
// Knows files as they lie in the pool; does not know how they came there.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Compression } from "../../../../builders/archive/stream.ts";
import {
  eachFileList,
  type Fetched,
  listChanges,
  listGroups,
  listPackages,
} from "../../../../builders/repository/rpm/listing.ts";
import type { MetadataKind } from "../../../../builders/repository/rpm/repomd.ts";
import type { Digest } from "../../../../store/model/digest.ts";
import { refusal } from "../../../rig/refusal.ts";
import { filelistsXml, packageXml, primaryXml } from "./documents.ts";
import { compsText } from "./sample.ts";

const open = {} as { folder: string };
beforeAll(() => {
  open.folder = mkdtempSync(join(tmpdir(), "kit-listing-"));
});
afterAll(() => rmSync(open.folder, { recursive: true }));

const fileOf = () => join(open.folder, "file");

function fetched(
  kind: MetadataKind,
  compression: Compression,
  bytes: Uint8Array,
  plainSize?: number,
): Fetched {
  writeFileSync(fileOf(), bytes);
  const file: Fetched["files"][number] = {
    kind,
    compression,
    path: `repodata/${kind}.xml`,
    blob: "" as Digest,
    ...(plainSize !== undefined && { plainSize }),
  };
  return { repository: "base", files: [file] };
}

const primary = primaryXml(...["a", "b", "c", "d"].map((name) => packageXml({ name })));

describe("what ends too early is refused", () => {
  test.each([
    ["none", Buffer.from(primary), "digest/bad-xml"],
    ["gz", gzipSync(primary), "digest/bad-stream"],
    ["zst", zstdCompressSync(primary), "digest/bad-stream"],
  ] as const)("in %s", async (compression, bytes, code) => {
    const complete = await listPackages(fetched("primary", compression, bytes), fileOf);
    expect(complete.packages).toBe(4);
    for (let end = 0; end < bytes.length; end += 17) {
      const cut = fetched("primary", compression, bytes.subarray(0, end));
      const fault = await refusal(() => listPackages(cut, fileOf));
      // What is missing may be the checksum at the stream's end alone, or the document as well.
      expect([code, "digest/bad-xml"], `${end}`).toContain(fault.code);
    }
  });
});

describe("bombs", () => {
  const giant = (text: string, times: number) => gzipSync(text.repeat(times), { level: 1 });

  test("of white space, of packages and of a size that was lied about", async () => {
    const spaces = gzipSync(Buffer.concat([Buffer.from("<metadata>"), Buffer.alloc(300 << 20, " ")]), {
      level: 1,
    });
    const blank = await refusal(() => listPackages(fetched("primary", "gz", spaces), fileOf));
    expect(blank.code).toBe("digest/too-large");
    const lied = fetched("primary", "gz", gzipSync(primary), primary.length - 1);
    expect((await refusal(() => listPackages(lied, fileOf))).code).toBe("digest/bomb");
  });

  test("of groups", async () => {
    const bomb = fetched("group", "gz", giant(" ".repeat(1 << 20), 100));
    expect((await refusal(() => listGroups(bomb, fileOf))).code).toBe("digest/bomb");
    const groups = await listGroups(fetched("group", "gz", gzipSync(compsText)), fileOf);
    expect(groups?.groups.size).toBe(2);
  });

  test("of one package's files", async () => {
    const files = "<file>/a</file>".repeat(1_100_000);
    const list = filelistsXml(
      `<package pkgid="${"ab".repeat(32)}" name="a" arch="noarch">${files}</package>`,
    );
    const bomb = fetched("filelists", "gz", gzipSync(list, { level: 1 }));
    expect((await refusal(() => eachFileList(bomb, fileOf, () => {}))).code).toBe("digest/too-large");
  });
});

test("changes: a broken package is passed over, another document and a bomb are refused", async () => {
  const changed = (name: string, entries: string) =>
    `<package pkgid="${"ab".repeat(32)}" name="${name}" arch="noarch"><version epoch="1" ver="2" rel="3"/>${entries}</package>`;
  const document = (...packages: readonly string[]) =>
    `<otherdata packages="${packages.length}">${packages.join("")}</otherdata>`;
  const sound = changed(
    "a",
    '<changelog author="A &lt;a@b&gt; - 2-3" date="86400">- &amp;\n\n- two</changelog>',
  );
  const odd = changed("a b", "");
  const read = await listChanges(fetched("other", "gz", gzipSync(document(sound, odd))), fileOf);
  expect(read.text.toString()).toBe(
    "Package: a\nVersion: 1:2-3\nArchitecture: noarch\nChanges:\n * 86400 A <a@b> - 2-3\n   - &\n   - two\n\n",
  );
  expect(read.warnings).toEqual([expect.stringContaining('skipped "a b"')]);
  expect((await listChanges({ repository: "r", files: [] }, fileOf)).packages).toBe(0);
  const code = async (text: string) =>
    (await refusal(() => listChanges(fetched("other", "gz", gzipSync(text, { level: 1 })), fileOf))).code;
  expect(await code(primary)).toBe("digest/bad-other");
  expect(await code(document(sound).slice(0, -20))).toBe("digest/bad-xml");
  const entry = '<changelog author="a" date="1">x</changelog>';
  expect(await code(document(changed("a", entry.repeat(1_100_000))))).toBe("digest/too-large");
});

test("the text is the same whether its size was told or not", async () => {
  const packages = Array.from({ length: 3000 }, (_, i) => packageXml({ name: `p${i}` }));
  const bytes = gzipSync(primaryXml(...packages));
  const { text } = await listPackages(fetched("primary", "gz", bytes, gunzipSync(bytes).length), fileOf);
  const unknown = await listPackages(fetched("primary", "gz", bytes), fileOf);
  expect(unknown.text.equals(text)).toBe(true);
  expect(text.toString().match(/^Package: p\d+$/gm)?.length).toBe(3000);
});
