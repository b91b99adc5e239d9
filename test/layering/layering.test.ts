// The house's rules, asserted over every source file: floors, circles, purity, the shape of a file.

import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { findCircle, floors, readSource, readSources, repository } from "./source.ts";

const sources = readSources();
const floorOf = (path: string) => floors.indexOf(path.slice(0, path.indexOf("/")) as (typeof floors)[number]);

/** A floor takes from itself and those below; the evaluator only from itself and the model. */
function mayImport(from: string, to: string): boolean {
  if (from.startsWith("evaluator/")) return to.startsWith("evaluator/") || to.startsWith("store/model/");
  if (from.startsWith("store/model/")) return to.startsWith("store/model/");
  return floorOf(to) >= 0 && floorOf(to) <= floorOf(from);
}

describe("floors", () => {
  it("sees every way to import", () => {
    const text = `import a from "./a.ts"; import type { B } from "../b.ts"; export * from './c.ts';
      const d = await import("./d.ts"); type E = import("./e.ts").E; import "./f.ts"; import g from "zod";`;
    const { imports, packages } = readSource("builders/x/y.ts", text);
    expect(imports).toEqual([
      "builders/x/a.ts",
      "builders/b.ts",
      "builders/x/c.ts",
      "builders/x/d.ts",
      "builders/x/e.ts",
      "builders/x/f.ts",
    ]);
    expect(packages).toEqual(["zod"]);
    expect(mayImport("evaluator/a.ts", "store/pool.ts")).toBe(false);
    expect(mayImport("builders/a/b.ts", "cli/c.ts")).toBe(false);
    expect(mayImport("builders/a/b.ts", "evaluator/c.ts")).toBe(true);
  });

  it("imports go to the own floor or a lower one", () => {
    expect(sources.length).toBeGreaterThan(100);
    const upward = sources.flatMap(({ path, imports }) =>
      imports.filter((to) => !mayImport(path, to)).map((to) => `${path} imports ${to}`),
    );
    expect(upward).toEqual([]);
  });

  it("no file is part of a circle", () => {
    expect(
      findCircle(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["b"]],
        ]),
      ),
    ).toEqual(["b", "c", "b"]);
    expect(findCircle(new Map(sources.map(({ path, imports }) => [path, imports])))).toBeUndefined();
  });

  it("the evaluator and the model do no input or output", () => {
    // Hashing and the code that is loaded for it are no input: the same bytes give the same digest, and the same
    // signature; a key that is made is the one thing that is not. Nor is joining paths as text.
    const allowed: Readonly<Record<string, readonly string[]>> = {
      "store/model/digest.ts": ["node:crypto", "node:module"],
      "store/model/key.ts": ["node:crypto"],
    };
    const pure = sources.filter(({ path }) => /^(evaluator|store\/model)\//.test(path));
    const loads = pure.flatMap(({ path, packages }) =>
      packages
        .filter(
          (name) => name.startsWith("node:") && name !== "node:path/posix" && !allowed[path]?.includes(name),
        )
        .map((name) => `${path} imports ${name}`),
    );
    expect(loads).toEqual([]);
  });

  it("each library has one home", () => {
    const homes: Readonly<Record<string, RegExp>> = {
      koffi: /^store\/system\.ts$/,
      "@napi-rs/blake-hash": /^store\/model\/digest\.ts$/,
      "blake3-wasm": /^store\/model\/digest\.ts$/,
      undici: /^builders\/(fetch\/|late\.ts$)/,
      openpgp: /^builders\/(repository\/|late\.ts$)/,
      saxes: /^builders\/(repository\/rpm\/|late\.ts$)/,
      yaml: /^evaluator\/manifest\//,
      clipanion: /^cli\//,
    };
    const astray = sources.flatMap(({ path, packages }) =>
      packages.filter((name) => homes[name]?.test(path) === false).map((name) => `${path} imports ${name}`),
    );
    expect(astray).toEqual([]);
  });
});

