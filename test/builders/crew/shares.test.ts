// How a checkout is shared out: everything once, files of one blob together.

import { expect, test } from "vitest";
import { sharesOf } from "../../../builders/crew/shares.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import type { FileEntry } from "../../../store/model/tree.ts";

const files = Array.from({ length: 3000 }, (_, index): FileEntry => {
  const blob = digestOf(`content ${index % 1000}`);
  return { type: "file", path: parseTreePath(`f${index}`), mode: 0o644, uid: 0, gid: 0, size: 1, blob };
});

test.each([1, 2, 5])("%i shares hold everything once, in its order, and are about as large", (count) => {
  const shares = sharesOf(files, count);
  expect(shares.length).toBe(count);
  const order = new Map(files.map((file, index) => [file, index]));
  const places = shares.map((share) => share.map((file) => order.get(file) ?? -1));
  expect(places.flat().sort((a, b) => a - b)).toEqual(files.map((_, index) => index));
  for (const share of places) {
    expect(share).toEqual([...share].sort((a, b) => a - b));
    expect(share.length).toBeGreaterThan(files.length / count / 2);
  }
});

test("files of one blob are in one share", () => {
  const shareOf = new Map<string, number>();
  for (const [index, share] of sharesOf(files, 5).entries())
    for (const { blob } of share) expect(shareOf.set(blob, shareOf.get(blob) ?? index).get(blob)).toBe(index);
});

test("few files are not worth a second thread, and none are worth none", () => {
  expect(sharesOf(files.slice(0, 300), 8)).toEqual([files.slice(0, 300)]);
  expect(sharesOf([], 8)).toEqual([]);
});
