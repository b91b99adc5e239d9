// The oci builder: a root as a container image in an OCI layout, one uncompressed layer.
// Knows which files a layout has; does not know their bytes.

import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { parseSha256 } from "../../store/model/digest.ts";
import { makeTree } from "../../store/model/tree.ts";
import { ociBlobPath, ociLayout } from "../archive/ocilayout.ts";
import { type Builder, inputOf } from "../builder.ts";
import { outputFile } from "../tar/builder.ts";
import { ociParameters } from "./recipe.ts";

export const ociBuilder: Builder = {
  name: "oci",
  async run({ request, crew, store }) {
    const { epoch, ...image } = ociParameters(request.parameters);
    const layer = await crew.tar(splitContent(inputOf(request, "root")).digest, {
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
