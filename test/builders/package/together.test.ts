import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { debLanguage, rpmLanguage } from "../../../builders/package/language.ts";
import { type Member, planTogether } from "../../../builders/package/together.ts";
import { lost } from "../../../evaluator/refusals.ts";
import { contentOf } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";

interface Written {
  readonly requires: readonly string[];
  readonly declares?: readonly string[];
  /** What it turns out to provide. */
  readonly provides?: readonly string[];
  /** What its package needs to be installed. */
  readonly needs?: readonly string[];
  /** It is built only in a later planning. */
  readonly isOpen?: boolean;
  /** Its text cannot be had (`text`), or it cannot be built. */
  readonly isLost?: "text" | "build";
}

/** Members by name, and whose packages each is built with in the end. */
function plan(
  written: Readonly<Record<string, Written>>,
  distro: readonly string[] = ["gcc"],
  language = rpmLanguage,
) {
  const builtWith: Record<string, readonly string[]> = {};
  const members = Object.entries(written).map(
    ([name, { requires, declares = [], provides = [], needs = [], isOpen, isLost }]): Member => {
      const lines = [name, ...declares, ...provides];
      const stanza = {
        Package: name,
        Version: "1-1",
        Architecture: "noarch",
        Provides: language === debLanguage ? lines.join(", ") : `\n ${lines.join("\n ")}`,
        ...(needs.length > 0 && { Requires: `\n ${needs.join("\n ")}` }),
      };
      return {
        ...{
          file: name,
          name,
          place: { file: name, line: 1, column: 1 },
          names: [],
          beside: [],
          declares: isLost === "text" ? [] : [name, ...declares],
          isWhole: false,
          isLost: isLost === "text",
        },
        asks: () => ({ texts: requires }),
        metOf: (texts) => new Set(texts.filter((text) => distro.includes(text))),
        plan(localsFor) {
          const locals = localsFor(requires);
          if (locals !== undefined && isLost) return lost;
          if (locals === undefined || isOpen) return undefined;
          builtWith[name] = locals.packages.map(({ label }) => label).sort();
          return [{ stanza, label: name, archive: { content: contentOf("blob", digestOf(name)) } }];
        },
      };
    },
  );
  const { planned, refused, blocked } = planTogether(members, language);
  const open = [...planned].flatMap(([name, made]) => (made === undefined ? [name] : []));
  const waits = [...blocked].map(([name, { by }]) => [name, by] as const);
  const lacking = [...blocked].flatMap(([, kept]) => kept.lacking);
  return { builtWith, open, refused, blocked: Object.fromEntries(waits), lacking };
}

