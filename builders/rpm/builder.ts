// The builders of specs: one packs a source package, one asks it what building takes, one builds it, one reads .rpms.
// Carries out what recipe, about and script decide.

import { copyFileSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { formatStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";
import { poolTime } from "../../store/layout.ts";
import { type Content, contentOf, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { type FileEntry, fileAt } from "../../store/model/tree.ts";
import type { RpmHeader } from "../archive/rpmheader.ts";
import { type BuildContext, type Builder, inputDigest, inputOf } from "../builder.ts";
import { unfitPackage } from "../buildroot/made.ts";
import { buildInRoot } from "../buildroot/run.ts";
import { oneFile } from "../package/place.ts";
import { packageFileStanza, sourceFacts } from "../repository/rpm/packagefile.ts";
import { sourceStanza } from "./about.ts";
import { badSpec } from "./badspec.ts";
import { withoutChecks } from "./checksection.ts";
import { checkedHeaderOf, headerOf } from "./header.ts";
import { declaresFile, packagesFile, rpmAboutParameters, rpmParameters, srpmParameters } from "./recipe.ts";
import {
  buildScript,
  requiresScript,
  sourceFile,
  sourcesFolder,
  specFolder,
  srpmFile,
  srpmScript,
  treesFolder,
  uncheckedFile,
  uncheckedFolder,
} from "./script.ts";

/** As tools find a file that is anybody's to read. */
const plain = { mode: 0o644, uid: 0, gid: 0 } as const;

export const rpmAboutBuilder: Builder = {
  name: "rpm-about",
  async run({ request, store }) {
    const { files } = rpmAboutParameters(request.parameters);
    const stanzas = files.map((name) => {
      const { digest } = splitContent(inputOf(request, `rpm ${name}`));
      return { ...stanzaIn(checkedHeaderOf(digest, store.pool)), Filename: name };
    });
    return { outputs: { packages: oneFile(packagesFile, formatStanzas(stanzas), store) } };
  },
};

export const rpmRepositoryBuilder: Builder = {
  name: "rpm-repository",
  async run(context) {
    const { request, store, crew, scratch } = context;
    const { files } = rpmAboutParameters(request.parameters);
    const folder = `${scratch}/repository`;
    mkdirSync(folder);
    for (const name of files) {
      const rpm = store.pool.require(inputDigest(request, `rpm ${name}`), plain);
      copyFileSync(rpm, `${folder}/${name}`);
    }
    const sandbox = await context.sandbox({
      lower: [inputDigest(request, "tools")],
      binds: [{ source: folder, target: repositoryFolder, writable: true }],
    });
    const argv = [
      ...["createrepo_c", "--no-database", "--simple-md-filenames", "--workers", "2", "--quiet"],
      ...["--revision", String(poolTime), "--set-timestamp-to-revision", repositoryFolder],
    ];
    await context.run(sandbox, { argv, environment: {}, epoch: poolTime });
    sandbox[Symbol.dispose]();
    const { tree } = await crew.scanFolder(folder);
    return { outputs: { repository: contentOf("tree", tree) } };
  },
};

const repositoryFolder = "/tmp/kit/repository";

export const srpmBuilder: Builder = {
  name: "srpm",
  async run(context) {
    const { scratch, store } = context;
    const parameters = srpmParameters(context.request.parameters);
    const { spec } = parameters;
    const [specs, unchecked, sources] = ["specs", "unchecked", "sources"].map((name) => {
      mkdirSync(`${scratch}/${name}`);
      return `${scratch}/${name}`;
    }) as [string, string, string];
    const link = (input: string, file: string) =>
      linkSync(store.pool.require(inputDigest(context.request, input), plain), file);
    link("spec", `${specs}/${spec}`);
    const built = withoutChecks(readFileSync(`${specs}/${spec}`, "latin1"));
    if (built !== undefined) writeFileSync(`${unchecked}/${spec}`, built, "latin1");
    const trees: { source: string; target: string }[] = [];
    for (const name of parameters.sources) {
      const { kind, digest } = splitContent(inputOf(context.request, `source ${name}`));
      if (kind === "blob") link(`source ${name}`, `${sources}/${name}`);
      else trees.push({ source: await context.crew.checkout(digest), target: `${treesFolder}/${name}` });
    }
    const { tree } = await buildInRoot(context, {
      script: srpmScript(parameters, spec, systemOf(context)),
      epoch: parameters.epoch,
      binds: [
        { source: specs, target: specFolder },
        ...(built === undefined ? [] : [{ source: unchecked, target: uncheckedFolder }]),
        ...[{ source: sources, target: sourcesFolder }, ...trees],
      ],
    }).catch((error: unknown) => {
      if (!(error instanceof Fault) || error.code !== "build/failed") throw error;
      throw badSpec(spec, context.log.lastLines(20), error);
    });
    const files = store.records.tree(tree);
    const [srpm, without, declares] = [sourceFile, uncheckedFile, declaresFile].map((name) => {
      const file = fileAt(files, name);
      if (file === undefined) throw new Error(`the build ended well and left no ${name}`);
      return file.blob;
    }) as [Digest, Digest, Digest];
    const list = oneFile(declaresFile, store.pool.readAll(declares).toString("utf8"), store);
    const [whole, reduced] = [contentOf("blob", srpm), contentOf("blob", without)];
    return { outputs: { srpm: whole, unchecked: reduced, declares: list } };
  },
};

export const rpmRequiresBuilder: Builder = {
  name: "rpm-requires",
  async run(context) {
    const parameters = rpmParameters(context.request.parameters);
    const script = requiresScript(parameters);
    const { epoch } = parameters;
    const { tree } = await buildInRoot(context, { script, epoch, binds: [srpmBind(context)] });
    return { outputs: { requires: contentOf("tree", tree) } };
  },
};

export const rpmBuilder: Builder = {
  name: "rpm",
  async run(context) {
    const parameters = rpmParameters(context.request.parameters);
    const script = buildScript(parameters);
    const { epoch, secrets } = parameters;
    const { tree } = await buildInRoot(context, { script, epoch, secrets, binds: [srpmBind(context)] });
    return { outputs: { rpms: contentOf("tree", tree), packages: listPackages(tree, context) } };
  },
};

/** @throws {Fault} `build/no-packages`, `build/bad-package` */
function listPackages(rpms: Digest, { store }: BuildContext): Content {
  const { entries } = store.records.tree(rpms);
  const files = entries.filter((entry): entry is FileEntry => entry.type === "file");
  if (files.length === 0)
    throw new Fault("build/no-packages", "the build ended well and made no .rpm", {
      hint: "has the spec a %files section, and one for a subpackage that has any?",
    });
  const stanzas = files.map(({ path, blob }) => {
    try {
      return { ...stanzaIn(headerOf(blob, store.pool)), Filename: path };
    } catch (error) {
      throw unfitPackage(path, error);
    }
  });
  return oneFile(packagesFile, formatStanzas(stanzas), store);
}

function stanzaIn(header: RpmHeader): Stanza {
  const stanza = packageFileStanza(header);
  return stanza["Architecture"] === "src" ? sourceStanza(stanza, sourceFacts(header)) : stanza;
}

/** The input `srpm`, where scripts look for it. */
export function srpmBind(context: BuildContext) {
  const file = context.store.pool.require(inputDigest(context.request, "srpm"), plain);
  return { source: file, target: srpmFile };
}

function systemOf({ request: { system } }: Pick<BuildContext, "request">): string {
  if (system === undefined) throw new Error("a source package is packed for an architecture");
  return system;
}
