// Memos: what is remembered holds as long as its files do, and nothing depends on it.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recall, remember } from "../../store/memo.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kit-memo-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const later = () => Date.now() + 10_000;
const none = new Map<string, string>();

test("an answer is recalled until one of its files changes", () => {
  writeFileSync(at("a"), "one");
  remember(at("cache/memo"), [at("a"), at("none")], { answer: 1 }, { now: later(), meanings: none });
  expect(recall(at("cache/memo"))).toEqual({ value: { answer: 1 }, doubted: [] });
  writeFileSync(at("a"), "two");
  expect(recall(at("cache/memo"))).toBeUndefined();
});

test("a file that was not there, and one more in a folder, are changes", () => {
  mkdirSync(at("folder/sub"), { recursive: true });
  symlinkSync(".", at("folder/circle"));
  for (const [memo, made] of [
    ["one", "none"],
    ["two", "folder/sub/new"],
  ] as const) {
    remember(at(memo), [at("none"), at("folder")], 1, { now: later(), meanings: none });
    expect(recall(at(memo))?.value).toBe(1);
    writeFileSync(at(made), "");
    expect(recall(at(memo))).toBeUndefined();
  }
});

test("nothing is remembered of a file that may change again without its times showing it", () => {
  writeFileSync(at("a"), "");
  remember(at("memo"), [at("a")], 1, { now: Date.now(), meanings: none });
  expect(recall(at("memo"))).toBeUndefined();
});

test("one that counts by what it means is doubted when it was written to, and from the beginning while it is young", () => {
  writeFileSync(at("a"), "");
  const meanings = new Map([[at("a"), "nothing"]]);
  const doubted = [{ file: at("a"), meaning: "nothing" }];
  remember(at("memo"), [at("a")], 1, { now: later(), meanings });
  expect(recall(at("memo"))).toEqual({ value: 1, doubted: [] });
  writeFileSync(at("a"), "# nothing");
  expect(recall(at("memo"))).toEqual({ value: 1, doubted });
  rmSync(at("a"));
  expect(recall(at("memo"))).toBeUndefined();
  writeFileSync(at("a"), "");
  remember(at("memo"), [at("a")], 1, { now: Date.now(), meanings });
  expect(recall(at("memo"))).toEqual({ value: 1, doubted });
});

test("a change is seen though the time of the content was set back", () => {
  writeFileSync(at("a"), "one");
  utimesSync(at("a"), 1, 1);
  remember(at("memo"), [at("a")], 1, { now: later(), meanings: none });
  writeFileSync(at("a"), "two");
  utimesSync(at("a"), 1, 1);
  expect(recall(at("memo"))).toBeUndefined();
});

test("where nothing can be written nothing is remembered, and what is no memo is none", () => {
  writeFileSync(at("file"), "no memo");
  remember(at("file/below"), [], 1, { now: later(), meanings: none });
  expect(recall(at("file/below"))).toBeUndefined();
  expect(recall(at("file"))).toBeUndefined();
});
