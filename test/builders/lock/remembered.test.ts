// Lists that were looked at a while ago: when they count, and when the world is asked again.

import { expect, test } from "vitest";
import { type Memory, remembering } from "../../../builders/lock/remembered.ts";
import type { CompactIndex, IndexQuestion } from "../../../builders/repository/indexes.ts";
import { digestOf, sha256Of } from "../../../store/model/digest.ts";

const question: IndexQuestion = {
  repository: { name: "main", uri: "https://example.org/debian", suites: ["trixie"], components: ["main"] },
  architecture: "amd64",
  keys: ["key"],
  mirrors: [],
};
const index: CompactIndex = {
  repository: "main",
  suite: "trixie",
  component: "main",
  architecture: "amd64",
  release: { sha256: sha256Of("release"), date: 1 },
  packages: { sha256: sha256Of("packages"), size: 12, path: "dists/trixie/Packages.xz" },
  compression: "xz",
  blob: digestOf("packages"),
  compact: digestOf("compact"),
};

function world(age: number) {
  const texts = new Map<string, string>();
  const state = { now: 1_000_000, asked: 0, isThere: true, texts };
  const memory: Memory = {
    recall: (key) => (texts.has(key) ? JSON.parse(texts.get(key) ?? "") : undefined),
    remember: (key, value) => void texts.set(key, JSON.stringify(value)),
  };
  const ask = remembering(
    async () => {
      state.asked++;
      return [{ ...index, release: { ...index.release, date: state.asked } }];
    },
    { memory, now: () => state.now, age, isThere: () => state.isThere },
  );
  return { state, ask: async (other = question) => (await ask(other))[0]?.release.date };
}

test("the world is asked once, until what it said is too old", async () => {
  const { state, ask } = world(1000);
  expect([await ask(), await ask()]).toEqual([1, 1]);
  state.now += 999;
  expect(await ask()).toBe(1);
  state.now += 1;
  expect([await ask(), await ask()]).toEqual([2, 2]);
});

test("with no age it is asked always, and what it says is remembered for others", async () => {
  const { state, ask } = world(0);
  expect([await ask(), await ask()]).toEqual([1, 2]);
  expect(state.texts.size).toBe(1);
});

test("a clock that was put back, another question, a list that is gone: asked again", async () => {
  const { state, ask } = world(1000);
  await ask();
  state.now -= 1;
  expect(await ask()).toBe(2);
  expect(await ask({ ...question, keys: ["another"] })).toBe(3);
  expect(await ask({ ...question, notBefore: new Map([["trixie", 5]]) })).toBe(4);
  expect(await ask()).toBe(2);
  state.isThere = false;
  expect(await ask()).toBe(5);
});

test.each([
  "null",
  "[]",
  '{"at": "x", "indexes": []}',
  '{"at": 1000000, "indexes": [{}]}',
  JSON.stringify({ at: 1_000_000, indexes: [{ ...index, compact: "../../etc/passwd" }] }),
])("what another kit may have written is not believed: %s", async (text) => {
  const { state, ask } = world(Number.POSITIVE_INFINITY);
  await ask();
  for (const key of state.texts.keys()) state.texts.set(key, text);
  expect(await ask()).toBe(2);
});
