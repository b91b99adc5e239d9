// The copy builder: what was taken from beside a manifest, or made by another build, is given out as it is.
// Knows that the bytes are in the store already; does not look at them.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { fileAt } from "../../store/model/tree.ts";
import { type Builder, inputOf } from "../builder.ts";
import { copyParameters } from "./recipe.ts";

export const copyBuilder: Builder = {
  name: "copy",
  async run({ request, store }) {
    const file = inputOf(request, "file");
    const { path } = copyParameters(request.parameters);
    if (path === undefined) return { outputs: { file } };
    const entry = fileAt(store.records.tree(splitContent(file).digest), path);
    if (entry === undefined) throw new Error(`${path} is no file of the tree`);
    return { outputs: { file: contentOf("blob", entry.blob) } };
  },
};
