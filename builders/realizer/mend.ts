// Mending: what was found damaged and set aside is brought out of caches, or built, again.
// Knows what to try and in which order; does not know what damage is.

import { basename } from "node:path";
import { contentOf } from "../../store/model/derivation.ts";
import { type Digest, digestFromHex, hexOf } from "../../store/model/digest.ts";
import { Fault, Faults, faultsOf } from "../../store/model/fault.ts";
import type { Lost } from "../../store/salvage.ts";
import type { Emit } from "../event.ts";
import { type FileServers, fetchAddresses } from "../fetch/recipe.ts";
import type { Keeper } from "../keeper/client.ts";

export interface MendMeans {
  readonly keeper: () => Promise<
    Pick<Keeper, "restore" | "bring" | "pull" | "build" | "flush" | "keep" | "present">
  >;
  readonly mirrors: FileServers["mirrors"];
  readonly sourceServers: FileServers["sourceServers"];
  readonly caches: boolean;
  readonly absentOutputs: () => readonly AbsentOutput[];
  readonly emit: Emit;
}

/** An output that somebody wants to find, and that is not there. */
export interface AbsentOutput {
  /** `outputs/TREE`, relative to the store. */
  readonly place: string;
  /** Links that lead to it, and generations, as people know them. */
  readonly by: readonly string[];
}

export interface Mended {
  /** Results that are whole again. */
  readonly restored: number;
  readonly lost: readonly Lost[];
  /** Outputs that are to be found again where links lead. */
  readonly shown: number;
  /** Those whose trees are lost. */
  readonly unshown: readonly AbsentOutput[];
}

/** Makes again what was set aside; then what links and profiles lead to is there again. */
export async function mend(means: MendMeans): Promise<Mended> {
  const results = await mendResults(means);
  const keeper = await means.keeper();
  const absent = means.absentOutputs();
  const unshown: AbsentOutput[] = [];
  for (const output of absent) {
    const tree = contentOf("tree", digestFromHex(basename(output.place)));
    if ((await keeper.keep({ requests: [], contents: [tree] })).contents.length > 0) unshown.push(output);
    else await keeper.present(tree, undefined);
  }
  return { ...results, shown: absent.length - unshown.length, unshown };
}

/** What it takes, the smallest first: often all that needed it is whole then, as it was. */
async function mendResults(means: MendMeans): Promise<Pick<Mended, "restored" | "lost">> {
  const keeper = await means.keeper();
  // What was tried, and why nothing came of it.
  const tried = new Map<Digest, string>();
  let restored = 0;
  for (;;) {
    await keeper.flush();
    const state = await keeper.restore();
    restored += state.restored;
    // What could not be made may be now.
    if (state.restored > 0) tried.clear();
    const next = state.lost.find(({ request }) => !tried.has(request));
    if (next === undefined) {
      for (const one of state.lost)
        means.emit({ type: "step", text: `not made again: ${titleOf(one)}: ${tried.get(one.request)}` });
      return { restored, lost: state.lost };
    }
    tried.set(next.request, await makeAgain(next, means));
  }
}

/** Does a task; once more when what it came across damaged is made again. */
export async function mending<T>(task: () => Promise<T>, means: MendMeans): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const damage = faultsOf(error).find(({ code }) => code === "store/damaged");
    if (damage === undefined) throw error;
    means.emit({ type: "step", text: `${damage.message}; it is made again` });
    await mend(means);
    return await task();
  }
}

/** Returns why it cannot be, if it cannot: it may when something else is there. */
async function makeAgain(lost: Lost, means: MendMeans): Promise<string> {
  const keeper = await means.keeper();
  const { request, origin } = lost;
  try {
    if (origin?.request === undefined) {
      await keeper.pull(request);
      return "no cache has it, and how it was made is not known";
    }
    const { builder } = origin.request;
    const { hints: where, request: made } = origin;
    const hints =
      builder === "fetch"
        ? fetchAddresses({ ...(where !== undefined && { hints: where }), parameters: made.parameters }, means)
        : where;
    const from = origin.hints === undefined ? {} : { origin: origin.hints };
    const job = {
      request: origin.request,
      id: request,
      label: origin.note.label,
      hints,
      ...from,
      rebuild: true,
    };
    const brought = means.caches ? await keeper.bring({ ...job, rebuild: false }) : undefined;
    if (brought === undefined) await keeper.build(job);
    return "nothing came of it";
  } catch (error) {
    if (!(error instanceof Fault || error instanceof Faults)) throw error;
    // Inputs that are set aside too.
    return faultsOf(error).some(({ code }) => code === "store/collected")
      ? "what it is made of is not there"
      : error.message;
  }
}

/** As people know it, where that is known. */
export function titleOf({ request, origin }: Lost): string {
  return origin === undefined ? hexOf(request).slice(0, 16) : `${origin.note.builder} ${origin.note.label}`;
}
