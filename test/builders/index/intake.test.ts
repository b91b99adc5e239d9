// A package list's text, however it is compressed, and its compact form.

import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compactList, uncompressList } from "../../../builders/index/intake.ts";
import { openCompact } from "../../../evaluator/compact.ts";
import { openPackages } from "../../../evaluator/deb/packages.ts";
import { refusal } from "../../rig/refusal.ts";
import { openTestStore } from "../../store/rig.ts";

const packages = `Package: hello\nVersion: 1\n\n${"Package: filler\nVersion: 2\n\n".repeat(1000)}`;

// printf 'Package: hello\n' | xz | base64 -w0
const xzOfHello =
  "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAOUGFja2FnZTogaGVsbG8KAAD4w3gLGe6zUwABJw/fGvxqH7bzfQEAAAAABFla";

describe("uncompressing", () => {
  const gz = gzipSync(packages);
  /** In pieces, as the pool gives it. */
  const text = async (bytes: Uint8Array, ...[form, options]: Rest) =>
    (await uncompressList([bytes.subarray(0, 7), bytes.subarray(7)], form, options)).toString();
  type Rest = [Parameters<typeof uncompressList>[1], Parameters<typeof uncompressList>[2]?];
  const codeOf = async (promise: Promise<unknown>) => (await refusal(promise)).code;

  test("every compression", async () => {
    expect(await text(gz, { compression: "gz" })).toBe(packages);
    expect(await text(zstdCompressSync(packages), { compression: "zst" })).toBe(packages);
    expect(await text(Buffer.from(packages), { compression: "none" })).toBe(packages);
    expect(await text(Buffer.from(xzOfHello, "base64"), { compression: "xz" })).toBe("Package: hello\n");
  });

  test("of a known size, and no longer than that", async () => {
    const plainSize = Buffer.byteLength(packages);
    expect(await text(gz, { compression: "gz", plainSize })).toBe(packages);
    const short = text(gz, { compression: "gz", plainSize: plainSize - 1 });
    expect(await codeOf(short)).toBe("digest/bomb");
    const long = text(gz, { compression: "gz", plainSize: plainSize + 1 });
    expect(await codeOf(long)).toBe("digest/bad-stream");
  });

  test("a bomb is refused", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(await codeOf(text(bomb, { compression: "gz" }, { limit: 1_000_000 }))).toBe("digest/bomb");
  });

  test("a cut stream is refused", async () => {
    expect(await codeOf(text(gz.subarray(0, -20), { compression: "gz" }))).toBe("digest/bad-stream");
  });
});

test("the compact form, in the pool", async () => {
  const { pool } = openTestStore();
  const list = pool.put(gzipSync(packages));
  const blob = await compactList({ list }, { label: "list", format: "deb", compression: "gz" }, pool);
  const bytes = pool.readAll(blob);
  const index = openPackages(openCompact((start, end) => bytes.subarray(start, end)));
  expect(index.size).toBe(1001);
  expect(index.text(0)).toBe("Package: hello\nVersion: 1");
  expect(index.named("filler").length).toBe(1000);
});

describe("a list that does harm is told by its name", () => {
  const refused = async (list: string, compression: "zst" | "gz" = "zst") => {
    const { pool } = openTestStore();
    const bytes = compression === "zst" ? zstdCompressSync(list) : gzipSync(list).subarray(0, -20);
    const form = { label: "index of evil dists/x/Packages", format: "deb", compression } as const;
    const { code, message } = await refusal(() => compactList({ list: pool.put(bytes) }, form, pool));
    return `${code} ${message}`;
  };

  test("300,000 stanzas, and one more", async () => {
    expect(await refused("P\n\n".repeat(300_001))).toBe(
      "digest/bomb index of evil dists/x/Packages: it lists more than 300000 packages",
    );
  });

  test("one package 1,000 times, and once more", async () => {
    expect(await refused("Package: a\nVersion: 1\n\n".repeat(1_001))).toBe(
      'digest/bomb index of evil dists/x/Packages: it lists "a" more than 1000 times',
    );
  });

  test("cut short", async () => {
    expect(await refused(packages, "gz")).toMatch(/^digest\/bad-stream index of evil dists\/x\/Packages: /);
  });
});

test("a stanza longer than any is skipped with a warning, and so are a thousand without names", async () => {
  const { pool } = openTestStore();
  const long = `Package: long\nProvides: ${"a\n ,".repeat(3 << 20)}\n\n`;
  const text = `${long}Package: hello\nVersion: 1\n\n${"Version: 2\n\n".repeat(1000)}`;
  const list = pool.put(zstdCompressSync(text));
  const blob = await compactList({ list }, { label: "list", format: "deb", compression: "zst" }, pool);
  const bytes = pool.readAll(blob);
  const index = openPackages(openCompact((start, end) => bytes.subarray(start, end)));
  expect([...index.names()]).toEqual(["hello"]);
  expect(index.providing("a")).toEqual([]);
  expect(index.warnings).toHaveLength(101);
  expect(index.warnings[0]).toBe('skipped a stanza longer than 8388608 bytes, beginning "Package: long"');
  expect(index.warnings.at(-1)).toBe("901 more warnings like these");
});
