// What would be built anew, and the first thing that makes it so.
// Pure. Knows derivations; does not know results: what comes out the same is not built on, whatever is told here.

import type { Canonical } from "../../store/model/canonical.ts";
import type { Content, Derivation, Input } from "../../store/model/derivation.ts";
import { fieldChanges } from "./fields.ts";

export interface DerivationChange {
  readonly builder: string;
  readonly label: string;
  /** `new`: nothing of this name was there before. */
  readonly verb: "new" | "rebuilt" | "gone";
  /** The first input that differs, or parameter. Absent for what is new or gone. */
  readonly because?: string;
}

/** What is different between two contents, in words; undefined where nobody can tell. */
export type DescribeContents = (before: Content, after: Content) => string | undefined;

/** Those of `after` that were not there, then those that are gone; each list in its own order. */
export function derivationChanges(
  before: readonly Derivation[],
  after: readonly Derivation[],
  describe: DescribeContents = () => undefined,
): DerivationChange[] {
  const [known, kept] = [digestsOf(before), digestsOf(after)];
  const old = Map.groupBy(before, titleOf);
  const young = new Set(after.map(titleOf));
  const made = after
    .filter(({ digest }) => !known.has(digest))
    .map((item): DerivationChange => {
      const { builder, label } = item;
      // Of several of one name the one that is no longer there is the one that changed.
      const former = old.get(titleOf(item))?.find(({ digest }) => !kept.has(digest));
      if (former === undefined) return { builder, label, verb: "new" };
      return { builder, label, verb: "rebuilt", because: firstDifference(former, item, describe) };
    });
  const gone = before
    .filter((item) => !kept.has(item.digest) && !young.has(titleOf(item)))
    .map(({ builder, label }): DerivationChange => ({ builder, label, verb: "gone" }));
  return [...made, ...gone];
}

/** In words. Inputs before parameters: what changed far away shows as an input here. */
export function firstDifference(before: Derivation, after: Derivation, describe: DescribeContents): string {
  const names = [...new Set([...Object.keys(before.inputs), ...Object.keys(after.inputs)])].sort();
  for (const name of names) {
    const [old, young] = [before.inputs[name], after.inputs[name]];
    if (old === undefined) return `the input ${name} is new: ${inputText(young)}`;
    if (young === undefined) return `the input ${name} is gone`;
    if (keyOf(old) === keyOf(young)) continue;
    if ("content" in old && "content" in young) {
      const told = describe(old.content, young.content);
      if (told !== undefined) return `the input ${name}: ${told}`;
    }
    const [was, is] = [inputText(old), inputText(young)];
    return was === is ? `the input ${name}, ${is}` : `the input ${name}: ${was} became ${is}`;
  }
  const [change] = fieldChanges(settingsOf(before), settingsOf(after));
  if (change === undefined) return "its outputs";
  const text = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, 100));
  return `${change.path}: ${text(change.before)} became ${text(change.after)}`;
}

function settingsOf({ parameters, system, buildType }: Derivation): Canonical {
  return { parameters, system, buildType };
}

function keyOf(input: Input): string {
  return "content" in input ? input.content : `${input.derivation.digest} ${input.output}`;
}

function inputText(input: Input | undefined): string {
  if (input === undefined) return "";
  return "content" in input ? "a local file" : `${input.derivation.builder} ${input.derivation.label}`;
}

function titleOf({ builder, label, system = "" }: Derivation): string {
  return `${builder} ${label} ${system}`;
}

function digestsOf(derivations: readonly Derivation[]): ReadonlySet<string> {
  return new Set(derivations.map(({ digest }) => digest));
}
