// Which packages of a set meet a relation, by name or by what they provide.
// Pure: knows names and versions; does not know which of them is wanted.

import { parseRelations, type Relation } from "../../evaluator/deb/relation.ts";
import { satisfies } from "../../evaluator/deb/version.ts";
import type { Owner } from "./merge.ts";

export function openOffers<P extends Owner>(packages: readonly P[]): (relation: Relation) => P[] {
  const named = new Map<string, { item: P; version: string | undefined }[]>();
  const offer = (name: string, item: P, version: string | undefined) => {
    named.set(name, [...(named.get(name) ?? []), { item, version }]);
  };
  for (const item of packages) {
    offer(item.name, item, item.version);
    for (const { name, version } of parseRelations(item.stanza["Provides"] ?? "").flat())
      offer(name, item, version);
  }
  return ({ name, operator, version = "" }) =>
    (named.get(name) ?? [])
      .filter(
        (offered) =>
          operator === undefined ||
          (offered.version !== undefined && satisfies(offered.version, operator, version)),
      )
      .map(({ item }) => item);
}
