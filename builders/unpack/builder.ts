// The unpack builder: a .deb becomes its trees, once ever.
// Hands the work to the crew, with liblzma where it is there; does not know archives.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Builder, inputOf } from "../builder.ts";
import { libraryIn } from "./liblzma.ts";

export const unpackBuilder: Builder = {
  name: "unpack",
  async run({ request, aid, store, crew }) {
    const library = aid && libraryIn(store.records.tree(splitContent(aid).digest));
    const { control, data, list } = await crew.unpack(
      splitContent(inputOf(request, "deb")).digest,
      library && store.pool.find(library.blob, library),
    );
    return {
      outputs: {
        control: contentOf("tree", control),
        data: contentOf("tree", data),
        list: contentOf("blob", list),
      },
    };
  },
};
