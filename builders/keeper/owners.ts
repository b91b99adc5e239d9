// Owners: who in a distribution's archive has what a build did not find, where the store does not know.
// Knows which lists are looked into and how long; does not know what logs say, nor how anything is fetched.

import type { History } from "../../store/history.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Crew, Store } from "../builder.ts";
import type { Emit } from "../event.ts";
import { type Http, type HttpOptions, openHttp } from "../fetch/http.ts";
import { type FetchFile, fetchIndexes, type IndexMeans, type IndexQuestion } from "../repository/indexes.ts";
import type { FilesList } from "../repository/owners.ts";
import { contentsFiles } from "../repository/release.ts";
import { fetchRepository } from "../repository/rpm/fetch.ts";
import { openFetchFile } from "./file.ts";
import type { Making } from "./making.ts";
import type { Missing } from "./missing.ts";
import type { OwnersQuestion, RpmIndexQuestion } from "./protocol.ts";
import { type Found, foundAmong, type Holder, unsure, withSuggestions } from "./suggestion.ts";

export interface OwnersParts {
  readonly http: HttpOptions;
  readonly making: Pick<Making, "build" | "takeMissing">;
  readonly store: Store;
  readonly crew: Pick<Crew, "owners">;
  readonly history: Pick<History, "find" | "add">;
  readonly interrupted: AbortSignal;
  readonly emit: Emit;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Owners {
  of(question: OwnersQuestion): Promise<readonly Found[]>;
  close(): Promise<void>;
}

/** One question after another: the next one's lists are mostly those of the last. */
export function openOwners(parts: OwnersParts): Owners {
  const { making, emit, history } = parts;
  // Asked once, and not waited for: what does not answer at once is not there.
  const http = openHttp({
    ...parts.http,
    attempts: 1,
    deadlines: { connect: 3000, headers: 5000, idle: 5000 },
  });
  let before: Promise<unknown> = Promise.resolve();
  let isOutOfReach = parts.http.offline ?? false;
  const look = async (missing: readonly Missing[], question: OwnersQuestion): Promise<readonly Found[]> => {
    if (isOutOfReach) return [];
    emit({ type: "step", text: `looking up who has ${missing.map(({ what }) => what).join(", ")}` });
    using time = limited(parts.interrupted);
    const failed: unknown[] = [];
    try {
      const found = await foundIn(question.lists, missing, { ...parts, http, signal: time.signal, failed });
      keep(question, found, history);
      // What was found elsewhere says enough.
      if (found.length === 0 && failed.length > 0) emit({ type: "warning", text: unlooked(failed[0]) });
      return found;
    } catch (error) {
      // Told once: the next failure does not wait for the same again.
      isOutOfReach = true;
      const reason: unknown = time.signal.aborted ? time.signal.reason : error;
      if (!parts.interrupted.aborted) emit({ type: "warning", text: unlooked(reason) });
      return [];
    }
  };
  return {
    async of(question) {
      const missing = making.takeMissing(question.request);
      if (missing.length === 0) return [];
      const answer = before.then(() => look(missing, question));
      before = answer;
      return await answer;
    },
    close: () => http.close(),
  };
}

/** Why nothing came of it, in one line. */
function unlooked(reason: unknown): string {
  const details = reason instanceof Fault ? reason.details : [];
  const text = [reason instanceof Error ? reason.message : String(reason), ...details].join("; ");
  const why = text.replaceAll("\n", " ");
  return `who has it is not known, for the archive's lists of files cannot be had: ${why}`;
}

/** Milliseconds for one failure, the first download of the lists with it. */
const mostTime = 20_000;

function limited(interrupted: AbortSignal): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const late = new Fault("interrupted/lookup", "the archive's lists of files took too long");
  const timer = setTimeout(() => controller.abort(late), mostTime);
  return {
    signal: AbortSignal.any([interrupted, controller.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** With the failure, so that it is told with it again. */
function keep(
  { request, builder }: OwnersQuestion,
  found: readonly Found[],
  history: OwnersParts["history"],
): void {
  const note = history.find(request);
  if (found.length === 0 || note?.failure === undefined) return;
  const details = withSuggestions(note.failure.details, found, builder);
  history.add([{ request, note: { ...note, failure: { ...note.failure, details } } }]);
}

interface LookMeans extends Pick<OwnersParts, "making" | "store" | "crew" | "now"> {
  readonly http: Http;
  readonly signal: AbortSignal;
  /** Takes why a repository's lists are not looked into. */
  readonly failed: unknown[];
}

/** In the lists of the architecture first: Debian's for `all`, three times as large, are looked into for the rest. */
async function foundIn(
  lists: OwnersQuestion["lists"],
  missing: readonly Missing[],
  means: LookMeans,
): Promise<Found[]> {
  const { making, store, now, signal, failed } = means;
  const build = (job: Parameters<Making["build"]>[0]) => making.build(job, signal);
  const index: IndexMeans = { fetch: openFetchFile({ build }, store), now: now(), signal };
  if (lists.format === "rpm") {
    const files = await fromAny(lists.repositories, failed, (one) => filelistsOf(one, means, index.fetch));
    return foundAmong(missing, await holdersIn(files, missing, means));
  }
  const inLists = async (wanted: readonly Missing[], architecture?: string) => {
    const files = await fromAny(lists.repositories, failed, (one) =>
      contentsOf({ ...one, ...(architecture !== undefined && { architecture }) }, means, index),
    );
    return await holdersIn(files, wanted, means);
  };
  const own = await inLists(missing);
  const rest = unsure(missing, foundAmong(missing, own));
  return foundAmong(missing, rest.length === 0 ? own : [...own, ...(await inLists(rest, "all"))]);
}

/** Bytes of a list as it is fetched: the largest of Debian's has 34 MB, of Fedora's 80 MB. */
const mostBytes = 128 << 20;

async function contentsOf(
  question: IndexQuestion,
  { http }: LookMeans,
  means: IndexMeans,
): Promise<FilesList[]> {
  const fetched = await fetchIndexes(http, question, means, (release, component, architecture) =>
    contentsFiles(release, component, architecture, mostBytes),
  );
  return fetched.map(({ blob, compression }) => ({ format: "contents", list: blob, compression }));
}

async function filelistsOf(
  question: RpmIndexQuestion,
  { http, now, signal }: LookMeans,
  fetch: FetchFile,
): Promise<FilesList[]> {
  const limitedFetch: FetchFile = async (label, wanted, place, urls) => {
    if (wanted.size > mostBytes) throw new Fault("digest/bomb", `${label} has more than ${mostBytes} bytes`);
    return await fetch(label, wanted, place, urls);
  };
  const means = { fetch: limitedFetch, now: now(), signal };
  const { files } = await fetchRepository(http, { ...question, kinds: ["filelists"] }, means);
  return files.map(({ blob, compression }) => ({ format: "filelists", list: blob, compression }));
}

/** What can be had: a repository out of reach, or without such lists, keeps no other from being asked. */
async function fromAny<T>(
  all: readonly T[],
  failed: unknown[],
  listsOf: (one: T) => Promise<FilesList[]>,
): Promise<FilesList[]> {
  const asked = await Promise.allSettled(all.map(listsOf));
  const answered = asked.filter((answer) => answer.status === "fulfilled");
  failed.push(...asked.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : [])));
  if (answered.length === 0 && asked[0]?.status === "rejected") throw asked[0].reason;
  return answered.flatMap(({ value }) => value);
}

async function holdersIn(
  lists: readonly FilesList[],
  missing: readonly Missing[],
  { crew, signal }: LookMeans,
): Promise<Holder[]> {
  const ends = [...new Set(missing.flatMap((one) => one.ends))];
  const owners = await Promise.all(lists.map((list) => crew.owners(list, ends)));
  signal.throwIfAborted();
  return owners.flat().map(({ name, paths }) => ({ name, isLocal: false, paths }));
}
