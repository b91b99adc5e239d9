// Listings and universes of rpm packages: what is found in an index, who provides what, which architectures count.

import { describe, expect, test } from "vitest";
import { compactInMemory } from "../../../evaluator/compact.ts";
import { linesOf, parseStanza } from "../../../evaluator/deb/stanza.ts";
import { newLists } from "../../../evaluator/lists.ts";
import { architecturePolicy } from "../../../evaluator/rpm/architecture.ts";
import { openRpms, rpmIndex, scanRpms } from "../../../evaluator/rpm/listing.ts";
import { parseRelation } from "../../../evaluator/rpm/relation.ts";
import { nevra, rpm, source, stanzaText, universeOf } from "./repository.ts";

describe("rpmIndex", () => {
  const text = [
    stanzaText(
      rpm("a 1-1", { Provides: ["cap = 1", "lib(x)(64bit)"], Files: ["/usr/bin/a", "/usr/share/a b"] }),
    ),
    stanzaText(rpm("a 2-1", { Obsoletes: ["old < 2"], Supplements: ["(b and (c or d >= 1))", "e"] })),
    "Version: 3",
    "no field at all",
    stanzaText(rpm("b", { Provides: ["cap"], Supplements: ["(broken"] })),
  ].join("\n\n\n");
  const index = rpmIndex(`\n\n${text}`);

  test("finds stanzas by what they are called and what they name", () => {
    expect(index.size).toBe(5);
    expect([...index.names()]).toEqual(["a", "b"]);
    expect(index.named("a")).toEqual([0, 1]);
    expect(index.providing("cap")).toEqual([0, 4]);
    expect(index.providing("lib(x)(64bit)")).toEqual([0]);
    expect(index.providing("/usr/bin/a")).toEqual([0]);
    expect(index.providing("/usr/share/a b")).toEqual([0]);
    expect(index.obsoleting("old")).toEqual([1]);
    expect(["b", "c", "d", "e", "broken"].map(index.supplementing)).toEqual([[1], [1], [1], [1], []]);
    expect([0, 4].map(index.nameAt)).toEqual(["a", "b"]);
    expect(`${index.text(4)}\n`).toBe(stanzaText(rpm("b", { Provides: ["cap"], Supplements: ["(broken"] })));
  });

  test("tells what it could not read", () => {
    expect(index.warnings).toEqual([
      'skipped a stanza without a Package field, beginning "Version: 3"',
      'skipped a stanza without a Package field, beginning "no field at all"',
    ]);
  });

  test("has paths that were found among a package's files", () => {
    const specs = [rpm("a", { Provides: ["/opt/x"] }), rpm("b", { Files: ["/bin/b"] }), rpm("c")];
    const text = Buffer.from(specs.map((spec) => `${stanzaText(spec)}\n`).join(""));
    const { tables, ...scanned } = scanRpms(text);
    const found = newLists();
    for (const [path, stanza] of [
      ["/opt/$&", 1],
      ["/opt/x", 1],
      ["/opt/x", 2],
    ] as const)
      found.add(path, stanza);
    const index = openRpms(compactInMemory({ ...scanned, tables: { ...tables, found } }, text));
    const filesAt = (stanza: number) => linesOf(parseStanza(index.text(stanza)), "Files");
    expect([0, 1, 2].map(filesAt)).toEqual([[], ["/opt/$&", "/opt/x", "/bin/b"], ["/opt/x"]]);
    expect(["/opt/x", "/bin/b", "/opt/$&", "/opt"].map(index.providing)).toEqual([[0, 1, 2], [1], [1], []]);
  });

  test("is empty over nothing", () => {
    const nothing = rpmIndex("");
    expect([nothing.size, [...nothing.names()], nothing.named("a"), nothing.text(0)]).toEqual([
      0,
      [],
      [],
      "",
    ]);
  });
});

describe("architectures", () => {
  test.each([
    ["x86_64", ["x86_64", "i686", "i386", "noarch"], ["aarch64", "src", "armv7hl"]],
    ["i686", ["i686", "i386", "noarch"], ["x86_64"]],
    ["aarch64", ["aarch64", "noarch"], ["armv7hl", "x86_64"]],
    ["armhfp", ["armv6hl", "noarch"], ["aarch64"]],
    ["s390x", ["s390x", "s390"], ["ppc64"]],
  ])("%s", (native, installable, others) => {
    const policy = architecturePolicy(native);
    expect(installable.map((name) => policy.isInstallable(name))).not.toContain(false);
    expect(others.map((name) => policy.isInstallable(name))).not.toContain(true);
  });

  test("those of one width share their files", () => {
    const { shareFiles } = architecturePolicy("x86_64");
    expect([shareFiles("x86_64", "i686"), shareFiles("i686", "i386"), shareFiles("noarch", "i686")]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test("packages of foreign ones do not exist", () => {
    const all = universeOf([rpm("a"), rpm("a 1-1 aarch64"), rpm("b 1-1 src")]);
    expect(all.named("a").map(nevra)).toEqual(["a-1-1.x86_64"]);
    expect(all.named("b")).toEqual([]);
  });
});

test("providers by name, version, file, and all of these in one package", () => {
  const all = universeOf([
    rpm("a 1-1", { Provides: ["cap = 1.5", "flag"], Files: ["/usr/bin/x"] }),
    rpm("a 2-1", { Provides: ["cap = 2.5"] }),
    rpm("b 1:1-1", { Provides: ["cap"], Files: ["/usr/bin/x"] }),
    rpm("c 1-1", { Provides: ["cap < 3", "/usr/bin/x"] }),
  ]);
  const able = (relation: string) => all.providers(parseRelation(relation)).map(nevra);
  expect(able("a")).toEqual(["a-1-1.x86_64", "a-2-1.x86_64"]);
  expect(able("a > 1")).toEqual(["a-2-1.x86_64"]);
  expect(able("b < 1:1")).toEqual([]);
  expect(able("b = 1")).toEqual([]);
  expect(able("cap >= 2")).toEqual(["a-2-1.x86_64", "b-1:1-1.x86_64", "c-1-1.x86_64"]);
  expect(able("/usr/bin/x")).toEqual(["a-1-1.x86_64", "b-1:1-1.x86_64", "c-1-1.x86_64"]);
  expect(able("(cap >= 1 with cap < 2)")).toEqual(["a-1-1.x86_64", "b-1:1-1.x86_64", "c-1-1.x86_64"]);
  expect(able("(cap with flag)")).toEqual(["a-1-1.x86_64"]);
  expect(able("(cap without /usr/bin/x)")).toEqual(["a-2-1.x86_64"]);
  expect(able("(flag or b)")).toEqual(["a-1-1.x86_64", "b-1:1-1.x86_64"]);
});

test("two sources of one repository are one", () => {
  const [first, second] = [source([rpm("b")]), source([rpm("a"), rpm("c")])];
  const all = universeOf([], { sources: [first, second] });
  const found = ["c", "b", "a"].flatMap((name) => [...all.named(name)]).sort(all.compare);
  expect(found.map(({ name }) => name)).toEqual(["a", "b", "c"]);
});
