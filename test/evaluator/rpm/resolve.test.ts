// Resolution of rpm packages in small: requests, repositories, and what is told where nothing works.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStanza } from "../../../evaluator/deb/stanza.ts";
import { type Question, resolve } from "../../../evaluator/rpm/resolve.ts";
import { type UniverseOptions, universe } from "../../../evaluator/rpm/universe.ts";
import { randomFrom } from "../../rig/seed.ts";
import { drawUniverse } from "./draw.ts";
import { nevra, rpm, type Spec, source, stanzaText, universeOf } from "./repository.ts";

type Ask = Partial<Question> & { readonly options?: Partial<UniverseOptions> };

function ask(packages: readonly Spec[], requests: readonly string[], { options, ...question }: Ask = {}) {
  return resolve(universeOf(packages, options), { requests, base: [], recommends: false, ...question });
}

/** `name-version.architecture` of all chosen, or the explanation. */
function chosen(packages: readonly Spec[], requests: readonly string[], more: Ask = {}): readonly string[] {
  const resolution = ask(packages, requests, more);
  if (!resolution.ok) return [...resolution.explanation, `→ ${resolution.hint}`];
  return resolution.packages.map(nevra);
}

describe("requests", () => {
  const packages = [
    rpm("a 1-1"),
    rpm("a 2-1", { Requires: ["b"] }),
    rpm("a 2-1 i686"),
    rpm("b 1:1-1 noarch", { Provides: ["cap = 3"], Files: ["/usr/bin/b"] }),
    rpm("c-d 1-1"),
    rpm("new 1-1", { Obsoletes: ["old < 2"] }),
    rpm("old 1-1"),
  ];
  test.each([
    ["a", ["a-2-1.x86_64", "b-1:1-1.noarch"]],
    ["a.i686", ["a-2-1.i686"]],
    ["a-1", ["a-1-1.x86_64"]],
    ["a-2-1", ["a-2-1.x86_64", "b-1:1-1.noarch"]],
    ["a-2-1.i686", ["a-2-1.i686"]],
    ["b-1:1-1", ["b-1:1-1.noarch"]],
    ["b-1-1.noarch", ["b-1:1-1.noarch"]],
    ["a < 2", ["a-1-1.x86_64"]],
    ["cap", ["b-1:1-1.noarch"]],
    ["cap >= 3", ["b-1:1-1.noarch"]],
    ["/usr/bin/b", ["b-1:1-1.noarch"]],
    ["c-d", ["c-d-1-1.x86_64"]],
    ["old", ["new-1-1.x86_64"]],
    ["old-1-1", ["old-1-1.x86_64"]],
    [
      "a > 2-1",
      [
        "no version is a > 2-1; a has 2-1.x86_64 (main), 2-1.i686 (main) and 1-1.x86_64 (main)",
        "→ ask for a version that exists, or add the repository that has the one you want",
      ],
    ],
    ["c-dd", ["nothing is called c-dd, or provides it", "→ did you mean c-d?"]],
    ["a.aarch64", ["nothing is called a.aarch64, or provides it", "→ add the repository that has it"]],
  ])("%s", (request, expected) => {
    expect(chosen(packages, [request])).toEqual(expected);
  });

  test.each(["", "a b", "(a or b)", "@core", "a >=", "a <> 1"])("%j is refused", (text) => {
    expect(() => ask(packages, [text])).toThrow(/not a package request/);
  });
});

