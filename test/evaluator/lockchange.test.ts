// What of a lock stays where a package is locked for one architecture, and was locked for another before.

import { expect, test } from "vitest";
import { emptyLock, formatLock, type Lock, parseLock, pinnedAnswer } from "../../evaluator/lock.ts";
import { answersElsewhere, pruneLock, withAnswer, withKept } from "../../evaluator/lockchange.ts";
import { closureQuestion } from "../../evaluator/question.ts";

const answer = (question: string) => ({ question, distro: "debian/trixie", date: 1, packages: {} });
const lock: Lock = {
  ...emptyLock,
  answers: {
    "blake3-root": answer("debian/trixie amd64: <essential> gcc, to build in"),
    "blake3-far": answer("debian/trixie arm64: <essential> gcc, to build in"),
    "blake3-crossed": answer("debian/trixie amd64+arm64: <essential> gcc, to build in"),
    "blake3-tools": answer("debian/trixie amd64: bubblewrap qemu-user"),
  },
};
const stays = (architectures: readonly string[], of: Lock = lock) =>
  Object.keys(pruneLock(of, new Set(answersElsewhere(of, architectures))).answers).sort();

test("what is for others, and the tools, which may be theirs", () => {
  expect(stays(["amd64"])).toEqual(["blake3-crossed", "blake3-far", "blake3-tools"]);
  expect(stays(["arm64"])).toEqual(["blake3-crossed", "blake3-root", "blake3-tools"]);
  expect(stays(["amd64", "arm64"])).toEqual([]);
});

test("nothing where it was locked for this one alone", () => {
  const {
    "blake3-far": _,
    "blake3-crossed": __,
    ...answers
  } = lock.answers as Record<string, ReturnType<typeof answer>>;
  expect(stays(["amd64"], { ...lock, answers })).toEqual([]);
});

test("what an update asks anew is not asked of what is kept for others", () => {
  const moved = {
    ...emptyLock,
    answers: { "blake3-root": answer("debian/trixie amd64: <essential> gcc, to build in") },
  };
  const { answers } = withKept(moved, lock, new Set(answersElsewhere(lock, ["amd64"])));
  expect(Object.keys(answers).sort()).toEqual([
    "blake3-crossed",
    "blake3-far",
    "blake3-root",
    "blake3-tools",
  ]);
});

test("an answer is in the same order when it is read back", () => {
  const question = closureQuestion({
    source: { distro: "debian/trixie", architecture: "amd64", repositories: [], pins: [] },
    ...{ requests: [], base: [], exclude: [], locals: [] },
  });
  const packages = ["libpam-modules", "libpam-modules-bin", "libpam0g"].map((name) => ({
    ...{ name, version: "1", architecture: "amd64", reasons: [] },
    stanza: { Package: name, Version: "1", Architecture: "amd64" },
    origin: { repository: "main", suite: "trixie" },
  }));
  const given = withAnswer(emptyLock, question, { packages, date: 1 }, []);
  const read = parseLock(formatLock(given), "x.lock");
  const namesIn = (one: Lock) => pinnedAnswer(one, question)?.packages.map(({ name }) => name);
  expect(namesIn(read)).toEqual(packages.map(({ name }) => name));
  expect(namesIn(given)).toEqual(namesIn(read));
});
