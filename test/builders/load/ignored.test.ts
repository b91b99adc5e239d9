// What .gitignore files leave out of a folder: just what git leaves out.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ignoreFilesAbove } from "../../../builders/load/ignored.ts";
import { walkFolder } from "../../../builders/load/local.ts";

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(inject("scratch"), "ignored-"));
});
afterAll(() => rmSync(place, { recursive: true }));

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function repository(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(place, "repository-"));
  execFileSync("git", ["init", "--quiet", folder]);
  write(folder, files);
  return folder;
}

const kept = (folder: string): string[] =>
  walkFolder(folder)
    .filter(({ kind }) => kind !== "directory")
    .map(({ path }) => path)
    .sort();

const byGit = (folder: string): string[] =>
  execFileSync(
    "git",
    ["-c", "core.excludesFile=/dev/null", "ls-files", "--others", "--exclude-standard", "-z"],
    { cwd: folder, encoding: "utf8" },
  )
    .split("\0")
    .filter((path) => path !== "")
    .sort();

const part = fc.constantFrom("a", "b", "build", "x.o", "y.c");
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const pattern = fc
  .tuple(
    fc.constantFrom("", "", "!"),
    fc.constantFrom("", "", "/", "**/"),
    fc.constantFrom(
      "a",
      "b",
      "build",
      "*.o",
      "y.?",
      "a/b",
      "a/**",
      "[ab]",
      "[!a]*",
      "*",
      "a*/**/b",
      "b\\uild",
      "[a",
      "**",
    ),
    fc.constantFrom("", "", "/"),
  )
  .map((parts) => parts.join(""));
const rules = fc.array(fc.oneof({ weight: 8, arbitrary: pattern }, fc.constantFrom("", "# a comment")), {
  maxLength: 4,
});

test("what git would leave out is left out, and nothing else", { timeout: 240_000 }, () => {
  const drawn = fc.record({
    files: fc.uniqueArray(path, { minLength: 1, maxLength: 12 }),
    top: rules,
    lower: fc.dictionary(fc.constantFrom("sub", "sub/a", "sub/build"), rules),
  });
  fc.assert(
    fc.property(drawn, ({ files, top, lower }) => {
      const texts = Object.entries(lower).map(([at, lines]) => [`${at}/.gitignore`, lines.join("\n")]);
      // A file cannot be where another's folder is.
      const fitting = files.filter((file) => !files.some((other) => other.startsWith(`${file}/`)));
      const all = fitting.filter((file) => !["a", "build"].includes(file)).map((file) => `sub/${file}`);
      const folder = repository({
        ".gitignore": top.join("\n"),
        "sub/keep": "",
        ...Object.fromEntries(all.map((file) => [file, ""])),
        ...Object.fromEntries(texts),
      });
      expect(kept(folder)).toEqual(byGit(folder));
      const sub = byGit(folder).some((file) => file.startsWith("sub/"));
      // One that is left out as a whole is meant where it is named.
      if (sub) expect(kept(join(folder, "sub"))).toEqual(byGit(join(folder, "sub")));
      rmSync(folder, { recursive: true });
    }),
    { numRuns: process.env["KIT_TEST_LONG"] ? 1000 : 60 },
  );
});

test("a folder that is left out itself is meant where it is named", () => {
  const folder = repository({
    ".gitignore": "dist/\n*.log\n",
    "dist/a": "",
    "dist/b.log": "",
    "src/c.log": "",
  });
  expect(kept(join(folder, "dist"))).toEqual(["a", "b.log"]);
  expect(kept(join(folder, "src"))).toEqual([]);
});

test("outside of a repository its own files count, and none above", () => {
  const folder = mkdtempSync(join(place, "plain-"));
  write(folder, { ".gitignore": "*\n", "sub/.gitignore": "*.o\n", "sub/a.o": "", "sub/a.c": "" });
  expect(kept(join(folder, "sub"))).toEqual([".gitignore", "a.c"]);
  expect(ignoreFilesAbove(join(folder, "sub"))).toEqual([]);
  const versioned = repository({ "a/b/c": "" });
  expect(ignoreFilesAbove(join(versioned, "a/b"))).toEqual([
    join(versioned, ".gitignore"),
    join(versioned, "a/.gitignore"),
  ]);
});
