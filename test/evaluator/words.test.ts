// Tables from a key to words.

import { expect, test } from "vitest";
import { compactInMemory } from "../../evaluator/compact.ts";
import { openWords, wordTables } from "../../evaluator/words.ts";

test("each key has its words, sorted and once each, or none; another has not even none", () => {
  const tables = {
    ...wordTables(
      "colours",
      new Map(Object.entries({ sky: ["white", "blue", "white"], night: [], sea: ["blue"] })),
    ),
    ...wordTables("sounds", new Map([["sea", ["hush"]]])),
  };
  const compact = compactInMemory({ starts: [], tables, warnings: [] }, Buffer.alloc(0));
  const colours = openWords(compact, "colours");
  expect([...colours.keys()]).toEqual(["sky", "night", "sea"]);
  expect(["sky", "night", "sea", "land"].map(colours.get)).toEqual([
    ["blue", "white"],
    [],
    ["blue"],
    undefined,
  ]);
  expect(openWords(compact, "sounds").get("sea")).toEqual(["hush"]);
  expect(openWords(compact, "smells").get("sea")).toBeUndefined();
});
