// Questions without an answer, where that is no end.

import { expect, test } from "vitest";
import { leaving } from "../../builders/realizer/leave.ts";
import { digestOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";

const question = digestOf("question");
const failing = (error: Error) => () => {
  throw error;
};

test("an answer is given, and nothing is told", () => {
  const left: unknown[] = [];
  expect(
    leaving(
      question,
      (...told) => left.push(told),
      () => "answer",
    ),
  ).toBe("answer");
  expect(left).toEqual([]);
});

test("what cannot be resolved is told by its question, and is no end", () => {
  const left: unknown[] = [];
  const fault = new Fault("unresolved/unsatisfiable", "nobody has it");
  expect(leaving(question, (...told) => left.push(told), failing(fault))).toBeUndefined();
  expect(left).toEqual([[question, fault]]);
});

test("it is thrown where nobody is told; what ails the world and what is no fault are thrown anyway", () => {
  const left: unknown[] = [];
  const fault = new Fault("unresolved/unsatisfiable", "nobody has it");
  expect(() => leaving(question, undefined, failing(fault))).toThrow(fault);
  for (const error of [new Fault("network/unreachable", "no network"), new Error("a mistake")])
    expect(() => leaving(question, (...told) => left.push(told), failing(error))).toThrow(error);
  expect(left).toEqual([]);
});
