// What came of each derivation: as CSV that any reader takes, and as a table.

import { expect, test } from "vitest";
import type { Event } from "../../../builders/event.ts";
import { statesCsv, statesOf, statesTable } from "../../../cli/render/states.ts";
import { derivation } from "../../../store/model/derivation.ts";

const item = (label: string) =>
  derivation({ builder: "tree", label, parameters: { label }, inputs: {}, outputs: ["files"] });
const all = ["=a", "b, b", "c", "d"].map(item);
const ended = (index: number, how: "built" | "failed" | "blocked", code?: `build/${string}`) => {
  const { digest: id, label, builder } = all[index] ?? item("none");
  const fault = code && { code, message: "it did", related: [], details: [] };
  return {
    type: "end" as const,
    id,
    label,
    builder,
    how,
    duration: 1234.4,
    ...(fault && { fault }),
  } as Extract<Event, { type: "end" }>;
};

test("each once: built, failed with its code, blocked by what; the rest as it was", () => {
  const events = [ended(0, "built"), ended(1, "failed", "build/failed"), ended(2, "blocked")];
  const states = statesOf(all, { events, refused: [], isWhole: false });
  expect(statesCsv(states)).toEqual([
    "state,builder,label,milliseconds,because",
    "built,tree,'=a,1234,",
    'failed,tree,"b, b",1234,build/failed',
    'blocked,tree,c,1234,"b, b"',
    "open,tree,d,,",
  ]);
  expect(statesTable(statesOf(all, { events: [ended(0, "built")], refused: [], isWhole: true }))).toEqual([
    "built  tree  =a  1.2 s",
    "reused  3",
  ]);
});

test("what was made, now or before, and is a failure by what it says, has failed with that", () => {
  const refused = [0, 3].flatMap((index) => {
    const id = all[index]?.digest;
    return id === undefined ? [] : [{ id, fault: { code: "build/checks-failed" as const } }];
  });
  expect(statesCsv(statesOf(all, { events: [ended(0, "built")], refused, isWhole: true })).slice(1)).toEqual([
    "failed,tree,'=a,1234,build/checks-failed",
    'reused,tree,"b, b",,',
    "reused,tree,c,,",
    "failed,tree,d,,build/checks-failed",
  ]);
});
