// An rpm repository's metadata, verified and fetched from whichever mirror has it.
// Knows the way from an address, a metalink or a mirror list to the files; does not know what these say.

import { setImmediate } from "node:timers/promises";
import {
  type Digest,
  type FileDigest,
  parseSha256,
  parseSha512,
  type Sha256,
  sha256Of,
} from "../../../store/model/digest.ts";
import { Fault } from "../../../store/model/fault.ts";
import type { Http } from "../../fetch/http.ts";
import { checkDate } from "../check.ts";
import { chooseMirror } from "../choice.ts";
import type { FetchFile } from "../indexes.ts";
import { openVerifier, type Verifier } from "../signature.ts";
import { together } from "../together.ts";
import { isVouchedFor, type Places, parseMetalink, parseMirrorlist, placesLimit } from "./metalink.ts";
import {
  type Checksum,
  type MetadataFile,
  type MetadataKind,
  metadataFile,
  parseRepomd,
  type Repomd,
  repomdLimit,
} from "./repomd.ts";

/** What to fetch; plain data. */
export interface RepositoryQuestion {
  readonly repository: { readonly name: string; readonly place: RepositoryPlace };
  /** What is taken of it; a kind it has not got is left out, but primary is always there. */
  readonly kinds: readonly MetadataKind[];
  readonly trust: MetadataTrust;
  /** Where to look first, in order, as `mirrorsFor` says; each is asked like an address of the repository's own. */
  readonly mirrors?: readonly string[];
  /** The date of the metadata it was locked from, in seconds since 1970; nothing older is taken. */
  readonly notBefore?: number;
}

/** The folder that holds repodata/, or a document that tells where such folders are. */
export type RepositoryPlace =
  | { readonly baseurl: string }
  | { readonly metalink: string }
  | { readonly mirrorlist: string };

/**
 * What makes repomd.xml believed: the signature beside it, by any of these armoured keys; or nothing at all, which
 * somebody has said (as `repo_gpgcheck=0`): then a metalink vouches for it, where there is one, or the connection.
 */
export type MetadataTrust = { readonly keys: readonly string[] } | { readonly unsigned: true };

export interface FetchedRepository {
  readonly repository: string;
  /** repomd.xml: its own digest, its date in seconds since 1970 (0: it has none), and its revision. */
  readonly repomd: { readonly sha256: Sha256; readonly date: number; readonly revision: string | undefined };
  readonly files: readonly FetchedMetadata[];
  /** The repository's addresses, the one that gave repomd.xml first: below them its packages lie. */
  readonly places: readonly string[];
}

/** A metadata file as it was fetched, into the pool. */
export interface FetchedMetadata extends Omit<MetadataFile, "type"> {
  readonly kind: MetadataKind;
  readonly blob: Digest;
}

