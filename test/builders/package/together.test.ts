import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rpmLanguage } from "../../../builders/package/language.ts";
import { type Member, planTogether } from "../../../builders/package/together.ts";
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
}

/** Members by name, and whose packages each is built with in the end. */
function plan(written: Readonly<Record<string, Written>>, distro: readonly string[] = ["gcc"]) {
  const builtWith: Record<string, readonly string[]> = {};
  const members = Object.entries(written).map(
    ([name, { requires, declares = [], provides = [], needs = [], isOpen }]): Member => {
      const lines = [name, ...declares, ...provides];
      const stanza = {
        Package: name,
        Version: "1-1",
        Architecture: "noarch",
        Provides: `\n ${lines.join("\n ")}`,
        ...(needs.length > 0 && { Requires: `\n ${needs.join("\n ")}` }),
      };
      return {
        ...{
          file: name,
          name,
          place: { file: name, line: 1, column: 1 },
          names: [],
          beside: [],
          declares: [name, ...declares],
          isWhole: false,
        },
        metOf: (texts) => new Set(texts.filter((text) => distro.includes(text))),
        plan(localsFor) {
          const locals = localsFor(requires);
          if (locals === undefined || isOpen) return undefined;
          builtWith[name] = locals.packages.map(({ label }) => label).sort();
          return [{ stanza, label: name, archive: { content: contentOf("blob", digestOf(name)) } }];
        },
      };
    },
  );
  const planned = planTogether(members, rpmLanguage);
  return { builtWith, open: [...planned].flatMap(([name, made]) => (made === undefined ? [name] : [])) };
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
    expect(() =>
      plan({ a: { requires: ["x(y)"] }, b: { requires: ["x(y)"] }, c: { requires: ["a"] } }),
    ).toThrow(
      expect.objectContaining({
        code: "unresolved/nobody-provides",
        details: ["x(y) is needed to build a, b", "held up by that: c"],
      }),
    );
    expect(() => plan({ a: { requires: ["b"] }, b: { requires: ["c"] }, c: { requires: ["a"] } })).toThrow(
      expect.objectContaining({
        code: "manifest/cycle",
        message: expect.stringContaining("a → b → c → a"),
        place: expect.objectContaining({ file: "a" }),
        related: [expect.objectContaining({ message: "b" }), expect.objectContaining({ message: "c" })],
      }),
    );
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
