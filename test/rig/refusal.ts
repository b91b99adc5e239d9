// What is refused: the Fault that an act ends in.
// Knows acts that throw and promises that fail; does not know what either is about.

import { expect } from "vitest";
import { Fault } from "../../store/model/fault.ts";

/** Of a promise, or of a call; what is thrown and is no Fault goes on. */
export async function refusal(act: Promise<unknown> | (() => unknown)): Promise<Fault> {
  try {
    await (typeof act === "function" ? act() : act);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  return expect.unreachable("it was taken");
}
