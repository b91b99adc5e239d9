// A run: where each derivation stands, and what may begin next.
// Knows what is ready and what came of the rest; does not know the order, nor how anything is built or brought.

import type { Derivation, Request, Result } from "../../store/model/derivation.ts";
import { isAnswer, requestDigest } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { type Fault, faultRecord, faultsOf } from "../../store/model/fault.ts";
import { foundSomething } from "../checks/recipe.ts";
import type { BuildOutcome } from "../keeper/protocol.ts";
import { blamed } from "./blame.ts";
import { inputsOf, usersOf } from "./graph.ts";
import type { Differing, Means, RealizeOptions } from "./means.ts";
import { type Outlook, openOutlook } from "./outlook.ts";
import { openQueue, type Task } from "./queue.ts";
import { refuseBuilding } from "./refusal.ts";
import { resolveRequest } from "./resolve.ts";

type State =
  | { readonly state: "waiting" }
  /** A cache has it; brought only where something is made of it, or it is wanted itself. */
  | { readonly state: "offered"; readonly request: Request; readonly result: Result }
  | { readonly state: "running" }
  | { readonly state: "done"; readonly result: Result }
  | { readonly state: "failed"; readonly faults: readonly Fault[] }
  | { readonly state: "blocked" };

interface Beginning {
  readonly task: Task;
  readonly item: Derivation;
  readonly request: Request;
  readonly offered: boolean;
}

