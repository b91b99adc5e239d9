// What cannot be planned of several things, so that the others are.
// Pure. Knows what was thrown on the way; does not know what becomes of it.

import type { Digest } from "../store/model/digest.ts";
import { Fault } from "../store/model/fault.ts";

/** What planning one of several comes to where it cannot be. */
export const lost: unique symbol = Symbol("lost");
export type Lost = typeof lost;

/** Thrown where what planning asks for could not be told: why is known to whoever tried, and no fault of this place. */
export class Untold extends Error {
  /** What was asked for, where it is known: a derivation that has failed. */
  readonly asked: Digest | undefined;

  constructor(message: string, asked?: Digest) {
    super(message);
    this.asked = asked;
  }
}

/** How planning goes on without one of several. They are named by their manifests' files. */
export interface Attempts {
  /** What it comes to; `lost` where it is refused, or depends on what could not be told. */
  attempt<T>(file: string, work: () => T): T | Lost;
  /** It cannot be planned, whatever else can. */
  refuse(file: string, fault: Fault): void;
  /** It is not planned, as others are not, which it is built with. */
  block(file: string, kept: Kept): void;
}

/** What keeps one from being planned. */
export interface Kept {
  /** Files of those it waits for. */
  readonly by: readonly string[];
  /** What it needs and nobody else provides, as one of these may; nothing where it is known which of them does. */
  readonly lacking: readonly string[];
}

export interface Refusals {
  readonly refused: ReadonlyMap<string, Fault>;
  readonly blocked: ReadonlyMap<string, Kept>;
  /** Of those whose text or packages could not be told, the derivation that has failed. */
  readonly unbuilt: ReadonlyMap<string, Digest>;
}

export function openAttempts(): Attempts & Refusals {
  const refused = new Map<string, Fault>();
  const blocked = new Map<string, Kept>();
  const unbuilt = new Map<string, Digest>();
  const refuse = (file: string, fault: Fault) => {
    if (!refused.has(file)) refused.set(file, fault);
  };
  return {
    refused,
    blocked,
    unbuilt,
    refuse,
    block: (file, kept) => blocked.set(file, kept),
    attempt(file, work) {
      try {
        return work();
      } catch (error) {
        if (error instanceof Fault) refuse(file, error);
        else if (!(error instanceof Untold)) throw error;
        else if (error.asked !== undefined) unbuilt.set(file, error.asked);
        return lost;
      }
    },
  };
}

/** Each of these; of one that is lost there is nothing to go on with. @throws {Untold} */
export function allOf<T>(items: readonly (T | Lost)[]): T[] {
  return items.map((item) => {
    if (item === lost) throw new Untold("one of them cannot be planned");
    return item;
  });
}
