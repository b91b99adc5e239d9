// What packages are chosen from: the lists of repositories, and what the store has, in the order of their tiers.
// Knows how tiers rank and which of them has a package; does not know how one is chosen.

import type { Compact } from "../../evaluator/compact.ts";
import { linesOf, parseStanza, readableStanza, type Stanza } from "../../evaluator/deb/stanza.ts";
import { indexKey, type LockedIndex } from "../../evaluator/lock.ts";
import type { ClosureQuestion, Source as Distribution, Tier } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import { openRpms } from "../../evaluator/rpm/listing.ts";
import type { SourceList } from "../../evaluator/sourcepackage.ts";
import { openStanzas } from "../../evaluator/stanzaindex.ts";
import type { FetchedIndex } from "../repository/indexes.ts";
import type { Pinned } from "./pinned.ts";
import type { Stored } from "./stored.ts";
import type { Listed } from "./supply.ts";

/** A fetched index and what it lists. */
export interface ReadIndex {
  readonly index: FetchedIndex;
  readonly list: Compact;
}

export interface Listing {
  /** None where repositories are left out. */
  readonly indexes: readonly ReadIndex[];
  /** Absent where the store is no tier to choose from. */
  readonly stored?: Stored;
}

/** A question about a distribution. */
export type Asked = Pick<ClosureQuestion, "source">;

/** As a lock has them: what was read, then what the store's packages were once chosen from. */
export function lockedIndexes({ indexes, stored }: Listing): LockedIndex[] {
  const read = indexes.map(
    ({ index }): LockedIndex => ({
      repository: index.repository,
      suite: index.suite,
      component: index.component,
      architecture: index.architecture,
      release: index.release.sha256,
      packages: index.packages.sha256,
      date: index.release.date,
    }),
  );
  return withoutRepeats([...read, ...(stored?.indexes ?? [])]);
}

/** Of several states of one index the first. */
export function withoutRepeats(indexes: readonly LockedIndex[]): LockedIndex[] {
  const first = new Map<string, LockedIndex>();
  for (const index of indexes) {
    const key = indexKey(index);
    if (!first.has(key)) first.set(key, index);
  }
  return [...first.values()];
}

/** The listing's lists; an earlier tier's rank is above those of later ones. */
export function listsOf({ source }: Asked, { indexes, stored }: Listing): Listed[] {
  const read = indexes.map(({ index: { repository, suite }, list }): Listed => {
    const rank = rankOf("repositories", source);
    return { list, repository, suite, priority: priorityOf(repository, source), rank };
  });
  const own = groupedLists({ source }, stored?.packages ?? []);
  return [...read, ...own.map((each) => ({ ...each, rank: rankOf("store", source) }))];
}

/** The same of source packages, as far as their choice needs it. */
export function sourceListsOf({ source }: Asked, { indexes }: Listing): SourceList[] {
  return indexes.map(({ index: { repository, suite }, list }) => ({
    list: openStanzas(list),
    from: `${repository} ${suite}`,
    priority: priorityOf(repository, source),
  }));
}

/**
 * What is pinned, where it is to stay: before all tiers, whatever priorities and pins say of its repository, and after
 * what kit builds. It stays what it is unless something forces it.
 */
export function keptLists({ source }: Asked, keep: readonly Pinned[], { indexes }: Listing): Listed[] {
  const rank = (source.search?.length ?? 0) + 1;
  const kept = source.format === "rpm" ? withFoundFiles(keep, indexes) : keep;
  return groupedLists({ source }, kept).map((each) => ({ ...each, rank }));
}

/**
 * Of its files a pinned package has those that were spoken of when it was chosen: others that its list has by now are
 * put to them, or a new requirement of one would seem to call for another package.
 */
function withFoundFiles(keep: readonly Pinned[], indexes: readonly ReadIndex[]): readonly Pinned[] {
  const lists = indexes.map(({ index, list }) => ({ from: `${index.repository} `, list: openRpms(list) }));
  return keep.map(({ from, stanza }) => {
    const listed = lists
      .filter((each) => each.from === from)
      .flatMap(({ list }) =>
        list.named(stanza["Package"] ?? "").flatMap((at) => readableStanza(list.text(at))),
      )
      .find((other) => samePackage.every((field) => other[field] === stanza[field]));
    const [own, now] = [stanza, listed ?? {}].map((each) => linesOf(each, "Files"));
    const more = now?.filter((path) => !own?.includes(path)) ?? [];
    if (more.length === 0) return { from, stanza };
    return { from, stanza: { ...stanza, Files: `\n ${[...more, ...(own ?? [])].join("\n ")}` } };
  });
}

const samePackage = ["Version", "Architecture", "SHA224", "SHA256", "SHA384", "SHA512"] as const;

/** Single packages as lists, one for each suite. */
export function groupedLists({ source }: Asked, packages: readonly Pinned[]): Listed[] {
  return [...Map.groupBy(packages, ({ from }) => from)].map(([from, group]): Listed => {
    const [repository = "", suite = ""] = from.split(" ");
    const list = group.map(({ stanza }) => stanza);
    return { list, repository, suite, priority: priorityOf(repository, source), rank: 0 };
  });
}

function rankOf(tier: Tier, { search }: Distribution): number {
  return search === undefined ? 0 : search.length - search.indexOf(tier);
}

function priorityOf(repository: string, { format, repositories }: Distribution): number {
  return repositories.find(({ name }) => name === repository)?.priority ?? (format === "rpm" ? 99 : 500);
}

/** What gave a package: a tier, or the lock where no tier has it any more. */
export type Answerer = Tier | "lock";

/** Tells which tier gave each package: the first that has just this one; where none are named, repositories did. */
export function openAnswerers(
  { source }: Asked,
  { indexes, stored }: Listing,
): (item: Pick<ChosenPackage, "name" | "stanza" | "origin">) => Answerer {
  const lists = indexes.map(({ list }) => openStanzas(list));
  const isListed = (name: string, sha256: string) =>
    lists.some((list) => list.named(name).some((at) => sha256Of(parseStanza(list.text(at))) === sha256));
  const files = new Set(stored?.packages.map(({ stanza }) => sha256Of(stanza)));
  return ({ name, stanza, origin }) => {
    if (origin === "local") return "local";
    if (source.search === undefined) return "repositories";
    const sha256 = sha256Of(stanza);
    const has = { local: false, store: files.has(sha256), repositories: isListed(name, sha256) };
    return source.search.find((tier) => has[tier]) ?? "lock";
  };
}

/** How many packages came from where, in the order of the tiers: `3 from the store, 5 from repositories`. */
export function answererText(answerers: readonly Answerer[]): string {
  const names = {
    local: "from manifests",
    store: "from the store",
    repositories: "from repositories",
    lock: "as the lock has them",
  };
  return (Object.keys(names) as Answerer[])
    .map((one) => ({ one, count: answerers.filter((other) => other === one).length }))
    .flatMap(({ one, count }) => (count === 0 ? [] : [`${count} ${names[one]}`]))
    .join(", ");
}

function sha256Of(stanza: Stanza): string {
  return stanza["SHA256"] ?? "";
}