describe("purity", () => {
  /** Each with its reason. */
  const allowed: Readonly<Record<string, readonly string[]>> = {};

  it("below cli/ nobody reads the environment, the working directory, the clock or writes to the terminal", () => {
    const global =
      /\bprocess\s*\.\s*(?:env|cwd|argv|stdout|stderr|stdin)\b|\bDate\s*\.\s*now\b|\bnew Date\(\)|\bconsole\s*\.|\bMath\s*\.\s*random\b|\bperformance\s*\.\s*now\b/g;
    const found = sources
      .filter(({ path }) => !path.startsWith("cli/"))
      .flatMap(({ path, code }) =>
        [...code.matchAll(global)]
          .filter(([text]) => !allowed[path]?.includes(text))
          .map(([text]) => `${path}: ${text}`),
      );
    expect(found).toEqual([]);
  });

  it("no module keeps state between calls", () => {
    // Which of two equal implementations of BLAKE3 this machine can load: a constant of the process.
    const exempt = new Set(["store/model/digest.ts"]);
    const stateful = sources.filter(
      ({ path, code }) =>
        !path.startsWith("cli/") && !exempt.has(path) && /^(?:export )?(?:let|var) /m.test(code),
    );
    expect(stateful.map(({ path }) => path)).toEqual([]);
  });

  it("the evaluator touches no process at all", () => {
    expect(
      sources
        .filter(({ path, code }) => path.startsWith("evaluator/") && /\bprocess\s*\./.test(code))
        .map(({ path }) => path),
    ).toEqual([]);
  });
});

describe("the shape of a file", () => {
  const failing = (test: (source: (typeof sources)[number]) => boolean) =>
    sources.filter((source) => !test(source)).map(({ path }) => path);

  it("opens with what it is and what it does not know", () => {
    expect(failing(({ text }) => /^\/\/ \S.*\n\/\/ \S.*\n/.test(text))).toEqual([]);
  });

  it("stays below 350 lines", () => {
    expect(failing(({ text }) => text.split("\n").length <= 351)).toEqual([]);
  });

  it("exports by name, and is no barrel", () => {
    expect(failing(({ code }) => !/\bexport\s+default\b|\bexport\s+\*/.test(code))).toEqual([]);
  });

  it("uses no any and asserts nothing to be there", () => {
    // koffi's functions are typed by the declaration in their text
    const exempt = new Set(["store/system.ts"]);
    expect(failing(({ path, code }) => exempt.has(path) || !/:\s*any\b|\bas any\b|<any>/.test(code))).toEqual(
      [],
    );
  });

  it("is named by one lowercase noun", () => {
    expect(failing(({ path }) => /^(?:[a-z][a-z0-9-]*\/)+[a-z][a-z0-9-]*\.ts$/.test(path))).toEqual([]);
    expect(failing(({ path }) => !/\/(utils?|helpers?|manager|common|misc|index)\.ts$/.test(path))).toEqual(
      [],
    );
  });
});

describe("the top level", () => {
  it("holds the six folders and what the ecosystem's tools demand", () => {
    const tracked = execFileSync("git", ["ls-files"], {
      cwd: repository,
      encoding: "utf8",
      env: { ...process.env, GIT_OPTIONAL_LOCKS: "0" },
    })
      .trim()
      .split("\n");
    const names = new Set(tracked.map((path) => path.split("/")[0] ?? ""));
    const folders = ["cli", "builders", "evaluator", "store", "manifests", "test"];
    const files = [
      "package.json",
      "package-lock.json",
      "tsconfig.json",
      "README.md",
      "LICENSE",
      "biome.json",
      "vitest.config.ts",
    ];
    const strange = [...names].filter(
      (name) => !name.startsWith(".") && !folders.includes(name) && !files.includes(name),
    );
    expect(strange).toEqual([]);
    expect(folders.filter((name) => !names.has(name))).toEqual([]);
  });

  it("manifests are data: YAML and keys, and what a package of them ships", () => {
    const tracked = execFileSync("git", ["ls-files", "manifests"], { cwd: repository, encoding: "utf8" })
      .trim()
      .split("\n");
    expect(
      tracked.filter((path) => !/\.(ya?ml|asc)$/.test(path) && !path.startsWith("manifests/packages/")),
    ).toEqual([]);
    expect(tracked.filter((path) => /\.(ts|js|mjs|lock)$/.test(path))).toEqual([]);
  });
});
