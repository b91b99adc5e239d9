// The indexes a question is about: fetched by the keeper, read here.
// Knows where a distribution's repositories and their keys are named; does not know what is asked of them.

import { openSync, readFileSync, readSync } from "node:fs";
import { openCompact, type ReadBytes } from "../../evaluator/compact.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { isSearched, type Source } from "../../evaluator/question.ts";
import { openStanzas, type StanzaIndex } from "../../evaluator/stanzaindex.ts";
import type { Layout } from "../../store/layout.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { findMember } from "../../store/pool.ts";
import { distroNamed } from "../distro/named.ts";
import type { RpmRepository } from "../distro/repository.ts";
import type { DebDistro, RpmDistro } from "../distro/schema.ts";
import { archiveOf, isUpstream, nativeName } from "../distro/source.ts";
import type { Keeper } from "../keeper/client.ts";
import type { OwnersQuestion, RpmIndexQuestion } from "../keeper/protocol.ts";
import type { CompactIndex, IndexQuestion } from "../repository/indexes.ts";
import { sourceLists } from "../repository/release.ts";
import type { Listing, ReadIndex } from "./listing.ts";
import { type RememberedParts, remembering } from "./remembered.ts";
import { type Stored, type StoredParts, storedPackages } from "./stored.ts";

export interface IndexParts extends Omit<RememberedParts, "isThere"> {
  readonly keeper: () => Promise<Pick<Keeper, "fetchIndexes" | "fetchRepository">>;
  readonly layout: Layout;
  readonly records: StoredParts["records"];
  /** Where an archive's files are looked for, nearest first. */
  readonly mirrors: (archive: string, components?: readonly string[]) => readonly string[];
}

/** By distribution, architectures and tiers. */
export type Indexes = (
  question: {
    readonly source: Pick<Source, "distro" | "architecture" | "foreign" | "search">;
    /** Files whose owners are wanted, beside those that listed packages speak of. */
    readonly paths?: readonly string[];
  },
  assembly: Assembly,
) => Promise<Listing>;

/** What a distribution has, fetched and read once a run, as far as its tiers are chosen from. */
export function openIndexes(parts: IndexParts): Indexes {
  const known = new Map<string, FetchLists>();
  const listsOf = (distro: string, architecture: string, assembly: Assembly) => {
    const key = `${distro} ${architecture}`;
    const fetchLists = known.get(key) ?? openLists(distro, architecture, assembly, parts);
    known.set(key, fetchLists);
    return fetchLists;
  };
  const stored = new Map<string, Stored>();
  const storedOf = (distro: string, architectures: readonly [string, ...string[]], assembly: Assembly) => {
    const key = [distro, ...architectures].join(" ");
    const { manifest } = distroNamed(distro, architectures[0], assembly);
    const known = stored.get(key) ?? storedPackages(manifest, architectures, parts);
    stored.set(key, known);
    return known;
  };
  return async ({ source, paths = [] }, assembly) => {
    const { distro, architecture, foreign = [], search } = source;
    const architectures = [architecture, ...foreign] as const;
    const asked = isSearched(source, "repositories") ? architectures : [];
    const [own = [], ...others] = await Promise.all(
      asked.map((each) => listsOf(distro, each, assembly)(paths)),
    );
    // What an archive keeps apart for all architectures is there with the first.
    const indexes = [...own, ...others.flat().filter(({ index }) => index.architecture !== "all")];
    const isStored = search?.includes("store") && architecture !== sourceLists;
    return { indexes, ...(isStored && { stored: storedOf(distro, architectures, assembly) }) };
  };
}

/** Paths that packages speak of and their own lists do not know the owners of. */
export function unknownPaths(indexes: readonly ReadIndex[]): string[] {
  return indexes.flatMap(({ list }) => [...list.table("unmet").keys()]);
}

/** The lists of one distribution and architecture; asked again with the same paths, the same. */
type FetchLists = (paths: readonly string[]) => Promise<readonly ReadIndex[]>;

function openLists(
  name: string,
  architecture: string,
  assembly: Assembly,
  { keeper, layout, mirrors, records: _, ...remembered }: IndexParts,
): FetchLists {
  const { manifest: distro, locals } = distroNamed(name, architecture, assembly);
  const isThere = (compact: Digest) => findMember(layout, compact) !== undefined;
  const parts = { keysOf: keysAmong(locals), mirrors };
  const read = async (indexes: readonly Promise<readonly CompactIndex[]>[]) =>
    (await Promise.all(indexes)).flat().map((index) => readIndex(index, layout));
  if (distro.format === "deb") {
    const fetch = remembering<IndexQuestion>(async (question) => (await keeper()).fetchIndexes(question), {
      ...remembered,
      isThere,
    });
    const lists = read(debQuestions(distro, architecture, parts).map(fetch));
    return () => lists;
  }
  const fetch = remembering<RpmIndexQuestion>(
    async (question) => (await keeper()).fetchRepository(question),
    {
      ...remembered,
      isThere,
    },
  );
  const questions = rpmQuestions(distro, architecture, parts);
  const lists = read(questions.map(fetch));
  // What building takes lies in other repositories.
  if (architecture === sourceLists) return () => lists;
  const withPaths = new Map<string, Promise<readonly ReadIndex[]>>();
  return async (asked) => {
    const indexes = await lists;
    const paths = unmetPaths(indexes, asked);
    if (paths.length === 0) return indexes;
    const key = paths.join("\n");
    const further = withPaths.get(key) ?? read(questions.map((question) => fetch({ ...question, paths })));
    withPaths.set(key, further);
    return await further;
  };
}

