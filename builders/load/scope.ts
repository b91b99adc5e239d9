// The scope of a manifest: the files on disk that it is made of, and that have to lie beside it elsewhere too.
// Pure. Follows references by path; what ships with kit is there already, and is none of it.

import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";

export interface Scope {
  /** Canonical paths, the root's first. */
  readonly manifests: readonly string[];
  /** Files and folders that they name, without a slash at the end. */
  readonly locals: readonly string[];
}

export function scopeOf(assembly: Assembly, targets: readonly Target[]): Scope {
  const own = new Map<string, Assembled>();
  const visit = (file: string) => {
    const found = assembly.manifests.get(file);
    if (found === undefined || own.has(file)) return;
    own.set(file, found);
    for (const { to, file: next } of found.references) if (/^\.\.?\//.test(to)) visit(next);
  };
  visit(assembly.root);
  const locals = [...own.values()].flatMap((one) =>
    targets.flatMap((target) => settle(one, one.kind, target).locals.map(({ at }) => at.replace(/\/+$/, ""))),
  );
  return { manifests: [...own.keys()], locals: [...new Set(locals)] };
}
