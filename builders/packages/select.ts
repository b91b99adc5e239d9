// Choosing among packages: some by name, and those that need them.
// Pure. Knows who names whom; does not know how anything is built.

import type { WishedPackages } from "../../evaluator/evaluate.ts";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { Fault } from "../../store/model/fault.ts";

export interface Choosable {
  readonly file: string;
  readonly name: string;
  /** Files of those that its manifest names. */
  readonly needs: readonly string[];
}

/** In the order they were given. @throws {Fault} `usage/unknown-package` */
export function selectPackages<P extends Choosable>(
  all: readonly P[],
  { only, dependents, ignore }: WishedPackages,
): P[] {
  const filesOf = (names: readonly string[]) =>
    names.flatMap((name) => {
      const found = all.filter((item) => item.name === name);
      if (found.length > 0) return found.map(({ file }) => file);
      const meant = nearest(
        name,
        all.map((item) => item.name),
      );
      throw new Fault("usage/unknown-package", `there is no package ${name} among them`, {
        hint:
          meant === undefined
            ? `there are ${all.map((item) => item.name).join(", ")}`
            : `did you mean ${meant}?`,
      });
    });
  const ignored = withDependents(filesOf(ignore), all, "all");
  const named = new Set(filesOf(only));
  const chosen =
    only.length === 0 ? new Set(all.map(({ file }) => file)) : withDependents([...named], all, dependents);
  return all.filter(({ file }) => chosen.has(file) && !ignored.has(file));
}

function withDependents(
  files: readonly string[],
  all: readonly Choosable[],
  reach: WishedPackages["dependents"],
): ReadonlySet<string> {
  const met = new Set(files);
  if (reach === "none") return met;
  const direct = (wanted: ReadonlySet<string>) =>
    all.filter(({ needs }) => needs.some((file) => wanted.has(file))).map(({ file }) => file);
  for (let news = direct(met).filter((file) => !met.has(file)); news.length > 0; ) {
    for (const file of news) met.add(file);
    news = reach === "direct" ? [] : direct(met).filter((file) => !met.has(file));
  }
  return met;
}
