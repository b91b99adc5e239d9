// The index builder: a package list gets its compact form, once for all who resolve.
// Hands the work to the crew; does not know lists.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Builder, inputOf } from "../builder.ts";
import { indexHints, indexParameters } from "./recipe.ts";

export const indexBuilder: Builder = {
  name: "index",
  async run({ request, label, hints, crew }) {
    const blobOf = (name: string) => splitContent(inputOf(request, name)).digest;
    const parameters = indexParameters(request.parameters);
    const lists = {
      list: blobOf("list"),
      ...(parameters.modules && { modules: blobOf("modules") }),
      ...(parameters.groups && { groups: blobOf("groups") }),
      ...(parameters.filelists && { filelists: blobOf("filelists") }),
    };
    const index = await crew.index(lists, { ...parameters, ...indexHints(hints), label });
    return { outputs: { index: contentOf("blob", index) } };
  },
};
