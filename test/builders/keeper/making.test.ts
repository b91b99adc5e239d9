// Making: what is recorded of a request and is no answer to it does not stand in the way of one that is.

import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import type { Builder, Store } from "../../../builders/builder.ts";
import type { Event } from "../../../builders/event.ts";
import { type MakingParts, openMaking } from "../../../builders/keeper/making.ts";
import type { BuildJob } from "../../../builders/keeper/protocol.ts";
import { openCommitter } from "../../../store/commit.ts";
import { noHolds } from "../../../store/holds.ts";
import { contentOf, type Request, type Result, requestDigest } from "../../../store/model/derivation.ts";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import type { Session } from "../../../store/session.ts";
import { openTestStore, system } from "../../store/rig.ts";

const request: Request = {
  builder: "tar",
  versions: {},
  parameters: {},
  inputs: {},
  outputs: ["own", "doc"],
};
const digest = requestDigest(request);

/** A store that has a result of the request with another output, and what makes one anew. */
function openRig(rebuild: boolean) {
  const { layout, pool, records } = openTestStore();
  const blob = contentOf("blob", pool.put(Buffer.from("x")));
  const wrong: Result = { format: "kit/result/1", request: digest, outputs: { other: blob }, references: [] };
  const right: Result = { ...wrong, outputs: { doc: blob, own: blob } };
  records.writeResult(wrong);
  const events: Event[] = [];
  const store: Store = { layout, system, pool, records, holds: noHolds, method: "hardlink" };
  const history = {
    add: () => {},
    find: () => undefined,
    made: () => [],
  } as unknown as MakingParts["history"];
  const committer = openCommitter({ flush: async () => {} } as unknown as Session, records, history);
  const workshop = {
    open: () => ({
      peakMemory: () => undefined,
      heldMemory: () => undefined,
      logged: () => false,
      [Symbol.dispose]() {},
    }),
  };
  const making = openMaking({
    ...{ store, committer, history },
    setup: {} as MakingParts["setup"],
    care: { keep: async () => ({ requests: [], contents: [] }) } as unknown as MakingParts["care"],
    trade: { bring: async () => ({ result: right, signatures: [] }) } as unknown as MakingParts["trade"],
    workshop: workshop as unknown as MakingParts["workshop"],
    builderOf: () => ({ run: async () => right }) as unknown as Builder,
    interrupted: new AbortController().signal,
    emit: (event) => void events.push(event),
    now: () => 0,
  });
  const job: BuildJob = { request, id: digestOf("id"), label: "thing", hints: undefined, rebuild };
  return { making, job, events, layout, committer, records, right, wrong };
}

it.each([
  ["built", false],
  ["built", true],
  ["brought", false],
] as const)(
  "what has other outputs than are asked for is set aside, and %s anew (rebuild: %s)",
  async (how, rebuild) => {
    const { making, job, events, layout, committer, records, right } = openRig(rebuild);
    const outcome = how === "built" ? await making.build(job) : await making.bring(job);
    expect(outcome).toEqual({ result: right, how });
    await committer.flush();
    expect(records.result(digest)).toEqual(right);
    expect(existsSync(`${layout.corrupt}/statement-${hexOf(digest)}`)).toBe(true);
    expect(events).toEqual([
      { type: "warning", text: "thing: what is recorded of it has other outputs: set aside" },
    ]);
  },
);

it("what is asked for by its digest alone is taken as it is", async () => {
  const { making, wrong } = openRig(false);
  expect(await making.pull(digest)).toEqual({ result: wrong, how: "reused" });
});
