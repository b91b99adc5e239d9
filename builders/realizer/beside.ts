// Files that lie beside manifests, in place of what these would have fetched.
// Knows how one is told from another file of its name; does not know where else it would come from.

import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import {
  type Content,
  contentOf,
  type Derivation,
  type Request,
  requestDigest,
} from "../../store/model/derivation.ts";
import { digestOf, type Sha256, sha256Of } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import { type BesideFile, besideIn, fetchParameters, fetchUrls, recordedPlace } from "../fetch/recipe.ts";
import type { Keeper } from "../keeper/client.ts";
import type { Means } from "./means.ts";
import { resolveRequest } from "./resolve.ts";

/** `other`: something else has its name, of which a warning is told, once. */
type State = "there" | "absent" | "other";

/** What it has to be; a size is in bytes, and absent where nobody said. */
interface Wanted {
  readonly sha256: Sha256;
  readonly size: number | undefined;
}

export interface Beside {
  /** Whether a file is there, and what is meant. */
  stateOf(file: BesideFile, wanted: Wanted): State;
}

/** Each file is read once, however often it is asked for. */
export function openBeside(emit: Emit): Beside {
  const known = new Map<string, State>();
  return {
    stateOf(file, wanted) {
      const key = `${wanted.sha256} ${wanted.size} ${file.path}`;
      const answer = known.get(key) ?? look(file, wanted, emit);
      known.set(key, answer);
      return answer;
    },
  };
}

function look({ path, by }: BesideFile, { sha256, size }: Wanted, emit: Emit): State {
  const warn = (why: string): State => {
    const pinned = `${by.file}:${by.line} pins ${sha256}`;
    emit({
      type: "warning",
      text: `${path} ${why}, and is not taken: ${pinned}, which is looked for elsewhere`,
    });
    return "other";
  };
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile()) return "absent";
    if (stats.size > mostBytes) return warn(`is larger than ${mostBytes} bytes`);
    const found = hashOf(path);
    if (found !== sha256) return warn(`has the SHA-256 ${found}`);
    // Who lists both has them of one file: a .dsc that does not is refused wherever its files come from.
    const fits = size === undefined || size === stats.size;
    return fits ? "there" : warn(`has ${stats.size} bytes, where ${size} are listed`);
  } catch (error) {
    return warn(`cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`);
  }
}

/** What Node reads into memory at once. */
const mostBytes = 2 ** 31 - 1;

function hashOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let count = 1; count > 0; ) {
      count = readSync(file, buffer);
      hash.update(buffer.subarray(0, count));
    }
    return hash.digest("hex");
  } finally {
    closeSync(file);
  }
}

export interface BesideMeans extends Pick<Means, "known" | "has"> {
  readonly beside: Beside;
  readonly keeper: () => Promise<Pick<Keeper, "keep" | "putBlob" | "build" | "flush">>;
  readonly makeRoom: () => Promise<void>;
  readonly sourceServers: readonly string[];
  /** Whether there are caches to ask. */
  readonly caches: boolean;
}

/** The files that are taken from beside manifests where they are there. */
export function filesBeside(derivations: readonly Derivation[]): string[] {
  return derivations.flatMap(({ hints }) => besideIn(hints)?.path ?? []);
}

/**
 * Of what these fetch, that is recorded which lies beside manifests: the results are the same as if it had been fetched,
 * and nobody asks a cache or a network for them.
 *
 * @throws {Fault} `manifest/changed`; of what could come from nowhere else `manifest/missing-file`, `digest/mismatch`
 */
export async function takeBeside(derivations: readonly Derivation[], means: BesideMeans): Promise<void> {
  let taken = 0;
  for (const item of derivations) {
    const file = besideIn(item.hints);
    const { sha256, size } = file === undefined ? {} : fetchParameters(item.parameters);
    if (file === undefined || sha256 === undefined) continue;
    const state = means.beside.stateOf(file, { sha256, size });
    const request = resolveRequest(item, new Map());
    if (request === undefined) throw new Error("a fetch has no inputs");
    if (isRecorded(request, means)) continue;
    if (state === "there") {
      await record(item, request, await send(file.path, sha256, means), means);
      taken++;
    } else if (isNowhereElse(item, means)) throw nowhere(item, file, state);
  }
  // Whoever looks for what is known looks on the disk.
  if (taken > 0) await (await means.keeper()).flush();
}

function isRecorded(request: Request, { known, has }: BesideMeans): boolean {
  const result = known(requestDigest(request));
  return result !== undefined && Object.values(result.outputs).every(has);
}

function isNowhereElse({ hints }: Derivation, { sourceServers, caches }: BesideMeans): boolean {
  return fetchUrls(hints).length === 0 && sourceServers.length === 0 && !caches;
}

function nowhere({ label }: Derivation, { path, by }: BesideFile, state: "absent" | "other"): Fault {
  const common = {
    place: by,
    hint: "put the file there that its .dsc lists, or name a source server that has it: KIT_SOURCE_SERVERS",
  };
  return state === "absent"
    ? new Fault("manifest/missing-file", `there is no ${path}`, common)
    : new Fault("digest/mismatch", `${label} is not the file that its .dsc lists`, common);
}

async function record(item: Derivation, request: Request, held: Content, means: BesideMeans): Promise<void> {
  const origin = recordedPlace(item.hints);
  await (await means.keeper()).build({
    ...{ request, id: item.digest, label: item.label, hints: { urls: [], held }, rebuild: false },
    ...(origin !== undefined && { origin }),
  });
}

async function send(path: string, sha256: Sha256, means: BesideMeans): Promise<Content> {
  const keeper = await means.keeper();
  await means.makeRoom();
  const bytes = readFileSync(path);
  if (sha256Of(bytes) !== sha256)
    throw new Fault("manifest/changed", `${path} changed while kit was reading it`, {
      hint: "repeat the command",
    });
  const content = contentOf("blob", digestOf(bytes));
  const { contents } = await keeper.keep({ requests: [], contents: [content] });
  if (contents.length > 0) await keeper.putBlob(bytes);
  return content;
}
