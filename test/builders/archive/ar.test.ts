// The ar shell: what is read, and each way to be malformed.

import { describe, expect, test } from "vitest";
import { arParser } from "../../../builders/archive/ar.ts";
import { faultOf, pieces, rawAr } from "./rig.ts";

function read(bytes: Buffer, step = 65536): Record<string, string> {
  const members: Record<string, string> = {};
  const parser = arParser();
  let name = "";
  let ends = 0;
  for (const piece of pieces(bytes, step)) {
    for (const event of parser.push(piece)) {
      if (event.kind === "member") name = event.name;
      if (event.kind === "end") ends++;
      const bytes = event.kind === "data" ? Buffer.from(event.bytes).toString("latin1") : "";
      members[name] = (members[name] ?? "") + bytes;
    }
  }
  parser.end();
  expect(ends).toBe(Object.keys(members).length);
  return members;
}

const sound = rawAr(
  { name: "one", content: "odd" },
  { name: "empty/", content: "" },
  { name: "fifteen-letters", content: "even" },
);

describe("ar", () => {
  test.each([1, 2, 7, 59, 60, 61, 65536])("reads members in pieces of %i bytes", (step) => {
    expect(read(sound, step)).toEqual({ one: "odd", empty: "", "fifteen-letters": "even" });
  });

  test("refuses an archive that is cut off anywhere but between members", async () => {
    const ends = [8, 8 + 60 + 4, 8 + 60 + 4 + 60];
    for (let cut = 0; cut < sound.length; cut++) {
      expect([cut, await faultOf(() => read(sound.subarray(0, cut)))]).toEqual([
        cut,
        ends.includes(cut) ? "none" : "digest/bad-deb",
      ]);
    }
  });

  const broken = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(sound);
    change(bytes);
    return bytes;
  };
  test.each([
    ["no magic", broken((bytes) => bytes.write("!<arsh>"))],
    ["a header's end", broken((bytes) => bytes.write("'", 8 + 58))],
    ["a size that is no number", broken((bytes) => bytes.write("0x3", 8 + 48))],
    ["a negative size", broken((bytes) => bytes.write("-3", 8 + 48))],
    ["an empty size", broken((bytes) => bytes.write("  ", 8 + 48))],
    ["a time that is no number", broken((bytes) => bytes.write("now", 8 + 16))],
    ["padding that is no newline", broken((bytes) => bytes.write("x", 8 + 60 + 3))],
    ["a GNU long name", rawAr({ name: "/12", content: "" })],
    ["a GNU name table", rawAr({ name: "//", content: "" })],
    ["a BSD long name", rawAr({ name: "#1/20", content: "" })],
    ["a name with a folder", rawAr({ name: "a/b", content: "" })],
    ["no name", rawAr({ name: "", content: "" })],
    ["bytes after the last member", Buffer.concat([sound, Buffer.alloc(60, "x")])],
  ])("refuses %s", async (_, bytes) => {
    expect(await faultOf(() => read(bytes))).toBe("digest/bad-deb");
  });
});
