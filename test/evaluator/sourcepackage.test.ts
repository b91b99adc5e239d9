// Source packages out of lists: which one is chosen, and which files it has.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactInMemory } from "../../evaluator/compact.ts";
import { scanSources } from "../../evaluator/deb/sources.ts";
import type { Source } from "../../evaluator/question.ts";
import { chooseSource, type SourceList, sourceFiles } from "../../evaluator/sourcepackage.ts";
import { openStanzas } from "../../evaluator/stanzaindex.ts";
import { Fault } from "../../store/model/fault.ts";

const source: Source = {
  distro: "debian/bookworm",
  architecture: "source",
  repositories: [],
  pins: [],
};

const stanza = (version: string, more = "") => `Package: hello\nVersion: ${version}\n${more}`;
const list = (from: string, priority: number, ...stanzas: string[]): SourceList => {
  const text = Buffer.from(stanzas.join("\n"));
  return { list: openStanzas(compactInMemory(scanSources(text), text)), from, priority };
};

const chosen = (lists: readonly SourceList[], version?: string) => {
  const question = { source, name: "hello", ...(version !== undefined && { version }) };
  const { from, stanza: found } = chooseSource(question, lists);
  return `${found["Version"]} from ${from}`;
};

function faultOf(act: () => unknown): Fault | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  return undefined;
}

describe("the source package that is meant", () => {
  const lists = [
    list("main bookworm", 500, stanza("1.9-1"), stanza("1.10-1")),
    list("main bookworm-updates", 500, stanza("1:0.1-1")),
    list("own here", 600, stanza("1.0-1")),
    list("kept here", 900, stanza("2.0-1", "Extra-Source-Only: yes\n")),
  ];

  test("is of the highest priority, then of the highest version", () => {
    expect(chosen(lists)).toBe("1.0-1 from own here");
    expect(chosen(lists.slice(0, 2))).toBe("1:0.1-1 from main bookworm-updates");
    expect(chosen(lists.slice(0, 1))).toBe("1.10-1 from main bookworm");
  });

  test("may be of just one version, and is the same in whatever order lists come", () => {
    expect(chosen(lists, "1.9-1")).toBe("1.9-1 from main bookworm");
    fc.assert(
      fc.property(fc.shuffledSubarray(lists, { minLength: lists.length }), (order) => {
        expect(chosen(order)).toBe(chosen(lists));
      }),
    );
  });

  test("is told where there is none: which versions there are", () => {
    const fault = faultOf(() => chosen(lists.slice(0, 1), "3.0-1"));
    expect([fault?.code, fault?.hint]).toEqual(["unresolved/no-source", "it has 1.9-1, 1.10-1"]);
    expect(faultOf(() => chosen([]))?.code).toBe("unresolved/no-source");
    // What is there only because something was built of it is not offered.
    expect(faultOf(() => chosen(lists.slice(3)))?.code).toBe("unresolved/no-source");
  });
});

describe("its files", () => {
  const [a, b] = ["a".repeat(64), "b".repeat(64)];
  const whole = {
    Package: "hello",
    Directory: "pool/main/h/hello",
    "Checksums-Sha256": `\n ${a} 725946 hello_2.10.orig.tar.gz\n ${b} 1721 hello_2.10-3.dsc`,
  };

  test("are below the archive, the .dsc first", () => {
    expect(sourceFiles(whole)).toEqual([
      { name: "hello_2.10-3.dsc", path: "pool/main/h/hello/hello_2.10-3.dsc", size: 1721, sha256: b },
      {
        name: "hello_2.10.orig.tar.gz",
        path: "pool/main/h/hello/hello_2.10.orig.tar.gz",
        size: 725946,
        sha256: a,
      },
    ]);
  });

  test.each([
    [{ "Checksums-Sha256": "" }],
    [{ "Checksums-Sha256": `\n ${a} 1 ../x.dsc` }],
    [{ "Checksums-Sha256": `\n ${a} 1 .dsc` }],
    [{ "Checksums-Sha256": `\n ${a.slice(1)} 1 x.dsc` }],
    [{ "Checksums-Sha256": `\n ${a} 1 x.dsc\n ${b} 1 y.dsc` }],
    [{ "Checksums-Sha256": `\n ${a} 1 x.tar.gz` }],
    [{ Directory: "../pool" }],
    [{ Directory: "/pool" }],
    [{ Directory: "" }],
    [{ Directory: "pool/./x" }],
  ])("are refused where the list does not tell them: %j", (change) => {
    expect(faultOf(() => sourceFiles({ ...whole, ...change }))?.code).toBe("digest/malformed-source");
  });
});