describe("repositories", () => {
  const far = [rpm("a 3-1"), rpm("b 1-1")];
  const near = [rpm("a 1-1"), rpm("a 2-1")];
  const sources = [source(far, { repository: "far" }), source(near, { repository: "near", priority: 10 })];

  test("the better priority wins over the better version", () => {
    expect(chosen([], ["a", "b"], { options: { sources } })).toEqual(["a-2-1.x86_64", "b-1-1.x86_64"]);
    expect(chosen([], ["a >= 3"], { options: { sources } })).toEqual(["a-3-1.x86_64"]);
  });

  test("a pin moves packages of a repository", () => {
    const pins = [{ package: "a*", from: "far", priority: 1 }];
    expect(chosen([], ["a"], { options: { sources, pins } })).toEqual(["a-3-1.x86_64"]);
  });

  test("what kit built comes first, and says where it is from", () => {
    const locals = [parseStanza(stanzaText(rpm("a 0-1", { Requires: ["b"] })))];
    const resolution = ask([], ["a"], { options: { sources, locals } });
    expect(resolution).toMatchObject({
      packages: [
        { name: "a", version: "0-1", origin: "local", reasons: [{ by: "request", relation: "a" }] },
        { name: "b", origin: { repository: "far", suite: "" }, reasons: [{ by: "a", relation: "b" }] },
      ],
    });
  });

  test("what is excluded does not exist", () => {
    const options = { sources, exclude: ["b"] };
    expect(chosen([], ["b"], { options })).toEqual([
      "b is excluded",
      "→ take b out of what is excluded, or do not ask for it",
    ]);
    expect(
      chosen([], ["c"], { options: { ...options, sources: [source([rpm("c", { Requires: ["b"] })])] } }),
    ).toEqual([
      "c is asked for, which is c 1-1",
      "c 1-1 needs b, which nothing satisfies: b is excluded",
      "→ take b out of what is excluded",
    ]);
  });

  test("what a repository excludes it has not, and others may", () => {
    const here = source([...far, rpm("c", { Provides: ["cap"] })], {
      repository: "far",
      exclude: ["a", "c*"],
    });
    const options = { sources: [here, source(near, { repository: "near" })] };
    expect(chosen([], ["a", "b"], { options })).toEqual(["a-2-1.x86_64", "b-1-1.x86_64"]);
    expect(chosen([], ["cap"], { options })[0]).toBe("nothing is called cap, or provides it");
    expect(chosen([], ["c"], { options })).toEqual([
      "c is excluded",
      "→ take c out of what is excluded, or do not ask for it",
    ]);
  });

  test("packages of a module exist where its stream is enabled, and hide others then", () => {
    const modular = { ...rpm("a 1-1"), modular: "m:1.0:2024:abc:x86_64" };
    const packages = [modular, rpm("a 2-1")];
    expect(chosen(packages, ["a"])).toEqual(["a-2-1.x86_64"]);
    expect(chosen(packages, ["a"], { options: { streams: ["m:1.0"] } })).toEqual(["a-1-1.x86_64"]);
    expect(chosen(packages, ["a"], { options: { streams: ["m:2.0"] } })).toEqual(["a-2-1.x86_64"]);
  });

  test("a stream that is enabled hides who provides its packages' names, and what another repository has of others", () => {
    const modular = { ...rpm("a 1-1"), modular: "m:2.0:1:c:x86_64 m:1.0:2024:abc:x86_64" };
    const here = source([modular, { ...rpm("b 1-1"), modular: "m:2.0:1:c:x86_64" }], { repository: "here" });
    const there = source(
      [
        rpm("z 9-1", { Provides: ["a = 9", "zed"] }),
        rpm("b 1-1"),
        rpm("b 2-1"),
        rpm("bb", { Provides: ["a(x)"] }),
      ],
      { repository: "there" },
    );
    const sources = [here, there];
    const asked = (request: string, ...streams: string[]) =>
      chosen([], [request], { options: { sources, streams } })[0];
    expect(["a > 1", "zed", "b", "a(x)"].map((request) => asked(request, "m:1.0"))).toEqual([
      "no version is a > 1; a has 1-1.x86_64 (here)",
      "nothing is called zed, or provides it",
      "b-2-1.x86_64",
      "bb-1-1.x86_64",
    ]);
    expect(["a > 1", "b"].map((request) => asked(request, "m:2.0"))).toEqual([
      "no version is a > 1; a has 1-1.x86_64 (here)",
      "b-1-1.x86_64",
    ]);
    expect(["a > 1", "zed", "b"].map((request) => asked(request))).toEqual([
      "z-9-1.x86_64",
      "z-9-1.x86_64",
      "b-2-1.x86_64",
    ]);
    const locals = [parseStanza(stanzaText(rpm("z 10-1", { Provides: ["a = 10"] })))];
    expect(chosen([], ["a > 1"], { options: { sources, streams: ["m:1.0"], locals } })).toEqual([
      "z-10-1.x86_64",
    ]);
  });

  test("a broken stanza is skipped with a warning that names it", () => {
    const broken = rpm("bad", { Requires: ["(x and"] });
    const all = universeOf([broken, rpm("a")]);
    expect(resolve(all, { requests: ["bad"], base: [], recommends: false }).ok).toBe(false);
    expect(resolve(all, { requests: ["a"], base: [], recommends: false }).ok).toBe(true);
    expect(all.warnings()).toEqual([
      'main, bad: skipped a stanza: malformed dependency "(x and": expected a name at 7',
    ]);
  });
});

