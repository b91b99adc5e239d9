// Package lists in their compact form, as the keeper gives them.
// Knows how one becomes a build; does not know what stands in a list.

import { contentOf, type Input, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { type IndexHints, type IndexParameters, indexDerivation, type ListParts } from "../index/recipe.ts";
import { resolveRequest } from "../realizer/resolve.ts";
import type { CompactIndex, FetchedIndex } from "../repository/indexes.ts";
import { sourceLists } from "../repository/release.ts";
import type { FetchedMetadata, FetchedRepository } from "../repository/rpm/fetch.ts";
import type { MetadataKind } from "../repository/rpm/repomd.ts";
import type { Making } from "./making.ts";

type Maker = Pick<Making, "build">;

/** Made once for each list, and recorded like whatever is built. */
export async function compacted(index: FetchedIndex, maker: Maker): Promise<CompactIndex> {
  const { repository, architecture, packages, compression, plainSize, blob } = index;
  const format = architecture === sourceLists ? "deb-sources" : "deb";
  const parts: IndexParts = {
    label: `index of ${repository} ${packages.path}`,
    inputs: { list: inputOf(blob) },
    parameters: { format, compression },
    hints: plainSize === undefined ? {} : { plainSize },
  };
  return { ...index, compact: await makeIndex(parts, maker) };
}

/** The kinds of an rpm repository's metadata that its compact form is made of. */
export const indexedKinds = ["primary", "modules", "group"] as const satisfies readonly MetadataKind[];

export const indexedKindsWithFiles = [
  ...indexedKinds,
  "filelists",
] as const satisfies readonly MetadataKind[];

/** The kind that tells what changed in packages. */
export const changeKinds = ["other"] as const satisfies readonly MetadataKind[];

/** The same of an rpm repository, which has one list. */
export async function compactedRepository(
  { repository, repomd, files }: FetchedRepository,
  { architecture, paths }: { readonly architecture: string; readonly paths?: readonly string[] },
  maker: Maker,
): Promise<CompactIndex> {
  const file = (kind: MetadataKind) => files.find((each) => each.kind === kind);
  const [primary, modules, groups] = indexedKinds.map(file);
  const filelists = paths === undefined ? undefined : file("filelists");
  if (primary === undefined) throw new Error("a repository without primary metadata is refused");
  const { compression, plainSize, blob } = primary;
  const parts: IndexParts = {
    label: `index of ${repository}`,
    inputs: {
      list: inputOf(blob),
      ...(modules && { modules: inputOf(modules.blob) }),
      ...(groups && { groups: inputOf(groups.blob) }),
      ...(filelists && { filelists: inputOf(filelists.blob) }),
    },
    parameters: {
      format: "rpm",
      compression,
      ...compressions(modules, groups),
      ...(groups && { architecture }),
      ...(filelists && paths && { filelists: filelists.compression, paths }),
    },
    hints: plainSize === undefined ? {} : { plainSize },
  };
  return compactFile({ repository, repomd }, architecture, primary, await makeIndex(parts, maker));
}

/** What changed in an rpm repository's packages; nothing where it does not tell. */
export async function compactedChanges(
  { repository, repomd, files }: FetchedRepository,
  architecture: string,
  maker: Maker,
): Promise<readonly CompactIndex[]> {
  const other = files.find(({ kind }) => kind === "other");
  if (other === undefined) return [];
  const { compression, plainSize, blob } = other;
  const parts: IndexParts = {
    label: `changes of ${repository}`,
    inputs: { list: inputOf(blob) },
    parameters: { format: "rpm-changes", compression },
    hints: plainSize === undefined ? {} : { plainSize },
  };
  return [compactFile({ repository, repomd }, architecture, other, await makeIndex(parts, maker))];
}

function compactFile(
  { repository, repomd }: Pick<FetchedRepository, "repository" | "repomd">,
  architecture: string,
  { path, size, checksum, compression, plainSize, blob }: FetchedMetadata,
  compact: Digest,
): CompactIndex {
  return {
    repository,
    suite: "",
    component: "",
    architecture,
    release: { sha256: repomd.sha256, date: repomd.date },
    packages: { sha256: checksum.value, size, path },
    compression,
    ...(plainSize !== undefined && { plainSize }),
    blob,
    compact,
  };
}

function compressions(modules: FetchedMetadata | undefined, groups: FetchedMetadata | undefined) {
  return {
    ...(modules && { modules: modules.compression }),
    ...(groups && { groups: groups.compression }),
  };
}

interface IndexParts {
  readonly label: string;
  readonly inputs: ListParts<Input>;
  readonly parameters: IndexParameters;
  readonly hints: IndexHints;
}

async function makeIndex(
  { label, inputs, parameters, hints }: IndexParts,
  { build }: Maker,
): Promise<Digest> {
  const derivation = indexDerivation(label, inputs, parameters, hints);
  const request = resolveRequest(derivation, new Map());
  if (request === undefined) throw new Error("a list is a content, and no output");
  const { result } = await build({ request, id: derivation.digest, label, hints, rebuild: false });
  const { index } = result.outputs;
  if (index === undefined) throw new Error("the builder of an index gives an index");
  return splitContent(index).digest;
}

function inputOf(blob: Digest) {
  return { content: contentOf("blob", blob) };
}