export function newRun(all: readonly Derivation[], means: Means, options: RealizeOptions) {
  const states = new Map<Digest, State>(all.map((item) => [item.digest, { state: "waiting" }]));
  const results = new Map<Digest, Result>();
  const requests = new Map<Digest, Digest>();
  const outcomes = new Map<Digest, BuildOutcome["how"]>();
  const differing: Differing[] = [];
  const users = usersOf(all);
  const byDigest = new Map(all.map((item) => [item.digest, item]));
  // How many different inputs of each are not there yet; those at 0 stand in the queue.
  const missing = new Map(all.map((item) => [item.digest, inputsOf(item).size]));
  const queue = openQueue(options);
  let outlook: Outlook | undefined;
  // What caches are just being asked about is not begun otherwise.
  const asking = new Set<Derivation>();
  const asked = new Set<Digest>();
  const roots = new Set<Digest>();
  const defects: unknown[] = [];
  let finished = Promise.withResolvers<void>();
  let [built, reused, brought] = [0, 0, 0];
  // Something that was known is not there any more: the run begins anew.
  let isDamaged = false;
  const needed = new Set<Digest>();
  // Where there is no room, whatever is begun fails alike.
  let full = false;

  const done = (item: Derivation, request: Request, result: Result, how: BuildOutcome["how"]) => {
    outcomes.set(item.digest, how);
    states.set(item.digest, { state: "done", result });
    results.set(item.digest, result);
    requests.set(item.digest, requestDigest(request));
    const ready: Derivation[] = [];
    for (const user of users.get(item.digest) ?? []) {
      const left = (missing.get(user.digest) ?? 0) - 1;
      missing.set(user.digest, left);
      if (left === 0 && needed.has(user.digest) && isWaiting(user)) ready.push(user);
    }
    release(ready);
  };
  /** Queues what is ready; what could not be asked for before is asked for now: inputs may have come out as before. */
  const release = (ready: readonly Derivation[]) => {
    const askable = options.caches === "none" ? [] : ready.filter((item) => questionOf(item) !== undefined);
    for (const item of ready) if (!askable.includes(item)) enqueue(item);
    if (askable.length === 0) return;
    for (const item of askable) asking.add(item);
    const over = (offered: readonly Derivation[]) => {
      for (const item of askable) asking.delete(item);
      for (const item of [...askable, ...offered]) if (isOpen(item)) enqueue(item);
    };
    void settleOffered(askable)
      .then(over, (error) => {
        over([]);
        defects.push(error);
      })
      .finally(wake);
  };
  const enqueue = (item: Derivation) => {
    if (!asking.has(item)) queue.add(outlooked().taskOf(item));
  };
  /** What is known is not looked up: the outlook is opened when all of that is settled. */
  const outlooked = () => {
    outlook ??= openOutlook(all, users, { isLeft, isOffered, requestOf }, means, options);
    return outlook;
  };
  /** What is recorded and names other outputs is set aside by whoever makes it anew. */
  const isReusable = (result: Result, request: Request) =>
    isAnswer(result, request) &&
    Object.values(result.outputs).every(means.has) &&
    !isRetried(request, result);
  const isRetried = (request: Request, result: Result) => options.retry && foundSomething(request, result);
  /** Everything whose result is recorded, and not gone, inputs first; costs one look each. */
  const settleKnown = (gone: ReadonlySet<Digest>) => {
    for (const item of all) {
      if (options.rebuild(item)) continue;
      const request = resolveRequest(item, results);
      const digest = request && requestDigest(request);
      const result = digest === undefined || gone.has(digest) ? undefined : means.known(digest);
      if (!request || !result || !isReusable(result, request)) continue;
      done(item, request, result, "reused");
      reused++;
    }
  };
  /** What a cache may be asked of an item; nothing where its inputs are not known, or it was asked. */
  const questionOf = (item: Derivation) => {
    if (!isWaiting(item) || options.rebuild(item)) return undefined;
    const request = resolveRequest(item, results);
    if (request === undefined) return undefined;
    const digest = requestDigest(request);
    return asked.has(digest) ? undefined : { item, request, digest };
  };
  /** What is recorded of requests that only offers told of, and stays. */
  const recorded = async (round: readonly { readonly digest: Digest; readonly request: Request }[]) => {
    const found = round.flatMap(({ digest, request }) => {
      const result = means.known(digest);
      return result && isReusable(result, request) ? [[digest, result] as const] : [];
    });
    const gone = found.length === 0 ? [] : await means.keep(found.map(([digest]) => digest));
    return new Map(found.filter(([digest]) => !gone.includes(digest)));
  };
  /** Asks caches for these, and for what can be told by the answers; returns what is offered. */
  const settleOffered = async (items: readonly Derivation[] = all): Promise<Derivation[]> => {
    const offered: Derivation[] = [];
    for (let next = items; next.length > 0; ) {
      const round = next.flatMap((item) => questionOf(item) ?? []);
      next = [];
      if (round.length === 0) break;
      for (const { digest } of round) asked.add(digest);
      const reusable = await recorded(round);
      const offers = await means.offers(
        round.flatMap(({ digest }) => (reusable.has(digest) ? [] : [digest])),
      );
      const fresh = round.flatMap(({ item, request, digest }) => {
        const known = reusable.get(digest);
        const result = known ?? offers.get(digest);
        // What it is made of may have failed meanwhile.
        if (result === undefined || !isWaiting(item) || isRetried(request, result)) return [];
        if (!isAnswer(result, request)) {
          means.emit({ type: "warning", text: `${item.label}: ${otherOutputs(result)}: ignored` });
          return [];
        }
        if (known !== undefined) {
          done(item, request, known, "reused");
          reused++;
        } else {
          states.set(item.digest, { state: "offered", request, result });
          results.set(item.digest, result);
          requests.set(item.digest, digest);
        }
        return [item];
      });
      offered.push(...fresh);
      next = [...new Set(fresh.flatMap((item) => users.get(item.digest) ?? []))];
    }
    return offered;
  };
  /** Queues these and what they need, as far as it is ready; `all` has inputs before their users. */
  const want = (wanted: Iterable<Digest>) => {
    const fresh: Derivation[] = [];
    const more = new Set(wanted);
    for (const digest of more) roots.add(digest);
    for (const item of all.toReversed()) {
      if (!more.has(item.digest)) continue;
      needed.add(item.digest);
      if (isWaiting(item)) for (const input of inputsOf(item)) more.add(input);
      fresh.unshift(item);
    }
    for (const item of fresh) {
      if (isOpen(item) && (!isWaiting(item) || missing.get(item.digest) === 0)) enqueue(item);
    }
  };
  /** What is offered is brought where it is wanted itself, or something is to be made of it. */
  const isUseful = ({ digest }: Derivation) =>
    roots.has(digest) || (users.get(digest) ?? []).some((user) => needed.has(user.digest) && isWaiting(user));
  const waiting = () => all.filter((item) => needed.has(item.digest) && isWaiting(item));
  const isWaiting = (item: Derivation) => states.get(item.digest)?.state === "waiting";
  const isOffered = (item: Derivation) => states.get(item.digest)?.state === "offered";
  const isOpen = (item: Derivation) => isWaiting(item) || isOffered(item);
  const isLeft = (item: Derivation) =>
    needed.has(item.digest) &&
    (isOffered(item) ? isUseful(item) : isWaiting(item) || states.get(item.digest)?.state === "running");
  const requestOf = (item: Derivation) => {
    const request = isWaiting(item) ? resolveRequest(item, results) : undefined;
    return request && requestDigest(request);
  };
  const block = (item: Derivation) => {
    for (const user of users.get(item.digest) ?? []) {
      if (!isWaiting(user)) continue;
      states.set(user.digest, { state: "blocked" });
      means.emit({
        type: "end",
        id: user.digest,
        label: user.label,
        builder: user.builder,
        how: "blocked",
        duration: 0,
      });
      block(user);
    }
  };
  /** What no cache gave after all is built, and what it is made of with it. */
  const giveUp = (item: Derivation) => {
    states.set(item.digest, { state: "waiting" });
    results.delete(item.digest);
    requests.delete(item.digest);
    if (options.caches === "only") refuseBuilding([item]);
    want([item.digest]);
  };
  const start = async ({ task, item, request, offered }: Beginning) => {
    const begun = means.now();
    outlooked().begin(item);
    const ended = { type: "end", id: item.digest, label: item.label, builder: item.builder } as const;
    states.set(item.digest, { state: "running" });
    means.emit({ type: "start", id: item.digest, label: item.label, builder: item.builder });
    try {
      const job = { request, derivation: item, rebuild: options.rebuild(item) };
      const outcome = offered ? await means.bring(job) : await means.build(job);
      if (outcome === undefined) return giveUp(item);
      done(item, request, outcome.result, outcome.how);
      if (outcome.how === "built") built++;
      else if (outcome.how === "brought") brought++;
      else reused++;
      if (outcome.differs) differing.push({ derivation: item, outputs: outcome.differs });
      means.emit({ ...ended, how: outcome.how, duration: means.now() - begun });
    } catch (error) {
      const faults = faultsOf(error).map((fault) => blamed(fault, item));
      const [first] = faults;
      if (first === undefined) throw error;
      const duration = means.now() - begun;
      if (faults.some(({ code }) => code === "store/damaged" || code === "store/collected")) {
        isDamaged = true;
        states.set(item.digest, { state: "blocked" });
        means.emit({ type: "warning", text: `${first.message}; it is made again` });
        return;
      }
      const isFull = faults.some(({ code }) => code === "store/full");
      if (full && isFull) {
        // What ran beside the first that found no room finds none either: it is told once.
        states.set(item.digest, { state: "blocked" });
        means.emit({ ...ended, how: "blocked", duration });
      } else {
        states.set(item.digest, { state: "failed", faults });
        means.emit({ ...ended, how: "failed", duration, fault: faultRecord(first) });
      }
      full ||= isFull;
      block(item);
    } finally {
      queue.end(task);
    }
  };
  const wake = () => {
    finished.resolve();
    finished = Promise.withResolvers<void>();
  };
  /** Takes what is to begin now out of the queue. */
  const takeReady = (): Beginning | undefined => {
    if (options.signal?.aborted || full || isDamaged || defects.length > 0) return undefined;
    for (let task = queue.take(); task !== undefined; task = queue.take()) {
      const item = byDigest.get(task.id) as Derivation;
      const state = states.get(item.digest);
      const offered = state?.state === "offered";
      if (offered && !isUseful(item)) {
        queue.end(task);
        continue;
      }
      const request = offered ? state.request : resolveRequest(item, results);
      if (request === undefined) throw new Error(`${item.label} was queued without its inputs`);
      return { task, item, request, offered };
    }
    return undefined;
  };
  const finish = async () => {
    for (;;) {
      for (let next = takeReady(); next !== undefined; next = takeReady()) {
        void start(next)
          .catch((error) => defects.push(error))
          .finally(wake);
      }
      if (queue.running + asking.size > 0) {
        outlook?.tell();
        await finished.promise;
        continue;
      }
      if (defects.length > 0) throw defects[0];
      return;
    }
  };
  return {
    states,
    results,
    requests,
    outcomes,
    differing,
    settleKnown,
    settleOffered,
    want,
    waiting,
    needed: () => all.filter(({ digest }) => needed.has(digest) && states.get(digest)?.state !== "done"),
    finish,
    get built() {
      return built;
    },
    get damaged() {
      return isDamaged;
    },
    get reused() {
      return reused;
    },
    get brought() {
      return brought;
    },
  };
}

function otherOutputs({ request, outputs }: Result): string {
  return `a signed statement on ${request} names other outputs than it has: ${Object.keys(outputs).join(", ")}`;
}
