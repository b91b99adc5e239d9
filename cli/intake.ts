// Taking in what a bundle has: by its manifest, so that each result is known by name and request; the rest by digest.
// Knows the order; does not know where the bundle lies, nor whether it is believed.

import { together } from "../builders/cache/together.ts";
import { planLine } from "../builders/realizer/line.ts";
import { realizeLine } from "../builders/realizer/make.ts";
import type { RealizeOptions } from "../builders/realizer/means.ts";
import { type Reached, walk } from "../builders/realizer/walk.ts";
import { refuseForeign } from "../builders/rootfs/runnable.ts";
import { readBinfmt } from "../builders/sandbox/binfmt.ts";
import { allDerivations, type Wish, type World } from "../evaluator/evaluate.ts";
import type { Result } from "../store/model/derivation.ts";
import type { Digest } from "../store/model/digest.ts";
import { Fault, faultsOf } from "../store/model/fault.ts";
import { statementDigest } from "../store/model/statement.ts";
import { debianArchitecture, type Parts } from "./composition.ts";
import { plural } from "./render/text.ts";

export interface TakeMeans {
  /** Over a configuration whose only cache is the bundle. */
  readonly parts: Parts;
  readonly options: RealizeOptions;
  /** The bundle, for people. */
  readonly file: string;
  readonly warn: (text: string) => void;
}

export interface TakenIn {
  readonly brought: number;
  /** Requests of which the store has another result: it stays. */
  readonly differing: readonly Digest[];
}

/**
 * Brings these statements' results, and waits until they are recorded.
 *
 * @throws {Fault} `digest/bad-bundle` where the bundle has not all of them whole; of the store's own
 */
export async function takeIn(
  believed: ReadonlyMap<Digest, Digest>,
  manifest: { readonly file: string; readonly wish: Wish } | undefined,
  means: TakeMeans,
): Promise<TakenIn> {
  const keeper = await means.parts.keeper();
  const requests = [...believed.keys()];
  // Asked for together once; the answers stay known.
  await keeper.offers(requests);
  const named = manifest && (await reach(manifest.file, manifest.wish, means));
  const titled =
    named === undefined ? { requests: new Map<Digest, Digest>(), brought: 0 } : await takeNamed(named, means);
  const taken = new Set(titled.requests.values());
  let brought = titled.brought;
  await together(
    atOnce,
    requests.filter((request) => !taken.has(request)),
    async (request) => {
      const outcome = await keeper.pull(request);
      if (outcome === undefined) throw lacking(means.file);
      if (outcome.how === "brought") brought++;
    },
  );
  await keeper.flush();
  const differing = requests.filter((request) => {
    const recorded = means.parts.records.result(request);
    return recorded !== undefined && statementDigest(recorded) !== believed.get(request);
  });
  return { brought, differing };
}

/** What a thread of results is brought at once without a name; most are small. */
const atOnce = 8;

interface Named {
  readonly world: World;
  readonly manifest: string;
  readonly reached: readonly Reached[];
}

/** What the manifest asks for, as far as it is known or in the bundle; undefined where it cannot be planned here. */
async function reach(manifest: string, wish: Wish, means: TakeMeans): Promise<Named | undefined> {
  const { parts, options, file, warn } = means;
  try {
    const line = parts.line(manifest);
    const { plan, world } = await planLine({ manifest, wish, locking: { mode: "pinned" } }, line, options);
    const all = allDerivations(plan.outputs);
    refuseForeign(all, debianArchitecture(), readBinfmt);
    const found = await walk(all, (requests) => answers(requests, means));
    const reached = found.filter(({ result }) => result !== undefined);
    if (reached.length < all.length)
      warn(
        `${plural(all.length - reached.length, "result")} of the ${all.length} that the manifest asks for are not in ${file}: it was changed since, or another version of kit made it`,
      );
    return { world, manifest, reached };
  } catch (error) {
    const [first] = faultsOf(error);
    if (first === undefined || !["manifest", "unresolved", "usage", "network", "host"].includes(first.class))
      throw error;
    warn(
      `the manifest cannot be planned here, and its results are taken in without their names: ${first.message}`,
    );
    return undefined;
  }
}

async function answers(
  requests: readonly Digest[],
  { parts }: TakeMeans,
): Promise<ReadonlyMap<Digest, Result>> {
  const known = requests.flatMap((request): [Digest, Result][] => {
    const result = parts.records.result(request);
    const isWhole = result !== undefined && Object.values(result.outputs).every(parts.records.has);
    return isWhole ? [[request, result]] : [];
  });
  const found = new Map(known);
  const offered = await (await parts.keeper()).offers(requests.filter((request) => !found.has(request)));
  return new Map([...offered, ...found]);
}

async function takeNamed({ world, manifest, reached }: Named, { parts, options, file }: TakeMeans) {
  try {
    return await realizeLine(
      reached.map(({ derivation }) => derivation),
      world,
      parts.line(manifest),
      options,
    );
  } catch (error) {
    const faults = faultsOf(error);
    const isLack = faults.length > 0 && faults.every(({ code }) => code === "network/not-cached");
    throw isLack ? lacking(file, error, faults) : error;
  }
}

function lacking(file: string, cause?: unknown, faults: readonly Fault[] = []): Fault {
  return new Fault("digest/bad-bundle", `${file} lacks what it says it holds, or holds other bytes`, {
    cause,
    details: [...new Set(faults.flatMap(({ details }) => details))].slice(0, 10),
    hint: "copy it once more from where it was made; what was sound of it is in the store already",
  });
}
