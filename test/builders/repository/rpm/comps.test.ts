// Groups: what comps files say and what a group asks for.
// Knows the format; does not know which packages there are.

import { describe, expect, test } from "vitest";
import { groupRequests, parseComps } from "../../../../builders/repository/rpm/comps.ts";
import { refusal } from "../../../rig/refusal.ts";
import { compsText } from "./sample.ts";

const parse = (text: string) => parseComps("base comps.xml", Buffer.from(text));

describe("what is read", () => {
  test("groups", async () => {
    const { groups } = await parse(compsText);
    expect(groups.get("editors")).toEqual({
      id: "editors",
      name: "Editors",
      description: "Text & more",
      default: true,
      userVisible: false,
      packages: [
        { type: "mandatory", name: "sample" },
        { type: "default", name: "sample-libs" },
        { type: "optional", name: "extra" },
        { type: "conditional", name: "sample-langpack", requires: "langpacks-core" },
        { type: "mandatory", name: "bare" },
      ],
    });
    expect(groups.get("empty")).toMatchObject({ default: false, userVisible: true, packages: [] });
  });

  test("categories and environments", async () => {
    const { categories, environments } = await parse(compsText);
    expect([...categories.values()]).toEqual([
      { id: "apps", name: "Applications", description: "", groups: ["editors"] },
    ]);
    expect([...environments.values()]).toEqual([
      {
        id: "desktop",
        name: "Desktop",
        description: "A desktop",
        groups: ["editors", "empty"],
        optionalGroups: [
          { id: "empty", default: true },
          { id: "editors", default: false },
        ],
      },
    ]);
  });

  test("nothing of a package that cannot be one", async () => {
    const packages = `<packagereq/><packagereq>a b</packagereq><packagereq type="odd">c</packagereq>
      <packagereq type="conditional">d</packagereq><packagereq type="conditional" requires="x y">e</packagereq>
      <packagereq type="default"> f </packagereq>`;
    const { groups } = await parse(
      `<comps><group><id>g</id><packagelist>${packages}</packagelist></group><langpacks><match name="a" install="b-%s"/></langpacks></comps>`,
    );
    expect(groups.get("g")?.packages).toEqual([{ type: "default", name: "f" }]);
  });
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

describe("what a group asks for", () => {
  test("by default all but what is optional", async () => {
    expect(groupRequests(await parse(compsText), "editors")).toEqual([
      { name: "sample" },
      { name: "sample-libs" },
      { name: "sample-langpack", when: "langpacks-core" },
      { name: "bare" },
    ]);
  });

  test("of the types that are named", async () => {
    const comps = await parse(compsText);
    expect(groupRequests(comps, "editors", ["optional"])).toEqual([{ name: "extra" }]);
    expect(groupRequests(comps, "empty")).toEqual([]);
  });

  test("each once", async () => {
    const packages = `${"<packagereq>a</packagereq>".repeat(2)}<packagereq type="default">a</packagereq>`;
    const comps = await parse(
      `<comps><group><id>g</id><packagelist>${packages}</packagelist></group></comps>`,
    );
    expect(groupRequests(comps, "g")).toEqual([{ name: "a" }]);
  });

  test.each([
    ["editor", "did you mean editors?"],
    ["edit", "did you mean editors?"],
    ["dekstop", "it has 2 groups, such as editors, empty"],
    ["empyt", "did you mean empty?"],
  ])("is unknown for %s", async (id, hint) => {
    const comps = await parse(compsText);
    const fault = await refusal(() => groupRequests(comps, id));
    expect([fault.code, fault.hint]).toEqual(["unresolved/unknown-group", hint]);
  });

  test("is unknown where there are no groups", async () => {
    const comps = await parse("<comps/>");
    expect((await refusal(() => groupRequests(comps, "__proto__"))).hint).toBe(
      "the distribution's repositories have no groups",
    );
  });
});
