// Views composed from small archives: workloads, and what building takes, to its end.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRelations } from "../../../evaluator/deb/relation.ts";
import { fieldOf, parseStanza } from "../../../evaluator/deb/stanza.ts";
import { packageKey } from "../../../evaluator/lock.ts";
import type { FindSource } from "../../../evaluator/sourcelist.ts";
import { keysIn, type LockedView } from "../../../evaluator/view/answer.ts";
import { composeView } from "../../../evaluator/view/compose.ts";
import { debSupply } from "../../../evaluator/view/debs.ts";
import { type ViewQuestion, viewQuestion, type WorkloadQuestion } from "../../../evaluator/view/question.ts";
import { pkg, universeOf } from "../deb/archive.ts";

/** What a small archive has: binary packages as stanzas, and build requirements by source. */
interface Archive {
  readonly packages: readonly string[];
  readonly sources: Readonly<Record<string, string>>;
}

/** `name 1` for what only that version needs. */
function sourcesOf({ sources }: Archive): FindSource {
  return (name, version) => {
    const needs = sources[`${name} ${version}`] ?? sources[name];
    if (needs === undefined) return undefined;
    return parseStanza(`Package: ${name}\nVersion: ${version}${needs === "" ? "" : `\n${needs}`}`);
  };
}

function compose(
  archive: Archive,
  more: Partial<ViewQuestion> & Pick<ViewQuestion, "workloads">,
  independent: "here" | "elsewhere" = "here",
) {
  const question = viewQuestion({
    view: "view",
    source: { distro: "small", architecture: "amd64", repositories: [], pins: [] },
    base: [],
    buildroot: ["make"],
    ...(independent === "here" && { independent: true }),
    placeholders: {},
    ...more,
  });
  return composeView(question, (locals) =>
    debSupply(universeOf(archive.packages, { locals }), sourcesOf(archive)),
  );
}

const workload = (name: string, requests: readonly string[], more: Partial<WorkloadQuestion> = {}) => ({
  name,
  requests,
  groups: [],
  strict: true,
  locals: [],
  ...more,
});

/** What its buildroot asks for in a second turn. */
const turned = ({ buildroot }: Pick<LockedView, "buildroot">) =>
  (buildroot?.parties ?? []).map((party, i) => workload(`party-${i}`, party));

const archive: Archive = {
  packages: [
    pkg("app 1", "Depends: lib"),
    pkg("lib 2", "Source: libsrc (2.0)"),
    pkg("lib-dev 2", "Source: libsrc (2.0)", "Depends: lib"),
    pkg("make 1"),
    pkg("cc 1", "Depends: lib"),
    pkg("doc 1", "Conflicts: cc"),
    pkg("exotic 1", "Depends: nowhere"),
    pkg("tool 1", "Task: all-tools, other"),
    pkg("extra 1", "Task: all-tools"),
  ],
  sources: {
    app: "Build-Depends: cc, lib-dev [amd64], exotic [arm64], exotic <stage1>",
    libsrc: "Build-Depends: cc, doc",
    make: "",
    cc: "Build-Depends: cc",
    doc: "Build-Depends: exotic",
    tool: "Build-Depends: exotic",
  },
};