/**
 * What changed in packages of an rpm distribution, as its repositories tell it now: lists of stanzas with a field
 * `Changes`. None of a Debian one, whose packages bring their changelogs themselves.
 */
export async function readChanges(
  distro: string,
  architecture: string,
  assembly: Assembly,
  { keeper, layout, mirrors }: Pick<IndexParts, "keeper" | "layout" | "mirrors">,
): Promise<readonly StanzaIndex[]> {
  const { manifest, locals } = distroNamed(distro, architecture, assembly);
  if (manifest.format === "deb") return [];
  const { fetchRepository } = await keeper();
  const questions = rpmQuestions(manifest, architecture, { keysOf: keysAmong(locals), mirrors });
  const found = await Promise.all(
    questions.map((question) => fetchRepository({ ...question, changes: true })),
  );
  return found.flat().map((index) => openStanzas(readIndex(index, layout).list));
}

/**
 * What to ask of a distribution's repositories to be told the files of its packages; undefined where they are left out,
 * or there are none. @param debian the architecture's name as Debian has it
 */
export function filesQuestions(
  distro: string,
  debian: string,
  assembly: Assembly,
  mirrors: IndexParts["mirrors"],
): OwnersQuestion["lists"] | undefined {
  const { manifest, locals } = distroNamed(distro, debian, assembly);
  if (!isUpstream(manifest) || manifest.repositories.length === 0) return undefined;
  const parts = { keysOf: keysAmong(locals), mirrors };
  if (manifest.format === "deb")
    return { format: "deb", repositories: debQuestions(manifest, debian, parts) };
  return { format: "rpm", repositories: rpmQuestions(manifest, nativeName(manifest, debian), parts) };
}

type KeysOf = (signedBy: string) => readonly string[];

function keysAmong(locals: readonly { readonly file: string; readonly at: string }[]): KeysOf {
  return (signedBy) => [readFileSync(locals.find(({ file }) => file === signedBy)?.at ?? "", "utf8")];
}

/** Files that somebody speaks of and that no list says who has: only the lists of all files can tell. */
function unmetPaths(indexes: readonly ReadIndex[], asked: readonly string[]): string[] {
  const isUnmet = (path: string) =>
    indexes.every(({ list }) => list.table("providing").get(path).length === 0);
  return [...new Set([...unknownPaths(indexes), ...asked])].filter(isUnmet).sort();
}

interface QuestionParts extends Pick<IndexParts, "mirrors"> {
  readonly keysOf: KeysOf;
}

function debQuestions(
  distro: DebDistro,
  architecture: string,
  { keysOf, mirrors }: QuestionParts,
): IndexQuestion[] {
  return distro.repositories.map((repository) => {
    const archive = archiveOf(distro, repository.name);
    const isDated = repository.snapshot !== undefined;
    return {
      repository: { ...repository, uri: archive },
      architecture,
      keys: keysOf(repository.signedBy),
      mirrors: isDated ? [archive] : mirrors(archive, repository.components),
      dated: isDated,
    };
  });
}

/** Those of source packages where that is what is asked for, else all others. */
function rpmQuestions(
  { repositories }: RpmDistro,
  architecture: string,
  { keysOf, mirrors }: QuestionParts,
): RpmIndexQuestion[] {
  const wanted = repositories.filter(({ sources }) => sources === (architecture === sourceLists));
  return wanted.map(({ name, uri, metalink, mirrorlist, signedBy }) => ({
    repository: { name, place: placeOf({ uri, metalink, mirrorlist }) },
    trust: signedBy === undefined ? { unsigned: true } : { keys: keysOf(signedBy) },
    mirrors: uri === undefined ? [] : mirrors(uri),
    architecture,
  }));
}

function placeOf({ uri, metalink, mirrorlist }: Pick<RpmRepository, "uri" | "metalink" | "mirrorlist">) {
  if (metalink !== undefined) return { metalink };
  if (mirrorlist !== undefined) return { mirrorlist };
  if (uri === undefined) throw new Error("the schema asks for a place");
  return { baseurl: uri };
}

function readIndex(index: CompactIndex, layout: Layout): ReadIndex {
  const member = findMember(layout, index.compact);
  if (member === undefined)
    throw new Fault("store/missing-blob", "an index that was just made is not in the store");
  return { index, list: openCompact(fileReader(member)) };
}

/** Reads at places of a file that stays open as long as the process lives: a stanza is asked for at any time. */
function fileReader(file: string): ReadBytes {
  const opened = openSync(file, "r");
  return (start, end) => {
    const bytes = Buffer.allocUnsafeSlow(end - start);
    return bytes.subarray(0, readSync(opened, bytes, 0, bytes.length, start));
  };
}
