// The builders of debianised trees: one reads what a tree says of itself, one makes its .debs.
// Carries out what recipe, about and script decide.

import { existsSync, linkSync, mkdirSync, readFileSync } from "node:fs";
import { describePackage } from "../../evaluator/deb/package.ts";
import { formatStanza, parseStanza } from "../../evaluator/deb/stanza.ts";
import { poolTime } from "../../store/layout.ts";
import { type Content, contentOf, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { type FileEntry, fileAt } from "../../store/model/tree.ts";
import { type BuildContext, type Builder, inputDigest, inputOf } from "../builder.ts";
import { filesOf, refuseUncrossed } from "../buildroot/machine.ts";
import { unfitPackage } from "../buildroot/made.ts";
import { buildInRoot, sourceBind } from "../buildroot/run.ts";
import { oneFile } from "../package/place.ts";
import { aboutText } from "./about.ts";
import { aboutFile, debSourceParameters, debUnpackParameters, packagesFile } from "./recipe.ts";
import { buildScript, unappliedFile } from "./script.ts";

export const debAboutBuilder: Builder = {
  name: "deb-about",
  async run({ request, store }) {
    const { kind, digest } = splitContent(inputOf(request, "source"));
    if (kind === "blob") throw notDebianised("it is a file");
    const tree = store.records.tree(digest);
    const text = (path: string): string => {
      const file = fileAt(tree, path);
      if (file === undefined) throw notDebianised(`it has no ${path}`);
      if (file.size > mostText) throw notDebianised(`its ${path} is larger than ${mostText} bytes`);
      return store.pool.readAll(file.blob).toString("utf8");
    };
    const about = aboutText(text("debian/control"), text("debian/changelog"));
    if (fileAt(tree, "debian/rules") === undefined) throw notDebianised("it has no debian/rules");
    return { outputs: { about: oneFile(aboutFile, about, store) } };
  },
};

/** The longest changelog in Debian has 1.3 MB. */
const mostText = 16 << 20;

function notDebianised(why: string): Fault {
  return new Fault("manifest/not-debianised", `the source is no debianised tree: ${why}`, {
    hint: "a tree that dpkg-buildpackage builds has debian/control, debian/changelog and debian/rules (Debian Policy 4)",
  });
}

export const debUnpackBuilder: Builder = {
  name: "deb-unpack",
  async run(context) {
    const { request, store, crew, scratch } = context;
    const { files } = debUnpackParameters(request.parameters);
    const [from, out] = [`${scratch}/from`, `${scratch}/out`];
    for (const folder of [from, out]) mkdirSync(folder);
    for (const name of files) {
      const { digest } = splitContent(inputOf(request, `file ${name}`));
      linkSync(store.pool.require(digest, { mode: 0o644, uid: 0, gid: 0 }), `${from}/${name}`);
    }
    const sandbox = await context.sandbox({
      lower: [splitContent(inputOf(request, "tools")).digest],
      binds: [
        { source: from, target: "/tmp/from", writable: false },
        { source: out, target: "/tmp/out", writable: true },
      ],
    });
    // What its files are stands in the lock, by way of the archive's signed lists; who signed the .dsc says no more.
    const argv = [
      "/usr/bin/dpkg-source",
      "--no-check",
      "--extract",
      `/tmp/from/${files[0]}`,
      "/tmp/out/source",
    ];
    await context.run(sandbox, { argv, environment: {}, epoch: poolTime });
    sandbox[Symbol.dispose]();
    const { tree } = await crew.scanFolder(`${out}/source`);
    return { outputs: { source: contentOf("tree", tree) } };
  },
};

export const debSourceBuilder: Builder = {
  name: "deb-source",
  async run(context) {
    const parameters = debSourceParameters(context.request.parameters);
    const { epoch, secrets, cross } = parameters;
    const script = buildScript(parameters, context.cores);
    const binds = [await sourceBind(context)];
    const { tree } = await buildInRoot(context, { script, epoch, binds, secrets }).catch((error: unknown) => {
      const file = `${context.scratch}/out/${unappliedFile}`;
      throw unapplied(file, error) ?? unmade(context.log.lastLines(20), error) ?? error;
    });
    return { outputs: { debs: contentOf("tree", tree), packages: await listPackages(tree, cross, context) } };
  },
};

/** The fault of the patch that a file names; undefined where there is none. */
function unapplied(file: string, cause: unknown): Fault | undefined {
  if (!existsSync(file)) return undefined;
  const patch = readFileSync(file, "utf8").trim();
  return new Fault("build/unapplied-patch", `debian/patches/${patch} does not apply`, {
    ...{ about: "source", cause },
    hint: "as quilt(1) has it, the first one applies to the source as it is: refresh it, or take it out of debian/patches/series",
  });
}

/** As dpkg-genbuildinfo(1) says it. */
function unmade(said: readonly string[], cause: unknown): Fault | undefined {
  return said.some((line) => lacking.test(line)) ? noPackages(cause) : undefined;
}

/** None was listed in debian/files, or one was that nobody made. */
const lacking =
  /^dpkg-genbuildinfo: error: (?:binary build with no binary artifacts found|cannot fstat file \.\.\/\S+\.deb: No such file)/;

function noPackages(cause?: unknown): Fault {
  return new Fault("build/no-packages", "the build made no .deb of what debian/control has", {
    cause,
    hint: "are all binary packages in debian/control left out by a build profile, or does debian/rules not call dpkg-deb?",
  });
}

/** @throws {Fault} `build/no-packages`, `build/bad-package`, `build/not-crossed` */
async function listPackages(
  debs: Digest,
  cross: string | undefined,
  { request, store, crew }: BuildContext,
): Promise<Content> {
  const files = store.records.tree(debs).entries.filter((entry): entry is FileEntry => entry.type === "file");
  if (files.length === 0) throw noPackages();
  const read = async ({ path, blob }: FileEntry) => {
    try {
      const { control, data } = await crew.unpack(blob);
      const file = fileAt(store.records.tree(control), "control");
      if (file === undefined) throw new Fault("digest/bad-deb", "it has no control file");
      const stanza = parseStanza(store.pool.readAll(file.blob).toString("utf8"));
      // What a build says of itself is believed no more than what an archive says.
      describePackage(stanza);
      return { stanza, data };
    } catch (error) {
      throw unfitPackage(path, error);
    }
  };
  const stanzas: string[] = [];
  for (const made of files) {
    const { stanza, data } = await read(made);
    // What is for all architectures, or was crossed for none, holds programs as it means to.
    if (cross !== undefined && stanza["Architecture"] === cross) {
      const root = store.records.tree(inputDigest(request, "root"));
      refuseUncrossed(filesOf(store.records.tree(data)), { root, target: cross }, store.pool);
    }
    stanzas.push(formatStanza({ ...stanza, Filename: made.path }));
  }
  return oneFile(packagesFile, stanzas.join("\n"), store);
}
