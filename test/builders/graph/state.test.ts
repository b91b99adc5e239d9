// What became of builds, told from results, caches and failures; what manifests say before anything is known.

import { describe, expect, test } from "vitest";
import { buildStates, type StateMeans } from "../../../builders/graph/state.ts";
import { resolveRequest } from "../../../builders/realizer/resolve.ts";
import {
  contentOf,
  type Derivation,
  derivation,
  type Result,
  requestDigest,
} from "../../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../../store/model/digest.ts";

const made = (builder: string, label: string, from?: Derivation): Derivation =>
  derivation({
    ...{ builder, label, parameters: { label }, outputs: ["out"] },
    inputs: from === undefined ? {} : { from: { derivation: from, output: "out" } },
  });
const tools = made("tar", "tools");
const build = made("tar", "build", tools);

const resultOf = (request: Digest): Result => ({
  ...{ format: "kit/result/1", request, references: [] },
  outputs: { out: contentOf("blob", digestOf(request)) },
});
const requestOf = (item: Derivation, results: ReadonlyMap<Digest, Result> = new Map()): Digest => {
  const request = resolveRequest(item, results);
  if (request === undefined) throw new Error("an input has no result");
  return requestDigest(request);
};
const toolsRequest = requestOf(tools);
const buildRequest = requestOf(build, new Map([[tools.digest, resultOf(toolsRequest)]]));

interface Told {
  readonly here?: readonly Digest[];
  readonly brought?: readonly Digest[];
  readonly failed?: readonly Digest[];
  readonly offered?: readonly Digest[];
}

async function stateOf(stage: "resolved" | "built", told: Told): Promise<string | undefined> {
  const { here = [], brought = [], failed = [], offered = [] } = told;
  const means: StateMeans = {
    result: (request) => (here.includes(request) ? resultOf(request) : undefined),
    isBrought: (request) => brought.includes(request),
    isFailed: (request) => failed.includes(request),
    offers: async (requests) =>
      new Map(requests.filter((one) => offered.includes(one)).map((one) => [one, resultOf(one)])),
  };
  return (await buildStates([build], stage, means)).get(build.digest);
}

const both = [toolsRequest, buildRequest];

describe("a build is", () => {
  test.each([
    ["to be built where nothing is known", {}, "Build", "Build"],
    ["to be built where only its tools are here", { here: [toolsRequest] }, "Build", "Build"],
    ["up to date where its result is here", { here: both }, "Build", "UpToDate"],
    [
      "a delta where its result came out of a cache",
      { here: both, brought: [buildRequest] },
      "Delta",
      "Delta",
    ],
    ["a delta where a cache offers it, its inputs too", { offered: both }, "Delta", "Delta"],
    [
      "what a cache offers, whatever failed here",
      { here: [toolsRequest], offered: both, failed: both },
      "Delta",
      "Delta",
    ],
    [
      "an error where it failed last",
      { here: [toolsRequest], failed: [buildRequest] },
      "Build",
      "BuildError",
    ],
    [
      "no error where it failed once and then went well",
      { here: both, failed: [buildRequest] },
      "Build",
      "UpToDate",
    ],
    ["not up to date by what was made of other tools", { here: [buildRequest] }, "Build", "Build"],
  ] as const)("%s", async (_, told, resolved, built) => {
    expect([await stateOf("resolved", told), await stateOf("built", told)]).toEqual([resolved, built]);
  });
});