describe("workloads", () => {
  test("each is resolved alone on the base; what was asked for is told apart", () => {
    const { view } = compose(archive, {
      base: ["make"],
      workloads: [workload("b", ["app"]), workload("a", ["doc", "cc"]), workload("c", [])],
    });
    expect(view.base).toEqual(["make_1_amd64"]);
    expect(view.workloads).toEqual({
      a: {
        required: [],
        others: [],
        failure: {
          explanation: [
            "cc is asked for, which is cc 1",
            "doc is asked for, which is doc 1",
            expect.any(String),
          ],
          hint: "it works without cc or doc",
        },
      },
      b: { required: ["app_1_amd64"], others: ["lib_2_amd64", "make_1_amd64"] },
      c: { required: [], others: ["make_1_amd64"] },
    });
  });

  test("fail together where the base, or what every build root holds, cannot be had", () => {
    const web = [workload("a", ["app"])];
    expect(() => compose(archive, { base: ["make", "exotic"], workloads: web })).toThrow(
      expect.objectContaining({
        code: "unresolved/unsatisfiable",
        message: "small (amd64) cannot give the base of the view view",
        details: expect.arrayContaining([expect.stringContaining("there is no package nowhere")]),
      }),
    );
    expect(() => compose(archive, { buildroot: ["nowhere"], workloads: web })).toThrow(
      "cannot give what every build root holds of the view view",
    );
  });

  test("what is not there fails a strict one, and another does without", () => {
    const asked = ["cc", "nonsense", "exotic"];
    const { view } = compose(archive, {
      workloads: [workload("strict", asked), workload("lax", ["cc", "nonsense"], { strict: false })],
    });
    expect(view.workloads["strict"]?.failure?.explanation).toEqual(["there is no package nonsense"]);
    expect(view.workloads["lax"]).toEqual({
      required: ["cc_1_amd64"],
      others: ["lib_2_amd64"],
      missing: ["nonsense"],
    });
  });

  test("groups are tasks; an unknown one is told with what may be meant", () => {
    const { view } = compose(archive, {
      workloads: [workload("a", [], { groups: ["all-tools"] }), workload("b", [], { groups: ["al-tools"] })],
    });
    expect(view.workloads["a"]?.required).toEqual(["extra_1_amd64", "tool_1_amd64"]);
    expect(view.workloads["b"]?.failure).toEqual({
      explanation: ["there is no group al-tools"],
      hint: "did you mean all-tools?",
    });
  });

  test("placeholders take part, for whoever has them", () => {
    const locals = [
      parseStanza("Package: future\nVersion: 0\nArchitecture: amd64\nSource: futures\nDepends: cc"),
    ];
    const { view } = compose(archive, {
      workloads: [workload("a", ["future"], { locals }), workload("b", ["future"])],
      placeholders: { futures: ["doc"] },
    });
    expect(view.workloads["a"]).toEqual({
      required: ["local future"],
      others: ["cc_1_amd64", "lib_2_amd64"],
    });
    expect(view.workloads["b"]?.failure?.explanation).toEqual(["there is no package future"]);
    expect(view.buildroot?.sources["futures"]).toEqual({ version: "0", level: 0, requirements: ["doc"] });
    expect(view.buildroot?.packages["doc_1_amd64"]).toEqual({ level: 1, builds: ["futures"], count: 1 });
  });
});