describe("a dependency that would fill pages if it were written out", () => {
  const names = Array.from({ length: 60 }, (_, i) => [`x${i}`, `y${i}`] as const);
  const pairs = names.map(([x, y]) => `(${x} and ${y})`);
  const relation = `(${pairs.join(" or ")})`;
  const others = names.flat().map((name) => rpm(name));
  const packages = [rpm("a", { Requires: [relation] }), ...others];

  test("is met, by what is there already if it can be, and is the reason", () => {
    expect(chosen(packages, ["a"])).toEqual(["a-1-1.x86_64", "x0-1-1.x86_64", "y0-1-1.x86_64"]);
    const resolution = ask(packages, ["a", "x7", "y7"]);
    if (!resolution.ok) throw new Error(resolution.explanation.join("\n"));
    expect(resolution.packages.map(({ name, reasons }) => [name, reasons.map(({ by }) => by)])).toEqual([
      ["a", ["request"]],
      ["x7", ["request", "a"]],
      ["y7", ["request", "a"]],
    ]);
  });

  test("is met where only one part can be, and one that is recommended too", () => {
    const clashing = rpm("b", { Conflicts: names.slice(1).map(([x, y]) => (x < "x5" ? x : y)) });
    const met = ["a-1-1.x86_64", "x0-1-1.x86_64", "y0-1-1.x86_64"];
    expect(chosen([...packages, clashing], ["a", "b"])).toEqual([met[0], "b-1-1.x86_64", met[1], met[2]]);
    const recommending = [rpm("a", { Recommends: [relation] }), ...others];
    expect(chosen(recommending, ["a"], { recommends: true })).toEqual(met);
  });

  test("is told part by part where it cannot be", () => {
    const clashing = rpm("b", { Conflicts: names.map(([x]) => x) });
    const told = chosen([...packages, clashing], ["a", "b"]);
    expect(told.slice(0, 2)).toEqual(["a is asked for, which is a 1-1", "b is asked for, which is b 1-1"]);
    expect(told).toContain("(x3 and y3) needs x3 1-1");
    expect(told).toContain("b 1-1 conflicts with x3, and so with x3 1-1");
    expect(told.at(-1)).toBe("→ it works without a or b");
  });

  test("is a conflict all the same", () => {
    const all = `(${names.map(([x, y]) => `(${x} or ${y})`).join(" and ")})`;
    const clashing = [rpm("a", { Conflicts: [all] }), ...others];
    const xs = names.map(([x]) => x);
    expect(chosen(clashing, ["a", ...xs.slice(1)]).length).toBe(60);
    const told = chosen(clashing, ["a", ...xs]);
    expect(told).toContain("not (x3 or y3) excludes x3 1-1");
  });
});

