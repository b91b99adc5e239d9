// The builder of rpm roots: rpm installs packages into a tree, which is taken back as a tree.
// Acts on what script decides; normalises as the roots of debs are.

import { linkSync, mkdirSync } from "node:fs";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { overlaid } from "../../store/model/overlay.ts";
import { blobsOf, type FileEntry, makeTree, type Tree } from "../../store/model/tree.ts";
import { type BuildContext, type Builder, inputDigest } from "../builder.ts";
import { pathsIn } from "../repository/rpm/packagefile.ts";
import { mountPoints } from "../rootfs/builder.ts";
import { normalizeRoot } from "../rootfs/normalize.ts";
import { headerOf } from "../rpm/header.ts";
import { loaderOf } from "../sandbox/launcher.ts";
import { rpmrootParameters } from "./recipe.ts";
import {
  databaseFolder,
  installArguments,
  installEnvironment,
  normalizeArguments,
  packagesFolder,
  toolsFolder,
} from "./script.ts";

export const rpmrootBuilder: Builder = {
  name: "rpmroot",
  async run(context) {
    const { request, store, crew, scratch } = context;
    const { pool, records } = store;
    const { epoch, packages } = rpmrootParameters(request.parameters);
    const lower = lowerTree(context);
    const rpms = packages.map((key) => ({
      file: `${key}.rpm`,
      digest: inputDigest(request, `rpm ${key}`),
    }));
    const folder = `${scratch}/rpms`;
    mkdirSync(folder);
    for (const { file, digest } of rpms)
      linkSync(pool.require(digest, { mode: 0o644, uid: 0, gid: 0 }), `${folder}/${file}`);
    const brought = rpms.flatMap(({ digest }) => pathsIn(headerOf(digest, pool)));
    const database = databaseFolder([...lower.entries.map(({ path }) => `/${path}`), ...brought]);
    const tools = inputDigest(request, "tools");
    const sandbox = await context.sandbox({
      lower: [records.writeTree(lower)],
      binds: [
        { source: await crew.checkout(tools), target: toolsFolder, writable: false },
        { source: folder, target: packagesFolder, writable: false },
      ],
    });
    const own = loaderOf(records.tree(tools), toolsFolder);
    const files = rpms.map(({ file }) => file);
    for (const argv of [installArguments(own, database, files), normalizeArguments(own, database)])
      await context.run(sandbox, { argv, environment: installEnvironment, epoch });
    sandbox[Symbol.dispose]();
    const upper = await crew.scanUpper(sandbox.upper);
    const put = (bytes: Buffer, entry: FileEntry) => pool.put(bytes, entry);
    const read = (blob: Digest) => pool.readAll(blob);
    const filled = normalizeRoot(overlaid(lower, upper), epoch, { read, put, before: blobsOf(lower) });
    const root = makeTree(filled.entries.filter(({ path }) => !isLock(`/${path}`, database)));
    return { outputs: { root: contentOf("tree", records.writeTree(root)) } };
  },
};

/** What the transaction runs over: the base, or only what the kernel's mounts need. */
function lowerTree({ request, store }: BuildContext): Tree {
  const base = request.inputs["base"];
  return base === undefined ? makeTree(mountPoints) : store.records.tree(splitContent(base).digest);
}

function isLock(path: string, database: string): boolean {
  return path === `${database}/.rpm.lock`;
}
