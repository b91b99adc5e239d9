// Secrets in what a build left: found in every place of it, however it is packed, and not where there are none.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { refuseLeaks } from "../../../builders/buildroot/leaks.ts";
import { Fault } from "../../../store/model/fault.ts";

const secret = "hunter2-the-second-of-her-name";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kit-leaks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const notes: string[] = [];
const lookedThrough = async (value = secret) => {
  notes.length = 0;
  const secrets = [{ name: "TOKEN", value: Buffer.from(value) }];
  try {
    await refuseLeaks(folder, secrets, (text) => notes.push(text));
    return "";
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.code).toBe("build/secret-in-output");
    return error.message.replace("the secret TOKEN is in what was built: ", "");
  }
};

/** Bytes that nothing compresses, always the same. */
const noise = (length: number) => {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 7; at < length; at++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    bytes[at] = state >> 16;
  }
  return bytes;
};
const around = (bytes: string | Buffer, before = 300_000) =>
  Buffer.concat([noise(before), Buffer.from(bytes), noise(5000)]);

const packers: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gzipSync,
  zstd: (bytes) => zstdCompressSync(bytes),
  xz: (input) => execFileSync("xz", ["-c"], { input, maxBuffer: 1 << 26 }),
  tar: (input) => {
    writeFileSync(join(folder, "member"), input);
    const tar = execFileSync("tar", ["-c", "member"], { cwd: folder, maxBuffer: 1 << 26 });
    rmSync(join(folder, "member"));
    return tar;
  },
  ar: (input) => {
    writeFileSync(join(folder, "member"), input);
    execFileSync("ar", ["rc", "all.a", "member"], { cwd: folder });
    const all = execFileSync("cat", ["all.a"], { cwd: folder, maxBuffer: 1 << 26 });
    for (const name of ["member", "all.a"]) rmSync(join(folder, name));
    return all;
  },
  // Its "new" format (cpio(5)), which rpm has: a file called x, and no trailer.
  cpio: (input) => {
    const fields = [1, 0o100644, 0, 0, 1, 0, input.length, 0, 0, 0, 0, 2, 0];
    const head = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}x\0`;
    return Buffer.concat([Buffer.from(head), input, Buffer.alloc(3 - ((input.length + 3) % 4))]);
  },
};
const packed = (bytes: Buffer, ...by: readonly string[]) =>
  by.reduce((inner, name) => (packers[name] as (bytes: Buffer) => Buffer)(inner), bytes);

describe("a secret", () => {
  test.each([
    ["in a manual page", ["gzip"]],
    ["in a tar.xz", ["tar", "xz"]],
    ["in a tar.zst", ["tar", "zstd"]],
    ["in a .deb's manual page", ["gzip", "tar", "xz", "ar"]],
    ["in an .rpm's manual page", ["gzip", "cpio", "zstd"]],
    ["in a .deb in a tar.gz, as far down as is looked", ["gzip", "tar", "xz", "ar", "tar", "gzip"]],
  ])("%s", async (_, by) => {
    mkdirSync(join(folder, "usr/share"), { recursive: true });
    writeFileSync(join(folder, "usr/share/it"), packed(around(secret), ...by));
    expect(await lookedThrough()).toBe("usr/share/it");
    expect(await lookedThrough("another-secret-of-hers")).toBe("");
    expect(notes).toEqual([]);
  });

  test("behind many that are none, and behind what only begins like a stream", async () => {
    const pages = Array.from({ length: 300 }, (_, index) => gzipSync(around(`page ${index}`, index)));
    const oddities = [Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff])];
    const last = gzipSync(around(secret, 100));
    writeFileSync(join(folder, "all"), Buffer.concat([...oddities, ...pages, ...oddities, last]));
    expect(await lookedThrough()).toBe("all");
    writeFileSync(join(folder, "all"), Buffer.concat([...oddities, ...pages, ...oddities]));
    expect(await lookedThrough()).toBe("");
  });

  test("where a stream, or the secret, lies across two of the pieces that are read", async () => {
    for (const before of [(1 << 20) - 3, (1 << 20) - 1]) {
      for (const by of [[], ["gzip"], ["xz"], ["zstd"], ["gzip", "gzip"], ["gzip", "tar", "xz"]]) {
        const bytes = packed(Buffer.from(secret), ...by);
        writeFileSync(join(folder, "it"), Buffer.concat([noise(before), bytes, noise(10)]));
        expect(await lookedThrough()).toBe("it");
      }
    }
  });

  test("in names that are no UTF-8 and beside them, and in what links lead to", async () => {
    const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x78])]);
    mkdirSync(odd);
    expect(await lookedThrough()).toBe("");
    writeFileSync(Buffer.concat([odd, Buffer.from("/inner")]), secret);
    expect(await lookedThrough()).toBe("\ufffdx/inner");
    rmSync(odd, { recursive: true });
    symlinkSync(`/x/${secret}`, join(folder, "link"));
    expect(await lookedThrough()).toBe("link");
    rmSync(join(folder, "link"));
    writeFileSync(join(folder, secret), "");
    expect(await lookedThrough()).toBe("***");
  });
});

test("what is cut off is looked through as far as it goes", async () => {
  const whole = gzipSync(around(secret, 1000), { level: 0 });
  writeFileSync(join(folder, "it"), whole.subarray(0, whole.length - 1000));
  expect(await lookedThrough()).toBe("it");
});
