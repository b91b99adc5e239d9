// Derivations, requests and results: what is planned, what is asked for exactly, what came of it.
// Knows their shape and keys; does not know any builder, nor where anything is stored.

import { type Canonical, canonicalDigest, describe } from "./canonical.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { Fault, type Place } from "./fault.ts";

export type BuildType = "debug" | "release";

/** What an output or an input is: bytes or a tree, by digest. Written `blob:blake3-…` or `tree:blake3-…`. */
export type Content = `${"blob" | "tree"}:${Digest}`;

/** Where a derivation's input comes from: content that is known, or an output of another derivation. */
export type Input =
  | { readonly content: Content }
  | { readonly derivation: Derivation; readonly output: string };

/**
 * One thing to build, with its inputs still named by how they come about. Its digest plans; see {@link Request}
 * for what finds a result. Data that nobody changes; made by {@link derivation}.
 */
export interface Derivation {
  readonly builder: string;
  /** For people: `hello_1.2.0_amd64.deb`. Part of no key. */
  readonly label: string;
  readonly parameters: Canonical;
  readonly inputs: Readonly<Record<string, Input>>;
  /** A Debian or rpm architecture, where the bytes depend on it. */
  readonly system?: string;
  /** Only where the builder's work depends on it. */
  readonly buildType?: BuildType;
  readonly outputs: readonly string[];
  /** Where to look for a fixed output's bytes. Part of no key. */
  readonly hints?: Canonical;
  /** Part of no key. */
  readonly places?: Places;
  readonly digest: Digest;
}

/**
 * Where a manifest names what a derivation is made of, so that its faults are told there: by what a fault is `about`,
 * and under the empty name for every other one.
 */
export type Places = Readonly<Record<string, Place>>;

export function derivation(fields: Omit<Derivation, "digest">): Derivation {
  return { ...fields, digest: canonicalDigest("kit/derivation/1", describeDerivation(fields)) };
}

/** The same derivation, and where it is written. */
export function placed(item: Derivation, places: Places): Derivation {
  return { ...item, places };
}

/** The derivation as what its digest is of. */
export function describeDerivation(fields: Omit<Derivation, "digest">): Canonical {
  return {
    builder: fields.builder,
    parameters: fields.parameters,
    inputs: Object.fromEntries(
      Object.entries(fields.inputs).map(([name, input]) => [
        name,
        "content" in input ? input.content : `${input.derivation.digest} ${input.output}`,
      ]),
    ),
    system: fields.system,
    buildType: fields.buildType,
    outputs: fields.outputs,
  };
}

/**
 * The resolved derivation: every input replaced by what it became, and everything else that shapes the bytes.
 * Pure data; its digest finds the result, so two derivations that differ only in how an identical input came
 * about share a request.
 */
export interface Request {
  readonly builder: string;
  /** The builder's own version, with those of whatever it works through (sandbox, import policy, compressor). */
  readonly versions: Readonly<Record<string, string>>;
  readonly parameters: Canonical;
  readonly inputs: Readonly<Record<string, Content>>;
  readonly system?: string;
  readonly buildType?: BuildType;
  readonly outputs: readonly string[];
}

const requestDomain = "kit/request/1";

export function requestDigest(request: Request): Digest {
  return canonicalDigest(requestDomain, request as unknown as Canonical);
}

/** Exactly the text that {@link requestDigest} hashes. */
export function requestText(request: Request): string {
  return describe(requestDomain, request as unknown as Canonical);
}

/** The statement of what a request became. Once recorded it is never replaced. */
export interface Result {
  readonly format: "kit/result/1";
  readonly request: Digest;
  readonly outputs: Readonly<Record<string, Content>>;
  /** Outputs of other results that these outputs need at run time. */
  readonly references: readonly Content[];
}

/** Whether a result is what its request asks for: a statement is signed and recorded without a look at that. */
export function isAnswer({ outputs }: Pick<Result, "outputs">, request: Pick<Request, "outputs">): boolean {
  const names = Object.keys(outputs).sort();
  const wanted = [...new Set(request.outputs)].sort();
  return names.length === wanted.length && names.every((name, index) => name === wanted[index]);
}

/** What was noticed while building; no part of any key, and different on every build. */
export interface Note {
  readonly label: string;
  readonly builder: string;
  /** Milliseconds. */
  readonly duration: number;
  /** Seconds since 1970. */
  readonly finished: number;
  /** The code of the fault it ended with. */
  readonly failed?: string;
  /** What that said. */
  readonly failure?: {
    readonly message: string;
    readonly hint?: string;
    readonly details: readonly string[];
    readonly about?: string;
    readonly against?: string;
  };
  /** Bytes that were charged to it at the most, files that were only cached among them, where it was measured. */
  readonly peakMemory?: number;
  /** Bytes that it held at the most and that could not have been taken from it, as far as that was seen. */
  readonly memory?: number;
  /** It came out of a cache: how long that took says nothing of making it. */
  readonly brought?: boolean;
  /** The log's place relative to the store. */
  readonly log?: string;
}

/** How a result came about, and all it takes to bring it about again. No part of its statement. */
export interface Origin {
  readonly note: Note;
  /** Absent where only its digest was known: what was pulled by that. */
  readonly request?: Request;
  /** Where a fixed output's bytes were looked for, as the derivation said. */
  readonly hints?: Canonical;
  /** Whose word it was taken for out of a cache, as signature files; absent where it was built here. */
  readonly signatures?: readonly string[];
}

export function contentOf(kind: "blob" | "tree", digest: Digest): Content {
  return `${kind}:${digest}`;
}

export function splitContent(content: Content): { kind: "blob" | "tree"; digest: Digest } {
  const kind = content.startsWith("blob:") ? "blob" : "tree";
  return { kind, digest: content.slice(kind.length + 1) as Digest };
}

/** @throws {Fault} `digest/malformed` */
export function parseContent(text: string): Content {
  const kind = text.slice(0, 5);
  if (kind !== "blob:" && kind !== "tree:")
    throw new Fault("digest/malformed", `not content: ${text.slice(0, 100)}`);
  return `${kind === "blob:" ? "blob" : "tree"}:${parseDigest(text.slice(5))}`;
}
