// What `kit lock` tells of a changed lock.

import { describe, expect, it } from "vitest";
import { changeLines, summaryLines } from "../../../cli/commands/change.ts";
import { packageChanges, packagesIn } from "../../../evaluator/diff/packages.ts";
import { emptyLock, type Lock } from "../../../evaluator/lock.ts";

/** A lock of packages written `NAME VERSION [ARCHITECTURE]`. */
function lock(packages: Readonly<Record<string, readonly string[]>>): Lock {
  const distros = Object.entries(packages).map(([distro, list]) => {
    const entries = list.map((text) => {
      const [name = "", version = "", architecture = "amd64"] = text.split(" ");
      return [
        `${name}_${version}_${architecture}`,
        { from: "main x", stanza: { Package: name, Version: version, Architecture: architecture } },
      ];
    });
    return [distro, { indexes: [], packages: Object.fromEntries(entries) }];
  });
  return { ...emptyLock, distros: Object.fromEntries(distros) };
}

const lines = (before: Lock | undefined, after: Lock) =>
  changeLines(packageChanges(packagesIn(before), packagesIn(after)));

describe("changes of a lock", () => {
  it("a line for each package that came, went or moved, by Debian's order of versions", () => {
    const before = lock({ d: ["same 1", "gone 1.0-1", "up 1.9", "down 2", "tilde 1.0"] });
    const after = lock({ d: ["same 1", "new 3", "up 1.10", "down 1:0~1", "tilde 1.0~rc1"] });
    expect(lines(before, after)).toEqual([
      "upgraded down 2 to 1:0~1",
      "removed gone 1.0-1",
      "added new 3",
      "downgraded tilde 1.0 to 1.0~rc1",
      "upgraded up 1.9 to 1.10",
    ]);
  });

  it("a first lock adds everything; an equal one changes nothing", () => {
    const one = lock({ d: ["a 1", "b 2"] });
    expect(lines(undefined, one)).toEqual(["added a 1", "added b 2"]);
    expect(lines(one, one)).toEqual([]);
  });

  it("architectures and distros are told where there are several", () => {
    expect(lines(undefined, lock({ d: ["a 1 amd64", "a 1 arm64", "b 1 all"] }))).toEqual([
      "added a:amd64 1",
      "added a:arm64 1",
      "added b:all 1",
    ]);
    expect(lines(undefined, lock({ d: ["a 1"], e: ["a 2"] }))).toEqual(["added a 1 (d)", "added a 2 (e)"]);
  });

  it("another file of the same version is a change", () => {
    const of = (file: string): Lock => {
      const stanza = { Package: "a", Version: "1", Architecture: "amd64", SHA256: file };
      return {
        ...emptyLock,
        distros: { d: { indexes: [], packages: { a_1_amd64: { from: "main x", stanza } } } },
      };
    };
    expect(lines(of("00"), of("01"))).toEqual(["changed a 1: another file of that version"]);
    expect(lines(of("00"), of("00"))).toEqual([]);
  });

  it("two versions may stand side by side", () => {
    expect(lines(lock({ d: ["a 1"] }), lock({ d: ["a 1", "a 2"] }))).toEqual(["upgraded a 1 to 1 and 2"]);
  });
});

describe("a summary of changes", () => {
  const names = (count: number) =>
    Array.from({ length: count }, (_, i) => `p${String(i).padStart(2, "0")} 1`);
  const summary = (before: readonly string[], after: readonly string[]) =>
    summaryLines(packageChanges(packagesIn(lock({ d: before })), packagesIn(lock({ d: after }))));

  it("is a line for each of forty of a kind", () => {
    const { lines, isWhole } = summary(["old 1"], names(40));
    expect([lines.length, lines.at(-1), isWhole]).toEqual([41, "added p39 1", true]);
  });

  it("counts more of one kind after the others", () => {
    expect(summary(["old 1", "zz 1"], [...names(41), "zz 2"])).toEqual({
      lines: [
        "removed old 1",
        "upgraded zz 1 to 2",
        "added 41 packages: p00 1, p01 1, p02 1, p03 1, p04 1 and 36 more",
      ],
      isWhole: false,
    });
  });
});
