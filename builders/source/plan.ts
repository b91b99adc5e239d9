// Planning a package's source: one tree of all that its manifest names.
// Pure. Knows sources as manifests write them; does not know what is built of them.

import type { Planning } from "../../evaluator/evaluate.ts";
import { gitName, isCommit } from "../../evaluator/gitsource.ts";
import { type Content, type Input, splitContent } from "../../store/model/derivation.ts";
import { parseSha256 } from "../../store/model/digest.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { planDsc } from "../deb-source/dsc.ts";
import type { DebDistro } from "../distro/schema.ts";
import { fetchDerivation } from "../fetch/recipe.ts";
import { gitDerivation } from "../git/recipe.ts";
import type { TreeSource } from "../package/source.ts";
import { planTools } from "../tools/plan.ts";
import { archiveDerivation, type SourcePart, sourceDerivation } from "./recipe.ts";

export interface SourceWish {
  readonly name: string;
  readonly sources: readonly TreeSource[];
  readonly patches: readonly string[];
  /** The distribution that source packages are of, and whose packages the tools are taken of. */
  readonly distro: DebDistro;
  /** A local file or folder, as the manifest writes it. */
  readonly local: (written: string) => Content;
  readonly place: (path: readonly (string | number)[]) => Place;
}

/** Undefined while a question is open. @throws {Fault} `manifest/wrong-type` */
export function planSource(planning: Planning, wish: SourceWish): Input | undefined {
  const { name, sources, distro, local } = wish;
  const [only] = sources;
  // A folder as it is takes no tools.
  if (sources.length === 1 && only && "dir" in only && only.into === undefined && wish.patches.length === 0)
    return { content: folderAt(only.dir, 0, wish) };
  if (sources.length === 1 && only && "dsc" in only && only.into === undefined && wish.patches.length === 0)
    return planDsc(planning, { distro, name: only.dsc, version: only.version });
  const tools = planTools(planning, "source", distro.name);
  const launcher = planTools(planning, "launcher", distro.name);
  if (tools === undefined || launcher === undefined) return undefined;
  const planned = sources.map((source, index): SourcePart | undefined => {
    const into = source.into === undefined || source.into === "." ? "" : source.into;
    if ("dir" in source) return { into, input: { content: folderAt(source.dir, index, wish) } };
    if ("git" in source) return planGit(planning, source, { into, distro: distro.name, launcher });
    if ("dsc" in source) {
      const input = planDsc(planning, { distro, name: source.dsc, version: source.version });
      return input && { into, input };
    }
    if ("file" in source) {
      const archive = { content: blobAt(source.file, index, wish) };
      const unpacked = archiveDerivation(source.file.replace(/^.*\//, ""), archive, { tools, launcher });
      return { into, input: { derivation: unpacked, output: "tree" } };
    }
    const label = new URL(source.url).pathname.split("/").at(-1) || name;
    const sha256 = parseSha256(source.sha256);
    const archive = {
      derivation: fetchDerivation(label, { sha256 }, { urls: [source.url, ...source.mirrors] }),
      output: "file",
    };
    return {
      into,
      input: { derivation: archiveDerivation(label, archive, { tools, launcher }), output: "tree" },
    };
  });
  const parts = planned.flatMap((part) => part ?? []);
  if (parts.length < planned.length) return undefined;
  const [part] = parts;
  if (parts.length === 1 && part?.into === "" && wish.patches.length === 0) return part.input;
  const patches = wish.patches.map((written) => {
    const content = local(written);
    const isFolder = splitContent(content).kind === "tree";
    return {
      name: isFolder ? `${written}/series` : written,
      input: { content },
    };
  });
  return { derivation: sourceDerivation(name, parts, patches, { tools, launcher }), output: "tree" };
}

/** Undefined while its commit is open, or what git takes is. */
function planGit(
  planning: Planning,
  { git: url, rev, submodules }: Extract<TreeSource, { readonly git: string }>,
  { into, distro, launcher }: { readonly into: string; readonly distro: string; readonly launcher: Input },
): SourcePart | undefined {
  const answer = isCommit(rev) ? { commit: rev } : planning.git({ url, rev });
  const tools = planTools(planning, "git", distro);
  if (answer === undefined || tools === undefined) return undefined;
  const { commit } = answer;
  const label = `${gitName(url)} ${commit.slice(0, 12)}`;
  return {
    into,
    input: {
      derivation: gitDerivation(label, { commit, submodules }, url, { tools, launcher }),
      output: "tree",
    },
  };
}

function blobAt(written: string, index: number, { local, place }: SourceWish): Content {
  const content = local(written);
  if (splitContent(content).kind === "blob") return content;
  throw new Fault("manifest/wrong-type", `${written} is a folder; an archive is expected`, {
    place: place(["sources", index, "file"]),
    hint: "a folder with the source is named by dir",
  });
}

function folderAt(written: string, index: number, { local, place }: SourceWish): Content {
  const content = local(written);
  if (splitContent(content).kind === "tree") return content;
  throw new Fault("manifest/wrong-type", `${written} is a file; a folder with the source is expected`, {
    place: place(["sources", index, "dir"]),
    hint: "name the folder it is in; an archive is named by its url",
  });
}
