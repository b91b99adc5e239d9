// The tools builder: a tree of packages' files, with the two accounts every program expects.
// Knows what a root needs to run a program; does not configure anything.

import { contentOf } from "../../store/model/derivation.ts";
import { makeTree } from "../../store/model/tree.ts";
import type { Builder } from "../builder.ts";
import { mountPoints } from "../rootfs/builder.ts";
import { readPackages } from "../rootfs/inputs.ts";
import { mergedUsr, mergePackages } from "../rootfs/merge.ts";
import { outputFile } from "../tar/builder.ts";
import { toolsParameters } from "./recipe.ts";

const accounts = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
};

export const toolsBuilder: Builder = {
  name: "tools",
  async run({ request, store }) {
    const { architecture, packages } = toolsParameters(request.parameters);
    const skeleton = makeTree([...mergedUsr(architecture), ...mountPoints]);
    const merged = mergePackages(readPackages(request, packages, store), {
      tree: skeleton,
      owners: new Map(),
      diversions: new Map(),
    });
    const files = new Map(merged.entries.map((entry) => [entry.path, entry]));
    for (const [path, text] of Object.entries(accounts)) {
      const file = outputFile(path, store.pool.put(Buffer.from(text)), Buffer.byteLength(text));
      if (!files.has(file.path)) files.set(file.path, file);
    }
    return { outputs: { root: contentOf("tree", store.records.writeTree(makeTree(files.values()))) } };
  },
};
