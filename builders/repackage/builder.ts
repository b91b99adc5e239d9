// The builders of repackaged packages: one writes a spec and has rpmbuild make an .rpm of it, one takes what is left.
// Carries out what recipe and spec decide.

import { mkdirSync, writeFileSync } from "node:fs";
import { poolTime } from "../../store/layout.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { parentOf, type TreePath } from "../../store/model/path.ts";
import { type Entry, fileAt, makeTree } from "../../store/model/tree.ts";
import { type BuildContext, type Builder, inputDigest } from "../builder.ts";
import { definesOf, reproducible } from "../rpm/macros.ts";
import { quoted } from "../sandbox/spec.ts";
import { accountsIn } from "./accounts.ts";
import { leftoverParameters, repackageParameters } from "./recipe.ts";
import { filesFolder, specText } from "./spec.ts";

const [specFile, outFolder] = ["/tmp/kit/package.spec", "/tmp/kit/out"];

export const repackageBuilder: Builder = {
  name: "repackage",
  async run(context) {
    const { request, store, crew, scratch } = context;
    const head = repackageParameters(request.parameters);
    const textOf = (input: string) => store.pool.readAll(inputDigest(request, input)).toString("utf8");
    const accounts = accountsIn(textOf("passwd"), textOf("group"));
    const tree = inputDigest(request, "files");
    const files = store.records.tree(tree);
    const paths = new Set<string>(files.entries.map(({ path }) => path));
    const has = (path: string) => paths.has(path);
    const spec = specText({
      ...{ head, files, config: conffiles(context), accounts },
      // rpm wants the names that own files to be somebody's; they are whose package brings the accounts.
      provides: [
        ...(has("etc/passwd") ? accounts.users.map((name) => `user(${name})`) : []),
        ...(has("etc/group") ? accounts.groups.map((name) => `group(${name})`) : []),
        ...[...paths].flatMap((path) => (merged.test(path) ? [path.replace("usr", "")] : [])),
        // As every distribution's glibc says by hand: rpmbuild's elfdeps asks for it.
        ...(loaders.some(has) ? ["rtld(GNU_HASH)"] : []),
      ],
    });
    const [written, out] = [`${scratch}/package.spec`, `${scratch}/out`];
    writeFileSync(written, spec);
    mkdirSync(out);
    const sandbox = await context.sandbox({
      lower: [inputDigest(request, "tools")],
      binds: [
        { source: await crew.checkout(tree), target: filesFolder, writable: false },
        { source: written, target: specFile, writable: false },
        { source: out, target: outFolder, writable: true },
      ],
    });
    const defines = definesOf({
      ...reproducible,
      _topdir: "/tmp/kit/top",
      _rpmdir: outFolder,
      _build_name_fmt: "package.rpm",
      _binary_payload: "w3.zstdio",
    });
    const target = head.architecture === "noarch" ? [] : ["--target", `${head.architecture}-linux`];
    const build = ["rpmbuild", "-bb", "--quiet", ...target, ...defines, specFile].map(quoted).join(" ");
    await context.run(sandbox, {
      argv: ["/bin/sh", "-c", `mkdir -p /tmp/kit/top && exec ${build}`],
      environment: {},
      epoch: poolTime,
    });
    sandbox[Symbol.dispose]();
    const { blob } = await crew.adopt(`${out}/package.rpm`, { mode: 0o644, uid: 0, gid: 0 });
    return { outputs: { rpm: contentOf("blob", blob) } };
  },
};

export const leftoverBuilder: Builder = {
  name: "leftover",
  async run(context) {
    const { request, store } = context;
    const { trees } = leftoverParameters(request.parameters);
    const taken = new Set<string>();
    for (let i = 0; i < trees; i++)
      for (const { path } of store.records.tree(inputDigest(request, `tree ${i}`)).entries) taken.add(path);
    const { entries } = store.records.tree(inputDigest(request, "root"));
    const left = entries.filter((entry) => !taken.has(entry.path) && !isOfManager(entry));
    // Folders of packages that something was put into are as the packages have them.
    const above = new Set(left.flatMap(({ path }) => parentsOf(path)));
    const folders = entries.filter((entry) => above.has(entry.path));
    const treeOf = (own: readonly Entry[]) =>
      contentOf("tree", store.records.writeTree(makeTree(new Set([...folders, ...own]))));
    const isAccount = ({ path }: Entry) => accountFiles.includes(path);
    const [accounts, files] = [left.filter(isAccount), left.filter((entry) => !isAccount(entry))];
    return { outputs: { accounts: treeOf(accounts), files: treeOf(files) } };
  },
};

function parentsOf(path: TreePath): TreePath[] {
  return path === "" ? [] : [parentOf(path), ...parentsOf(parentOf(path))];
}

/** glibc's, by architecture. */
const loaders: readonly string[] = ["usr/lib64/ld-linux-x86-64.so.2", "usr/lib/ld-linux-aarch64.so.1"];

/** What is found by its old place too, where /bin and /sbin lead into /usr: scripts name it so. */
const merged = /^usr\/s?bin\/[\w.+-]+$/;

const accountFiles: readonly string[] = ["etc/passwd", "etc/group"];

/** What dpkg and apt keep for themselves, and caches and logs. */
function isOfManager({ path }: Entry): boolean {
  return /^(?:var\/(?:lib\/(?:dpkg|apt)|cache|log)|run|tmp|etc\/apt)(?:\/|$)/.test(path);
}

/** deb-conffiles(5); what dpkg is to remove is no file of the package. */
function conffiles({ request, store }: BuildContext): ReadonlySet<string> {
  const control = request.inputs["control"];
  if (control === undefined) return new Set();
  const list = fileAt(store.records.tree(splitContent(control).digest), "conffiles");
  if (list === undefined) return new Set();
  const paths = store.pool.readAll(list.blob).toString("utf8").split("\n");
  return new Set(paths.filter((path) => path.startsWith("/")));
}