describe("sources that are built together", () => {
  test("by what a text declares, before what the distribution has", () => {
    const { builtWith } = plan(
      { app: { requires: ["gcc", "lib-devel"] }, lib: { requires: ["gcc"], declares: ["lib-devel"] } },
      ["gcc", "lib-devel"],
    );
    expect(builtWith).toEqual({ app: ["lib"], lib: [] });
  });

  test("by what turns out, where the distribution has nothing; not where it has", () => {
    const written = {
      app: { requires: ["pkgconfig(x)", "/usr/bin/gcc"] },
      lib: { requires: [], provides: ["pkgconfig(x)", "/usr/bin/gcc"] },
    };
    expect(plan(written, ["/usr/bin/gcc"]).builtWith).toEqual({ app: ["lib"], lib: [] });
  });

  test("by each part of what is put together, in as many rounds as it takes, and told where nobody has it", () => {
    const written = {
      both: { requires: ["(gcc and /usr/bin/tool)"] },
      either: { requires: ["(nosuch or /usr/bin/tool)"] },
      range: { requires: ["(pkgconfig(late) >= 1 with pkgconfig(late) < 2)"] },
      vacuous: { requires: ["(nosuch if other)"] },
      late: { requires: ["/usr/bin/tool"], provides: ["pkgconfig(late) = 1.5"] },
      tool: { requires: [], provides: ["/usr/bin/tool"] },
    };
    const { builtWith, refused, blocked } = plan(written);
    expect([refused.size, blocked]).toEqual([0, {}]);
    expect(builtWith).toEqual({
      ...{ both: ["tool"], either: ["tool"], late: ["tool"], tool: [], vacuous: [] },
      range: ["late"],
    });
    const nobody = plan({ a: { requires: ["(gcc and no-such)"] }, b: { requires: [] } });
    expect(nobody.refused.get("a")?.message).toBe("nobody provides (gcc and no-such)");
    const deb = {
      a: { requires: ["gcc | late-x", "nosuch | late-x"] },
      b: { requires: [], provides: ["late-x"] },
    };
    expect(plan(deb, ["gcc"], debLanguage).builtWith["a"]).toEqual(["b"]);
  });

  test("while one that could provide it is open, who looks for it waits", () => {
    const { open, builtWith } = plan({
      app: { requires: ["pkgconfig(x)"] },
      slow: { requires: [], isOpen: true },
      lib: { requires: [], provides: ["pkgconfig(x)"] },
    });
    expect(open.sort()).toEqual(["app", "slow"]);
    expect(builtWith).toEqual({ lib: [] });
  });

  test("what nobody provides, with all that need it; circles", () => {
    const lacking = plan({ a: { requires: ["x(y)"] }, b: { requires: ["x(y)"] }, c: { requires: ["a"] } });
    expect([...lacking.refused.keys()]).toEqual(["a", "b"]);
    expect(lacking.refused.get("a")).toMatchObject({
      code: "unresolved/nobody-provides",
      details: ["x(y) is needed to build a, b", "held up by that: c"],
      place: { file: "a" },
      related: [{ message: "b" }],
    });
    expect(lacking.blocked).toEqual({ c: ["a"] });
    const { refused, builtWith } = plan({
      ...{ a: { requires: ["b"] }, b: { requires: ["c"] }, c: { requires: ["a"] }, d: { requires: [] } },
    });
    expect([...refused.keys()]).toEqual(["a", "b", "c"]);
    expect(refused.get("c")).toMatchObject({
      code: "manifest/cycle",
      message: expect.stringContaining("a → b → c → a"),
      place: expect.objectContaining({ file: "a" }),
      related: [expect.objectContaining({ message: "b" }), expect.objectContaining({ message: "c" })],
    });
    expect(builtWith).toEqual({ d: [] });
  });

  test("of alternatives the first that is there, and no circle for the sake of a later one", () => {
    const written = { app: { requires: ["make | lib"] }, lib: { requires: ["app"] } };
    expect(plan(written, ["make"], debLanguage).builtWith).toEqual({ app: [], lib: ["app"] });
    expect([...plan(written, [], debLanguage).refused.keys()]).toEqual(["app", "lib"]);
    const newer = { app: { requires: ["make (>= 99) | lib"] }, lib: { requires: [] } };
    expect(plan(newer, ["make"], debLanguage).builtWith).toEqual({ app: ["lib"], lib: [] });
    const other = { app: { requires: ["lib | make"] }, lib: { requires: [] } };
    expect(plan(other, ["make"], debLanguage).builtWith).toEqual({ app: ["lib"], lib: [] });
  });

  test("two circles, and who waits for one of them", () => {
    const { refused, blocked } = plan({
      ...{ a: { requires: ["b"] }, b: { requires: ["a"] }, app: { requires: ["a"] } },
      ...{ x: { requires: ["y"] }, y: { requires: ["x"] } },
    });
    expect([...refused].map(([name, { message }]) => [name, message.split(": ")[1]])).toEqual([
      ...[
        ["a", "a → b → a"],
        ["b", "a → b → a"],
      ],
      ...[
        ["x", "x → y → x"],
        ["y", "x → y → x"],
      ],
    ]);
    expect(blocked).toEqual({ app: ["a"] });
  });

  test("one that cannot be built keeps those who need it, and who finds nobody else; not the others", () => {
    const { builtWith, blocked, refused, lacking } = plan({
      lib: { requires: [], declares: ["lib-devel"], isLost: "build" },
      ...{ app: { requires: ["lib-devel"] }, suite: { requires: ["app"] } },
      ...{
        tool: { requires: ["pkgconfig(what)"] },
        alone: { requires: ["gcc", "other"] },
        other: { requires: [] },
      },
    });
    expect(builtWith).toEqual({ alone: ["other"], other: [] });
    expect(blocked).toEqual({ app: ["lib"], tool: ["lib"], suite: ["app"] });
    expect(lacking).toEqual(["pkgconfig(what)"]);
    expect(refused.size).toBe(0);
  });

  test("of one whose text cannot be had is whatever is called like it", () => {
    const { builtWith, blocked } = plan(
      {
        zlib: { requires: [], isLost: "text" },
        ...{ app: { requires: ["zlib1g-dev"] }, alone: { requires: ["gcc"] } },
        ...{ packer: { requires: ["minizlib", "zlibber"] } },
      },
      ["gcc", "zlib1g-dev", "minizlib", "zlibber"],
    );
    expect(builtWith).toEqual({ alone: [], packer: [] });
    expect(blocked).toEqual({ app: ["zlib"] });
  });

  test("a chain of what turns out, whatever order the specs are in", () => {
    const names = ["a", "b", "c", "d", "e"];
    const written = Object.fromEntries(
      names.map((name, i) => [
        name,
        { requires: i === 0 ? [] : [`/usr/bin/${names[i - 1]}`], provides: [`/usr/bin/${name}`] },
      ]),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: 5 }), (order) => {
        const { builtWith } = plan(
          Object.fromEntries(order.map((name) => [name, written[name] ?? { requires: [] }])),
        );
        expect(builtWith).toEqual({ a: [], b: ["a"], c: ["b"], d: ["c"], e: ["d"] });
      }),
    );
  });

  test("with what these need to be installed, whoever provides that, and whatever order the specs are in", () => {
    const written: Readonly<Record<string, Written>> = {
      app: { requires: ["lib-devel"] },
      lib: { requires: [], declares: ["lib-devel"], needs: ["base", "libx.so.1", "gcc"] },
      base: { requires: [], needs: ["ghost"] },
      x: { requires: [], provides: ["libx.so.1"], needs: ["late"] },
      late: { requires: ["/usr/bin/late"], needs: ["app"] },
      tool: { requires: [], provides: ["/usr/bin/late"] },
    };
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(written), { minLength: 6 }), (order) => {
        const { builtWith } = plan(
          Object.fromEntries(order.map((name) => [name, written[name] ?? { requires: [] }])),
        );
        expect(builtWith["app"]).toEqual(["base", "late", "lib", "x"]);
      }),
    );
  });
});
