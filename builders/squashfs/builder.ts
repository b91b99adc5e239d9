// The squashfs builder: a root as a compressed read-only file system, written by sqfstar from a tar stream.
// Carries out what the recipe decides.

import { mkdirSync } from "node:fs";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Entry, makeTree, type Tree } from "../../store/model/tree.ts";
import { type Builder, inputOf } from "../builder.ts";
import { outputFile } from "../tar/builder.ts";
import { tarStream } from "../tar/store.ts";
import { makeCommand, squashfsParameters } from "./recipe.ts";

export const squashfsBuilder: Builder = {
  name: "squashfs",
  async run(context) {
    const { request, store } = context;
    const { file, epoch } = squashfsParameters(request.parameters);
    const out = `${context.scratch}/out`;
    mkdirSync(out);
    const sandbox = await context.sandbox({
      lower: [splitContent(inputOf(request, "tools")).digest],
      binds: [{ source: out, target: "/tmp/out", writable: true }],
    });
    const tree = store.records.tree(splitContent(inputOf(request, "root")).digest);
    const command = { argv: makeCommand("/tmp/out/image", rootOf(tree)), environment: {}, epoch };
    await context.run(sandbox, command, { input: tarStream(tree, epoch, store.pool) });
    const { blob, size } = store.pool.adopt(`${out}/image`, { mode: 0o644, uid: 0, gid: 0 });
    return {
      outputs: {
        image: contentOf("tree", store.records.writeTree(makeTree([outputFile(file, blob, size)]))),
      },
    };
  },
};

function rootOf(tree: Tree): Entry {
  const [root] = tree.entries;
  if (root === undefined) throw new Error("a tree without a root");
  return root;
}
