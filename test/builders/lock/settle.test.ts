// What gives way of what a lock holds, and what does not, for debs and for rpms.

import { describe, expect, test } from "vitest";
import { groupedLists, keptLists } from "../../../builders/lock/listing.ts";
import type { Pinned } from "../../../builders/lock/pinned.ts";
import { type Closed, settle } from "../../../builders/lock/settle.ts";
import { openSupply } from "../../../builders/lock/supply.ts";
import { openAsked } from "../../../evaluator/asked.ts";
import { compactInMemory } from "../../../evaluator/compact.ts";
import { formatStanzas, parseStanza, type Stanza } from "../../../evaluator/deb/stanza.ts";
import type { Source } from "../../../evaluator/question.ts";
import { scanRpms } from "../../../evaluator/rpm/listing.ts";
import { wordTables } from "../../../evaluator/words.ts";

/** `lib 2` with further fields as they stand in a stanza. */
type Write = (words: string, ...fields: string[]) => Stanza;

interface Format {
  readonly source: Source;
  readonly stanza: Write;
  /** How a dependency on just this version is written. */
  readonly exactly: (name: string, version: string) => string;
}

const common = { distro: "d", suites: [], pins: [] };
const deb: Format = {
  source: {
    ...common,
    architecture: "amd64",
    repositories: [{ name: "main", uri: "", suites: ["s"], components: ["main"], priority: 500 }],
  } as unknown as Source,
  stanza(words, ...fields) {
    const [name, version] = words.split(" ");
    const file = [`Filename: ${name}.deb`, "Size: 1", `SHA256: ${"0".repeat(64)}`];
    const lines = [`Package: ${name}`, `Version: ${version}`, "Architecture: amd64", ...file, ...fields];
    return parseStanza(lines.join("\n"));
  },
  exactly: (name, version) => `Depends: ${name} (= ${version})`,
};
const rpm: Format = {
  source: {
    ...common,
    format: "rpm",
    architecture: "x86_64",
    repositories: [{ name: "main", uri: "", suites: [], components: [], priority: 99 }],
  } as unknown as Source,
  stanza(words, ...fields) {
    const [name, version] = words.split(" ");
    const lines = [
      ...[`Package: ${name}`, `Version: ${version}-1`, "Architecture: x86_64"],
      ...[`Filename: ${name}-${version}.rpm`, ...fields],
    ];
    return parseStanza(lines.join("\n"));
  },
  exactly: (name, version) => `Requires:\n ${name} = ${version}`,
};

/** Sets are requested packages, resolved each alone. Gives `NAME VERSION` of each, with the versions' releases cut. */
function settled(
  { source }: Format,
  all: readonly Stanza[],
  held: readonly Stanza[],
  sets: readonly (readonly string[])[],
  moving: readonly string[] = [],
): string[][] {
  const from = source.format === "rpm" ? "main " : "main s";
  const pinned = (stanza: Stanza): Pinned => ({ from, stanza });
  const lists = groupedLists({ source }, all.map(pinned));
  const keep = (packages: readonly Pinned[]) => keptLists({ source }, packages, { indexes: [] });
  const asked = { source, locals: [], exclude: [], base: [] };
  const closed = settle<readonly Closed[]>(held.map(pinned), {
    ...{ moving, lists, keep },
    choose(packages) {
      const supply = openSupply(asked, [...lists, ...keep(packages)]);
      const answer = sets.map((requests): Closed => {
        const resolution = supply.resolve({ base: [], requests });
        if (!resolution.ok) throw new Error(resolution.explanation.join("\n"));
        return { ...asked, requests, packages: resolution.packages };
      });
      return { answer, closed: answer };
    },
  });
  return closed.map(({ packages }) =>
    packages.map(({ name, version }) => `${name} ${version.replace(/-1$/, "")}`),
  );
}

