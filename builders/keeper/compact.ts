// Package lists in their compact form, as the keeper gives them.
// Knows how one becomes a build; does not know what stands in a list.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { indexDerivation } from "../index/recipe.ts";
import { resolveRequest } from "../realizer/resolve.ts";
import type { CompactIndex, FetchedIndex } from "../repository/indexes.ts";
import type { Making } from "./making.ts";

/** Made once for each list, and recorded like whatever is built. */
export async function compacted(
  index: FetchedIndex,
  { build }: Pick<Making, "build">,
): Promise<CompactIndex> {
  const { repository, architecture, packages, compression, plainSize, blob } = index;
  const label = `${repository} ${packages.path}, indexed`;
  const list = { content: contentOf("blob", blob) };
  const hints = plainSize === undefined ? {} : { plainSize };
  const derivation = indexDerivation(
    label,
    list,
    { format: architecture === "source" ? "deb-sources" : "deb", compression },
    hints,
  );
  const request = resolveRequest(derivation, new Map());
  if (request === undefined) throw new Error("a list is a content, and no output");
  const { result } = await build({ request, id: derivation.digest, label, hints, rebuild: false });
  return { ...index, compact: splitContent(contentIn(result.outputs)).digest };
}

function contentIn({ index }: Readonly<Record<string, ReturnType<typeof contentOf>>>) {
  if (index === undefined) throw new Error("the builder of an index gives an index");
  return index;
}
