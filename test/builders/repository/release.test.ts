// Release files: what is read from them, what is held against them.
// Knows texts written here; does not know signatures.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkRelease } from "../../../builders/repository/check.ts";
import { packagesFiles, packagesPaths, parseRelease } from "../../../builders/repository/release.ts";
import type { Fault } from "../../../store/model/fault.ts";

const digests = ["a", "b", "c", "d"].map((digit) => digit.repeat(64));
const text = `Origin: Debian
Label: Debian
Suite: stable-updates
Codename: trixie-updates
Date: Thu, 19 Nov 2026 02:12:54 UTC
Valid-Until: Thu, 26 Nov 2026 02:12:54 UTC
Acquire-By-Hash: yes
No-Support-for-Architecture-all: Packages
Architectures: all amd64 arm64
Components: main contrib
Description: Debian 13 - Updates
MD5Sum:
 ${"0".repeat(32)} 12 main/binary-amd64/Packages.gz
SHA256:
 ${digests[0]}     2351 main/binary-all/Packages.xz
 ${digests[1]} 56620099 main/binary-amd64/Packages
 ${digests[2]}     1108 main/binary-amd64/Packages.xz
 ${digests[3]}     1200 main/binary-amd64/Packages.gz
`;
const without = (name: string) => text.replace(new RegExp(`^${name}:.*\n( .*\n)*`, "m"), "");

describe("reading", () => {
  test("its fields and its list", () => {
    const release = parseRelease(text);
    expect({ ...release, files: [...release.files] }).toEqual({
      suite: "stable-updates",
      codename: "trixie-updates",
      date: Date.UTC(2026, 10, 19, 2, 12, 54) / 1000,
      validUntil: Date.UTC(2026, 10, 26, 2, 12, 54) / 1000,
      acquireByHash: true,
      components: ["main", "contrib"],
      architectures: ["all", "amd64", "arm64"],
      separateAll: false,
      files: [
        ["main/binary-all/Packages.xz", { size: 2351, sha256: digests[0] }],
        ["main/binary-amd64/Packages", { size: 56620099, sha256: digests[1] }],
        ["main/binary-amd64/Packages.xz", { size: 1108, sha256: digests[2] }],
        ["main/binary-amd64/Packages.gz", { size: 1200, sha256: digests[3] }],
      ],
    });
  });

  test.each([
    "Thu, 19 Nov 2026 02:12:54 +0000",
    "19 Nov 2026 02:12:54 GMT",
    "Thu, 19 Nov 2026 03:12:54 +0100",
  ])("the date %s", (date) => {
    expect(parseRelease(text.replace(/^Date: .*/m, `Date: ${date}`)).date).toBe(
      Date.UTC(2026, 10, 19, 2, 12, 54) / 1000,
    );
  });

  test("what may be missing", () => {
    const bare = parseRelease(
      ["Valid-Until", "Acquire-By-Hash", "Suite", "Codename", "Components"].reduce(
        (left, name) => left.replace(new RegExp(`^${name}:.*\n`, "m"), ""),
        text,
      ),
    );
    expect(bare).toMatchObject({
      suite: undefined,
      codename: undefined,
      validUntil: undefined,
      acquireByHash: false,
      components: [],
    });
  });

  test.each([
    ["no date", without("Date")],
    ["no digests", without("SHA256")],
    ["a date that is none", text.replace("19 Nov", "39 Nov")],
    ["a local date", text.replace("02:12:54 UTC", "02:12:54")],
    ["a short digest", text.replace(`${digests[1]}`, "abc")],
    ["a size that is none", text.replace("56620099", "-1")],
    ["a field twice", `${text}Date: Thu, 19 Nov 2026 02:12:54 UTC\n`],
    ["a line that is no field", `${text}nonsense\n`],
    ["nothing", ""],
  ])("%s is refused", (_, bad) => {
    expect(() => parseRelease(bad)).toThrow(
      expect.objectContaining<Partial<Fault>>({ code: "digest/bad-release" }),
    );
  });

  test("any text is read or refused", () => {
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(40), fc.string(), (at, drop, insert) => {
        try {
          parseRelease(text.slice(0, at) + insert + text.slice(at + drop));
        } catch (error) {
          expect(error).toMatchObject({ code: "digest/bad-release" });
        }
      }),
    );
  });
});

