// The oci builder: a root as a container image in an OCI layout, one uncompressed layer.
// Knows which files a layout has; does not know their bytes.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { parseSha256 } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { makeTree, type Tree } from "../../store/model/tree.ts";
import { ociBlobPath, ociLayout } from "../archive/ocilayout.ts";
import { type Builder, inputOf } from "../builder.ts";
import { outputFile } from "../tar/builder.ts";
import { ociParameters } from "./recipe.ts";

export const ociBuilder: Builder = {
  name: "oci",
  async run({ request, crew, store }) {
    const { epoch, ...image } = ociParameters(request.parameters);
    const root = splitContent(inputOf(request, "root")).digest;
    refuseWhiteouts(store.records.tree(root));
    const layer = await crew.tar(root, {
      epoch,
      compression: "none",
      digests: true,
    });
    const digest = parseSha256(layer.sha256 ?? "");
    const layout = ociLayout([{ digest, size: layer.size, diffId: parseSha256(layer.diffId ?? "") }], {
      ...image,
      created: epoch,
    });
    const files = layout.files.map(({ path, bytes }) =>
      outputFile(path, store.pool.put(bytes), bytes.length),
    );
    const tree = makeTree([...files, outputFile(ociBlobPath(digest), layer.blob, layer.size)]);
    return { outputs: { image: contentOf("tree", store.records.writeTree(tree)) } };
  },
};

/** What a layer marks deleted files with (OCI image specification 1.1, layer.md, "Whiteouts"). */
function refuseWhiteouts({ entries }: Tree): void {
  const found = entries.find(({ path }) => /(?:^|\/)\.wh\.[^/]*$/.test(path));
  if (found === undefined) return;
  throw new Fault(
    "build/whiteout",
    `an OCI layer cannot hold /${found.path}: such a name deletes a file there`,
    {
      hint: "leave the file out of the image, or the oci output",
    },
  );
}
