// The rootfs builder: packages laid out as one tree, configured by dpkg in a sandbox, taken back as a tree.
// Acts on what merge, database, script and normalize decide.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { configurationOrder } from "../../evaluator/deb/order.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { overlaid } from "../../store/model/overlay.ts";
import { parseTreePath } from "../../store/model/path.ts";
import {
  blobsOf,
  directoryAt,
  type Entry,
  type FileEntry,
  makeTree,
  type Tree,
} from "../../store/model/tree.ts";
import type { BuildContext, Builder } from "../builder.ts";
import { type DatabaseFile, unpackedDatabase } from "./database.ts";
import { configuredBefore, configuredEarly, foundation } from "./early.ts";
import { readPackages } from "./inputs.ts";
import { type Installed, nothingInstalled, readDatabase } from "./installed.ts";
import { mergedUsr, mergePackages, type Owner } from "./merge.ts";
import { normalizeRoot } from "./normalize.ts";
import { controlFile, type Package } from "./package.ts";
import { queueOrder } from "./queue.ts";
import { rootfsParameters } from "./recipe.ts";
import {
  configureEnvironment,
  configureScript,
  controlFolder,
  failedPreinst,
  fileName,
  hasPreinst,
  workFolder,
} from "./script.ts";

export const rootfsBuilder: Builder = {
  name: "rootfs",
  async run(context) {
    // A package whose preinst fails over files that already lie there is left to dpkg, and all is done again.
    const byDpkg = new Set<string>();
    for (;;) {
      const attempt = await configure(context, byDpkg);
      if ("tree" in attempt) return { outputs: { root: contentOf("tree", attempt.tree) } };
      if (byDpkg.has(attempt.failed))
        throw new Fault("build/preinst", `the preinst of ${attempt.failed} failed`);
      context.log.line(`kit: the preinst of ${attempt.failed} failed; dpkg unpacks it instead`);
      byDpkg.add(attempt.failed);
    }
  },
};

