// Names found by a few letters, in the order a person expects; and addresses that name anything.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countText, sizeText } from "../../../builders/report/amount.ts";
import { ticksFor } from "../../../builders/report/chart.ts";
import {
  fileHref,
  graphHref,
  hashFilters,
  hashParts,
  listHref,
  packageHref,
} from "../../../builders/report/href.ts";
import { escaped, html } from "../../../builders/report/html.ts";
import { placeIn } from "../../../builders/report/page/place.ts";
import { openSearch } from "../../../builders/report/page/search.ts";

describe("searching", () => {
  const search = openSearch([
    "gnutls",
    "libssl-dev",
    "libssl3",
    "openssl",
    "python3-openssl",
    "ssl",
    "ssl-cert",
    "x-ssl",
  ]);

  it("puts the name itself first, then beginnings, then parts, then the rest", () => {
    expect(search("ssl", 9).hits.map(({ name }) => name)).toEqual([
      "ssl",
      "ssl-cert",
      "x-ssl",
      "libssl3",
      "openssl",
      "libssl-dev",
      "python3-openssl",
    ]);
  });

  it("takes words in any order and case, and shows no more than was asked for", () => {
    expect(search("DEV lib", 9).hits.map(({ name }) => name)).toEqual(["libssl-dev"]);
    expect(search("ssl", 2)).toMatchObject({ hits: [{ place: 5 }, { place: 6 }], count: 7 });
    expect(search("  ", 9)).toEqual({ hits: [], count: 0 });
    expect(search("zzz", 9)).toEqual({ hits: [], count: 0 });
  });
});

describe("places in a sorted list", () => {
  it("are those of the names, and -1 for others", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.string(), (names, other) => {
        const sorted = [...names].sort();
        for (const [place, name] of sorted.entries()) expect(placeIn(sorted, name)).toBe(place);
        expect(placeIn(sorted, other)).toBe(sorted.indexOf(other));
      }),
    );
  });
});

describe("addresses", () => {
  const hashOf = (href: string) => href.slice(href.indexOf("#"));

  it("name whatever a package is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, architecture) => {
        expect(hashParts(hashOf(packageHref(name)))).toEqual([name.toWellFormed()]);
        expect(hashParts(hashOf(graphHref(architecture, name)))).toEqual(
          [architecture, name].map((one) => one.toWellFormed()),
        );
        expect([...hashFilters(hashOf(listHref("x.html", { q: name, sort: "-size" })))]).toEqual([
          ["q", name.toWellFormed()],
          ["sort", "-size"],
        ]);
      }),
    );
    expect(hashParts("#%zz/a")).toEqual(["%zz", "a"]);
    expect(fileHref("packages-%2Fx.txt")).toBe("packages-%252Fx.txt");
  });
});

describe("markup", () => {
  it("has every foreign text escaped, in content and in attributes", () => {
    const text = `<b a='x' b="y">&`;
    expect(html`<p title="${text}">${[text, html`<i>${1}</i>`, false, undefined]}</p>`.text).toBe(
      `<p title="${escaped(text)}">${escaped(text)}<i>1</i></p>`,
    );
    expect(escaped(text)).toBe("&#60;b a=&#39;x&#39; b=&#34;y&#34;&#62;&#38;");
    expect(escaped("\ud800")).toBe("\ufffd");
  });
});

describe("amounts", () => {
  it("are written as people read them", () => {
    expect([0, 999, 1000, 1234567].map(countText)).toEqual(["0", "999", "1,000", "1,234,567"]);
    expect([0, 1023, 1024, 1048575, 1048576, 5e12].map(sizeText)).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "1.0 MiB",
      "1.0 MiB",
      "4.5 TiB",
    ]);
  });
});

describe("a chart's scale", () => {
  it("is round, few, and around all values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2 ** 40), { minLength: 1 }),
        fc.constantFrom(2 as const, 10 as const),
        (values, base) => {
          const ticks = ticksFor(values, base);
          expect(ticks.length).toBeGreaterThanOrEqual(2);
          expect(ticks.length).toBeLessThanOrEqual(7);
          expect(ticks[0]).toBeLessThanOrEqual(Math.min(...values));
          expect(ticks.at(-1)).toBeGreaterThanOrEqual(Math.max(...values));
        },
      ),
    );
    expect(ticksFor([8200, 9400], 10)).toEqual([8000, 8500, 9000, 9500]);
    expect(ticksFor([], 10)).toEqual([0, 1]);
  });
});
