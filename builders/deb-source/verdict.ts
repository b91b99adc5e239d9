// What is to be thought of a .dsc: its text where it may be believed, else why not.
// Knows signatures and keys; does not know what a .dsc says, nor which manifest names it.

import * as z from "zod/mini";
import { dscLimit } from "../../evaluator/dsc.ts";
import { splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Pool } from "../../store/pool.ts";
import { type Builder, inputOf } from "../builder.ts";
import { oneFile } from "../package/place.ts";
import { openVerifier, plainText } from "../repository/signature.ts";
import { verdictFile } from "./recipe.ts";

/** A verdict against one is a result as well: it is told at the place of whichever manifest names the .dsc. */
export type Verdict =
  | { readonly text: string }
  | {
      readonly code: (typeof codes)[number];
      /** What completes the sentence that the file's name begins. */
      readonly why: string;
      readonly details: readonly string[];
    };

const codes = [
  "digest/malformed-source",
  "digest/unsigned",
  "digest/unknown-key",
  "digest/bad-signature",
  "manifest/bad-key",
] as const;

export const dscBuilder: Builder = {
  name: "dsc",
  async run({ request, store }) {
    const { pool } = store;
    const read = (name: string, limit: number) =>
      readAtMost(splitContent(inputOf(request, name)).digest, limit, pool);
    const keys = "keys" in request.inputs ? read("keys", keysLimit) : undefined;
    const verdict =
      "keys" in request.inputs && keys === undefined
        ? against("manifest/bad-key", `it has more than ${keysLimit} bytes`)
        : await verdictOn(read("dsc", dscLimit), keys);
    return { outputs: { verdict: oneFile(verdictFile, JSON.stringify(verdict), store) } };
  },
};

/** Bytes; all keys of Debian's developers have 40 MB. */
const keysLimit = 64 << 20;

/** @param keys of whom one must have signed it; without, nobody */
export async function verdictOn(
  document: Uint8Array | undefined,
  keys: Uint8Array | undefined,
): Promise<Verdict> {
  if (document === undefined) return against("digest/malformed-source", `it has more than ${dscLimit} bytes`);
  try {
    if (keys === undefined) return { text: plainText(label, document) };
    const verifier = await openVerifier([keys]);
    // What held when it was signed holds, whatever the time is: the verdict is the same tomorrow.
    return { text: (await verifier.verify(label, document)).text };
  } catch (error) {
    const code = codes.find((one) => error instanceof Fault && error.code === one);
    if (code === undefined || !(error instanceof Fault)) throw error;
    return against(code, error.message.replace(`${label}: `, ""), error.details);
  }
}

/** What the verifier calls it; whoever tells the verdict knows its name. */
const label = "the .dsc";

function against(code: (typeof codes)[number], why: string, details: readonly string[] = []): Verdict {
  return { code, why, details };
}

function readAtMost(
  blob: ReturnType<typeof splitContent>["digest"],
  limit: number,
  pool: Pick<Pool, "pieces">,
): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (const piece of pool.pieces(blob)) {
    size += piece.length;
    if (size > limit) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

const shape = z.union([
  z.object({ text: z.string() }),
  z.object({ code: z.enum(codes), why: z.string(), details: z.array(z.string()) }),
]);

export function parseVerdict(text: string): Verdict {
  return z.parse(shape, JSON.parse(text));
}
