// A session of the benchmark's own: a keeper that does single tasks, timed without the start of its process.
// Knows how a keeper is opened and asked; does not know what is compared.

import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { noCaches } from "../../builders/cache/trust.ts";
import { type Keeper, openKeeper } from "../../builders/keeper/client.ts";
import { defaultLimits } from "../../builders/sandbox/spec.ts";
import { entryFile } from "../../cli/entry.ts";
import type { Content } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Run } from "./measure.ts";
import { type ShelfTask, taskParameters } from "./shelf.ts";

export interface BenchSession {
  readonly id: string;
  readonly keeper: Keeper;
  /** What came of a task; recorded at the next flush. */
  does(task: ShelfTask): Promise<Content>;
}

/** A keeper in a store, of kit's own builders or of another entry's. */
export function openBenchKeeper(
  store: string,
  entry: string = entryFile("keeper").pathname,
  id: string = randomUUID(),
): Promise<Keeper> {
  const { uid, gid, username } = userInfo();
  return openKeeper({
    store,
    node: process.execPath,
    entry,
    threads: 2,
    environment: process.env,
    user: { uid, gid, name: username },
    session: id,
    setup: {
      limits: defaultLimits,
      method: "auto",
      keepFailed: false,
      retry: false,
      offline: true,
      proxy: {},
      secrets: {},
      tokens: 2,
      downloads: 1,
      caches: noCaches,
    },
    emit: () => {},
  });
}

export async function openBenchSession(store: string, id: string = randomUUID()): Promise<BenchSession> {
  const keeper = await openBenchKeeper(store, new URL("./keeper.ts", import.meta.url).pathname, id);
  let tasks = 0;
  return {
    id,
    keeper,
    async does(task) {
      const { result } = await keeper.build({
        request: {
          builder: "shelf",
          versions: { session: id, nth: String(tasks++) },
          parameters: taskParameters(task),
          inputs: {},
          outputs: ["made"],
        },
        id: task.task as Digest,
        label: task.task,
        hints: undefined,
        rebuild: false,
      });
      const { made } = result.outputs;
      if (made === undefined) throw new Error(`${task.task} made nothing`);
      return made;
    },
  };
}

/** Wall time of a task in a session that is open; its memory is not looked at. */
export async function timed(task: () => Promise<unknown>): Promise<Run> {
  const begun = process.hrtime.bigint();
  await task();
  return { wall: Number(process.hrtime.bigint() - begun) / 1e6, peak: 0 };
}
