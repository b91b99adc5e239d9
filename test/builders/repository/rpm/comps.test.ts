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

test("of what is marked for architectures that of this one, as libcomps filters it", async () => {
  const package_ = (name: string, arch: string) => `<packagereq type="mandatory"${arch}>${name}</packagereq>`;
  const marks = ["x86_64", "aarch64", "aarch64,x86_64", "aarch64 x86_64", "aarch64, x86_64", ""];
  const listed = marks.map((arch, i) => package_("abcdef"[i] ?? "", ` arch="${arch}"`)).join("");
  const text = `<comps><group><id>g</id><packagelist>${listed}${package_("h", "")}</packagelist></group>
    <group arch="aarch64"><id>k</id><packagelist>${package_("a", "")}</packagelist></group>
    <environment arch="aarch64"><id>one</id><grouplist><groupid>g</groupid></grouplist></environment>
    <environment><id>two</id><grouplist><groupid arch="aarch64">g</groupid><groupid>k</groupid></grouplist></environment></comps>`;
  // What `libcomps.Comps().arch_filter(["x86_64"])` leaves of it (0.1.19).
  const { groups, environments } = await parseComps("comps.xml", Buffer.from(text), "x86_64");
  expect(Object.fromEntries(groups)).toEqual({ g: ["a", "c", "d", "e", "h"] });
  expect(Object.fromEntries(environments)).toEqual({ two: ["k"] });
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
