// The builders of sysroots: one builds a package's files, one lays packages side by side.
// Carries out what recipe, script and merge decide.

import { nearest } from "../../evaluator/manifest/nearest.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { Fault, shortList } from "../../store/model/fault.ts";
import { joinPath, parseTreePath, type TreePath } from "../../store/model/path.ts";
import { type Entry, makeTree, type Tree } from "../../store/model/tree.ts";
import { type BuildContext, type Builder, inputDigest, inputOf } from "../builder.ts";
import { filesOf, refuseUncrossed } from "../buildroot/machine.ts";
import { buildInRoot, type RootBuild, sourceBind } from "../buildroot/run.ts";
import { mergeSysroot } from "./merge.ts";
import { filesInput, prefix, sysrootParameters, treeParameters } from "./recipe.ts";
import { buildScript, type Check, stepsName, stepsScript, takesTokens } from "./script.ts";

export const treeBuilder: Builder = {
  name: "tree",
  async run(context) {
    const { request, store } = context;
    const { tree, dropped } = await buildInRoot(context, await treeBuild(context, request.parameters));
    if (dropped.length > 0) throw oddFiles(dropped.map((path) => `/${path}`));
    const files = belowPrefix(store.records.tree(tree));
    const { cross } = treeParameters(request.parameters);
    if (cross !== undefined) {
      const root = store.records.tree(inputDigest(request, "root"));
      refuseUncrossed(filesOf(files), { root, target: cross }, store.pool);
    }
    return { outputs: { files: contentOf("tree", store.records.writeTree(files)) } };
  },
};

/** How it is built, or its checks run. @throws {Fault} `manifest/no-such-folder` */
export async function treeBuild(
  context: BuildContext,
  written: unknown,
  { check }: { readonly check?: Check } = {},
): Promise<RootBuild> {
  const { buildType = "release", inputs } = context.request;
  const parameters = treeParameters(written);
  const above = inputs["sysroot"] === undefined ? [] : ["sysroot"];
  refuseMissing(parameters.directory, context.store.records.tree(inputDigest(context.request, "source")));
  return {
    above,
    script: buildScript(parameters, buildType, above.length > 0),
    files: { [stepsName]: stepsScript(parameters, buildType, { check, cores: context.cores }) },
    secrets: parameters.secrets,
    epoch: parameters.epoch,
    binds: [await sourceBind(context)],
    ...(takesTokens(parameters.steps) && { takesTokens: true }),
  };
}

/** Where a link leads, the script finds out. @throws {Fault} `manifest/no-such-folder` */
function refuseMissing(directory: string, source: Tree): void {
  const path = parseTreePath(directory);
  const types = new Map(source.entries.map((entry) => [entry.path, entry.type]));
  const way = path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/") as TreePath);
  if (path === "" || types.get(path) === "directory" || way.some((at) => types.get(at) === "symlink")) return;
  const folders = source.entries.flatMap(({ type, path: at }) => (type === "directory" && at ? [at] : []));
  const meant = nearest(directory, folders);
  const top = folders.filter((at) => !at.includes("/"));
  throw new Fault("manifest/no-such-folder", `the source has no folder ${directory}`, {
    about: "directory",
    hint: meant
      ? `is ${meant} meant?`
      : top.length > 0
        ? `at its top it has ${shortList(top).join(", ")}`
        : "it has no folders at all",
  });
}

export const sysrootBuilder: Builder = {
  name: "sysroot",
  async run({ request, store }) {
    const { packages } = sysrootParameters(request.parameters);
    const merged = mergeSysroot(
      packages.map((name) => {
        const { digest } = splitContent(inputOf(request, filesInput(name)));
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

function oddFiles(paths: readonly string[]): Fault {
  return new Fault("build/odd-files", "it installs what is neither a file nor a folder nor a link", {
    details: shortList(paths),
    hint: "sockets and pipes are made by who uses them",
  });
}

function absolute(entries: readonly Entry[]): string[] {
  return entries.map(({ path }) => `/${path}`);
}

/**
 * Bits by which a file would be run as its owner go from no build: it has no owner but who built it.
 *
 * @throws {Fault} `build/outside-prefix`, `build/empty-package`, `build/odd-files`, `build/setuid`
 */
export function belowPrefix(installed: Tree): Tree {
  const top = parseTreePath(prefix);
  const isInside = ({ path }: Entry) => path.startsWith(`${top}/`);
  const outside = installed.entries.filter((entry) => entry.type !== "directory" && !isInside(entry));
  if (outside.length > 0) {
    throw new Fault("build/outside-prefix", `it installs files outside of ${prefix}`, {
      details: shortList(absolute(outside)),
      hint: "a package of a sysroot is there alone: it has to install by the prefix that it is configured with, and to honour DESTDIR",
    });
  }
  const inside = installed.entries.filter(isInside);
  const odd = inside.filter(({ type }) => !["file", "directory", "symlink"].includes(type));
  if (odd.length > 0) throw oddFiles(absolute(odd));
  const setuid = inside.filter(({ type, mode }) => type === "file" && (mode & 0o6000) !== 0);
  if (setuid.length > 0)
    throw new Fault("build/setuid", "it installs files that run as their owner or group", {
      details: shortList(absolute(setuid)),
      hint: 'who builds owns nothing in a system: a deb-files package gives such a mode: {path: …, from: ./x.yaml, subpath: …, mode: "4755"}',
    });
  if (inside.every(({ type }) => type === "directory"))
    throw new Fault("build/empty-package", "the build ended well and installed nothing", {
      hint: `what it installs is looked for below $DESTDIR${prefix}`,
    });
  return makeTree(
    inside.map((entry): Entry => {
      const path = parseTreePath(entry.path.slice(top.length + 1));
      return { ...entry, path, mode: entry.mode & (entry.type === "directory" ? 0o1777 : 0o7777) };
    }),
  );
}
