// The copy builder: what was taken from beside a manifest is given out as it is.
// Knows that the bytes are in the store already; does not look at them.

import { type Builder, inputOf } from "../builder.ts";

export const copyBuilder: Builder = {
  name: "copy",
  run: async ({ request }) => ({ outputs: { file: inputOf(request, "file") } }),
};