async function configure(
  context: BuildContext,
  byDpkg: ReadonlySet<string>,
): Promise<{ tree: Digest } | { failed: string }> {
  const { store, request } = context;
  const { pool, records } = store;
  const parameters = rootfsParameters(request.parameters);
  const read = (blob: Digest) => pool.readAll(blob);
  const packages = inOrder(readPackages(request, parameters.packages, store));
  const base = request.inputs["base"];
  const baseTree = base === undefined ? undefined : records.tree(splitContent(base).digest);
  const installed = baseTree === undefined ? nothingInstalled : readDatabase(baseTree, read);

  const unpacked = packages.filter(
    (item) => byDpkg.has(item.name) || (!isFoundation(item, baseTree) && needsDpkg(item, read)),
  );
  const merged = packages.filter((item) => !unpacked.includes(item));
  const skeleton =
    baseTree ??
    makeTree([...(parameters.mergedUsr ? mergedUsr(parameters.architecture) : []), ...mountPoints]);
  const layout = mergePackages(merged, { ...installed, tree: skeleton });
  const database = unpackedDatabase(merged, layout.lists, installed, {
    architecture: parameters.architecture,
    read,
  });
  const lower = makeTree(withDatabase(layout.entries, database, pool));
  const lowerDigest = records.writeTree(lower);

  const work = `${context.scratch}/work-${byDpkg.size}`;
  mkdirSync(work, { recursive: true });
  const script = configureScript({
    merged,
    unpacked: unpacked.map((item) => ({ package: item, after: configuredBefore(item, packages) })),
    foundation: baseTree === undefined ? foundation(merged) : [],
    early: configuredEarly(packages),
    rest: baseTree === undefined ? [] : orderAmongAll(packages, installed),
    debconf: parameters.debconf,
    passwd: parameters.passwd,
    group: parameters.group,
  });
  writeFileSync(`${work}/configure`, script, { mode: 0o755 });
  writeFileSync(`${work}/debconf`, `${parameters.debconf.join("\n")}\n`);
  writeFileSync(`${work}/nothing`, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  for (const item of unpacked)
    copyFileSync(pool.require(item.deb, { mode: 0o644, uid: 0, gid: 0 }), `${work}/${fileName(item)}.deb`);
  for (const item of merged.filter(hasPreinst))
    writeControl(item, `${work}/${controlFolder}/${fileName(item)}`, read);

  const asksOfManuals = parameters.debconf.some((line) => line.startsWith("man-db"));
  const covered = [...answeredByKit, ...(asksOfManuals ? [] : [mandb])].filter((path) =>
    lower.entries.some((entry) => entry.path === path),
  );
  const sandbox = await context.sandbox({
    lower: [lowerDigest],
    binds: [
      { source: work, target: workFolder, writable: true },
      // Its package gives mandb the mode that it has.
      ...covered.map((path) => ({ source: `${work}/nothing`, target: `/${path}`, writable: path === mandb })),
    ],
  });
  const command = {
    argv: ["/bin/sh", `${workFolder}/configure`],
    environment: configureEnvironment,
    epoch: parameters.epoch,
  };
  try {
    await context.run(sandbox, command);
  } catch (error) {
    const failed = existsSync(`${work}/${failedPreinst}`)
      ? readFileSync(`${work}/${failedPreinst}`, "utf8").trim()
      : undefined;
    if (failed === undefined || byDpkg.has(failed)) throw error;
    return { failed };
  }
  sandbox[Symbol.dispose]();
  const upper = await context.crew.scanUpper(sandbox.upper);
  for (const path of upper.dropped) context.log.line(`kit: the socket ${path} is no part of the root`);
  const put = (bytes: Buffer, entry: FileEntry) => pool.put(bytes, entry);
  const root = normalizeRoot(overlaid(lower, upper), parameters.epoch, { read, put, before: blobsOf(lower) });
  return { tree: records.writeTree(root) };
}

/** A layer's packages in the order in which one run over them and the base would have configured them. */
function orderAmongAll(packages: readonly Package[], installed: Installed): readonly Package[] {
  const all: readonly Owner[] = [...installed.lists.keys(), ...packages];
  const first = new Set([...foundation(all), ...configuredEarly(all)]);
  const rest = all.filter((item) => !first.has(item));
  const own = new Map<Owner, Package>(packages.map((item) => [item, item]));
  return queueOrder(rest, [...first]).flatMap((item) => own.get(item) ?? []);
}

/**
 * Programs that say yes and do nothing while scripts run: no daemon starts, and what asks whether this is a chroot is
 * told so, though it could not tell itself (libc6 would restart init otherwise, and wait a second for it).
 */
const answeredByKit: readonly string[] = ["usr/sbin/start-stop-daemon", "usr/bin/ischroot"];

/** Makes the database of manual pages, which is no part of a root: 0.9 s of 3.9 for what git is built with. */
const mandb = "usr/bin/mandb";

/** What the kernel's and the sandbox's mounts need to be there. */
export const mountPoints: readonly Entry[] = ["dev", "proc", "sys", "run"]
  .map((path) => directoryAt(parseTreePath(path)))
  .concat([directoryAt(parseTreePath("tmp"), 0o1777)]);

/** In the order their preinst scripts run. */
function inOrder(packages: readonly Package[]): Package[] {
  const rank = new Map(configurationOrder(packages).map((name, index) => [name, index]));
  const rankOf = (item: Package) => rank.get(item.name) ?? 0;
  return [...packages].sort((a, b) => rankOf(a) - rankOf(b) || (a.architecture < b.architecture ? -1 : 1));
}

/** Without essential packages' files nothing runs, dpkg least of all: in a new root they lie there first. */
function isFoundation(item: Package, base: Tree | undefined): boolean {
  return base === undefined && item.stanza["Essential"] === "yes";
}

/**
 * Packages that move other packages' files aside, or override owners, before their own are unpacked. A diversion
 * that renames nothing (base-files' of trixie) is only noted in the database, whenever that happens.
 */
function needsDpkg(item: Package, read: (blob: Digest) => Buffer): boolean {
  const preinst = controlFile(item, "preinst");
  if (preinst === undefined) return false;
  const lines = read(preinst).toString("latin1").replaceAll("\\\n", " ").split("\n");
  return lines.some(
    (line) => /^[^#]*\b(dpkg-divert|dpkg-statoverride)\b/.test(line) && !line.includes("--no-rename"),
  );
}

/** A package's control files as dpkg lays them out before it runs a preinst. */
function writeControl(item: Package, folder: string, read: (blob: Digest) => Buffer): void {
  mkdirSync(folder, { recursive: true });
  for (const entry of item.control.entries) {
    if (entry.type === "file" && !entry.path.includes("/"))
      writeFileSync(`${folder}/${entry.path}`, read(entry.blob), { mode: entry.mode });
  }
}

/** The merged files with the database laid over them. */
function withDatabase(
  entries: readonly Entry[],
  database: readonly DatabaseFile[],
  pool: BuildContext["store"]["pool"],
): Entry[] {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  for (const file of database) {
    const owned = { path: file.path, mode: file.mode, uid: 0, gid: 0 };
    if ("blob" in file) {
      all.set(file.path, { type: "file", ...owned, blob: file.blob, size: file.size });
    } else {
      const bytes = Buffer.from(file.text);
      all.set(file.path, { type: "file", ...owned, blob: pool.put(bytes, owned), size: bytes.length });
    }
  }
  for (const folder of ["updates", "parts", "alternatives"]) {
    const path = parseTreePath(`var/lib/dpkg/${folder}`);
    if (!all.has(path)) all.set(path, directoryAt(path));
  }
  return [...all.values()];
}
