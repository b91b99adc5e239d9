// The index builder: a package list gets its compact form, once for all who resolve.
// Hands the work to the crew; does not know lists.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Builder, inputOf } from "../builder.ts";
import { indexHints, indexParameters } from "./recipe.ts";

export const indexBuilder: Builder = {
  name: "index",
  async run({ request, hints, crew }) {
    const list = splitContent(inputOf(request, "list")).digest;
    const index = await crew.index(list, { ...indexParameters(request.parameters), ...indexHints(hints) });
    return { outputs: { index: contentOf("blob", index) } };
  },
};
