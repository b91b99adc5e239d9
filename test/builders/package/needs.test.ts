import { describe, expect, test } from "vitest";
import { debLanguage, rpmLanguage } from "../../../builders/package/language.ts";
import { needsAmong } from "../../../builders/package/needs.ts";
import type { Member } from "../../../builders/package/together.ts";
import { lost } from "../../../evaluator/refusals.ts";
import { contentOf } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";

interface Written {
  readonly requires?: readonly string[];
  readonly declares?: readonly string[];
  readonly names?: readonly string[];
  /** What building it asks for, each time it is asked anew. */
  readonly more?: readonly (readonly string[])[];
  /** Its text is not read yet (`text`), nor asked what building takes (`more`), or it is not built (`build`). */
  readonly open?: "text" | "more" | "build";
  /** Its text cannot be had (`text`), nor building it be asked (`more`). */
  readonly lost?: "text" | "more";
}

const made = (name: string, ...provides: readonly string[]) => ({
  stanza: {
    ...{ Package: name, Version: "1-1", Architecture: "noarch" },
    Provides: `\n ${[name, ...provides].join("\n ")}`,
  },
  label: name,
  archive: { content: contentOf("blob", digestOf(name)) },
});

/** Whom each needs, who was built to be told, and how far building was asked. */
function among(
  written: Readonly<Record<string, Written>>,
  {
    distro = ["gcc"],
    provides = {},
    language = rpmLanguage,
  }: {
    readonly distro?: readonly string[] | "open";
    /** What those that are made turned out to provide. */
    readonly provides?: Readonly<Record<string, readonly string[]>>;
    readonly language?: typeof rpmLanguage;
  } = {},
) {
  const built = new Set<string>();
  const looked: string[] = [];
  let asked = 0;
  const members = Object.entries(written).map(([name, own]): Member => {
    const { requires = [], declares = [], names = [], more } = own;
    return {
      ...{ file: name, name, place: { file: name, line: 1, column: 1 }, names, beside: [] },
      ...{ isWhole: false, isLost: own.lost === "text" },
      declares: own.lost === "text" ? [] : [name, ...declares],
      asks() {
        if (own.open === "text") return undefined;
        if (more === undefined) return { texts: requires };
        return {
          texts: requires,
          more(localsFor, goesOn) {
            const all = [...requires];
            for (const [round, fresh] of [...more, undefined].entries()) {
              if (localsFor(all) === undefined || own.open === "more") return undefined;
              if (own.lost === "more") return lost;
              asked = Math.max(asked, round + 1);
              if (fresh === undefined) break;
              all.push(...fresh);
              const isOn = goesOn(fresh);
              if (isOn === undefined) return undefined;
              if (!isOn) break;
            }
            return all;
          },
        };
      },
      metOf(texts) {
        looked.push(...texts);
        return distro === "open" ? undefined : new Set(texts.filter((text) => distro.includes(text)));
      },
      plan(localsFor) {
        if (localsFor(requires) === undefined) return undefined;
        built.add(name);
        return own.open === "build" ? undefined : [made(name, ...(provides[name] ?? []))];
      },
    };
  });
  const known = new Map(
    Object.entries(provides).map(([name, lines]) => [name, [made(name, ...lines)]] as const),
  );
  const needs = needsAmong(members, language, known);
  return { needs: needs && Object.fromEntries(needs.of), isOpen: needs?.isOpen, built, looked, asked };
}

