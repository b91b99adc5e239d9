// The tar builder: a root as one archive.
// Hands the work to the crew; does not know tar's format.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { type FileEntry, makeTree } from "../../store/model/tree.ts";
import { type Builder, inputOf } from "../builder.ts";
import { tarParameters } from "./recipe.ts";

export const tarBuilder: Builder = {
  name: "tar",
  async run({ request, crew, store }) {
    const { file, epoch, compression } = tarParameters(request.parameters);
    const { blob, size } = await crew.tar(splitContent(inputOf(request, "root")).digest, {
      epoch,
      compression,
      digests: false,
    });
    return {
      outputs: {
        image: contentOf("tree", store.records.writeTree(makeTree([outputFile(file, blob, size)]))),
      },
    };
  },
};

/** A file of an output: root's, readable by all. */
export function outputFile(path: string, blob: Digest, size: number): FileEntry {
  return { type: "file", path: parseTreePath(path), mode: 0o644, uid: 0, gid: 0, blob, size };
}
