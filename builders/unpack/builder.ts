// The unpack builder: a .deb becomes its trees, once ever.
// Hands the work to the crew; does not know archives.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Builder, inputOf } from "../builder.ts";

export const unpackBuilder: Builder = {
  name: "unpack",
  async run({ request, crew }) {
    const { control, data, list } = await crew.unpack(splitContent(inputOf(request, "deb")).digest);
    return {
      outputs: {
        control: contentOf("tree", control),
        data: contentOf("tree", data),
        list: contentOf("blob", list),
      },
    };
  },
};
