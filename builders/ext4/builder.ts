// The ext4 builder: a root as a file system image, written by mke2fs from a tar stream; no loop device, no root.
// Carries out what the recipe decides.

import { closeSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { makeTree } from "../../store/model/tree.ts";
import { type Builder, inputOf } from "../builder.ts";
import { outputFile } from "../tar/builder.ts";
import { tarStream } from "../tar/store.ts";
import { ext4Parameters, makeCommand, sizeFor } from "./recipe.ts";

export const ext4Builder: Builder = {
  name: "ext4",
  async run(context) {
    const { request, store } = context;
    const parameters = ext4Parameters(request.parameters);
    const root = splitContent(inputOf(request, "root")).digest;
    const tree = store.records.tree(root);
    checkSize(parameters.size, sizeFor(tree).size);
    const out = `${context.scratch}/out`;
    mkdirSync(out);
    const fd = openSync(`${out}/image`, "wx", 0o644);
    ftruncateSync(fd, parameters.size ?? sizeFor(tree).size);
    closeSync(fd);
    const sandbox = await context.sandbox({
      lower: [splitContent(inputOf(request, "tools")).digest],
      binds: [{ source: out, target: "/tmp/out", writable: true }],
    });
    const command = {
      argv: makeCommand("/tmp/out/image", root, tree, parameters),
      // mke2fs stamps superblock and inodes with this instead of the clock
      environment: { E2FSPROGS_FAKE_TIME: String(parameters.epoch), MKE2FS_SYNC: "0" },
      epoch: parameters.epoch,
    };
    await context.run(sandbox, command, { input: tarStream(tree, parameters.epoch, store.pool) });
    const { blob, size } = store.pool.adopt(`${out}/image`, { mode: 0o644, uid: 0, gid: 0 });
    const image = makeTree([outputFile(parameters.file, blob, size)]);
    return { outputs: { image: contentOf("tree", store.records.writeTree(image)) } };
  },
};

function checkSize(size: number | undefined, needed: number): void {
  // A journal and spare room are counted in; a tenth less may still do.
  if (size === undefined || size >= needed * 0.8) return;
  throw new Fault(
    "build/too-small",
    `the root needs about ${Math.ceil(needed / 2 ** 20)} MiB, and the file system has ${Math.floor(size / 2 ** 20)} MiB`,
    {
      hint: "raise `size` of this output, or leave it out: then it is as large as its content needs",
    },
  );
}
