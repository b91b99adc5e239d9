// Groups: what comps files say and what a group asks for.
// Knows the format; does not know which packages there are.

import { describe, expect, test } from "vitest";
import { parseComps } from "../../../../builders/repository/rpm/comps.ts";
import { refusal } from "../../../rig/refusal.ts";
import { compsText } from "./sample.ts";

const parse = (text: string) => parseComps("base comps.xml", Buffer.from(text));

test("groups ask for all but what is optional, each package once and one on a condition with it", async () => {
  const { groups } = await parse(compsText);
  expect(Object.fromEntries(groups)).toEqual({
    editors: ["sample", "sample-libs", "(sample-langpack if langpacks-core)", "bare"],
    empty: [],
  });
  const packages = `${"<packagereq>a</packagereq>".repeat(2)}<packagereq type="default">a</packagereq>`;
  const twice = await parse(`<comps><group><id>g</id><packagelist>${packages}</packagelist></group></comps>`);
  expect(twice.groups.get("g")).toEqual(["a"]);
});

test("environments have the groups that are not optional", async () => {
  const { environments } = await parse(compsText);
  expect(Object.fromEntries(environments)).toEqual({ desktop: ["editors", "empty"] });
});

test("nothing is read of a package that cannot be one", async () => {
  const packages = `<packagereq/><packagereq>a b</packagereq><packagereq type="odd">c</packagereq>
    <packagereq>@g</packagereq><packagereq>(a if b)</packagereq>
    <packagereq type="conditional">d</packagereq><packagereq type="conditional" requires="x y">e</packagereq>
    <packagereq type="conditional" requires="x)">e</packagereq>
    <packagereq type="conditional" requires="x(y)">e</packagereq><packagereq type="default"> f </packagereq>`;
  const { groups } = await parse(
    `<comps><group><id>g</id><packagelist>${packages}</packagelist></group><langpacks><match name="a" install="b-%s"/></langpacks></comps>`,
  );
  expect(groups.get("g")).toEqual(["(e if x(y))", "f"]);
});

describe("what is refused", () => {
  test.each([
    ["another document", "<metadata/>"],
    ["a group without an id", "<comps><group><name>x</name></group></comps>"],
    ["an id of two words", "<comps><group><id>a b</id></group></comps>"],
    ["a group twice", "<comps><group><id>a</id></group><group><id>a</id></group></comps>"],
  ])("%s", async (_, text) => {
    expect((await refusal(() => parse(text))).code).toBe("digest/bad-comps");
  });
});