describe.each([
  ["debs", deb],
  ["rpms", rpm],
])("of %s", (_, format) => {
  const { stanza, exactly } = format;
  const old = [stanza("lib 1"), stanza("dev 1", exactly("lib", "1")), stanza("free 1")];
  const young = [stanza("lib 2"), stanza("dev 2", exactly("lib", "2")), stanza("free 2")];

  test("what is to move takes along what holds it back, and nothing else", () => {
    const kept = old.filter((each) => each["Package"] !== "lib");
    expect(settled(format, [...old, ...young], kept, [["lib", "dev", "free"]], ["lib"])).toEqual([
      ["dev 2", "free 1", "lib 2"],
    ]);
  });

  test("what cannot move stays, and so does what holds it back", () => {
    const kept = old.filter((each) => each["Package"] !== "lib");
    const alone = [...old, stanza("lib 2"), stanza("free 2"), stanza("dev 1.5", exactly("lib", "1"))];
    expect(settled(format, alone, kept, [["lib", "dev", "free"]], ["lib"])).toEqual([
      ["dev 1", "free 1", "lib 1"],
    ]);
  });

  test("a version that one set is forced to is that of all who can have it", () => {
    const all = [
      ...[...old, ...young, stanza("lib 3"), stanza("app 1"), stanza("app 2", exactly("lib", "2"))],
      stanza("strict 1", exactly("lib", "1")),
    ];
    const kept = [...old, stanza("strict 1", exactly("lib", "1"))];
    const sets = [["lib"], ["app"], ["lib", "free"], ["strict"]];
    expect(settled(format, all, kept, sets, ["app"])).toEqual([
      ["lib 2"],
      ["app 2", "lib 2"],
      ["free 1", "lib 2"],
      ["lib 1", "strict 1"],
    ]);
  });

  test("a pin of the distribution does not move what is held", () => {
    const source = { ...format.source, pins: [{ package: "l*", from: "main", priority: 900 }] };
    expect(settled({ ...format, source }, [...old, ...young], old, [["lib", "free"]])).toEqual([
      ["free 1", "lib 1"],
    ]);
  });
});

test("what groups ask for counts, beside a condition too: for what that keeps back nothing makes way", () => {
  const { source, stanza, exactly } = rpm;
  const all = [
    ...[stanza("lib 1"), stanza("dev 1", exactly("lib", "1")), stanza("free 1")],
    ...[stanza("lib 2", exactly("free", "2")), stanza("free 2")],
    stanza("app 1", "Requires:\n lib\n free"),
  ];
  const bytes = Buffer.from(formatStanzas(all));
  const scanned = scanRpms(bytes);
  const groups = wordTables("groups", new Map([["office", ["app", "(dev if lib)"]]]));
  const list = compactInMemory({ ...scanned, tables: { ...scanned.tables, ...groups } }, bytes);
  const lists = [{ list, repository: "main", suite: "", priority: 99, rank: 0 }];
  const keep = (packages: readonly Pinned[]) => keptLists({ source }, packages, { indexes: [] });
  const asked = { source, locals: [], exclude: [], base: [], requests: [], groups: ["office"] };
  const held = all.filter((each) => each["Version"] === "1-1" && each["Package"] !== "lib");
  const closed = settle<Closed>(
    held.map((each) => ({ from: "main ", stanza: each })),
    {
      ...{ moving: ["lib"], lists, keep },
      choose(packages) {
        const supply = openSupply(asked, [...lists, ...keep(packages)]);
        const opened = openAsked(supply, asked);
        const resolution = opened.ok ? supply.resolve({ base: [], ...opened }) : opened;
        if (!resolution.ok) throw new Error(resolution.explanation.join("\n"));
        const answer = { ...asked, packages: resolution.packages };
        return { answer, closed: [answer] };
      },
    },
  );
  expect(closed.packages.map(({ name, version }) => `${name} ${version}`)).toEqual([
    "app 1-1",
    "dev 1-1",
    "free 1-1",
    "lib 1-1",
  ]);
});
