// The keeper's inbox: what the kit process sends, and the answers to its calls.
// Knows messages and their order; does not know what any call does.

import { Fault, faultRecord, faultsOf } from "../../store/model/fault.ts";
import { asFault } from "../../store/trouble.ts";
import type { Call, FromKeeper, KeeperSetup, ToKeeper } from "./protocol.ts";

export interface Inbox {
  readonly setup: Promise<KeeperSetup>;
  readonly interrupted: AbortSignal;
  /** Answers calls until the kit process closes, those under way included. */
  serve(methods: Served): Promise<void>;
}

/** Methods by name; what one throws is told to the caller. */
export type Served = { readonly [name: string]: (...args: never[]) => unknown };

export function openInbox(
  receive: (listener: (message: ToKeeper) => void) => void,
  send: (message: FromKeeper) => void,
): Inbox {
  const interruption = new AbortController();
  const setup = Promise.withResolvers<KeeperSetup>();
  setup.promise.catch(() => {});
  const over = Promise.withResolvers<void>();
  const waiting: Call[] = [];
  let served: Served | undefined;
  let open = 0;
  let closing = false;
  const take = async (call: Call) => {
    if (!served) return void waiting.push(call);
    open++;
    await answer(served, call, send);
    open--;
    if (closing && open === 0) over.resolve();
  };
  receive((message) => {
    if ("setup" in message) setup.resolve(message.setup);
    else if ("interrupt" in message) interruption.abort(new Fault("interrupted/request", "interrupted"));
    else if ("close" in message) {
      closing = true;
      // Who went away before it said what it wants gets no store.
      setup.reject(new Error("the kit process has ended"));
      if (open === 0) over.resolve();
    } else void take(message);
  });
  return {
    setup: setup.promise,
    interrupted: interruption.signal,
    async serve(methods) {
      served = methods;
      for (const call of waiting.splice(0)) void take(call);
      await over.promise;
    },
  };
}

async function answer(
  methods: Served,
  { id, method, args }: Call,
  send: (message: FromKeeper) => void,
): Promise<void> {
  try {
    const called = methods[method] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (called === undefined) throw new Error(`this keeper serves no ${method}`);
    send({ id, value: await called(...args) });
  } catch (error) {
    const faults = faultsOf(asFault(error));
    if (faults.length > 0) send({ id, faults: faults.map(faultRecord) });
    else send({ id, defect: (error as Error).stack ?? String(error) });
  }
}
