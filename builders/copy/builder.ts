// The copy builder: what was taken from beside a manifest, or made by another build, is given out as it is.
// Knows that the bytes are in the store already; does not look at them.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Builder, inputOf } from "../builder.ts";
import { copyParameters } from "./recipe.ts";

export const copyBuilder: Builder = {
  name: "copy",
  async run({ request, store }) {
    const file = inputOf(request, "file");
    const { path } = copyParameters(request.parameters);
    if (path === undefined) return { outputs: { file } };
    const { entries } = store.records.tree(splitContent(file).digest);
    const entry = entries.find((one) => one.path === path);
    if (entry?.type !== "file") throw new Error(`${path} is no file of the tree`);
    return { outputs: { file: contentOf("blob", entry.blob) } };
  },
};