describe("the buildroot", () => {
  const { view } = compose(archive, { workloads: [workload("a", ["app", "tool"])] });
  const { packages = {}, sources = {}, parties = [] } = view.buildroot ?? {};

  test("has levels, and every source its requirements for this architecture", () => {
    expect(
      Object.entries(packages)
        .map(([key, { level, builds }]) => [key, level, builds])
        .sort(),
    ).toEqual([
      ["cc_1_amd64", 1, ["app"]],
      ["lib-dev_2_amd64", 1, ["app"]],
      ["make_1_amd64", 1, ["app"]],
    ]);
    expect(sources["app"]).toEqual({ version: "1", level: 0, requirements: ["cc", "lib-dev"] });
    expect(sources["make"]).toEqual({ version: "1", level: 1, requirements: [] });
  });

  test("tells the sources that cannot be built, and why", () => {
    expect(sources["tool"]?.failure?.explanation).toEqual([
      "building tool 1 is wanted",
      "building tool 1 needs exotic: exotic 1",
      "exotic 1 needs nowhere, which nothing satisfies: there is no package nowhere",
    ]);
    expect(sources["libsrc"]?.failure?.explanation).toContain("building libsrc 2.0 needs doc: doc 1");
  });

  test("of a source that no list has is a failure too", () => {
    const { view: other } = compose(archive, { workloads: [workload("a", ["extra"])] });
    expect(other.buildroot?.sources["extra"]?.failure?.explanation).toEqual([
      "there is no source package extra",
    ]);
  });

  test("of what manifests make is nothing: no list has its source, and none of it fails", () => {
    const locals = [parseStanza("Package: mine\nVersion: 1\nArchitecture: amd64\nDepends: cc")];
    const { view: other } = compose(archive, { workloads: [workload("a", ["mine"], { locals })] });
    expect(other.buildroot?.sources["mine"]).toEqual({ version: "1", level: 0, requirements: [] });
    expect(other.buildroot?.sources["cc"]).toMatchObject({ level: 0, requirements: ["cc"] });
  });

  describe("of packages of all architectures", () => {
    const made: Archive = {
      packages: [
        ...[pkg("app 1"), pkg("app-data 1", "Architecture: all", "Source: app"), pkg("make 1")],
        ...[pkg("cc 1"), pkg("tex 1"), pkg("cross 1", "Depends: nowhere")],
      ],
      sources: {
        app: "Build-Depends: make\nBuild-Depends-Arch: cc\nBuild-Depends-Indep: tex\nBuild-Conflicts-Indep: cc",
        cc: "Build-Depends: make\nBuild-Depends-Indep: cross",
        tex: "",
        make: "",
      },
    };
    const sourceFor = (requests: readonly string[], more: Partial<ViewQuestion> = {}) => {
      const { view: other } = compose(made, { workloads: [workload("a", requests)], ...more });
      const { sources: told = {}, packages: tools = {} } = other.buildroot ?? {};
      expect(Object.values(told).filter(({ failure }) => failure !== undefined)).toEqual([]);
      return [told["app"], Object.keys(tools).sort()];
    };

    test("counts what building those needs that the view has: of one kind, of the other, of both", () => {
      const base = { version: "1", level: 0 };
      const arch = { ...base, requirements: ["make", "cc"] };
      expect(sourceFor(["app"])).toEqual([arch, ["cc_1_amd64", "make_1_amd64"]]);
      const indep = ["make", "tex", "not cc"];
      expect(sourceFor(["app-data"])).toEqual([
        { ...base, independent: indep },
        ["make_1_amd64", "tex_1_amd64"],
      ]);
      // Two builds: what one needs may clash with what the other does.
      expect(sourceFor(["app", "app-data"])).toEqual([
        { ...arch, independent: ["tex", "not cc"] },
        ["cc_1_amd64", "make_1_amd64", "tex_1_amd64"],
      ]);
    });

    test("takes them as built where another architecture does that", () => {
      const open = (requests: readonly string[]) => {
        const { view: other } = compose(made, { workloads: [workload("a", requests)] }, "elsewhere");
        return [other.buildroot?.sources["app"], Object.keys(other.buildroot?.packages ?? {}).sort()];
      };
      expect(open(["app-data"])).toEqual([{ version: "1", level: 0 }, []]);
      expect(open(["app", "app-data"])).toEqual([
        { version: "1", level: 0, requirements: ["make", "cc"] },
        ["cc_1_amd64", "make_1_amd64"],
      ]);
    });
  });

  test("shares its packages out to sets that can be installed", () => {
    expect(parties).toEqual([["cc", "lib-dev", "make"]]);
  });

  test("asks for the version that is built with, where the name alone would give another", () => {
    const made: Archive = {
      packages: [pkg("app 1"), pkg("old 1"), pkg("old 2"), pkg("make 1"), pkg("extra 1"), pkg("late 1")],
      sources: {
        app: "Build-Depends: old (<< 2)",
        make: "Build-Depends: late",
        late: "Build-Depends: old",
        "old 1": "Build-Depends: extra",
        old: "",
        extra: "",
      },
    };
    const first = [workload("a", ["app"])];
    const { view: once } = compose(made, { workloads: first });
    expect(once.buildroot?.parties).toEqual([["extra", "late", "make", "old (= 1)"], ["old"]]);
    expect(once.buildroot?.sources["old"]).toMatchObject({ version: "1", further: ["2"], level: 1 });
    const { view: again } = compose(made, { workloads: [...first, ...turned(once)] });
    expect(again.buildroot?.packages).toEqual({});
    expect(keysIn(again)).toEqual(keysIn(once));
  });

  test("asks for all that is installed for a build, where what it needs would be met by others", () => {
    const made: Archive = {
      packages: [
        ...[pkg("app 1"), pkg("make 1"), pkg("first 1"), pkg("second 1"), pkg("foe 1", "Conflicts: other")],
        ...[pkg("tool 1", "Depends: first | second, other"), pkg("other 1"), pkg("app2 1")],
      ],
      sources: {
        app: "Build-Depends: foe, second",
        app2: "Build-Depends: second, tool",
        ...{ make: "", first: "", second: "", foe: "", tool: "", other: "" },
      },
    };
    const first = [workload("a", ["app"]), workload("b", ["app2"])];
    const { view: once } = compose(made, { workloads: first });
    expect(once.buildroot?.parties).toEqual([
      ["foe", "make", "second"],
      ["make", "other", "second", "tool"],
    ]);
    const { view: again } = compose(made, { workloads: [...first, ...turned(once)] });
    expect(again.buildroot?.packages).toEqual({});
    expect(keysIn(again)).toEqual(keysIn(once));
  });
});

