// The history of builds: what it keeps, and that nothing depends on it.

import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openHistory, type PaceQuestion, readHistory } from "../../store/history.ts";
import type { Layout } from "../../store/layout.ts";
import type { Note } from "../../store/model/derivation.ts";
import { digestOf, hexOf } from "../../store/model/digest.ts";
import { openTestStore } from "./rig.ts";

const request = digestOf("request");
const note: Note = {
  label: "hello",
  builder: "tar",
  duration: 12,
  finished: 1_000_000_000,
  peakMemory: 1 << 20,
  log: "logs/ab/cd",
};
const failure: Note = { label: "hello", builder: "tar", duration: 1, finished: 1, failed: "build/failed" };

function noted(layout: Layout, ...notes: Note[]): void {
  using history = openHistory(layout);
  for (const each of notes) history.add([{ request, note: each }]);
}

describe("a history", () => {
  it("tells of the last build of a request, to this process and to others", () => {
    const { layout } = openTestStore();
    using history = openHistory(layout);
    expect(history.find(request)).toBeUndefined();
    history.add([{ request, note: failure }]);
    expect(history.find(request)).toEqual(failure);
    history.add([{ request, note }]);
    expect(history.find(request)).toEqual(note);
    history[Symbol.dispose]();
    expect(readHistory(layout).find(request)).toEqual(note);
  });

  it("is one file, to which readers add none", () => {
    const { layout } = openTestStore();
    expect(readHistory(layout).find(request)).toBeUndefined();
    expect(existsSync(layout.database)).toBe(false);
    noted(layout, note);
    readHistory(layout).find(request);
    for (const suffix of ["-wal", "-shm"]) expect(existsSync(`${layout.database}${suffix}`)).toBe(false);
  });

  it("tells how long things took: the same request, else what is called so, of whichever version", () => {
    const { layout } = openTestStore();
    const asked = (label: string, more: Partial<PaceQuestion> = {}) =>
      readHistory(layout).paces([{ builder: "tree", label, ...more }])[0];
    expect(asked("hello_1")).toBeUndefined();
    const made = (label: string, duration: number, more: Partial<Note> = {}) => {
      const request = digestOf(`${label} ${duration}`);
      using history = openHistory(layout);
      const own = { ...note, builder: "tree", label, duration, ...more };
      history.add([{ request, note: own }]);
      return request;
    };
    const first = made("hello_1", 5, { memory: 7 });
    made("hello_2", 9);
    made("hello_3", 1, { failed: "build/failed" });
    made("hello_3", 2, { brought: true });
    expect(asked("hello_1", { request: first })).toEqual({ duration: 5, memory: 7 });
    expect(asked("hello_1", { request: digestOf("another") })).toEqual({ duration: 9 });
    expect(asked("hello_4")).toEqual({ duration: 9 });
    expect([asked("hello-world_1"), asked("hello_1", { builder: "rpm" })]).toEqual([undefined, undefined]);
  });

  it("finds no pace where somebody else wrote one, and where a kit before kept none", () => {
    const { layout } = openTestStore();
    noted(layout, note);
    const paces = () => readHistory(layout).paces([{ builder: "tar", label: "hello" }]);
    for (const [change, found] of [
      ["update pace set duration = 'long'", undefined],
      ["update pace set duration = 3, memory = -1", { duration: 3 }],
      ["drop table pace", undefined],
      ["create table pace (other text)", undefined],
    ] as const) {
      const connection = new DatabaseSync(layout.database);
      connection.exec(change);
      connection.close();
      expect(paces()).toEqual([found]);
    }
    noted(layout, note);
    expect(paces()).toEqual([{ duration: 12 }]);
  });

  it("is written by several at once", () => {
    const { layout } = openTestStore();
    using one = openHistory(layout);
    using other = openHistory(layout);
    const names = Array.from({ length: 40 }, (_, i) => digestOf(`${i}`));
    names.forEach((name, i) => {
      (i % 2 ? one : other).add([{ request: name, note }]);
    });
    for (const name of names) expect(one.find(name)).toEqual(note);
  });

  it("forgets what is not to be kept", () => {
    const { layout } = openTestStore();
    using history = openHistory(layout);
    const other = digestOf("other");
    history.add([request, other].map((each) => ({ request: each, note })));
    history.retain((hex) => hex === hexOf(other));
    expect([history.find(request), history.find(other)]).toEqual([undefined, note]);
  });
});

describe("nothing depends on it:", () => {
  it.each<[string, (place: string) => void]>([
    ["deleted", (place) => rmSync(place)],
    [
      "no database",
      (place) => writeFileSync(place, "not a database, and longer than its header would be\n".repeat(9)),
    ],
    ["cut off", (place) => truncateSync(place, 5000)],
    [
      "overwritten in the middle",
      (place) => {
        const bytes = readFileSync(place);
        bytes.fill(0xff, 4096);
        writeFileSync(place, bytes);
      },
    ],
  ])("one that is %s is made anew", (_, damage) => {
    const { layout } = openTestStore();
    noted(layout, note);
    damage(layout.database);
    expect(readHistory(layout).find(request)).toBeUndefined();
    noted(layout, failure);
    expect(readHistory(layout).find(request)).toEqual(failure);
  });

  it("a note of another shape counts for none", () => {
    const { layout } = openTestStore();
    noted(layout, { ...note, duration: "long" } as unknown as Note);
    expect(readHistory(layout).find(request)).toBeUndefined();
    using history = openHistory(layout);
    expect(history.find(request)).toBeUndefined();
  });

  it("one that cannot be made is done without", () => {
    const { layout } = openTestStore();
    const away = { ...layout, database: `${layout.root}/no/such/folder/index.sqlite` };
    noted(away, note);
    expect(readHistory(away).find(request)).toBeUndefined();
  });
});
