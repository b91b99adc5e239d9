// Indexes: the verified package lists of a repository, fetched from whichever mirror has them.
// Knows the way from a suite's InRelease to its Packages files; does not know what packages say.

import { setImmediate } from "node:timers/promises";
import type { Digest, FileDigest, Sha256 } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Compression } from "../archive/stream.ts";
import type { Http } from "../fetch/http.ts";
import type { FetchPlace } from "../fetch/recipe.ts";
import { checkRelease } from "./check.ts";
import { chooseMirror } from "./choice.ts";
import { type PackagesFile, packagesFiles, packagesPaths, parseRelease, type Release } from "./release.ts";
import { openVerifier, type Verifier } from "./signature.ts";
import { together } from "./together.ts";

/** What to fetch; plain data. */
export interface IndexQuestion {
  readonly repository: {
    readonly name: string;
    readonly uri: string;
    readonly suites: readonly string[];
    readonly components: readonly string[];
  };
  readonly architecture: string;
  /** Armoured public keys; an index signed by any of them is believed. */
  readonly keys: readonly string[];
  /** Where to look, in order, as `mirrorsFor` says. Empty: the repository's own URI alone. */
  readonly mirrors: readonly string[];
  /** For each suite the date of the index it was locked from, in seconds since 1970; nothing older is taken. */
  readonly notBefore?: ReadonlyMap<string, number>;
  /** A dated archive (`snapshot:`), whose indexes are past their Valid-Until. */
  readonly dated?: boolean;
}

/**
 * Brings a file of known content into the pool from the first address that has it, and returns its blob; what is there
 * is not fetched again. `place` is where it is looked for should it ever be lost.
 *
 * @throws {Fault} what {@link Http} says
 */
export type FetchFile = (
  label: string,
  wanted: FileDigest & { readonly size: number },
  place: FetchPlace,
  urls: readonly string[],
) => Promise<Digest>;

export interface IndexMeans {
  readonly fetch: FetchFile;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

export interface FetchedIndex {
  /** The repository's name. */
  readonly repository: string;
  readonly suite: string;
  readonly component: string;
  /** The one asked for, or `all` where the archive keeps that apart. */
  readonly architecture: string;
  /** The InRelease file: its own digest, and its date in seconds since 1970. */
  readonly release: { readonly sha256: Sha256; readonly date: number };
  /**
   * The index as it was fetched: its SHA-256, of an rpm repository that names it by another digest that one; `path` is
   * its name relative to the archive's root.
   */
  readonly packages: { readonly sha256: string; readonly size: number; readonly path: string };
  readonly compression: Compression;
  /** Bytes of it uncompressed, where the Release file tells. */
  readonly plainSize?: number;
  /** The same, in the pool. */
  readonly blob: Digest;
}

export interface CompactIndex extends FetchedIndex {
  /** Its compact form, in the pool. */
  readonly compact: Digest;
}

/**
 * Fetches the Packages indexes of every suite and component, or other files of theirs, suites in the question's order: the InRelease files
 * in parallel, each verified and checked, then what they name, in parallel. A mirror whose InRelease is unsigned,
 * expired, older than `notBefore` or not there is passed over for the next.
 *
 * @throws {Fault} what {@link Http}, {@link Verifier}, `parseRelease`, `checkRelease` and `packagesFiles` say, of
 * the most telling mirror, the others in its details; or the signal's reason
 */
export async function fetchIndexes(
  http: Http,
  question: IndexQuestion,
  means: IndexMeans,
  filesOf: FilesOf = packagesFiles,
): Promise<readonly FetchedIndex[]> {
  const { repository, architecture, keys } = question;
  const mirrors = question.mirrors.length > 0 ? question.mirrors : [repository.uri.replace(/\/+$/, "")];
  // When the requests are on their way: it is loaded now, and takes 50 ms.
  const verifier = setImmediate().then(() => openVerifier(keys));
  verifier.catch(() => {});
  const releases = await together(means.signal, repository.suites, (suite, signal) =>
    fetchRelease(http, { ...question, mirrors }, suite, verifier, { ...means, signal }),
  );
  const wanted = releases.flatMap((signed) =>
    repository.components.flatMap((component) =>
      filesOf(signed.release, component, architecture).map((file) => ({ signed, file })),
    ),
  );
  return await together(means.signal, wanted, ({ signed, file }) =>
    fetchPackages(repository, signed, file, means.fetch),
  );
}

/** Which files of a suite are wanted. */
export type FilesOf = (release: Release, component: string, architecture: string) => readonly PackagesFile[];

interface SuiteRelease {
  readonly suite: string;
  readonly release: Release;
  readonly sha256: Sha256;
  /** The archive's places, the one that gave the Release file first. */
  readonly mirrors: readonly string[];
}

// The largest InRelease of Debian and Ubuntu has 0.3 MB.
const releaseLimit = 10 * 2 ** 20;
const packagesLimit = 2 ** 30;

async function fetchRelease(
  http: Http,
  question: IndexQuestion,
  suite: string,
  verifier: Promise<Verifier>,
  means: IndexMeans,
): Promise<SuiteRelease> {
  const asked = { path: `dists/${suite}/InRelease`, limit: releaseLimit, signal: means.signal };
  const read = (mirror: string, document: Uint8Array) =>
    readRelease(question, suite, mirror, verifier, document, means.now);
  try {
    const { value, sha256, mirrors } = await chooseMirror(http, question.mirrors, asked, read);
    return { suite, release: value, sha256, mirrors };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "network/not-found") throw error;
    throw new Fault(error.code, `no mirror of ${question.repository.name} has the suite ${suite}`, {
      details: error.details,
      cause: error.cause,
      hint: "is it called so? the distribution's manifest names it, as it is below dists/; else name another mirror in KIT_MIRRORS",
    });
  }
}

async function readRelease(
  question: IndexQuestion,
  suite: string,
  mirror: string,
  verifier: Promise<Verifier>,
  document: Uint8Array,
  now: number,
): Promise<Release> {
  const label = `${question.repository.name} ${suite} (${new URL(mirror).host})`;
  const { text } = await (await verifier).verify(label, document, now);
  const release = parseRelease(text);
  const notBefore = question.notBefore?.get(suite);
  const [fault] = checkRelease(release, { label, suite, now, notBefore, dated: question.dated });
  if (fault !== undefined) throw fault;
  return release;
}

async function fetchPackages(
  { name, uri }: IndexQuestion["repository"],
  { suite, release, sha256, mirrors }: SuiteRelease,
  file: PackagesFile,
  fetch: FetchFile,
): Promise<FetchedIndex> {
  if (file.size > packagesLimit)
    throw new Fault(
      "digest/bomb",
      `${name} ${suite}: ${file.path} has ${file.size} bytes, more than any index`,
      {
        hint: "no archive has an index like this: ask where it comes from",
      },
    );
  const paths = packagesPaths(release, suite, file);
  const urls = paths.flatMap((path) => mirrors.map((mirror) => `${mirror}/${path}`));
  const path = `dists/${suite}/${file.path}`;
  const place = { archive: uri, path: paths[0] ?? path };
  const blob = await fetch(`${name} ${path}`, { sha256: file.sha256, size: file.size }, place, urls);
  return {
    repository: name,
    suite,
    component: file.component,
    architecture: file.architecture,
    release: { sha256, date: release.date },
    packages: { sha256: file.sha256, size: file.size, path },
    compression: file.compression,
    ...(file.plainSize !== undefined && { plainSize: file.plainSize }),
    blob,
  };
}
