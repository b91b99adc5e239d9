// The builders of sysroots: one builds a package's files, one lays packages side by side.
// Carries out what recipe, script and merge decide.

import { mkdirSync, writeFileSync } from "node:fs";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { joinPath, parseTreePath } from "../../store/model/path.ts";
import { type Entry, makeTree, type Tree } from "../../store/model/tree.ts";
import { type Builder, inputOf } from "../builder.ts";
import { mergeSysroot } from "./merge.ts";
import { prefix, sysrootParameters, treeParameters } from "./recipe.ts";
import {
  buildCommand,
  buildScript,
  outFolder,
  scriptFile,
  sourceFolder,
  stepsFile,
  stepsScript,
} from "./script.ts";

export const treeBuilder: Builder = {
  name: "tree",
  async run(context) {
    const { request, crew, scratch, store } = context;
    const parameters = treeParameters(request.parameters);
    const { buildType = "release" } = request;
    const hasSysroot = request.inputs["sysroot"] !== undefined;
    const treeOf = (name: string) => splitContent(inputOf(request, name)).digest;
    const source = await crew.checkout(treeOf("source"));
    const [out, script, steps] = [`${scratch}/out`, `${scratch}/build`, `${scratch}/steps`];
    mkdirSync(out);
    writeFileSync(script, buildScript(parameters, hasSysroot), { mode: 0o755 });
    writeFileSync(steps, stepsScript(parameters.steps, buildType), { mode: 0o644 });
    const sandbox = await context.sandbox({
      lower: [...(hasSysroot ? [treeOf("sysroot")] : []), treeOf("root")],
      binds: [
        { source, target: sourceFolder, writable: false },
        { source: script, target: scriptFile, writable: false },
        { source: steps, target: stepsFile, writable: false },
        { source: out, target: outFolder, writable: true },
      ],
    });
    await context.run(sandbox, buildCommand(parameters, buildType));
    sandbox[Symbol.dispose]();
    const { tree } = await crew.scanFolder(out);
    const files = belowPrefix(store.records.tree(tree));
    return { outputs: { files: contentOf("tree", store.records.writeTree(files)) } };
  },
};

export const sysrootBuilder: Builder = {
  name: "sysroot",
  async run({ request, store }) {
    const { packages } = sysrootParameters(request.parameters);
    const merged = mergeSysroot(
      packages.map((name) => {
        const { digest } = splitContent(inputOf(request, `files ${name}`));
        return { name, tree: store.records.tree(digest) };
      }),
    );
    const top = parseTreePath(prefix);
    const placed = makeTree(
      merged.entries.map((entry): Entry => ({ ...entry, path: joinPath(top, entry.path) })),
    );
    return { outputs: { root: contentOf("tree", store.records.writeTree(placed)) } };
  },
};

/** @throws {Fault} `build/outside-prefix`, `build/empty-package` */
export function belowPrefix(installed: Tree): Tree {
  const top = parseTreePath(prefix);
  const isInside = ({ path }: Entry) => path.startsWith(`${top}/`);
  const outside = installed.entries.filter((entry) => entry.type !== "directory" && !isInside(entry));
  if (outside.length > 0) {
    const told = outside.slice(0, mostTold).map(({ path }) => `/${path}`);
    throw new Fault("build/outside-prefix", `it installs files outside of ${prefix}`, {
      details: outside.length > mostTold ? [...told, `and ${outside.length - mostTold} more`] : told,
      hint: "a package of a sysroot is there alone: it has to install by the prefix that it is configured with, and to honour DESTDIR",
    });
  }
  const inside = installed.entries.filter(isInside);
  if (inside.every(({ type }) => type === "directory"))
    throw new Fault("build/empty-package", "the build ended well and installed nothing", {
      hint: `what it installs is looked for below $DESTDIR${prefix}`,
    });
  return makeTree(
    inside.map((entry): Entry => ({ ...entry, path: parseTreePath(entry.path.slice(top.length + 1)) })),
  );
}

const mostTold = 10;
