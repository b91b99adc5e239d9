// What is of another architecture, by the command a user runs: packages and roots of arm64 made on amd64.

import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shippedManifests } from "./base.ts";
import { done, kit, type Outcome } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { flawsOf } from "./sound.ts";

const isAble = process.arch === "x64";

let place: Place;
/** With a near mirror 30 s and 110 MB for qemu-user and what a small arm64 root takes. */
beforeAll(async () => {
  if (!isAble) return;
  place = openPlace("foreign");
  cpSync(join(shippedManifests, "distros/debian/keys"), join(place.folder, "keys"), { recursive: true });
  place.write({ "tiny.yaml": tiny, "hi.yaml": hi, "postinst.sh": postinst, "image.yaml": image });
});
afterAll(() => {
  if (!isAble) return;
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

/** The least that configures, and builds. */
const tiny = `kind: distro
name: tiny
format: deb
architectures: [amd64, arm64]
repositories:
  - {name: main, uri: "https://ftp.debian.org/debian", suites: [trixie], components: [main], signedBy: ./keys/debian-archive-trixie.asc}
base: [base-files, base-passwd, coreutils, dash, diffutils, dpkg, findutils, grep, gzip, libc-bin, mawk, perl-base, sed, tar, util-linux]
build: [gcc, libc6-dev, make]
`;

const hi = `kind: package
name: hi
version: "1.0"
builder: deb-files
distro: ./tiny.yaml
architectures: [any]
files: [{path: /usr/bin/hi, mode: "0755", content: "#!/bin/sh\\nuname -m\\n"}]
deb: {maintainer: "A <a@example.org>", summary: says what it runs on, scripts: {postinst: ./postinst.sh}}
`;

/** What a script sees of the machine that it runs on: of the emulator nothing is in the root. */
const postinst = `#!/bin/sh
set -e
{ dpkg --print-architecture; hi; echo "$0"; grep Seccomp: /proc/self/status; } > /var/seen
{ ls /proc/sys/fs/binfmt_misc; find / -xdev -name 'qemu*'; } > /var/handlers 2>/dev/null || :
`;

const image = `kind: image
name: small
distro: ./tiny.yaml
architectures: [amd64, arm64]
packages: [./hi.yaml]
outputs: [{type: tar}]
`;

const run = (...words: string[]): Promise<Outcome> => kit(words, { cwd: place.folder, store: place.store });

/** A file of a tar by its path in the root. Throws where there is none. */
const fileOf = (tar: string, path: string): Buffer =>
  execFileSync("tar", ["--extract", "--to-stdout", "--file", tar, `.${path}`], { maxBuffer: 1 << 26 });

/** e_machine of an ELF header: 62 of x86-64, 183 of AArch64 (elf.h). */
const machineOf = (program: Buffer): number => program.readUInt16LE(18);

const outputOf = (outcome: Outcome): string => [...outcome.paths.values()][0] ?? expect.fail(outcome.stderr);

describe.runIf(isAble)("a root of arm64 on amd64", () => {
  let tar: string;
  test("is configured with its own programs", async () => {
    // For both architectures; where one is asked for, that one alone is locked.
    done(await run("lock", "image.yaml"));
    tar = outputOf(done(await run("realize", "image.yaml", "--arch", "arm64")));
    expect(machineOf(fileOf(tar, "/usr/bin/dash"))).toBe(183);
    const status = fileOf(tar, "/var/lib/dpkg/status").toString();
    expect(new Set(status.match(/^Status: .*$/gm))).toEqual(new Set(["Status: install ok installed"]));
  });

  test("whose scripts see the machine that they are for, and nothing of the emulator", () => {
    expect(fileOf(tar, "/var/seen").toString()).toMatch(
      /^arm64\naarch64\n\/var\/lib\/dpkg\/info\/hi\.postinst\nSeccomp:\s+2\n$/,
    );
    expect(fileOf(tar, "/var/handlers").toString()).toBe("");
  });

  test("has no other key, nor other bytes, for being made again", async () => {
    const checked = done(await run("realize", "image.yaml", "--arch", "arm64", "--check"));
    expect(outputOf(checked)).toBe(tar);
  });

  test("is no part of what amd64 is built of", async () => {
    const plan = async (architecture: string) =>
      done(await run("evaluate", "image.yaml", "--arch", architecture)).stdout;
    expect(await plan("arm64")).toContain("tools emulator");
    expect(await plan("amd64")).not.toContain("emulator");
  });
});
