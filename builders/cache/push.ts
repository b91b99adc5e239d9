// Pushing: results and what they name go into a cache, bytes first, statements last.
// Knows the order, and whose signatures go with what; does not know how contents are packed.

import { existsSync, readFileSync } from "node:fs";
import { compress } from "../../store/cache/frame.ts";
import { encodeInfo, infoLimit, infoName } from "../../store/cache/info.ts";
import { nameOf } from "../../store/cache/names.ts";
import type { Content, Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import {
  decodeSignature,
  encodeSignature,
  type Signature,
  signStatement,
} from "../../store/model/signature.ts";
import { encodeStatement, statementDigest } from "../../store/model/statement.ts";
import type { Cache } from "./cache.ts";
import { fileOf, pushContents } from "./contents.ts";
import { type PushMeans, writesAtOnce } from "./means.ts";
import { together } from "./together.ts";

export interface Pushed {
  /** Results that were not there, and those that were. */
  readonly pushed: number;
  readonly present: number;
  /** Bytes that were sent. */
  readonly bytes: number;
  /** Requests of which something else lies there under the same key's name: left as it is. */
  readonly conflicts: readonly Digest[];
  /** How many of all these nobody signed. */
  readonly unsigned: number;
  /** How many logs were not there; where they were asked for. */
  readonly logs?: number;
}

/**
 * Pushes the results of these requests, those that others are made of first. May be stopped at any point and repeated:
 * what is there already is not sent again.
 *
 * @throws {Fault} `store/…`; `digest/damaged-cache` where something else lies in the place of a content, and the rest
 * is pushed
 * @throws {HostTrouble}
 */
export async function push(requests: readonly Digest[], means: PushMeans): Promise<Pushed> {
  const { cache } = means;
  await requireInfo(cache);
  const words = requests.map((request) => wordOn(request, means));
  const keys = [
    ...new Map(words.flatMap(({ signatures }) => signatures).map(({ key }) => [key.bytes, key])).values(),
  ];
  const there = await cache.claims(requests, keys);
  const unsigned = words.filter(({ signatures }) => signatures.length === 0);
  const stated = await cache.present(unsigned.map(({ result }) => statementName(result)));
  const conflicts: Digest[] = [];
  const fresh = words.flatMap(({ result, signatures }) => {
    const claims = (there.get(result.request) ?? []).map(({ text }) => String(text));
    const said = claims.flatMap(signatureIn);
    const lacking = signatures.filter((one) => !claims.includes(encodeSignature(one)));
    const contradicts = lacking.some((one) => said.some(({ key }) => key.bytes === one.key.bytes));
    if (contradicts) conflicts.push(result.request);
    const isThere = signatures.length === 0 ? stated.has(statementName(result)) : lacking.length === 0;
    return isThere || contradicts ? [] : [{ result, signatures: lacking }];
  });
  const { bytes, damaged } = await pushContents(
    contentsOf(fresh.map(({ result }) => result)),
    words.map(({ result }) => result),
    means,
  );
  const before = conflicts.length;
  const whole = fresh.filter(({ result }) => !contentsOf([result]).some((content) => damaged.has(content)));
  await together(writesAtOnce, whole, async ({ result, signatures }) => {
    if (!(await pushWord(result, signatures, cache))) conflicts.push(result.request);
  });
  // Of all of them: what is there may have been pushed without.
  const logs = means.logs ? await pushLogs(requests, means) : undefined;
  if (damaged.size > 0) throw damagedThere(damaged, cache);
  const pushed = fresh.length - (conflicts.length - before);
  return {
    pushed,
    present: words.length - pushed - conflicts.length,
    bytes,
    conflicts,
    unsigned: unsigned.length,
    ...(logs !== undefined && { logs }),
  };
}

interface Word {
  readonly result: Result;
  readonly signatures: readonly Signature[];
}

/** Who vouches for a result: its builder, which is this store, or those it was believed for. */
function wordOn(request: Digest, { store, key }: PushMeans): Word {
  const result = store.records.result(request);
  if (result === undefined)
    throw new Fault("store/no-result", `the store has no result of ${request}`, {
      hint: "`kit realize` makes it; `kit gc` may have taken it since",
    });
  const came = store.records.origin(request)?.signatures;
  if (came !== undefined) return { result, signatures: came.map(decodeSignature) };
  return { result, signatures: key === undefined ? [] : [signStatement(key, result)] };
}

/** Told when all else is there. */
function damagedThere(damaged: ReadonlyMap<Content, string>, { host: { name } }: Cache): Fault {
  const [file = ""] = [...damaged.keys()].map(fileOf);
  const more = damaged.size === 1 ? "" : ` and ${damaged.size - 1} more`;
  const message = `the cache ${name} holds a damaged file in the place of one to be pushed: ${file}${more}`;
  return new Fault("digest/damaged-cache", message, {
    details: [...damaged].map(([content, why]) => `${fileOf(content)}: ${why}`).slice(0, mostTold),
    hint: `remove ${damaged.size === 1 ? "it" : "them"} there, then repeat the command: all else is pushed`,
  });
}

/** Lines of details. */
const mostTold = 8;

function statementName(result: Result): string {
  return nameOf({ kind: "statement", request: result.request, statement: statementDigest(result) });
}

async function requireInfo(cache: Cache): Promise<void> {
  if ((await cache.host.read(infoName, infoLimit)) !== undefined) return;
  await cache.host.write(infoName, [encodeInfo()]);
}

function contentsOf(results: readonly Result[]): Content[] {
  return [
    ...new Set(results.flatMap(({ outputs, references }) => [...Object.values(outputs), ...references])),
  ];
}

function signatureIn(text: string): Signature[] {
  try {
    return [decodeSignature(text)];
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

/** The statement before what signs it: who finds a signature finds its statement. Whether the signatures are there now. */
async function pushWord(
  result: Result,
  signatures: readonly Signature[],
  { host, file }: Cache,
): Promise<boolean> {
  const { request } = result;
  const statement = statementName(result);
  if (!(await host.has(statement))) await host.write(statement, [Buffer.from(encodeStatement(result))]);
  let isSaid = true;
  for (const signature of signatures) {
    const name = nameOf({ kind: "signature", request, key: signature.key.fingerprint });
    const bytes = Buffer.from(encodeSignature(signature));
    // Another pusher with the same key may have come first; or a file lies there that is no signature.
    if (
      (await host.write(name, [bytes])) === "present" &&
      !(await file(name, (there) => there.equals(bytes)))
    )
      isSaid = false;
  }
  return isSaid;
}

/** Pushes the logs that are not there; returns how many those were. */
async function pushLogs(requests: readonly Digest[], { store, cache }: PushMeans): Promise<number> {
  const nameFor = (request: Digest) => nameOf({ kind: "log", request });
  // A build that printed nothing has none.
  const logged = requests.filter((request) => existsSync(store.layout.log(request)));
  const there = await cache.present(logged.map(nameFor));
  let sent = 0;
  await together(writesAtOnce, logged, async (request) => {
    const name = nameFor(request);
    const log = there.has(name) ? undefined : readLog(store.layout.log(request));
    if (log !== undefined && (await cache.host.write(name, [compress(log)])) === "written") sent++;
  });
  return sent;
}

/** Undefined where a collection took it meanwhile. */
function readLog(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
