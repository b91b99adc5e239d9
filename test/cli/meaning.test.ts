import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { meaningOf, stillMeans } from "../../cli/meaning.ts";
import { readDocument } from "../../evaluator/manifest/document.ts";

const meaning = (text: string) => meaningOf(readDocument("a.yaml", text));

test("comments, blank lines and the way of writing mean nothing", () => {
  expect(meaning("# one\na: [1, 'x']\n\n")).toBe(meaning("a:\n  - 1 # two\n  - x\n"));
});

test.each([
  ["a: .nan", "a: null"],
  ["a: .inf", "a: -.inf"],
  ["a: 1", "a: '1'"],
  ["a: 1", "a: 'number 1'"],
  ["a: true", "a: 'true'"],
  ["a: ''", "a:"],
  ["{a: 1, b: 2}", "{b: 2, a: 1}"],
])("%s and %s are told apart", (one, other) => {
  expect(meaning(one)).not.toBe(meaning(other));
});

test("what cannot be read means nothing, and is not waited for", () => {
  const folder = mkdtempSync(join(tmpdir(), "kit-meaning-"));
  const file = join(folder, "a.yaml");
  writeFileSync(file, "a: 1 # one\n");
  expect(stillMeans(file, meaning("a: 1"))).toBe(true);
  expect(stillMeans(file, meaning("a: 2"))).toBe(false);
  expect(stillMeans(folder, meaning("a: 1"))).toBe(false);
  const pipe = join(folder, "pipe");
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  expect(stillMeans(pipe, meaning("a: 1"))).toBe(false);
  writeFileSync(file, "a: [");
  expect(stillMeans(file, meaning("a: 1"))).toBe(false);
});
