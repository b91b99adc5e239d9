// The fetch builder: a file of declared digest comes into the pool.
// Knows where partial downloads lie; does not know how bytes travel.

import { createHash } from "node:crypto";
import { chmodSync } from "node:fs";
import { blobAttributes } from "../../store/layout.ts";
import { type Content, contentOf, splitContent } from "../../store/model/derivation.ts";
import type { FileDigest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Builder, Store } from "../builder.ts";
import { fetchHeld, fetchParameters, fetchUrls } from "./recipe.ts";

export const fetchBuilder: Builder = {
  name: "fetch",
  async run({ request, label, hints, store, http, signal, progress }) {
    const { size, ...known } = fetchParameters(request.parameters);
    const held = fetchHeld(hints);
    if (held !== undefined) return { outputs: { file: checked(held, known, store) } };
    const urls = fetchUrls(hints);
    if (urls.length === 0) throw nowhere(label);
    // Of a SHA-512 the first half: what is held has a name of 64 digits.
    const name = (known.sha256 ?? known.sha512).slice(0, 64);
    // Kept when the download breaks off, so that the next attempt goes on where it ended.
    const partial = `${store.layout.partial}/${name}`;
    store.holds.take("partial", [name]);
    const onProgress = (done: number, total: number | undefined) =>
      progress(done, total ?? size ?? 0, "bytes");
    await http().get(urls, {
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

function nowhere(label: string): Fault {
  return new Fault(
    "manifest/missing-file",
    `${label} is in no cache, and no manifest says where else it is`,
    {
      hint: "put it beside the .dsc that lists it, or name a source server that has it: KIT_SOURCE_SERVERS",
    },
  );
}

/** Whoever sent it: what is recorded of a digest is what has it. @throws {Fault} `digest/mismatch` */
function checked(held: Content, { sha256, sha512 }: FileDigest, { pool }: Pick<Store, "pool">): Content {
  const hash = createHash(sha256 === undefined ? "sha512" : "sha256");
  for (const piece of pool.pieces(splitContent(held).digest)) hash.update(piece);
  const [found, wanted] = [hash.digest("hex"), sha256 ?? sha512];
  if (found === wanted) return held;
  throw new Fault("digest/mismatch", `a file of the digest ${found} was sent where ${wanted} is asked for`, {
    hint: "it changed while kit was reading it: repeat the command",
  });
}