describe("who is built with whom, as texts tell", () => {
  test("by what a text declares, whatever the distribution has, and by what a manifest names", () => {
    const { needs, isOpen, built } = among(
      {
        app: { requires: ["gcc", "lib-devel >= 2"] },
        lib: { requires: ["gcc"], declares: ["lib-devel"] },
        tool: { names: ["app"] },
      },
      { distro: ["gcc", "lib-devel"] },
    );
    expect(needs).toEqual({ app: ["lib"], lib: [], tool: ["app"] });
    expect([isOpen, [...built]]).toEqual([false, []]);
  });

  test("by what those that are made turned out to provide, where the distribution has nothing", () => {
    const written = { app: { requires: ["pkgconfig(x)", "gcc"] }, lib: {}, other: {} };
    expect(among(written).needs).toEqual({ app: [], lib: [], other: [] });
    const given = { lib: ["pkgconfig(x)"] };
    const told = among(written, { provides: given });
    expect(told.needs).toEqual({ app: ["lib"], lib: [], other: [] });
    expect(told.looked).toEqual(["pkgconfig(x)"]);
    expect(among(written, { provides: given, distro: ["pkgconfig(x)"] }).needs).toMatchObject({ app: [] });
  });

  test("of alternatives not one behind what the distribution has", () => {
    const written = { app: { requires: ["make | lib"] }, lib: {} };
    const means = { language: debLanguage };
    expect(among(written, { ...means, distro: ["make"] }).needs).toEqual({ app: [], lib: [] });
    expect(among(written, { ...means, distro: [] }).needs).toEqual({ app: ["lib"], lib: [] });
  });

  test("of one that is lost, whatever begins with its name; it needs whom its manifest names", () => {
    const { needs } = among({
      app: { requires: ["pkgconfig(lib)", "library"] },
      lib: { lost: "text", names: ["base"] },
      base: {},
    });
    expect(needs).toEqual({ app: ["lib"], lib: ["base"], base: [] });
  });

  test("nothing while a text is open, or what the distribution has", () => {
    expect(among({ app: { open: "text" }, lib: {} }).needs).toBeUndefined();
    const given = { provides: { lib: ["pkgconfig(x)"] }, distro: "open" } as const;
    expect(among({ app: { requires: ["pkgconfig(x)"] }, lib: {} }, given).needs).toBeUndefined();
  });
});

describe("who says only while it is built what that takes", () => {
  test("is asked, and whom it needs is told by what is declared and what is made", () => {
    const written = {
      app: { more: [["lib-devel"], ["pkgconfig(x)"]] },
      lib: { declares: ["lib-devel"] },
      x: {},
    };
    const first = among(written);
    expect([first.needs, first.isOpen]).toEqual([{ app: ["lib"], lib: [], x: [] }, false]);
    expect([[...first.built], first.asked]).toEqual([["lib"], 2]);
    const then = among(written, { provides: { x: ["pkgconfig(x)"] } });
    expect(then.needs).toEqual({ app: ["lib", "x"], lib: [], x: [] });
    expect(then.built.has("app")).toBe(false);
  });

  test("with those that its text asks for, which are built for that, and nobody else", () => {
    const written = { app: { requires: ["lib"], more: [["tool"]] }, lib: {}, tool: {}, other: {} };
    const { needs, built } = among(written);
    expect(needs).toMatchObject({ app: ["lib", "tool"] });
    expect([...built].sort()).toEqual(["lib", "tool"]);
  });

  test("and is open while they are built, or it is asked: what texts tell is told all the same", () => {
    const waits = { app: { requires: ["lib"], more: [["tool"]] }, lib: { open: "build" }, tool: {} } as const;
    expect(among(waits)).toMatchObject({ needs: { app: ["lib"] }, isOpen: true, asked: 0 });
    const asked = { app: { requires: ["lib"], more: [["tool"]], open: "more" }, lib: {}, tool: {} } as const;
    expect(among(asked)).toMatchObject({ needs: { app: ["lib"] }, isOpen: true });
  });

  test("whom it asks for by what nobody is known to have it is asked once all are made, where some are", () => {
    const written = { app: { requires: ["pkgconfig(y)"], more: [["pkgconfig(x)"]] }, x: {}, y: {} };
    expect(among(written)).toMatchObject({ needs: { app: [] }, isOpen: false, asked: 0 });
    expect(among(written, { provides: { y: ["pkgconfig(y)"] } })).toMatchObject({
      ...{ needs: { app: ["y"] }, asked: 1 },
    });
    const declared = { ...written, x: { declares: ["pkgconfig(x)"] } };
    expect(among(declared, { provides: { y: ["pkgconfig(y)"] } })).toMatchObject({
      needs: { app: ["x", "y"] },
    });
  });

  test("what keeps it from being asked is nobody's need: it is lost, or stands in a circle", () => {
    const gone = { app: { more: [["lib"]], lost: "more" }, lib: {} } as const;
    expect(among(gone)).toMatchObject({ needs: { app: [] }, isOpen: false });
    const circle = { app: { requires: ["lib"], more: [["x"]] }, lib: { requires: ["app"] }, x: {} };
    expect(among(circle)).toMatchObject({ needs: { app: ["lib"], lib: ["app"] }, isOpen: false });
  });
});