export interface RepositoryMeans {
  readonly fetch: FetchFile;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

/**
 * Fetches a repository's metadata: where it is, then repomd.xml from the first mirror whose copy is signed, vouched
 * for, not too old and sound, then the files it names, in parallel.
 *
 * @throws {Fault} what {@link Http}, {@link Verifier}, `parseRepomd`, `checkDate`, `parseMetalink` and
 * `parseMirrorlist` say; `digest/unsigned`; `digest/not-vouched-for` where a metalink knows no such repomd.xml;
 * `digest/unsupported-checksum`; of the most telling mirror, the others in its details; or the signal's reason
 */
export async function fetchRepository(
  http: Pick<Http, "bytes">,
  question: RepositoryQuestion,
  means: RepositoryMeans,
): Promise<FetchedRepository> {
  const { repository, trust } = question;
  // When the requests are on their way: it is loaded now, and takes 50 ms.
  const verifier = "keys" in trust ? setImmediate().then(() => openVerifier(trust.keys)) : undefined;
  verifier?.catch(() => {});
  const places = await placesOf(http, question, means.signal);
  const asked = { path: repomdPath, limit: repomdLimit, signal: means.signal };
  const { value, sha256, mirrors } = await chooseMirror(
    http,
    places.bases,
    asked,
    async (mirror, document) => {
      const label = `${repository.name} (${new URL(mirror).host})`;
      const from = { label, mirror, document, versions: places.versions };
      return await readRepomd(http, question, from, { ...means, verifier });
    },
  ).catch((error: unknown) => notThere(repository.name, error));
  const wanted = question.kinds.flatMap((kind) => {
    const file = metadataFile(value, kind);
    return file === undefined ? [] : [{ kind, file }];
  });
  const files = await together(means.signal, wanted, ({ kind, file }) =>
    fetchMetadata(repository, kind, file, mirrors, means.fetch),
  );
  return {
    repository: repository.name,
    repomd: { sha256, date: value.date, revision: value.revision },
    files,
    places: mirrors,
  };
}

const repomdPath = "repodata/repomd.xml";
const signatureLimit = 1 << 20;
// The largest filelists known have 0.2 GB.
const metadataLimit = 2 ** 30;

async function placesOf(
  http: Pick<Http, "bytes">,
  { repository: { name, place }, mirrors = [] }: RepositoryQuestion,
  signal: AbortSignal | undefined,
): Promise<Places> {
  if ("baseurl" in place) return { bases: unique([...mirrors, trim(place.baseurl)]) };
  const url = "metalink" in place ? place.metalink : place.mirrorlist;
  const { bytes } = await http.bytes([url], { limit: placesLimit, signal });
  const kind = "metalink" in place ? "metalink" : "mirror list";
  const label = `${name}'s ${kind}`;
  const places = "metalink" in place ? await parseMetalink(label, bytes) : parseMirrorlist(label, bytes);
  return { ...places, bases: unique([...mirrors, ...places.bases]) };
}

function unique(places: readonly string[]): readonly string[] {
  return [...new Set(places)];
}

function trim(url: string): string {
  return url.replace(/\/+$/, "");
}

interface RepomdFrom {
  /** The repository and its mirror. */
  readonly label: string;
  readonly mirror: string;
  readonly document: Buffer;
  readonly versions: Places["versions"];
}

async function readRepomd(
  http: Pick<Http, "bytes">,
  { notBefore }: RepositoryQuestion,
  { label, mirror, document, versions }: RepomdFrom,
  { verifier, now, signal }: RepositoryMeans & { readonly verifier: Promise<Verifier> | undefined },
): Promise<Repomd> {
  if (versions !== undefined && !isVouchedFor(document, versions)) {
    throw new Fault("digest/not-vouched-for", `${label}: the metalink knows no such repomd.xml`, {
      details: [`its SHA-256 is ${sha256Of(document)}`],
      hint: "the mirror lags behind or was altered: another is tried first; else wait until it is updated",
    });
  }
  if (verifier !== undefined) {
    const signature = await signatureOf(http, label, mirror, signal);
    await (await verifier).verifyDetached(label, document, signature, now);
  }
  const repomd = await parseRepomd(label, document);
  const [fault] = checkDate(repomd.date, { label, now, notBefore });
  if (fault !== undefined) throw fault;
  return repomd;
}

async function signatureOf(
  http: Pick<Http, "bytes">,
  label: string,
  mirror: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  try {
    return (await http.bytes([`${mirror}/${repomdPath}.asc`], { limit: signatureLimit, signal })).bytes;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "network/not-found") throw error;
    throw new Fault("digest/unsigned", `${label}: its repomd.xml is not signed`, {
      cause: error,
      hint: "many repositories sign their packages only: if this is one of them, say in the distro that its metadata is unsigned",
    });
  }
}

function notThere(name: string, error: unknown): never {
  if (!(error instanceof Fault) || error.code !== "network/not-found") throw error;
  throw new Fault(error.code, `no mirror of ${name} has a ${repomdPath}`, {
    details: error.details,
    cause: error.cause,
    hint: "its address is that of the folder in which repodata/ lies; is the release and the architecture in it right?",
  });
}

async function fetchMetadata(
  { name, place }: RepositoryQuestion["repository"],
  kind: MetadataKind,
  { path, size, compression, plainSize, checksum }: MetadataFile,
  mirrors: readonly string[],
  fetch: FetchFile,
): Promise<FetchedMetadata> {
  if (size > metadataLimit) {
    throw new Fault("digest/bomb", `${name}: ${path} has ${size} bytes, more than any index`, {
      hint: "no repository has metadata like this: ask where it comes from",
    });
  }
  const digest = digestOf(name, path, checksum);
  const urls = mirrors.map((mirror) => `${mirror}/${path}`);
  const later = "baseurl" in place ? { archive: trim(place.baseurl), path } : { urls };
  const blob = await fetch(`${name} ${path}`, { ...digest, size }, later, urls);
  return { kind, path, size, compression, ...(plainSize !== undefined && { plainSize }), checksum, blob };
}

function digestOf(name: string, path: string, { kind, value }: Checksum): FileDigest {
  if (kind === "sha256") return { sha256: parseSha256(value) };
  if (kind === "sha512") return { sha512: parseSha512(value) };
  throw new Fault("digest/unsupported-checksum", `${name}: ${path} is named by its ${kind.toUpperCase()}`, {
    hint: "kit fetches by SHA-256 and SHA-512: make it with createrepo_c --repomd-checksum=sha256",
  });
}
