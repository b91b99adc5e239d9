// Whose a fault is, and where it is told: what a manifest names, and what no manifest has to do with.

import { expect, test } from "vitest";
import { blamed, located, locatedError } from "../../builders/realizer/blame.ts";
import { derivation, placed } from "../../store/model/derivation.ts";
import { Fault, Faults, faultFromRecord, faultRecord } from "../../store/model/fault.ts";

const at = (line: number) => ({ file: "words.yaml", line, column: 3 });
const item = derivation({ builder: "fetch", label: "a.tar", parameters: {}, inputs: {}, outputs: ["file"] });
const places = { "": at(5), digest: at(6) };
const lineOf = (fault: Fault) => located(fault, places).place?.line;

test("where something is written is part of no key", () => {
  expect(placed(item, places).digest).toBe(item.digest);
  expect(derivation({ ...item, places }).digest).toBe(item.digest);
});

test("a fault is told at what it is about, else at the whole; one that has a place keeps it", () => {
  expect(lineOf(new Fault("digest/mismatch", "other bytes", { about: "digest" }))).toBe(6);
  expect(lineOf(new Fault("network/not-found", "nobody has it"))).toBe(5);
  expect(lineOf(new Fault("digest/mismatch", "other bytes", { about: "elsewhere" }))).toBe(5);
  expect(lineOf(new Fault("manifest/bad-value", "wrong", { about: "digest", place: at(9) }))).toBe(9);
  const alone = located(new Fault("build/failed", "it ended with 1"), { directory: at(7) });
  expect(alone.place).toBeUndefined();
});

test("a file that a build knows as its manifest writes it is where the manifest is", () => {
  const manifest = { "": { file: "/set/own/it.yaml", line: 1, column: 1 } };
  const placeOf = (file: string, places = manifest) =>
    located(new Fault("manifest/unknown-variable", "?", { place: { ...at(3), file } }), places).place?.file;
  expect(placeOf("./a.conf")).toBe("/set/own/a.conf");
  expect(placeOf("../a.conf")).toBe("/set/a.conf");
  expect(placeOf("/elsewhere/a.conf")).toBe("/elsewhere/a.conf");
  expect(located(new Fault("build/failed", "?", { place: { ...at(3), file: "./a" } })).place?.file).toBe(
    "./a",
  );
});

test("a store, a host and who interrupts are in no manifest; what filled a disk is", () => {
  for (const code of ["store/corrupt", "host/no-namespaces", "interrupted/build"] as const)
    expect(lineOf(new Fault(code, "it is so"))).toBeUndefined();
  expect(lineOf(new Fault("store/full", "no room is left"))).toBe(5);
});

test("what it is about travels between processes, and is told to nobody", () => {
  const fault = new Fault("build/unapplied-patch", "it does not apply", { about: "patch 1", hint: "try" });
  const arrived = faultFromRecord(faultRecord(fault));
  expect(arrived.about).toBe("patch 1");
  expect(faultRecord(located(arrived, { "patch 1": at(8) }))).toEqual({
    code: "build/unapplied-patch",
    message: "it does not apply",
    place: at(8),
    hint: "try",
  });
});

test("a fault is its derivation's, by a label that stands there once", () => {
  const told = (message: string) => blamed(new Fault("network/not-found", message), placed(item, places));
  expect(told("nobody has it").message).toBe("a.tar: nobody has it");
  expect(told("a.tar: nobody has it").message).toBe("a.tar: nobody has it");
  expect(told("nobody has it").place?.line).toBe(5);
});

test("all faults of an error are told there; a defect stays what it is", () => {
  const error = new Faults([new Fault("network/not-found", "one"), new Fault("store/corrupt", "two")]);
  const lines = (locatedError(error, places) as Faults).faults.map(({ place }) => place?.line);
  expect(lines).toEqual([5, undefined]);
  const defect = new TypeError("undefined is not a function");
  expect(locatedError(defect, places)).toBe(defect);
});

test("where two take part, the place of the other one is told beside, once", () => {
  const clash = new Fault("build/source-clash", "two of them", { about: "part 1", against: "part 0" });
  const told = located(clash, { "part 0": at(3), "part 1": at(4) });
  expect(told.place).toEqual(at(4));
  expect(told.related).toEqual([{ place: at(3), message: "the other one" }]);
  expect(located(told, { "": at(1), "part 0": at(3) }).related).toHaveLength(1);
  expect(located(clash, { "": at(1) })).toMatchObject({ place: at(1), related: [] });
});
