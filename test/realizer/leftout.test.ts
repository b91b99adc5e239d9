// What of a set is not planned, and whether that is an end.

import { describe, expect, test } from "vitest";
import { packageKind } from "../../builders/package/schema.ts";
import { packagesKind } from "../../builders/packages/schema.ts";
import { judge, type LeftOut, leftOutEvents } from "../../builders/realizer/leftout.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { readDocument } from "../../evaluator/manifest/document.ts";
import type { Kept } from "../../evaluator/refusals.ts";
import { type Digest, digestOf } from "../../store/model/digest.ts";
import { Fault, Faults } from "../../store/model/fault.ts";

const fileOf = (name: string) => `/set/${name}.yaml`;

function setOf(...names: readonly string[]): Assembly {
  const one = (kind: "package" | "packages", name: string) => {
    const file = fileOf(name);
    const document = readDocument(file, `kind: ${kind}\nname: ${name}\n`);
    return { file, name, document, kind: kind === "package" ? packageKind : packagesKind, references: [] };
  };
  const all = [one("packages", "set"), ...names.map((name) => one("package", name))];
  return { root: fileOf("set"), manifests: new Map(all.map((each) => [each.file, each])) };
}

const assembly = setOf("a", "b", "c");
const isSet = { isSet: true, keepGoing: true };
const refused = (faults: Readonly<Record<string, Fault>>) =>
  new Map(Object.entries(faults).map(([name, fault]) => [fileOf(name), fault]));
const nobody = { refused: refused({}), blocked: new Map<string, Kept>(), unbuilt: new Map<string, Digest>() };
const placeOf = (name: string) => ({ file: fileOf(name), line: 5, column: 1 });

