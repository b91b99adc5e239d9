// Files of known content that the keeper needs itself: fetched like any other fixed output, once for all kits.
// Knows how one becomes a build; does not know what it is needed for.

import { setAsideDamaged } from "../../store/damage.ts";
import { type Content, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Store } from "../builder.ts";
import { fetchDerivation } from "../fetch/recipe.ts";
import { resolveRequest } from "../realizer/resolve.ts";
import type { FetchFile } from "../repository/indexes.ts";
import { damaged, type Making } from "./making.ts";

/** What was fetched before is read once, for nobody checks it later: where it is damaged it is fetched again. */
export function openFetchFile({ build }: Pick<Making, "build">, store: Store): FetchFile {
  const fetch: FetchFile = async (label, wanted, place, urls) => {
    const { digest: id, ...derivation } = fetchDerivation(label, wanted, place);
    const request = resolveRequest({ ...derivation, digest: id }, new Map());
    if (request === undefined) throw new Error("a fetch has no inputs");
    const job = { request, id, label, hints: { urls }, origin: derivation.hints, rebuild: false };
    const { result } = await build(job);
    return splitContent(result.outputs["file"] as Content).digest;
  };
  return async (...file) => {
    const blob = await fetch(...file);
    try {
      read(blob, store);
      return blob;
    } catch (error) {
      const contents: Content[] = [`blob:${blob}`];
      if (damaged(error, () => setAsideDamaged(store.layout, store.records, contents)) === undefined)
        throw error;
      return await fetch(...file);
    }
  };
}

/** @throws {Fault} `store/corrupt`, `store/missing-blob` */
function read(blob: Digest, { pool }: Store): void {
  for (const _ of pool.pieces(blob));
}
