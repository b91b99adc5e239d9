// A walk: level by level, each request asked for once, nothing reached behind what nobody knows.

import { describe, expect, it } from "vitest";
import { walk } from "../../builders/realizer/walk.ts";
import {
  contentOf,
  type Derivation,
  derivation,
  type Input,
  type Result,
} from "../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../store/model/digest.ts";

const item = (name: string, ...inputs: readonly Derivation[]): Derivation =>
  derivation({
    builder: "tar",
    label: name,
    parameters: name,
    inputs: Object.fromEntries(
      inputs.map((input, index): [string, Input] => [`${index}`, { derivation: input, output: "image" }]),
    ),
    outputs: ["image"],
  });
const result = (request: Digest, image: string): Result => ({
  format: "kit/result/1",
  request,
  outputs: { image: contentOf("blob", digestOf(image)) },
  references: [],
});

describe("a walk", () => {
  const [a, b] = [item("a"), item("b")];
  const [c, d] = [item("c", a), item("d", a, b)];
  const e = item("e", c, d);
  const all = [a, b, c, d, e];

  it("asks level by level, and tells everything where everything is known", async () => {
    const asked: number[] = [];
    const reached = await walk(all, async (requests) => {
      asked.push(requests.length);
      return new Map(requests.map((request) => [request, result(request, request)]));
    });
    expect(asked).toEqual([2, 2, 1]);
    expect(reached.map(({ derivation }) => derivation.label)).toEqual(["a", "b", "c", "d", "e"]);
    expect(reached.every(({ digest, result }) => result?.request === digest)).toBe(true);
  });

  it("stops where nobody answers, and goes on beside it", async () => {
    const [unknown] = await walk([b], async () => new Map());
    const reached = await walk(
      all,
      async (requests) =>
        new Map(
          requests.filter((request) => request !== unknown?.digest).map((one) => [one, result(one, one)]),
        ),
    );
    expect(reached.map(({ derivation, result }) => [derivation.label, result !== undefined])).toEqual([
      ["a", true],
      ["b", false],
      ["c", true],
    ]);
  });

  it("asks once for what two derivations ask for alike", async () => {
    // Two that differ, and become the same; what is made of either is one request.
    const [one, two] = [item("one"), item("two")];
    const asked: Digest[] = [];
    const reached = await walk([one, two, item("same", one), item("same", two)], async (requests) => {
      asked.push(...requests);
      return new Map(requests.map((request) => [request, result(request, "same")]));
    });
    expect(reached).toHaveLength(4);
    expect(asked).toHaveLength(3);
  });
});