function thrownBy(work: () => unknown): readonly Fault[] {
  try {
    work();
  } catch (error) {
    if (error instanceof Faults) return error.faults;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("judged", () => {
  test("nothing, where nothing was refused", () => {
    expect(judge(nobody, assembly, { isSet: false, keepGoing: false })).toEqual({ leftOut: [], faults: [] });
  });

  test("thrown, where it is an end; named for which of a set it is of, and placed at its name", () => {
    const faults = { a: new Fault("build/bad", "is bad"), b: new Fault("build/worse", "b is worse") };
    const all = { ...nobody, refused: refused(faults) };
    const [first, second] = thrownBy(() => judge(all, assembly, { isSet: true, keepGoing: false }));
    expect(first).toMatchObject({ code: "build/bad", message: "a: is bad" });
    expect(first?.place).toMatchObject({ file: fileOf("a"), line: 2 });
    expect(second?.message).toBe("b is worse");
  });

  test("of what is no set no name is told before a fault", () => {
    const one = { ...nobody, refused: refused({ a: new Fault("build/bad", "is bad") }) };
    const [fault] = thrownBy(() => judge(one, assembly, { isSet: false, keepGoing: false }));
    expect(fault?.message).toBe("is bad");
  });

  test("kept beside the rest, where one goes on: what it says stays with it", () => {
    const options = { place: placeOf("a"), hint: "try", related: [], details: ["why"] };
    const one = { ...nobody, refused: refused({ a: new Fault("build/bad", "is bad", options) }) };
    const { leftOut, faults } = judge(one, assembly, isSet);
    expect(leftOut).toMatchObject([{ name: "a", state: "failed", because: "build/bad" }]);
    expect(faults).toMatchObject([{ message: "a: is bad", ...options }]);
  });

  test("one fault of several is told once and is nobody's alone; each of them is left out", () => {
    const circle = new Fault("manifest/cycle", "a → b → a", { place: placeOf("a") });
    const { leftOut, faults } = judge(
      { ...nobody, refused: refused({ a: circle, b: circle }) },
      assembly,
      isSet,
    );
    expect(faults).toEqual([circle]);
    expect(leftOut.map(({ name, state }) => [name, state])).toEqual([
      ["a", "failed"],
      ["b", "failed"],
    ]);
  });

  test("what is for other architectures is no fault of a set; of what is needed, and alone, it is", () => {
    const foreign = (place: ReturnType<typeof placeOf> | undefined) =>
      new Fault("manifest/unsupported-architecture", "not for amd64", {
        ...(place && { place }),
        hint: "it is for arm64",
      });
    const own = { ...nobody, refused: refused({ a: foreign(placeOf("a")) }) };
    const elsewhere = { file: fileOf("a"), name: "a", state: "elsewhere", because: "it is for arm64" };
    for (const keepGoing of [true, false])
      expect(judge(own, assembly, { isSet: true, keepGoing })).toEqual({ leftOut: [elsewhere], faults: [] });
    expect(thrownBy(() => judge(own, assembly, { isSet: false, keepGoing: false }))).toHaveLength(1);
    for (const place of [placeOf("b"), undefined]) {
      const { leftOut, faults } = judge(
        { ...nobody, refused: refused({ a: foreign(place) }) },
        assembly,
        isSet,
      );
      expect([leftOut[0]?.state, faults.length]).toEqual(["failed", 1]);
    }
  });

  test("who waits is told with whom, and what is lacking; by its file, where no manifest is there", () => {
    const blocked = new Map([
      [fileOf("b"), { by: [fileOf("a"), "/gone.yaml"], lacking: [] }],
      [fileOf("c"), { by: [fileOf("a")], lacking: ["x(y)", "z"] }],
    ]);
    expect(judge({ ...nobody, blocked }, assembly, { isSet: true, keepGoing: false }).leftOut).toEqual([
      { file: fileOf("b"), name: "b", state: "blocked", because: "a, /gone.yaml" },
      { file: fileOf("c"), name: "c", state: "blocked", because: "a", lacking: "x(y), z" },
    ]);
  });

  test("where waiting began: at a build that failed or a manifest that was refused, over others that wait", () => {
    const digest = digestOf("a's packages");
    const wait = (...by: readonly string[]): Kept => ({ by: by.map(fileOf), lacking: [] });
    const blocked = new Map([
      [fileOf("b"), wait("a")],
      [fileOf("c"), wait("c", "b")],
    ]);
    const causes = (refusals: Partial<typeof nobody>) =>
      judge({ ...nobody, blocked, ...refusals }, assembly, isSet).leftOut.flatMap(({ cause }) => cause ?? []);
    expect(causes({ unbuilt: new Map([[fileOf("a"), digest]]) })).toEqual([digest, digest]);
    expect(causes({ refused: refused({ a: new Fault("build/bad", "is bad") }) })).toEqual([
      fileOf("a"),
      fileOf("a"),
    ]);
    expect(causes({})).toEqual([]);
  });

  test("who is for other architectures keeps nobody waiting: what only that one could have is had by nobody", () => {
    const foreign = new Fault("manifest/unsupported-architecture", "not for amd64", { place: placeOf("a") });
    const kept = (...by: readonly string[]): Kept => ({ by: by.map(fileOf), lacking: ["/usr/bin/x"] });
    const judged = (keeps: Kept) =>
      judge(
        { ...nobody, refused: refused({ a: foreign }), blocked: new Map([[fileOf("c"), keeps]]) },
        assembly,
        isSet,
      );
    expect(judged(kept("a", "b")).leftOut[1]).toMatchObject({ state: "blocked", because: "b" });
    const alone = judged(kept("a"));
    expect(alone.leftOut[1]).toMatchObject({ name: "c", state: "failed" });
    expect(alone.faults).toMatchObject([
      {
        code: "unresolved/nobody-provides",
        message: "c: nobody provides /usr/bin/x for this architecture",
        place: { line: 2 },
      },
    ]);
    const declared = judged({ by: [fileOf("a")], lacking: [] });
    expect(declared.faults).toMatchObject([{ message: "c: nobody provides a for this architecture" }]);
  });
});

describe("told", () => {
  const one = { file: "/set/c.yaml", name: "c" } as const;
  const texts = (more: Pick<LeftOut, "state" | "because" | "lacking">) =>
    leftOutEvents({ ...one, ...more }).flatMap((event) => (event.type === "warning" ? event.text : []));

  test("in a line: who waits, what is lacking, what is for elsewhere; a failure has its own", () => {
    expect(texts({ state: "blocked", because: "a", lacking: "z" })).toEqual([
      "c is not built: it needs z, which nobody has unless a would",
    ]);
    expect(texts({ state: "blocked", because: "a" })).toEqual(["c is not built: it waits for a"]);
    expect(texts({ state: "elsewhere", because: "arm64 alone" })).toEqual(["c is left out: arm64 alone"]);
    expect(texts({ state: "failed", because: "build/bad" })).toEqual([]);
  });

  test("to be counted, but for what is for elsewhere", () => {
    const fault = new Fault("build/bad", "is bad");
    expect(leftOutEvents({ ...one, state: "failed", because: "build/bad", fault })).toEqual([
      { type: "unplanned", ...one, how: "failed", fault: { code: "build/bad", message: "is bad" } },
    ]);
    expect(leftOutEvents({ ...one, state: "blocked", because: "a", cause: "/set/a.yaml" })[1]).toEqual({
      ...{ type: "unplanned", ...one, how: "blocked", cause: "/set/a.yaml" },
    });
    expect(leftOutEvents({ ...one, state: "elsewhere", because: "arm64" })).toHaveLength(1);
  });
});
