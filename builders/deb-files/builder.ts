// The deb-files builder: a .deb made by dpkg-deb in a tool environment.
// Carries out what recipe and package decide.

import { mkdirSync } from "node:fs";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { type Builder, inputOf } from "../builder.ts";
import { packageTree } from "./package.ts";
import { debFilesParameters } from "./recipe.ts";

export const debFilesBuilder: Builder = {
  name: "deb-files",
  async run(context) {
    const { request, store, crew } = context;
    const parameters = debFilesParameters(request.parameters);
    const tree = packageTree(parameters, {
      input: (name) => inputOf(request, name),
      tree: (digest) => store.records.tree(digest),
      read: (blob) => store.pool.readAll(blob),
      put: (bytes, attributes) => store.pool.put(bytes, attributes),
    });
    const folder = await crew.checkout(store.records.writeTree(tree));
    const out = `${context.scratch}/out`;
    mkdirSync(out);
    const sandbox = await context.sandbox({
      lower: [splitContent(inputOf(request, "tools")).digest],
      binds: [
        { source: folder, target: "/tmp/package", writable: false },
        { source: out, target: "/tmp/out", writable: true },
      ],
    });
    // One thread: with more, xz cuts blocks by how much memory there is.
    const argv = [
      "/usr/bin/dpkg-deb",
      "-Zxz",
      "--threads-max=1",
      "--build",
      "/tmp/package",
      "/tmp/out/package.deb",
    ];
    await context.run(sandbox, { argv, environment: {}, epoch: parameters.epoch });
    const { blob } = store.pool.adopt(`${out}/package.deb`, { mode: 0o644, uid: 0, gid: 0 });
    return { outputs: { deb: contentOf("blob", blob) } };
  },
};