describe("the index to take", () => {
  test("gz before xz before none", () => {
    const chosen = (release: string) =>
      packagesFiles(parseRelease(release), "main", "amd64").map(({ path, compression }) => [
        path,
        compression,
      ]);
    expect(chosen(text)).toEqual([["main/binary-amd64/Packages.gz", "gz"]]);
    const withoutGz = text.replace(/^.*amd64\/Packages\.gz\n/gm, "");
    expect(chosen(withoutGz)).toEqual([["main/binary-amd64/Packages.xz", "xz"]]);
    expect(chosen(withoutGz.replace(/^.*amd64\/Packages\.xz\n/gm, ""))).toEqual([
      ["main/binary-amd64/Packages", "none"],
    ]);
  });

  test("that of all too, where the archive keeps it apart", () => {
    const apart = parseRelease(without("No-Support-for-Architecture-all"));
    expect(
      packagesFiles(apart, "main", "amd64").map(({ architecture, path }) => [architecture, path]),
    ).toEqual([
      ["amd64", "main/binary-amd64/Packages.gz"],
      ["all", "main/binary-all/Packages.xz"],
    ]);
    const unnamed = parseRelease(
      without("No-Support-for-Architecture-all").replace("Architectures: all", "Architectures:"),
    );
    expect(packagesFiles(unnamed, "main", "amd64").length).toBe(1);
  });

  test("by its digest first, where the archive offers that", () => {
    const paths = (release: string) => {
      const parsed = parseRelease(release);
      return packagesFiles(parsed, "main", "amd64").flatMap((file) =>
        packagesPaths(parsed, "trixie-updates", file),
      );
    };
    const named = "dists/trixie-updates/main/binary-amd64/Packages.gz";
    expect(paths(text)).toEqual([
      `dists/trixie-updates/main/binary-amd64/by-hash/SHA256/${digests[3]}`,
      named,
    ]);
    expect(paths(without("Acquire-By-Hash"))).toEqual([named]);
  });

  test.each([
    ["main", "riscv64"],
    ["games", "amd64"],
  ])("none for %s and %s: what there is, is told", (component, architecture) => {
    expect(() => packagesFiles(parseRelease(text), component, architecture)).toThrow(
      expect.objectContaining<Partial<Fault>>({
        code: "unresolved/no-index",
        hint: expect.stringMatching(/main, contrib.*all, amd64, arm64/),
      }),
    );
  });
});

describe("checking", () => {
  const release = parseRelease(text);
  const day = 86_400;
  const { date } = release;
  const codes = (expected: { suite?: string; after?: number; notBefore?: number; dated?: boolean }) =>
    checkRelease(release, {
      label: "main trixie-updates",
      suite: "trixie-updates",
      now: (date + (expected.after ?? day)) * 1000,
      ...expected,
    }).map(({ code, exit }) => `${code} ${exit}`);

  test("a fresh one of the right name", () => {
    expect(codes({})).toEqual([]);
    expect(codes({ suite: "stable-updates" })).toEqual([]);
    expect(codes({ notBefore: date })).toEqual([]);
  });
  test("another suite's", () => {
    expect(codes({ suite: "bookworm-updates" })).toEqual(["digest/wrong-suite 8"]);
  });
  test("an old security suite, which leaves out `/updates`", () => {
    const buster = parseRelease(text.replace("Codename: trixie-updates", "Codename: buster"));
    expect(checkRelease(buster, { label: "security", suite: "buster/updates", now: date * 1000 })).toEqual(
      [],
    );
  });
  test("one past its time, to the second, but for a dated archive", () => {
    expect(codes({ after: 7 * day })).toEqual([]);
    expect(codes({ after: 7 * day + 1 })).toEqual(["digest/expired-index 8"]);
    expect(codes({ after: 900 * day, dated: true })).toEqual([]);
  });
  test("one from the future, a day allowed", () => {
    expect(codes({ after: -day })).toEqual([]);
    expect(codes({ after: -day - 1 })).toEqual(["digest/future-index 8"]);
  });
  test("one older than the locked", () => {
    expect(codes({ notBefore: date + 1 })).toEqual(["digest/stale-index 8"]);
  });
  test("all at once, each with a hint", () => {
    const faults = checkRelease(release, {
      label: "main",
      suite: "sid",
      now: (date + 8 * day) * 1000,
      notBefore: date + 1,
    });
    expect(faults.length).toBe(3);
    expect(faults.every(({ hint }) => hint !== undefined)).toBe(true);
  });
});
