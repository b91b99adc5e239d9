// The fetch builder: a file of declared digest comes into the pool.
// Knows where partial downloads lie; does not know how bytes travel.

import { chmodSync } from "node:fs";
import { blobAttributes } from "../../store/layout.ts";
import { contentOf } from "../../store/model/derivation.ts";
import type { Builder } from "../builder.ts";
import { fetchParameters, fetchUrls } from "./recipe.ts";

export const fetchBuilder: Builder = {
  name: "fetch",
  async run({ request, hints, store, http, signal, progress }) {
    const { size, ...known } = fetchParameters(request.parameters);
    // Of a SHA-512 the first half: what is held has a name of 64 digits.
    const name = (known.sha256 ?? known.sha512).slice(0, 64);
    // Kept when the download breaks off, so that the next attempt goes on where it ended.
    const partial = `${store.layout.partial}/${name}`;
    store.holds.take("partial", [name]);
    const onProgress = (done: number, total: number | undefined) =>
      progress(done, total ?? size ?? 0, "bytes");
    await http().get(fetchUrls(hints), {
      ...known,
      ...(size !== undefined && { size }),
      partial,
      signal,
      onProgress,
    });
    chmodSync(partial, blobAttributes.mode);
    const { blob } = store.pool.adopt(partial, blobAttributes);
    return { outputs: { file: contentOf("blob", blob) } };
  },
};