describe("what goes together", () => {
  test("kernels stand side by side, other packages do not", () => {
    const kernel = (version: string) =>
      rpm(`kernel-core ${version}`, { Provides: ["installonlypkg(kernel)"] });
    expect(chosen([kernel("1-1"), kernel("2-1")], ["kernel-core-1-1", "kernel-core-2-1"])).toEqual([
      "kernel-core-1-1.x86_64",
      "kernel-core-2-1.x86_64",
    ]);
    expect(chosen([rpm("a 1-1"), rpm("a 2-1")], ["a-1-1", "a-2-1"])).toEqual([
      "a-1-1 is asked for, which is a 1-1",
      "a-2-1 is asked for, which is a 2-1",
      "a can be there once only, as 1-1.x86_64 or as 2-1.x86_64",
      "→ it works without a-1-1 or a-2-1",
    ]);
  });

  test("a lesser architecture stands beside the same version of the better one", () => {
    const packages = [rpm("a i686", {}), rpm("lib 1-1"), rpm("lib 1-1 i686", { Provides: ["lib(32)"] })];
    const wine = rpm("wine 1-1 i686", { Requires: ["lib(32)"] });
    const resolution = ask([...packages, wine], ["wine"]);
    expect(resolution).toMatchObject({
      packages: [
        { name: "lib", architecture: "i686", reasons: [{ by: "wine:i686", relation: "lib(32)" }] },
        { name: "lib", architecture: "x86_64", reasons: [{ by: "lib:i686", relation: "lib(x86_64) = 1-1" }] },
        { name: "wine", architecture: "i686" },
      ],
    });
  });

  test("recommendations and supplements, and why they are there", () => {
    const packages = [
      rpm("a", { Recommends: ["b", "nowhere"], Suggests: ["never"] }),
      rpm("b"),
      rpm("never"),
      rpm("langpack", { Supplements: ["(a and b)"] }),
      rpm("clashing", { Supplements: ["a"], Conflicts: ["b"] }),
    ];
    expect(chosen(packages, ["a"])).toEqual(["a-1-1.x86_64"]);
    expect(ask(packages, ["a", "b"], { recommends: true })).toMatchObject({
      packages: [
        { name: "a" },
        {
          name: "b",
          reasons: [
            { by: "request", relation: "b" },
            { by: "a", relation: "Recommends: b" },
          ],
        },
        {
          name: "langpack",
          reasons: [
            { by: "a", relation: "Supplements: (a and b)" },
            { by: "b", relation: "Supplements: (a and b)" },
          ],
        },
      ],
    });
  });

  test("rpm's own abilities are taken for granted", () => {
    expect(chosen([rpm("a", { Requires: ["rpmlib(PayloadIsZstd) <= 5.4.18-1"] })], ["a"])).toEqual([
      "a-1-1.x86_64",
    ]);
  });
});

describe("groups", () => {
  const packages = [
    rpm("a", { Requires: ["c"] }),
    rpm("a.b", { Provides: ["cap"] }),
    rpm("b", { Requires: ["x"] }),
    rpm("c"),
    rpm("d"),
    rpm("e", { Conflicts: ["c"] }),
    rpm("x"),
    rpm("y", { Recommends: ["d"] }),
    rpm("new", { Obsoletes: ["c"] }),
  ];
  const why = (texts: readonly string[], more: Ask = {}) => {
    const answer = ask(packages, [], { members: { core: texts }, ...more });
    if (!answer.ok) return answer.explanation;
    return answer.packages.map(({ name, reasons: [first] }) => `${name}: ${first?.by} ${first?.relation}`);
  };

  test("a member is a name, and is told with the group", () => {
    expect(why(["x", "d"])).toEqual(["d: group core d", "x: group core x"]);
    expect(ask(packages, ["x"], { members: { core: ["x"], more: ["x"] } })).toMatchObject({
      packages: [
        {
          name: "x",
          reasons: [
            { by: "request", relation: "x" },
            { by: "group more", relation: "x" },
            { by: "group core", relation: "x" },
          ],
        },
      ],
    });
    expect(ask(packages, [], { members: { core: ["cap"] } }).ok).toBe(false);
  });

  test("one on a condition is there where that holds, whatever brought it", () => {
    expect(why(["x", "(d if y)"])).toEqual(["x: group core x"]);
    expect(why(["y", "(d if y)"])).toEqual(["d: group core (d if y)", "y: group core y"]);
    // By a dependency of another one on a condition.
    expect(why(["b", "(d if y)", "(y if x)"])).toEqual([
      "b: group core b",
      "d: group core (d if y)",
      "x: b x",
      "y: group core (y if x)",
    ]);
    expect(why(["(x if d)"], { requests: ["y"], recommends: true })).toEqual([
      "d: y Recommends: d",
      "x: group core (x if d)",
      "y: request y",
    ]);
  });

  test("what cannot be is told", () => {
    const clashing = [rpm("a"), rpm("b", { Conflicts: ["a"] })];
    const answer = ask(clashing, ["a"], { members: { core: ["(b if a)"] } });
    expect(answer).toMatchObject({
      ok: false,
      explanation: [
        "(b if a) is part of the group core, which is b 1-1",
        "a is asked for, which is a 1-1",
        "b 1-1 conflicts with a, and so with a 1-1",
      ],
    });
  });
});

