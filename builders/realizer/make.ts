// Making what a plan names: with the keeper, and with local files sent to the store as they are needed.
// Knows how a job is put to the keeper; does not know what is ready, nor how anything is built.

import { readFileSync } from "node:fs";
import { allDerivations, type World } from "../../evaluator/evaluate.ts";
import { type Content, type Derivation, type Request, splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { fetchAddresses, recordedPlace } from "../fetch/recipe.ts";
import type { Keeper } from "../keeper/client.ts";
import { readFolder } from "../load/local.ts";
import { refuseForeign } from "../rootfs/runnable.ts";
import { readBinfmt } from "../sandbox/binfmt.ts";
import { takeBeside } from "./beside.ts";
import type { LineMeans } from "./linemeans.ts";
import type { Means, Realized, RealizeOptions } from "./means.ts";
import { mend } from "./mend.ts";
import { withOwners } from "./owners.ts";
import { realize } from "./realize.ts";

/** Brings derivations into being, sending local files to the store as they are needed. */
export async function realizeLine(
  targets: readonly Derivation[],
  world: World,
  means: LineMeans,
  options: RealizeOptions,
): Promise<Realized> {
  const { known, has, paces, emit, now } = means;
  const all = allDerivations(targets.map((derivation) => ({ derivation })));
  refuseForeign(all, means.host, readBinfmt);
  const sent = new Set<Content>();
  const build: Means["build"] = async ({ request, derivation, rebuild }) => {
    const keeper = await startedKeeper(means);
    await means.makeRoom();
    await sendLocals(request, world, means, sent);
    const { builder, digest: id, label } = derivation;
    const hints = builder === "fetch" ? fetchAddresses(derivation, means) : derivation.hints;
    const place = recordedPlace(derivation.hints);
    const origin = place === undefined ? {} : { origin: place };
    return await keeper.build({ request, id, label, hints, ...origin, rebuild }).catch(async (error) => {
      throw await withOwners(error, { derivation, request }, world, means);
    });
  };
  const bring: Means["bring"] = async ({ request, derivation, rebuild }) => {
    const { digest: id, label, hints } = derivation;
    const place = recordedPlace(hints);
    const origin = place === undefined ? {} : { origin: place };
    return await (await startedKeeper(means)).bring({
      request,
      id,
      label,
      hints: undefined,
      ...origin,
      rebuild,
    });
  };
  const offers: Means["offers"] = async (requests) =>
    means.caches ? await (await startedKeeper(means)).offers(requests) : new Map();
  const keep: Means["keep"] = async (requests) =>
    requests.length === 0
      ? []
      : (await (await startedKeeper(means)).keep({ requests, contents: [] })).requests;
  try {
    await takeBeside(all, { ...means, keeper: () => startedKeeper(means) });
    return await realize(
      targets,
      { known, has, keep, offers, bring, build, paces, mend: () => mend(means), emit, now },
      options,
    );
  } catch (error) {
    throw error instanceof NoKeeper ? error.cause : error;
  }
}

/** No failure of any derivation, but the end of the run: it is told once, not for each that is ready. */
class NoKeeper extends Error {}

/** @throws {NoKeeper} */
async function startedKeeper(means: LineMeans): Promise<Keeper> {
  return await means.keeper().catch((cause: unknown) => {
    throw new NoKeeper("the keeper did not start", { cause });
  });
}

/** Sends to the store what a request takes of local files; `sent` is what was sent already. */
export async function sendLocals(
  request: Request,
  world: World,
  means: LineMeans,
  sent: Set<Content>,
): Promise<void> {
  const local = new Set(world.locals.values());
  const contents = Object.values(request.inputs).filter((input) => local.has(input) && !sent.has(input));
  if (contents.length === 0) return;
  const keeper = await means.keeper();
  for (const content of contents) sent.add(content);
  for (const content of (await keeper.keep({ requests: [], contents })).contents)
    await sendLocal(content, world, keeper);
}

async function sendLocal(content: Content, world: World, keeper: Keeper): Promise<void> {
  const path = [...world.locals].find(([, known]) => known === content)?.[0];
  if (path === undefined) return;
  const { kind, digest } = splitContent(content);
  const stored =
    kind === "blob" ? await keeper.putBlob(readFileSync(path)) : await keeper.putFolder(readFolder(path));
  if (stored === digest) return;
  throw new Fault("manifest/changed", `${path} changed while kit was reading it`, {
    hint: "repeat the command",
  });
}
