// Which packages are configured before all others: those that others Pre-Depend on, as apt has it.
// Pure: knows relations and apt's order; does not know what configuring is.

import { parseRelations } from "../../evaluator/deb/relation.ts";
import type { Owner } from "./merge.ts";
import { openOffers } from "./offers.ts";

/**
 * The packages that Pre-Depends of these name, each after what it depends on itself. System ids are given in the
 * order of configuring, so they come out as apt's only where this order does (tried with mmdebstrap 1.3.5 and sets
 * of bookworm and trixie, in which cron and dbus changed places without it). Packages of a new root's foundation
 * wait for nobody: what is essential lies in place before anything is configured.
 */
export function configuredEarly<P extends Owner>(packages: readonly P[]): P[] {
  const closure = openClosure(packages);
  const waiting = packages.filter(
    (item) => item.stanza["Essential"] !== "yes" && item.stanza["Pre-Depends"] !== undefined,
  );
  for (const item of waiting.sort(compareScores)) closure.add(item, ["Pre-Depends"]);
  return closure.found();
}

/**
 * What is essential, each after what it depends on: in a new root it is configured before all else, for everybody
 * may rely on it without a word (policy 3.8). debootstrap and its kin do the same.
 */
export function foundation<P extends Owner>(packages: readonly P[]): P[] {
  const closure = openClosure(packages);
  const essential = packages.filter((item) => item.stanza["Essential"] === "yes");
  for (const item of essential) closure.add(item, ["Pre-Depends", "Depends"]);
  return [...new Set([...closure.found(), ...essential])];
}

/** What has to be configured before dpkg may unpack a package, each after what it depends on itself. */
export function configuredBefore<P extends Owner>(item: P, packages: readonly P[]): P[] {
  const closure = openClosure(packages);
  closure.add(item, ["Pre-Depends"]);
  return closure.found().filter((other) => other !== item);
}

function openClosure<P extends Owner>(packages: readonly P[]) {
  const find = finder(packages);
  const visited = new Set<P>();
  const done: P[] = [];
  const add = (item: P, fields: readonly string[]) => {
    for (const target of fields.flatMap((field) => find(item, field))) {
      if (visited.has(target)) continue;
      visited.add(target);
      add(target, ["Pre-Depends", "Depends"]);
      done.push(target);
    }
  };
  return { add, found: () => done };
}

/** For a package's field the packages that meet it: of each group the first alternative that is met. */
function finder<P extends Owner>(packages: readonly P[]): (item: P, field: string) => P[] {
  const offers = openOffers(packages);
  return (from, field) =>
    parseRelations(from.stanza[field] ?? "").flatMap((alternatives) => {
      const met = alternatives.map(offers).find((found) => found.length > 0) ?? [];
      const own = met.filter(
        ({ architecture }) => architecture === from.architecture || architecture === "all",
      );
      return (own.length > 0 ? own : met).filter((item) => item !== from);
    });
}

/** As apt's pkgOrderList scores packages that have Pre-Depends: what is protected, then by priority, then by name. */
function compareScores(a: Owner, b: Owner): number {
  return scoreOf(b) - scoreOf(a) || (a.name < b.name ? -1 : 1);
}

const priorities: Readonly<Record<string, number>> = { important: 5, required: 4, standard: 3, optional: 1 };

function scoreOf({ stanza }: Owner): number {
  const immediate = stanza["Protected"] === "yes" || stanza["Important"] === "yes";
  return (immediate ? 10 : 0) + (priorities[stanza["Priority"] ?? ""] ?? 0);
}
