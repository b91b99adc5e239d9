// Who has what was missing, looked up in real repositories on the loopback: found, out of reach, and too slow.

import { expect, it } from "vitest";
import type { BuildContext } from "../../../builders/builder.ts";
import type { Event } from "../../../builders/event.ts";
import { fetchBuilder } from "../../../builders/fetch/builder.ts";
import { type OwnersParts, openOwners } from "../../../builders/keeper/owners.ts";
import type { OwnersQuestion } from "../../../builders/keeper/protocol.ts";
import { findOwners } from "../../../builders/repository/owners.ts";
import { openHistory } from "../../../store/history.ts";
import { noHolds } from "../../../store/holds.ts";
import { requestDigest } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { openTestStore, system } from "../../store/rig.ts";
import { serve, type TestServer } from "../fetch/server.ts";
import { keys, mirror, open, prepare } from "../repository/rpm/mirror.ts";

prepare();

const request = digestOf("a build that failed");
const missing = [{ what: "sample", ends: ["/bin/sample", "/sbin/sample"] }];

/** What a keeper has for it, and its caller asks. */
function openRig(servers: readonly TestServer[], { offline = false, wanted = missing } = {}) {
  const { layout, pool, records } = openTestStore();
  const store = { layout, system, pool, records, holds: noHolds, method: "hardlink" } as const;
  const history = openHistory(layout);
  const failure = { message: "it failed", details: ["make: sample: No such file or directory"] };
  history.add([
    {
      request,
      note: { label: "x", builder: "rpm", duration: 1, finished: 1, failed: "build/failed", failure },
    },
  ]);
  const events: Event[] = [];
  const fetched: OwnersParts["making"]["build"] = async ({ request, hints, label }, signal) => {
    const context = { request, hints, label, store, http: () => open.http, signal, progress: () => {} };
    const { outputs } = await fetchBuilder.run(context as unknown as BuildContext);
    const digest = requestDigest(request);
    return { how: "built", result: { format: "kit/result/1", request: digest, outputs, references: [] } };
  };
  const owners = openOwners({
    http: { offline },
    making: { build: fetched, takeMissing: () => wanted },
    ...{ store, history, now: Date.now, emit: (event: Event) => void events.push(event) },
    crew: { owners: (list, ends) => findOwners(list, ends, pool) },
    interrupted: new AbortController().signal,
  });
  const repositories = servers.map(({ url }, i) => ({
    repository: { name: `r${i}`, place: { baseurl: `${url}/repo` } },
    trust: { keys: [keys.keeper.armoured] },
    architecture: "x86_64",
  }));
  const question: OwnersQuestion = { request, builder: "rpm", lists: { format: "rpm", repositories } };
  return { ask: () => owners.of(question), owners, events, history };
}

const names = (found: Awaited<ReturnType<ReturnType<typeof openRig>["ask"]>>) =>
  found.map(({ holders }) => holders.map(({ name }) => name));

it.each(["gz", "zst"] as const)(
  "a repository's filelists in %s tell it, and the failure keeps it",
  async (compression) => {
    const { ask, owners, history, events } = openRig([await mirror({ compression })]);
    expect(names(await ask())).toEqual([["sample"]]);
    expect(events).toEqual([{ type: "step", text: "looking up who has sample" }]);
    expect(history.find(request)?.failure?.details).toEqual([
      "make: sample: No such file or directory",
      "kit: sample is in sample: try BuildRequires in the spec, or buildDependencies: [sample]",
    ]);
    await owners.close();
  },
);

const warnings = (events: readonly Event[]) =>
  events.flatMap((event) => (event.type === "warning" ? [event.text] : []));

it("one repository that is gone keeps no other from being asked, and is told of where none knows it", async () => {
  const gone = await serve((_, response) => void response.writeHead(404).end());
  const { ask, owners, events } = openRig([gone, await mirror()]);
  expect(names(await ask())).toEqual([["sample"]]);
  expect(warnings(events)).toEqual([]);
  await owners.close();
  const other = openRig([gone, await mirror()], { wanted: [{ what: "nothing", ends: ["/bin/nothing"] }] });
  expect(await other.ask()).toEqual([]);
  expect(warnings(other.events)).toEqual([
    expect.stringContaining("who has it is not known, for the archive's lists of files cannot be had: "),
  ]);
  expect(warnings(other.events)[0]).toContain("no mirror of r0 has a repodata/repomd.xml");
  await other.owners.close();
  await gone.stop();
});

it("nobody is asked offline, and nothing is said", async () => {
  const server = await mirror();
  const { ask, owners, events, history } = openRig([server], { offline: true });
  expect([await ask(), events, server.requests]).toEqual([[], [], []]);
  expect(history.find(request)?.failure?.details).toHaveLength(1);
  await owners.close();
});

it("who does not answer is waited for a few seconds, once", async () => {
  const silent = await serve(() => {});
  const { ask, owners, events } = openRig([silent]);
  const begun = performance.now();
  expect(await ask()).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(15_000);
  expect(await ask()).toEqual([]);
  expect(silent.requests).toHaveLength(1);
  expect(warnings(events)).toEqual([expect.stringContaining("lists of files cannot be had: ")]);
  await silent.stop();
  await owners.close();
});
