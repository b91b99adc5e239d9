// What the store has of a distribution: package files that were fetched, as the locks that were used with it tell them.
// Knows registered locks and recorded downloads; does not know what is chosen of them.

import { existsSync, readFileSync } from "node:fs";
import { indexKey, type Lock, type LockedDistro, type LockedIndex, parseLock } from "../../evaluator/lock.ts";
import { type Frame, questionFrame } from "../../evaluator/question.ts";
import type { Layout } from "../../store/layout.ts";
import { type Origin, splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { findMember } from "../../store/pool.ts";
import type { RecordReader } from "../../store/records.ts";
import { type Root, readSoundRoots } from "../../store/roots.ts";
import type { DebDistro, DistroManifest } from "../distro/schema.ts";
import { archiveOf } from "../distro/source.ts";
import { archiveIn } from "../fetch/recipe.ts";
import { type Pinned, pinnedRequest } from "./pinned.ts";

export interface Stored {
  /** Each once, in no order that means anything. */
  readonly packages: readonly Pinned[];
  /** Those that they were chosen from when they were locked. */
  readonly indexes: readonly LockedIndex[];
  /** Roots all of whose packages are there. */
  readonly frames: readonly Frame[];
}

export interface StoredParts {
  readonly layout: Layout;
  readonly records: Pick<RecordReader, "sound" | "origin">;
}

/**
 * The packages for these architectures, the native one first. One counts where its file was fetched from an archive
 * of this distribution, or came with the signatures of trusted keys: whatever a lock of another project says, it brings
 * in no bytes from elsewhere.
 */
export function storedPackages(
  distro: DistroManifest,
  architectures: readonly string[],
  { layout, records }: StoredParts,
): Stored {
  // No root of rpms is made, so no lock tells of any that the store has.
  if (distro.format !== "deb") return { packages: [], indexes: [], frames: [] };
  const packages = new Map<string, Pinned>();
  const indexes = new Map<string, LockedIndex>();
  const frames: Frame[] = [];
  const place = openPlacing(distro, records);
  for (const lock of registeredLocks(layout)) {
    for (const [name, locked] of Object.entries(lock.distros)) {
      const here = placedIn(locked, place);
      for (const { pinned, sha256 } of here.values())
        if (["all", ...architectures].includes(pinned.stanza["Architecture"] ?? ""))
          packages.set(`${pinned.from} ${sha256}`, pinned);
      for (const index of indexesOf(locked, here)) keepNewest(index, architectures, indexes);
      frames.push(...framesIn(lock, name, architectures[0], here));
    }
  }
  return { packages: [...packages.values()], indexes: [...indexes.values()], frames };
}

/** As they were when they were registered last: the store has their text, whatever became of the files. */
function registeredLocks(layout: Layout): Lock[] {
  if (!existsSync(layout.format)) return [];
  return readSoundRoots(layout)
    .filter(({ kind }) => kind === "lock")
    .flatMap((root) => registeredLock(root, layout) ?? []);
}

function registeredLock({ link, contents: [text] }: Root, layout: Layout): Lock | undefined {
  const member = text && findMember(layout, splitContent(text).digest);
  if (member === undefined) return undefined;
  try {
    return parseLock(readFileSync(member, "utf8"), link);
  } catch (error) {
    // Another kit wrote it.
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

interface Placed {
  readonly pinned: Pinned;
  readonly sha256: string;
}

type Placing = (pinned: Pinned) => Placed | undefined;

/** As a package of this distribution, if its file is in the store and came from there. Locks share most of theirs. */
function openPlacing(distro: DebDistro, records: StoredParts["records"]): Placing {
  const archives = new Map(distro.repositories.map((each) => [each, archiveOf(distro, each.name)]));
  const known = new Map<string, Placed | undefined>();
  const find: Placing = ({ from, stanza }) => {
    const [name = "", suite = ""] = from.split(" ");
    const request = pinnedRequest(stanza);
    if (request === undefined || records.sound(request) === undefined) return undefined;
    const origin = records.origin(request);
    const archive = archiveIn(origin?.hints);
    const able = distro.repositories.filter(
      (each) => each.suites.includes(suite) && each.components.includes(areaOf(stanza, each.components)),
    );
    const own =
      able.find((each) => each.name === name) ?? able.find((each) => archives.get(each) === archive);
    const isOurs = archive !== undefined && [...archives.values()].includes(archive);
    if (own === undefined || (!isOurs && !isVouchedFor(origin))) return undefined;
    return { pinned: { from: `${own.name} ${suite}`, stanza }, sha256: stanza["SHA256"] ?? "" };
  };
  return (pinned) => {
    const key = `${pinned.from} ${pinned.stanza["SHA256"]}`;
    if (!known.has(key)) known.set(key, find(pinned));
    return known.get(key);
  };
}

/** Pulled or imported by its digest alone, on the word of trusted keys: where it was fetched from once is not known. */
function isVouchedFor(origin: Origin | undefined): boolean {
  return origin !== undefined && origin.hints === undefined && (origin.signatures ?? []).length > 0;
}

/** What stands before the section is the component (policy 2.4); nothing stands there in main, and in other archives. */
function areaOf(stanza: Pinned["stanza"], components: readonly string[]): string {
  const [area = "", section] = (stanza["Section"] ?? "").split("/");
  return section === undefined ? (components[0] ?? "") : area;
}

function placedIn(locked: LockedDistro, place: Placing): ReadonlyMap<string, Placed> {
  return new Map(
    Object.entries(locked.packages).flatMap(([key, pinned]) => {
      const placed = place(pinned);
      return placed === undefined ? [] : [[key, placed] as const];
    }),
  );
}

/** The lock's indexes that something was taken from, by this distribution's names. */
function indexesOf(locked: LockedDistro, here: ReadonlyMap<string, Placed>): LockedIndex[] {
  const names = new Map<string, string>();
  for (const [key, { pinned }] of here) names.set(locked.packages[key]?.from ?? "", pinned.from);
  return locked.indexes.flatMap((index) => {
    const [repository] = names.get(`${index.repository} ${index.suite}`)?.split(" ") ?? [];
    return repository === undefined ? [] : [{ ...index, repository }];
  });
}

function keepNewest(
  index: LockedIndex,
  architectures: readonly string[],
  indexes: Map<string, LockedIndex>,
): void {
  if (!["all", ...architectures].includes(index.architecture)) return;
  const key = indexKey(index);
  if (index.date > (indexes.get(key)?.date ?? -1)) indexes.set(key, index);
}

/** A root with packages of manifests may have them in the place of the distribution's: it tells nothing. */
function framesIn(
  lock: Lock,
  distro: string,
  architecture: string | undefined,
  here: ReadonlyMap<string, Placed>,
): Frame[] {
  return Object.values(lock.answers)
    .filter(
      (answer) => answer.distro === distro && Object.keys(answer.packages).every((key) => here.has(key)),
    )
    .map(({ question }) => questionFrame(question))
    .filter((frame) => frame.architectures[0] === architecture);
}
