// The tar builder: a root as one archive.
// Hands the work to the crew; does not know tar's format.

import { writeFileSync } from "node:fs";
import { blobAttributes } from "../../store/layout.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { type FileEntry, makeTree } from "../../store/model/tree.ts";
import { stretchesOf } from "../archive/tarwriter.ts";
import { type BuildContext, type Builder, inputOf } from "../builder.ts";
import { tarParameters } from "./recipe.ts";

export const tarBuilder: Builder = {
  name: "tar",
  async run(context) {
    const { request, crew, store } = context;
    const { file, epoch, compression } = tarParameters(request.parameters);
    const root = splitContent(inputOf(request, "root")).digest;
    const { blob, size } =
      compression === "none" && crew.size > 1
        ? await writeTogether(root, epoch, context)
        : await crew.tar(root, { epoch, compression, digests: false });
    return {
      outputs: {
        image: contentOf("tree", store.records.writeTree(makeTree([outputFile(file, blob, size)]))),
      },
    };
  },
};

/** Each thread writes a stretch: 0.35 to 0.45 s in place of 0.45 to 0.6 for 170 MB in 8,700 files, by two. */
async function writeTogether(
  root: Digest,
  epoch: number,
  { crew, store, scratch }: BuildContext,
): Promise<{ blob: Digest; size: number }> {
  const file = `${scratch}/tar`;
  writeFileSync(file, "", { mode: blobAttributes.mode });
  const stretches = stretchesOf(store.records.tree(root), crew.size, { mtime: epoch });
  const written = await Promise.allSettled(
    stretches.map((stretch) => crew.tarStretch(stretch, { file, epoch })),
  );
  // All have ended: nobody writes to a folder that goes.
  const failed = written.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return await crew.adopt(file);
}

/** A file of an output: root's, readable by all. */
export function outputFile(path: string, blob: Digest, size: number): FileEntry {
  return { type: "file", path: parseTreePath(path), mode: 0o644, uid: 0, gid: 0, blob, size };
}
