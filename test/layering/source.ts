// kit's own source files, as the layering test looks at them.
// Knows how imports are written; does not know what is allowed.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const floors = ["store", "evaluator", "builders", "cli"] as const;

export interface Source {
  /** Relative to the repository: `store/pool.ts`. */
  readonly path: string;
  readonly text: string;
  /** The code with comments and the insides of strings blanked, line by line. */
  readonly code: string;
  /** What it imports of the repository's own files, relative to it; types too. */
  readonly imports: readonly string[];
  /** What it imports from elsewhere. */
  readonly packages: readonly string[];
}

export function readSources(): Source[] {
  return floors
    .flatMap((floor) => filesBelow(floor))
    .map((path) => readSource(path, readFileSync(join(repository, path), "utf8")));
}

export function readSource(path: string, text: string): Source {
  // A bundler, the type checker and Node read these the same way: static, dynamic, `import type`, `export … from`
  // and the inline `import("…").Name` of a type.
  const named = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g)].map(
    ([, name = ""]) => name,
  );
  const own = named.filter((name) => name.startsWith("."));
  return {
    path,
    text,
    code: blanked(text),
    imports: [...new Set(own.map((name) => normalize(join(dirname(path), name))))],
    packages: [...new Set(named.filter((name) => !name.startsWith(".")))],
  };
}

/** The files of a circle, the first one named again at its end; absent where there is none. */
export function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const state = new Map<string, "open" | "done">();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (state.get(path) === "done") return undefined;
    if (state.get(path) === "open") return [...trail.slice(trail.indexOf(path)), path];
    state.set(path, "open");
    trail.push(path);
    for (const next of graph.get(path) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    trail.pop();
    state.set(path, "done");
    return undefined;
  };
  for (const path of graph.keys()) {
    const circle = visit(path);
    if (circle) return circle;
  }
  return undefined;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(repository, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (statSync(join(repository, path)).isDirectory()) return filesBelow(path);
    return name.endsWith(".ts") ? [path] : [];
  });
}

function blanked(text: string): string {
  const blank = (piece: string) => piece.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, blank);
}
