// What of a lock stays where a package is locked for one architecture, and was locked for another before.

import { expect, test } from "vitest";
import { emptyLock, type Lock } from "../../evaluator/lock.ts";
import { answersElsewhere, pruneLock } from "../../evaluator/lockchange.ts";

const answer = (question: string) => ({ question, distro: "debian/trixie", date: 1, packages: {} });
const lock: Lock = {
  ...emptyLock,
  answers: {
    "blake3-root": answer("debian/trixie amd64: <essential> gcc, to build in"),
    "blake3-far": answer("debian/trixie arm64: <essential> gcc, to build in"),
    "blake3-crossed": answer("debian/trixie amd64 arm64: <essential> gcc, to build in"),
    "blake3-tools": answer("debian/trixie amd64: bubblewrap qemu-user"),
  },
};
const stays = (architectures: readonly string[], of: Lock = lock) =>
  Object.keys(pruneLock(of, new Set(answersElsewhere(of, architectures))).answers).sort();

test("what is for others, and the tools, which may be theirs", () => {
  expect(stays(["amd64"])).toEqual(["blake3-far", "blake3-tools"]);
  expect(stays(["arm64"])).toEqual(["blake3-crossed", "blake3-root", "blake3-tools"]);
  expect(stays(["amd64", "arm64"])).toEqual([]);
});

test("nothing where it was locked for this one alone", () => {
  const { "blake3-far": _, ...answers } = lock.answers as Record<string, ReturnType<typeof answer>>;
  expect(stays(["amd64"], { ...lock, answers })).toEqual([]);
});
