// Which derivation of a plan a person means, and what is known of it.
// Pure but for the look at recorded results; does not know commands.

import { resolveRequest } from "../../builders/realizer/resolve.ts";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { type Derivation, type Request, type Result, requestDigest } from "../../store/model/derivation.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";

/** A derivation with what results that are recorded already tell of it. */
export interface Known {
  readonly derivation: Derivation;
  /** Absent while an input is not built. */
  readonly request?: { readonly request: Request; readonly digest: Digest };
  readonly result?: Result;
}

/** What is known of every derivation without building anything; `all` has inputs before their users. */
export function knownOf(
  all: readonly Derivation[],
  find: (request: Digest) => Result | undefined,
): readonly Known[] {
  const results = new Map<Digest, Result>();
  return all.map((derivation) => {
    const request = resolveRequest(derivation, results);
    if (request === undefined) return { derivation };
    const digest = requestDigest(request);
    const result = find(digest);
    if (result !== undefined) results.set(derivation.digest, result);
    return { derivation, request: { request, digest }, ...(result && { result }) };
  });
}

/** As many digits of a digest as kit prints where it need not be whole. */
export function short(digest: Digest): string {
  return hexOf(digest).slice(0, 16);
}

/** Whether a derivation is called just so. */
export function isTitle(known: readonly Known[], wanted: string): boolean {
  return known.some((item) => titles(item).includes(wanted));
}

function titles({ derivation: { label, builder } }: Known): readonly string[] {
  return [label, `${builder} ${label}`];
}

/**
 * The derivation whose label is `wanted`, or `BUILDER LABEL`; else the one whose label, derivation or request
 * begins so.
 *
 * @throws {Fault} `usage/ambiguous`, and where there is none `unknown`: `usage/no-derivation`
 */
export function select(
  known: readonly Known[],
  wanted: string,
  unknown: () => Fault = () => unknownDerivation(wanted, known),
): Known {
  const exact = known.filter((item) => titles(item).includes(wanted));
  const digits = /^(?:blake3-)?([0-9a-f]{4,64})$/.exec(wanted)?.[1];
  const begins = (digest: Digest | undefined) =>
    digits !== undefined && digest !== undefined && hexOf(digest).startsWith(digits);
  const found =
    exact.length > 0
      ? exact
      : known.filter(
          (item) =>
            (wanted !== "" && titles(item).some((title) => title.startsWith(wanted))) ||
            begins(item.derivation.digest) ||
            begins(item.request?.digest),
        );
  const [first, ...more] = found;
  if (first === undefined) throw unknown();
  if (more.length === 0) return first;
  throw new Fault(
    "usage/ambiguous",
    `${JSON.stringify(wanted)} may mean any of ${found.length} derivations`,
    {
      details: found
        .slice(0, 20)
        .map(({ derivation }) => `${short(derivation.digest)} ${derivation.builder} ${derivation.label}`),
      hint: 'name one by its digits, or as "BUILDER LABEL"',
    },
  );
}

/** `others` are names of other things that may have been meant. */
export function unknownDerivation(
  wanted: string,
  known: readonly Known[],
  others: readonly string[] = [],
): Fault {
  const close = nearest(wanted, [...others, ...known.map(({ derivation }) => derivation.label)]);
  return new Fault("usage/no-derivation", `the plan has nothing called ${JSON.stringify(wanted)}`, {
    hint:
      close === undefined ? "`kit evaluate MANIFEST` lists them" : `did you mean ${JSON.stringify(close)}?`,
  });
}
