// The indexes a question is about: fetched by the keeper, read here.
// Knows where a distribution's repositories and their keys are named; does not know what is asked of them.

import { openSync, readFileSync, readSync } from "node:fs";
import { openCompact, type ReadBytes } from "../../evaluator/compact.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { type Settled, settle } from "../../evaluator/manifest/settle.ts";
import { isSearched, type Source } from "../../evaluator/question.ts";
import type { Layout } from "../../store/layout.ts";
import { Fault } from "../../store/model/fault.ts";
import { findMember } from "../../store/pool.ts";
import { type DistroManifest, distroKind } from "../distro/schema.ts";
import { archiveOf } from "../distro/source.ts";
import type { Keeper } from "../keeper/client.ts";
import type { CompactIndex } from "../repository/indexes.ts";
import type { Listing, ReadIndex } from "./listing.ts";
import { type RememberedParts, remembering } from "./remembered.ts";
import { type Stored, type StoredParts, storedPackages } from "./stored.ts";

export interface IndexParts extends Omit<RememberedParts, "isThere"> {
  readonly keeper: () => Promise<Pick<Keeper, "fetchIndexes">>;
  readonly layout: Layout;
  readonly records: StoredParts["records"];
  /** Where an archive's files are looked for, nearest first. */
  readonly mirrors: (archive: string, components?: readonly string[]) => readonly string[];
}

/** By distribution, architectures and tiers. */
export type Indexes = (
  question: { readonly source: Pick<Source, "distro" | "architecture" | "foreign" | "search"> },
  assembly: Assembly,
) => Promise<Listing>;

/** In place of an architecture: the lists of source packages. */
export const sourceLists = "source";

/** What a distribution has, fetched and read once a run, as far as its tiers are chosen from. */
export function openIndexes(parts: IndexParts): Indexes {
  const known = new Map<string, Promise<readonly ReadIndex[]>>();
  const indexesOf = (distro: string, architecture: string, assembly: Assembly) => {
    const key = `${distro} ${architecture}`;
    const indexes = known.get(key) ?? fetchAll(distro, architecture, assembly, parts);
    known.set(key, indexes);
    return indexes;
  };
  const stored = new Map<string, Stored>();
  const storedOf = (distro: string, architectures: readonly [string, ...string[]], assembly: Assembly) => {
    const key = [distro, ...architectures].join(" ");
    const { manifest } = distroIn(distro, architectures[0], assembly);
    const known = stored.get(key) ?? storedPackages(manifest, architectures, parts);
    stored.set(key, known);
    return known;
  };
  return async ({ source }, assembly) => {
    const { distro, architecture, foreign = [], search } = source;
    const architectures = [architecture, ...foreign] as const;
    const asked = isSearched(source, "repositories") ? architectures : [];
    const [own = [], ...others] = await Promise.all(asked.map((each) => indexesOf(distro, each, assembly)));
    // What an archive keeps apart for all architectures is there with the first.
    const indexes = [...own, ...others.flat().filter(({ index }) => index.architecture !== "all")];
    const isStored = search?.includes("store") && architecture !== sourceLists;
    return { indexes, ...(isStored && { stored: storedOf(distro, architectures, assembly) }) };
  };
}

async function fetchAll(
  name: string,
  architecture: string,
  assembly: Assembly,
  { keeper, layout, mirrors, records: _, ...remembered }: IndexParts,
): Promise<readonly ReadIndex[]> {
  const { manifest: distro, locals } = distroIn(name, architecture, assembly);
  const fetchIndexes = remembering(async (question) => (await keeper()).fetchIndexes(question), {
    ...remembered,
    isThere: (compact) => findMember(layout, compact) !== undefined,
  });
  const fetched = await Promise.all(
    distro.repositories.map((repository) => {
      const archive = archiveOf(distro, repository.name);
      const key = locals.find((local) => local.file === repository.signedBy)?.at ?? "";
      return fetchIndexes({
        repository: { ...repository, uri: archive },
        architecture,
        keys: [readFileSync(key, "utf8")],
        mirrors: repository.snapshot === undefined ? mirrors(archive, repository.components) : [archive],
        dated: repository.snapshot !== undefined,
      });
    }),
  );
  return fetched.flat().map((index) => readIndex(index, layout));
}

function distroIn(name: string, architecture: string, assembly: Assembly): Settled<DistroManifest> {
  const own = [...assembly.manifests.values()].find(
    (item) => item.kind.name === "distro" && item.name === name,
  );
  if (own === undefined) throw new Error(`${name} is not part of the assembly`);
  return settle(own, distroKind, { arch: architecture, buildType: "release", distro: name });
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
