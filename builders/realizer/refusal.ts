// What a run refuses before it begins: to build, or to fetch, where it may not.
// Pure. Knows what is told; does not know why it may not.

import type { Derivation } from "../../store/model/derivation.ts";
import { Fault, shortList } from "../../store/model/fault.ts";
import { leftOut, leftOutBy } from "../fetch/recipe.ts";
import { isFetching } from "../recipes.ts";

/** @throws {Fault} `network/not-cached` */
export function refuseBuilding(waiting: readonly Derivation[]): void {
  if (waiting.length === 0) return;
  const what = waiting.length === 1 ? "a result is" : `${waiting.length} results are`;
  throw new Fault("network/not-cached", `${what} in no cache, and nothing may be built`, {
    details: shortList(waiting.map(({ builder, label }) => `${builder} ${label}`)),
    hint: "repeat the command without --cache-only, or push them to a cache whose key you trust",
  });
}

/** @throws {Fault} `network/offline` */
export function refuseFetching(waiting: readonly Derivation[]): void {
  const missing = waiting.filter(({ builder }) => isFetching(builder));
  if (missing.length === 0) return;
  const what = missing.length === 1 ? "a file is" : `${missing.length} files are`;
  throw new Fault("network/offline", `${what} not in the store, and the network may not be used`, {
    details: shortList(missing.map(({ label }) => label)),
    related: missing.flatMap(writtenAt).slice(0, mostWritten),
    hint: "repeat the command without --offline",
  });
}

/** Where a manifest names it, if one does. */
function writtenAt({ label, places }: Derivation): Fault["related"] {
  const place = places?.[""];
  return place ? [{ place, message: label }] : [];
}

const mostWritten = 10;

/** Files of distributions that leave their repositories out. @throws {Fault} `network/left-out` */
export function refuseLeftOut(waiting: readonly Derivation[]): void {
  const missing = waiting.filter(({ builder }) => builder === "fetch");
  const [distro] = missing.flatMap(({ hints }) => leftOutBy(hints) ?? []);
  if (distro === undefined) return;
  const labels = missing.flatMap(({ hints, label }) => (leftOutBy(hints) === distro ? [label] : []));
  throw leftOut(distro, labels.length, shortList(labels));
}
