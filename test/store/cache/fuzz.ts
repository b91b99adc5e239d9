// What decoders are fed that must not break them: random bytes, damaged files.
// Knows damage; does not know any decoder.

import fc from "fast-check";
import { expect } from "vitest";
import { Fault } from "../../../store/model/fault.ts";

type Damage = readonly [kind: "flip" | "cut" | "insert" | "repeat", at: number, byte: number];

const damage: fc.Arbitrary<Damage> = fc.tuple(
  fc.constantFrom("flip" as const, "cut" as const, "insert" as const, "repeat" as const),
  fc.nat(),
  fc.integer({ min: 1, max: 255 }),
);

/** `valid`, damaged in one to four places; or bytes that have nothing to do with it. */
export function damaged(valid: Uint8Array): fc.Arbitrary<Buffer> {
  const broken = fc
    .array(damage, { minLength: 1, maxLength: 4 })
    .map((all) => all.reduce(apply, Buffer.from(valid)));
  return fc.oneof(
    { arbitrary: broken, weight: 5 },
    { arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)), weight: 1 },
  );
}

/** Feeds damaged bytes to a decoder: it may take them, and otherwise throws a Fault of these codes. */
export function expectFaults(
  valid: Uint8Array | string,
  codes: readonly string[],
  decode: (bytes: Buffer) => unknown,
  numRuns = 2000,
): void {
  fc.assert(
    fc.property(damaged(Buffer.from(valid as string)), (bytes) => {
      try {
        decode(bytes);
      } catch (error) {
        expect(codes).toContain(error instanceof Fault ? error.code : error);
      }
    }),
    { numRuns },
  );
}

/** The code of the Fault that `act` throws. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return "none";
}

function apply(bytes: Buffer, [kind, place, byte]: Damage): Buffer {
  const at = bytes.length === 0 ? 0 : place % bytes.length;
  switch (kind) {
    case "flip": {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[at] = (copy[at] as number) ^ byte;
      return copy;
    }
    case "cut":
      return bytes.subarray(0, at);
    case "insert":
      return Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - byte))]);
  }
}
