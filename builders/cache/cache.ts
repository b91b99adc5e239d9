// A cache over HTTP: its files by kind, one by one or in bulk.
// Knows CACHE.md's names and questions; does not know what is believed of the answers, nor the store.

import { type CacheInfo, defaultPriority, infoLimit, infoName, parseInfo } from "../../store/cache/info.ts";
import { mostBytes } from "../../store/cache/limits.ts";
import { isCacheName, nameOf } from "../../store/cache/names.ts";
import type { Range } from "../../store/cache/plan.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import type { PublicKey } from "../../store/model/key.ts";
import type { Claim } from "../../store/model/signature.ts";
import { maxStatement } from "../../store/model/statement.ts";
import type { ProxySetting } from "../fetch/agent.ts";
import { type Host, HostTrouble, openHost } from "../fetch/host.ts";
import { openPlaces, type Places } from "../fetch/places.ts";
import { type Claims, mostOthers, openClaims } from "./claims.ts";
import type { CachePlace } from "./trust.ts";

/** Absence is undefined; all else that goes wrong is a {@link HostTrouble}. */
export interface Cache {
  readonly host: Host;
  /** Whether what went wrong there is told there: this kit serves it itself, and here it is but a number. */
  isToldThere(status: number | undefined): boolean;
  /** Lower is asked first; what the cache itself says is known when it was first asked. */
  readonly priority: number;
  /**
   * What it has on these requests: what these keys say, and of a server that answers in bulk a number of others'
   * files, a file once.
   */
  claims(
    requests: readonly Digest[],
    keys: readonly PublicKey[],
  ): Promise<ReadonlyMap<Digest, readonly Claim[]>>;
  /**
   * What is made of a file of at most the bytes that its kind may have. Of files of more than 8 MiB one is there at a
   * time, until it is made use of.
   */
  file<T>(name: string, use: (bytes: Buffer) => T): Promise<T | undefined>;
  /** Those of these names that are there. */
  present(names: readonly string[]): Promise<ReadonlySet<string>>;
  /** The bytes of ranges, in their order; those of one range may come in several pieces. */
  ranges(ranges: readonly Range[]): AsyncIterable<Uint8Array>;
}

export interface CacheMeans {
  readonly deadline: number;
  /** Tells people one line. */
  readonly warn: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly proxy?: ProxySetting;
  /** Whether it is waited for although it is slow: nothing can be done without it. */
  readonly patient?: boolean;
  /** Where large files take their turn: one place for all caches of a process. */
  readonly large?: Places;
}

/** Bytes of a file that is read beside others. */
const mostBeside = 8 << 20;
const mostAnswer = 256 << 20;
/** Items of one question in bulk. */
const atOnce = 10_000;

export function openCache(place: CachePlace, means: CacheMeans): Cache {
  const { deadline, warn, signal, proxy, patient = false, large = openPlaces(1) } = means;
  const { url, name, token, socket } = place;
  const isOwn = socket !== undefined;
  const isToldThere = (status: number | undefined) => isOwn && status === 500;
  const host = openHost({
    ...{ url, name, token, socket, deadline, signal, patient },
    proxy: isOwn ? undefined : proxy,
    onLost(why, status) {
      if (!isToldThere(status)) warn(`the cache ${place.name} is left out from now on: ${why}`);
    },
  });
  let info: Promise<CacheInfo> | undefined;
  let priority = place.priority ?? defaultPriority;
  const bulk = async () => {
    info ??= readInfo(host).catch((error) => {
      // Asked again the next time: it may have been in trouble for a moment.
      info = undefined;
      throw error;
    });
    const said = await info;
    priority = place.priority ?? said.priority;
    return said.bulk;
  };
  const questions = async (question: string, lines: readonly string[]): Promise<string[] | undefined> => {
    if (!(await bulk())) return undefined;
    const answers: string[] = [];
    for (let at = 0; at < lines.length; at += atOnce) {
      const text = lines.slice(at, at + atOnce).join("\n");
      const answer = await host.post(`bulk/${question}`, `${text}\n`, mostAnswer);
      if (answer === undefined) return undefined;
      // As many as the server likes: far more than a call takes arguments.
      for (const line of answer.toString("utf8").split("\n").slice(0, -1)) answers.push(line);
    }
    return answers;
  };
  let isTold = false;
  const tellPassed = ({ passedOver }: Claims) => {
    if (passedOver === 0 || isTold) return;
    isTold = true;
    warn(
      `the cache ${host.name} has more than ${mostOthers} files on a request that no trusted key wrote: ${passedOver} are not looked at`,
    );
  };
  return {
    host,
    isToldThere,
    get priority() {
      return priority;
    },
    async file(name, use) {
      const limit = mostBytes(name);
      const bytes = await (limit > mostBeside ? host.readUpTo(name, mostBeside) : host.read(name, limit));
      if (bytes !== "larger") return bytes && use(bytes);
      await using _ = await large.take();
      const all = await host.read(name, limit);
      return all && use(all);
    },
    async claims(requests, keys) {
      const answers = await questions("results", requests.map(hexOf));
      const claims = openClaims(requests, keys, host.name);
      if (answers !== undefined) {
        for (const line of answers) takeLine(line, claims, host);
        tellPassed(claims);
        return claims.found;
      }
      const names = requests.flatMap((request) =>
        keys.map(({ fingerprint }) => nameOf({ kind: "signature", request, key: fingerprint })),
      );
      await Promise.all(
        names.map(async (name) => {
          const text = await host.read(name, maxStatement);
          if (text !== undefined && claims.wants(name)) claims.add(name, text);
        }),
      );
      return claims.found;
    },
    async present(names) {
      // One name is looked for in one request, and not in two.
      const answers = names.length < 2 ? undefined : await questions("has", names);
      if (answers !== undefined) return new Set(answers);
      const found = await Promise.all(names.map(async (name) => ((await host.has(name)) ? [name] : [])));
      return new Set(found.flat());
    },
    async *ranges(ranges) {
      for (const { pack, offset, length } of ranges)
        yield* host.part(nameOf({ kind: "pack", pack: pack.digest }), offset, length);
    },
  };
}

async function readInfo(host: Host): Promise<CacheInfo> {
  const text = await host.read(infoName, infoLimit);
  if (text === undefined) throw noCache(host, "it has no file kit-cache-info");
  try {
    return parseInfo(text, host.name);
  } catch (error) {
    throw noCache(host, (error as Error).message);
  }
}

function noCache(host: Host, why: string): HostTrouble {
  host.giveUp(why);
  return new HostTrouble(why);
}

/** `REQUEST/FILE "TEXT"`. What is not wanted is not read. @throws {HostTrouble} */
function takeLine(line: string, claims: Claims, host: Host): void {
  const space = line.indexOf(" ");
  const name = `results/${line.slice(0, space)}`;
  const isName = space > 0 && isCacheName(name);
  if (isName && !claims.wants(name)) return;
  const text = isName ? textIn(line.slice(space + 1)) : undefined;
  if (text !== undefined) return claims.add(name, text);
  const why = "its answer to a question in bulk is none";
  host.blame(why);
  throw new HostTrouble(why);
}

function textIn(json: string): string | undefined {
  try {
    const text: unknown = JSON.parse(json);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
