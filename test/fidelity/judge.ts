// Judges the differences of two roots by the list of exceptions.
// Knows what each allowance means; does not know the list's entries.

import { dirname, resolve } from "node:path/posix";
import { compareRoots, type Difference, tell } from "../rig/compare.ts";
import type { TarContent } from "../rig/tar.ts";
import type { Allowance, Exception } from "./exceptions.ts";
import type { Suite } from "./reference.ts";

export interface Judgement {
  /** A line for each difference that no exception allows. */
  readonly wrong: readonly string[];
  /** Exceptions that were needed. */
  readonly used: ReadonlySet<Exception>;
}

export function judge(
  kit: TarContent,
  reference: TarContent,
  exceptions: readonly Exception[],
  suite: Suite,
): Judgement {
  const used = new Set<Exception>();
  const wrong: string[] = [];
  for (const difference of compareRoots(kit, reference)) {
    const exception = exceptions.find(
      ({ path, allows, suite: only = suite }) =>
        only === suite && path.test(difference.path) && isAllowed(allows, difference, [kit, reference]),
    );
    if (exception) used.add(exception);
    else wrong.push(tell(difference, ["kit", "mmdebstrap"]));
  }
  return { wrong, used };
}

function isAllowed(
  allows: Allowance,
  { path, one, other, aspects }: Difference,
  roots: readonly [TarContent, TarContent],
): boolean {
  if (one === undefined) return allows === "only in mmdebstrap";
  if (other === undefined) return allows === "only in kit";
  const only = (...these: string[]) => aspects.every((aspect) => these.includes(aspect));
  const same = (form: (bytes: Buffer) => string) => form(roots[0].read(path)) === form(roots[1].read(path));
  switch (allows) {
    case "only in kit":
    case "only in mmdebstrap":
      return false;
    case "owner":
      return only("mode", "owner");
    case "content":
      return only("content");
    case "hard links":
      return only("hard links");
    case "order of lines":
      return only("content") && same((bytes) => bytes.toString("latin1").split("\n").sort().join("\n"));
    case "date of the source":
      return (
        only("content") && same((bytes) => `${bytes.toString("latin1", 0, 8)}${bytes.toString("latin1", 12)}`)
      );
    case "spelling of the target":
      return only("target") && canonical(path, one.target) === canonical(path, other.target);
  }
}

function canonical(path: string, target = ""): string {
  return resolve("/", dirname(path), target).replace(/^\/(bin|sbin|lib)(?=\/)/, "/usr/$1");
}
