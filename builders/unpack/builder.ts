// The unpack builder: a .deb becomes its trees, once ever.
// Hands the work to the crew, with liblzma where it is there; does not know archives.

import { type Content, contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Builder, inputOf, type Library, type Store } from "../builder.ts";
import { libraryIn } from "./liblzma.ts";

export const unpackBuilder: Builder = {
  name: "unpack",
  async run({ request, aid, store, crew }) {
    const deb = splitContent(inputOf(request, "deb")).digest;
    const { control, data, list } = await crew.unpack(deb, aid && libraryOf(aid, store));
    return {
      outputs: {
        control: contentOf("tree", control),
        data: contentOf("tree", data),
        list: contentOf("blob", list),
      },
    };
  },
};

/** Nothing hangs on it: where it is not all there, packages are unpacked without. */
function libraryOf(aid: Content, { records, pool }: Store): Library | undefined {
  if (!records.has(aid)) return undefined;
  const entry = libraryIn(records.tree(splitContent(aid).digest));
  const file = entry && pool.find(entry.blob, entry);
  return entry && file !== undefined ? { file, blob: entry.blob } : undefined;
}