describe("what cannot be", () => {
  test("is told as an argument", () => {
    const packages = [
      rpm("web 1-1", { Requires: ["tls >= 3", "base"] }),
      rpm("tls 3-1", { Conflicts: ["base < 2"] }),
      rpm("base 1-1"),
      rpm("obs 1-1", { Obsoletes: ["base"] }),
    ];
    expect(chosen(packages, ["web"])).toEqual([
      "web is asked for, which is web 1-1",
      "web 1-1 needs base: base 1-1",
      "web 1-1 needs tls >= 3: tls 3-1",
      "tls 3-1 conflicts with base < 2, and so with base 1-1",
      "→ undefined",
    ]);
    expect(chosen(packages, ["base-1-1", "obs"])).toEqual([
      "base-1-1 is asked for, which is base 1-1",
      "obs is asked for, which is obs 1-1",
      "obs 1-1 obsoletes base, and so base 1-1",
      "→ it works without base-1-1 or obs",
    ]);
    expect(chosen(packages, ["tls"], { base: ["base"] })).toEqual(["obs-1-1.x86_64", "tls-3-1.x86_64"]);
    expect(chosen(packages, ["tls"], { base: ["base-1-1"] })).toEqual([
      "base-1-1 is part of the base, which is base 1-1",
      "tls is asked for, which is tls 3-1",
      "tls 3-1 conflicts with base < 2, and so with base 1-1",
      "→ it works without tls",
    ]);
  });

  test("names what there is instead", () => {
    const packages = [
      rpm("a", { Requires: ["b >= 2"] }),
      rpm("b 1-1"),
      rpm("c", { Requires: ["gone", "(d if a)"] }),
    ];
    expect(chosen(packages, ["a"])).toEqual([
      "a is asked for, which is a 1-1",
      "a 1-1 needs b >= 2, which nothing satisfies: b has 1-1.x86_64 (main)",
      "→ add a repository that has b >= 2",
    ]);
    expect(chosen(packages, ["c"])).toEqual([
      "c is asked for, which is c 1-1",
      "c 1-1 needs gone, which nothing satisfies: nothing provides gone",
      "→ add a repository that has gone",
    ]);
  });
});

test("the order in which anything is given means nothing", () => {
  const temper = {
    names: 8,
    packages: 16,
    clashes: 15,
    rich: true,
    weak: true,
    multilib: true,
    repositories: 3,
  };
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (seed, order) => {
      const { repositories, questions } = drawUniverse(randomFrom(seed), temper);
      const shuffled = <T>(items: readonly T[]): T[] => {
        const random = randomFrom(order);
        return items
          .map((item) => ({ item, place: random(1 << 30) }))
          .sort((a, b) => a.place - b.place)
          .map(({ item }) => item);
      };
      const places = repositories.map((repository, i) => ({ ...repository, name: `r${i}` }));
      const answers = (mix: <T>(items: readonly T[]) => readonly T[]) => {
        const sources = mix(places).map(({ packages, priority, name }) =>
          source(mix(packages), { repository: name, priority }),
        );
        const all = universe({ architecture: "x86_64", sources });
        return questions.map(({ requests, recommends }) =>
          JSON.stringify(resolve(all, { requests: mix(requests), base: [], recommends })),
        );
      };
      expect(answers(shuffled)).toEqual(answers((items) => items));
      const reasons = questions.flatMap(({ requests, recommends }) => {
        const sources = places.map(({ packages, priority, name }) =>
          source(packages, { repository: name, priority }),
        );
        const resolution = resolve(universe({ architecture: "x86_64", sources }), {
          requests,
          base: [],
          recommends,
        });
        return resolution.ok ? resolution.packages.map((pkg) => pkg.reasons.length) : [];
      });
      expect(reasons).not.toContain(0);
    }),
    { numRuns: 60 },
  );
});