describe("any archive", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "make"];
  const ofEach = <T>(drawn: fc.Arbitrary<T>) =>
    fc.array(drawn, { minLength: names.length, maxLength: names.length });
  /** Any version, one, either of two names, and what is of all architectures. */
  const relation = fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(...names), fc.nat(4))
    .map(
      ([name, other, kind]) =>
        [`${name}p`, `${name}p (<< 2)`, `${name}p | ${other}p`, `${name}p (>= 2)`, `${name}d`][kind] ?? "",
    );
  const relations = fc.array(relation, { maxLength: 3 });
  const drawn = fc.record({
    depends: ofEach(fc.array(relation, { maxLength: 2 })),
    conflicts: ofEach(fc.subarray(names.slice(0, 7), { maxLength: 1 })),
    needs: ofEach(relations),
    oldNeeds: ofEach(relations),
    needsOfOne: ofEach(relations),
    needsOfAll: ofEach(relations),
    elsewhere: fc.boolean(),
    hasOld: ofEach(fc.boolean()),
    asked: fc.subarray(names, { minLength: 1, maxLength: 3 }),
  });
  const field = (name: string, values: readonly string[] = []) =>
    values.length === 0 ? [] : [`${name}: ${values.join(", ")}`];
  /**
   * Each name has a version 2, which is taken where nothing else is said, and perhaps a version 1; and a package for all
   * architectures, of the same source.
   */
  const archiveOf = ({
    depends,
    conflicts,
    needs,
    oldNeeds,
    needsOfOne,
    needsOfAll,
    hasOld,
  }: Drawn): Archive => ({
    packages: names.flatMap((name, i) => [
      pkg(`${name}d 2`, "Architecture: all", `Source: ${name}`),
      ...["2", ...(hasOld[i] ? ["1"] : [])].map((version) =>
        pkg(
          `${name}p ${version}`,
          `Source: ${name}`,
          ...field("Depends", depends[i]),
          ...field(
            "Conflicts",
            conflicts[i]?.filter((other) => other !== name).map((other) => `${other}p`),
          ),
        ),
      ),
    ]),
    sources: Object.fromEntries(
      names.flatMap((name, i) => [
        [
          name,
          [
            ...field("Build-Depends", needs[i]),
            ...field("Build-Depends-Arch", needsOfOne[i]),
            ...field("Build-Depends-Indep", needsOfAll[i]),
          ].join("\n"),
        ],
        [`${name} 1`, field("Build-Depends", oldNeeds[i]).join("")],
      ]),
    ),
  });
  type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;
  const all = (asked: readonly string[]) => ({
    buildroot: [],
    workloads: asked.map((name) => workload(name, [`${name}p`])),
  });

  test("the levels are distances, nothing is left to find, and a second turn finds nothing", () => {
    fc.assert(
      fc.property(drawn, (draw) => {
        const made = archiveOf(draw);
        const where = draw.elsewhere ? "elsewhere" : "here";
        const { view } = compose(made, all(draw.asked), where);
        const { packages = {}, sources = {} } = view.buildroot ?? {};
        const levels = new Map(Object.entries(packages).map(([key, { level }]) => [key, level]));
        for (const { required, others } of Object.values(view.workloads))
          for (const key of [...required, ...others]) levels.set(key, 0);
        const universe = universeOf(made.packages);
        const levelsOf = (name: string) =>
          ["p_1_amd64", "p_2_amd64", "d_2_all"].flatMap((rest) => levels.get(`${name}${rest}`) ?? []);
        for (const [name, { level }] of Object.entries(sources))
          expect(Math.min(...levelsOf(name))).toBe(level);
        for (const [key, level] of levels) {
          const [name = "", kind, version] = /^(.+)([pd])_(\d)_/.exec(key)?.slice(1) ?? [];
          if (sources[name]?.failure !== undefined || (kind === "d" && draw.elsewhere)) continue;
          const written = parseStanza(`Package: x\n${made.sources[version === "1" ? `${name} 1` : name]}`);
          const fields = ["Build-Depends", kind === "d" ? "Build-Depends-Indep" : "Build-Depends-Arch"];
          const groups = fields.flatMap((field) => parseRelations(fieldOf(written, field) ?? ""));
          // Nobody who is needed is missing, or further away than one build more.
          for (const group of groups) {
            const met = group.flatMap((item) => universe.satisfiers(item, "amd64"));
            const nearest = Math.min(...met.flatMap((item) => levels.get(packageKey(item)) ?? []));
            expect(nearest).toBeLessThanOrEqual(level + 1);
          }
        }
        for (const [key, { level, builds }] of Object.entries(packages)) {
          expect(builds.length).toBeGreaterThan(0);
          for (const source of builds) expect(levelsOf(source), key).toContain(level - 1);
        }
        const second = turned(view);
        const more = { buildroot: [], workloads: [...all(draw.asked).workloads, ...second] };
        const { view: again } = compose(made, more, where);
        expect(second.filter(({ name }) => again.workloads[name]?.failure)).toEqual([]);
        expect(again.buildroot?.packages).toEqual({});
        expect(keysIn(again)).toEqual(keysIn(view));
      }),
      { numRuns: 300 },
    );
  });

  test("is answered the same in whatever order its parts come", () => {
    fc.assert(
      fc.property(drawn, fc.nat(), (draw, by) => {
        const moved = <T>(list: readonly T[]): T[] =>
          [...list.slice(by % list.length), ...list.slice(0, by % list.length)].reverse();
        const made = archiveOf(draw);
        const other = { packages: moved(made.packages), sources: made.sources };
        const asked = all(draw.asked);
        const sorted = ({ view }: ReturnType<typeof compose>) => view;
        expect(sorted(compose(other, { ...asked, workloads: moved(asked.workloads) }))).toEqual(
          sorted(compose(made, asked)),
        );
      }),
      { numRuns: 100 },
    );
  });
});
