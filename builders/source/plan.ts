// Planning a package's source: one tree of all that its manifest names.
// Pure. Knows sources as manifests write them; does not know what is built of them.

import type { Planning } from "../../evaluator/evaluate.ts";
import { gitName, isCommit } from "../../evaluator/gitsource.ts";
import { type Content, type Input, placed, splitContent } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { planDsc } from "../deb-source/dsc.ts";
import { planOwnDsc } from "../deb-source/owndsc.ts";
import type { DebDistro } from "../distro/schema.ts";
import { pinnedFile } from "../fetch/pinned.ts";
import { gitDerivation } from "../git/recipe.ts";
import { type DscSource, formOfDsc, type GitSource, type TreeSource } from "../package/source.ts";
import { planTools } from "../tools/plan.ts";
import { archiveDerivation, partInput, patchInput, type SourceTools, sourceDerivation } from "./recipe.ts";

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
  const { name, sources, patches, distro, local, place } = wish;
  const [only, ...others] = sources;
  const isPlain = others.length === 0 && placeIn(only) === "" && patches.length === 0;
  // A folder as it is takes no tools.
  if (isPlain && only && "dir" in only) return { content: folderAt(only.dir, 0, wish) };
  if (isPlain && only && "dsc" in only) return planDscOf(planning, only, 0, wish);
  const tools = planTools(planning, "source", distro.name);
  const launcher = planTools(planning, "launcher", distro.name);
  if (tools === undefined || launcher === undefined) return undefined;
  const planned = sources.map((source, index) =>
    planPart(planning, source, { ...wish, index, means: { tools, launcher } }),
  );
  if (planned.includes(undefined)) return undefined;
  const inputs = planned.flatMap((input) => input ?? []);
  if (isPlain) return inputs[0];
  const parts = inputs.map((input, index) => ({ into: placeIn(sources[index]), input }));
  const applied = patches.map((written) => {
    const content = local(written);
    const isFolder = splitContent(content).kind === "tree";
    return { name: isFolder ? `${written}/series` : written, input: { content } };
  });
  const derivation = placed(sourceDerivation(name, parts, applied, { tools, launcher }), {
    "": place(["sources"]),
    ...Object.fromEntries(sources.map((_, index) => [partInput(index), place(["sources", index])])),
    ...Object.fromEntries(patches.map((_, index) => [patchInput(index), place(["patches", index])])),
  });
  return { derivation, output: "tree" };
}

/** Where in the source one goes; empty for the top. */
function placeIn(source: TreeSource | undefined): string {
  return source?.into === undefined || source.into === "." ? "" : source.into;
}

interface PartWish extends SourceWish {
  readonly index: number;
  readonly means: SourceTools;
}

/** One source's tree. */
function planPart(planning: Planning, source: TreeSource, wish: PartWish): Input | undefined {
  const { name, distro, index } = wish;
  const place = (key: string) => wish.place(["sources", index, key]);
  if ("dir" in source) return { content: folderAt(source.dir, index, wish) };
  if ("git" in source) return planGit(planning, source, { distro: distro.name, place });
  if ("dsc" in source) return planDscOf(planning, source, index, wish);
  if ("file" in source) {
    const archive = { content: blobAt(source.file, index, wish) };
    return unpacked(source.file.replace(/^.*\//, ""), archive, { ...wish.means, place: place("file") });
  }
  const label = new URL(source.url).pathname.split("/").at(-1) || name;
  return unpacked(label, pinnedFile(label, source, place), { ...wish.means, place: place("url") });
}

function unpacked(
  label: string,
  archive: Input,
  { place, ...means }: SourceTools & { readonly place: Place },
): Input {
  return { derivation: placed(archiveDerivation(label, archive, means), { "": place }), output: "tree" };
}

function planDscOf(
  planning: Planning,
  source: DscSource,
  index: number,
  { distro, local, place }: SourceWish,
): Input | undefined {
  const { dsc: name, version } = source;
  const placeOf = (key: string) => place(["sources", index, key]);
  if (formOfDsc(name) === "name") return planDsc(planning, { distro, name, version, place: placeOf("dsc") });
  return planOwnDsc(planning, { source, distro, local, place: placeOf });
}

interface GitWish {
  /** Name of the distribution whose packages git is taken of. */
  readonly distro: string;
  readonly place: (key: "git" | "rev") => Place;
}

/** Its tree; undefined while its commit is open, or what git takes is. */
export function planGit(
  planning: Planning,
  { git: url, rev, submodules }: Omit<GitSource, "into">,
  { distro, place }: GitWish,
): Input | undefined {
  const places = { "": place("git"), rev: place("rev") };
  const answer = isCommit(rev) ? { commit: rev } : planning.git({ url, rev, places });
  const tools = planTools(planning, "git", distro);
  const launcher = planTools(planning, "launcher", distro);
  if (answer === undefined || tools === undefined || launcher === undefined) return undefined;
  const { commit } = answer;
  const label = `${gitName(url)} ${commit.slice(0, 12)}`;
  const derivation = gitDerivation(label, { commit, submodules }, url, { tools, launcher });
  return { derivation: placed(derivation, places), output: "tree" };
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
