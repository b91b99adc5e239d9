// Choosing providers: which package of a pool stands for a requirement.
// Knows the order of preference; does not know what becomes of the choice.

import { compareText } from "../text.ts";
import { isWithin } from "./bound.ts";
import type { Atom, DescribedPackage, PackageFormat } from "./described.ts";

/** A package that stands for a name. */
export interface Offer {
  /** The node it is. */
  readonly id: string;
  readonly isLocal: boolean;
  /** Whether it is called so, and does not only provide the name. */
  readonly isItself: boolean;
  /** Of the name: of a provided one what `Provides` says, if anything. */
  readonly version?: string;
  readonly architecture: string;
}

/** By name, the preferred ones first. */
export type Offers = ReadonlyMap<string, readonly Offer[]>;

/**
 * Local packages before those of repositories, one that is called so before those that provide the name, the highest
 * version first; equal ones in the order of their ids, so that nothing depends on the order of manifests or files.
 */
export function offersOf(
  packages: readonly {
    readonly id: string;
    readonly isLocal: boolean;
    readonly described: DescribedPackage;
  }[],
  format: PackageFormat,
): Offers {
  const offers = new Map<string, Offer[]>();
  const add = (name: string, offer: Offer) => {
    const others = offers.get(name);
    if (others === undefined) offers.set(name, [offer]);
    else others.push(offer);
  };
  for (const { id, isLocal, described } of packages) {
    const { name, version, architecture, provides } = described;
    const common = { id, isLocal, architecture };
    add(name, { ...common, isItself: true, ...(version !== undefined && { version }) });
    for (const provided of provides)
      add(provided.name, {
        ...common,
        isItself: false,
        ...(provided.version !== undefined && { version: provided.version }),
      });
  }
  for (const list of offers.values()) list.sort((a, b) => compareOffers(a, b, format));
  return offers;
}

/** Those that satisfy it, preferred ones first, each package once. `native` is what no architecture stands for. */
export function ableOffers(
  offers: Offers,
  atom: Atom,
  native: string,
  format: PackageFormat,
): readonly string[] {
  const wanted = isNative(atom.architecture) ? native : atom.architecture;
  const able = (offers.get(atom.name) ?? []).filter(
    ({ version, architecture }) =>
      (architecture === wanted || isForAll(architecture)) && isWithin(version, atom.bounds, format),
  );
  return [...new Set(able.map(({ id }) => id))];
}

function compareOffers(a: Offer, b: Offer, { compare }: PackageFormat): number {
  return (
    Number(b.isLocal) - Number(a.isLocal) ||
    Number(b.isItself) - Number(a.isItself) ||
    Number(a.version === undefined) - Number(b.version === undefined) ||
    compare(b.version ?? "", a.version ?? "") ||
    compareText(a.id, b.id)
  );
}

function isNative(architecture: string | undefined): boolean {
  return (
    architecture === undefined ||
    architecture === "any" ||
    architecture === "native" ||
    isForAll(architecture)
  );
}

function isForAll(architecture: string): boolean {
  return architecture === "all" || architecture === "noarch";
}
