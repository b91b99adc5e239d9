// Profiles: named rows of generations, each of which keeps what it was made of.
// Knows their files; does not know which generations are wanted.

import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import * as z from "zod/mini";
import type { Layout } from "./layout.ts";
import { parseContent } from "./model/derivation.ts";
import { parseDigest } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { type Kept, keptShape } from "./roots.ts";
import { placeFile } from "./trees.ts";
import { orNone, unreadable } from "./unreadable.ts";
import { namesIn } from "./usage.ts";

/** One state of a profile: what `kit realize --profile` made at a time. */
export interface Generation extends Kept {
  readonly number: number;
  /** Seconds since 1970. */
  readonly made: number;
  /** For people: the manifest it was made of. */
  readonly label: string;
  /** The outputs, by name, as places relative to the store. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Profile {
  readonly name: string;
  /** By number; the last is the current one. */
  readonly generations: readonly Generation[];
}

const generationShape = z.object({
  made: z.number(),
  label: z.string(),
  outputs: z.record(z.string(), z.string()),
  ...keptShape,
});

/** @throws {Fault} `store/corrupt` */
export function readProfiles(layout: Layout): Profile[] {
  return namesIn(layout.profiles)
    .sort()
    .map((name) => readProfile(layout, name))
    .filter(({ generations }) => generations.length > 0);
}

/** With the generations that can be read. */
export function readSoundProfiles(layout: Layout): Profile[] {
  return namesIn(layout.profiles).map((name) => ({
    name,
    generations: writtenNumbers(layout, name).flatMap((number) =>
      orNone(() => readGeneration(layout, name, number)),
    ),
  }));
}

/**
 * One without generations where there is none of this name. What is let go while this looks is passed over.
 *
 * @throws {Fault} `store/corrupt`
 */
export function readProfile(layout: Layout, name: string): Profile {
  const generations = writtenNumbers(layout, name).flatMap((number) => {
    try {
      return [readGeneration(layout, name, number)];
    } catch (error) {
      if (isWritten(layout, name, number)) throw error;
      return [];
    }
  });
  return { name, generations };
}

/** A profile's generations, sound or not, but for those that are being written. */
export function writtenNumbers(layout: Layout, name: string): number[] {
  return numbersIn(layout, name).filter((number) => isWritten(layout, name, number));
}

function isWritten(layout: Layout, name: string, number: number): boolean {
  return (statSync(generationPlace(layout, name, number), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Those that are taken, also by who has not written yet. */
function numbersIn(layout: Layout, name: string): number[] {
  return namesIn(`${layout.profiles}/${name}`)
    .filter((text) => /^[1-9]\d{0,8}$/.test(text))
    .map(Number)
    .sort((a, b) => a - b);
}

export function generationPlace(layout: Layout, profile: string, number: number): string {
  return `${layout.profiles}/${profile}/${number}`;
}

/** @throws {Fault} `store/corrupt` */
export function readGeneration(layout: Layout, profile: string, number: number): Generation {
  const file = generationPlace(layout, profile, number);
  try {
    const { contents, requests, ...rest } = z.parse(generationShape, JSON.parse(readFileSync(file, "utf8")));
    return {
      ...rest,
      number,
      contents: contents.map(parseContent),
      requests: requests.map(parseDigest),
    };
  } catch (cause) {
    throw unreadable("generation", `profiles/${profile}/${number}`, cause);
  }
}

/** @throws {Fault} `usage/bad-profile` */
export function checkProfileName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return;
  throw new Fault("usage/bad-profile", `not a profile's name: ${JSON.stringify(name.slice(0, 80))}`, {
    hint: "it has up to 64 letters, digits, `.`, `_` and `-`, a letter or a digit first",
  });
}

/**
 * Adds a generation behind the last one; one that is the same as the last is not added again. Returns its number.
 * Two processes take two numbers: an empty file takes one, and becomes the generation whole.
 */
export function addGeneration(
  layout: Layout,
  profile: string,
  generation: Omit<Generation, "number">,
): number {
  mkdirSync(`${layout.profiles}/${profile}`, { recursive: true });
  const last = readProfile(layout, profile).generations.at(-1);
  if (last !== undefined && isSame(last, generation)) return last.number;
  const number = takeNumber(layout, profile);
  placeFile(generationPlace(layout, profile, number), `${JSON.stringify(generation)}\n`);
  return number;
}

function takeNumber(layout: Layout, profile: string): number {
  for (;;) {
    const number = (numbersIn(layout, profile).at(-1) ?? 0) + 1;
    try {
      writeFileSync(generationPlace(layout, profile, number), "", { flag: "wx" });
      return number;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function isSame(one: Omit<Generation, "number">, other: Omit<Generation, "number">): boolean {
  const text = ({ outputs, requests, contents }: typeof one) => JSON.stringify([outputs, requests, contents]);
  return text(one) === text(other);
}

export interface GenerationPolicy {
  /** The newest so many stay whatever their age; 1, the current one, at the least. */
  readonly keep: number;
  /** Older ones go that were made before: seconds since 1970. */
  readonly madeBefore: number;
}

/** The generations of a profile that a policy lets go. Pure. */
export function expired({ generations }: Profile, { keep, madeBefore }: GenerationPolicy): Generation[] {
  const older = generations.slice(0, Math.max(0, generations.length - Math.max(1, keep)));
  return older.filter(({ made }) => made < madeBefore);
}
