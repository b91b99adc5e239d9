// The payload of an .rpm, against the digest that its header has of it.
// Knows the tags of that digest (rpm's docs/manual/tags.md); does not know what the payload holds.

import { createHash } from "node:crypto";
import { Fault } from "../../store/model/fault.ts";
import type { RpmHeader } from "./rpmheader.ts";

const tags = { digest: 5092, algorithm: 5093 } as const;

/** Of RFC 4880 9.4, those that rpm writes. */
const algorithms: Readonly<Record<number, string>> = { 8: "sha256", 9: "sha384", 10: "sha512" };

/**
 * Of one without a digest, as rpm before 4.14 made it, nothing is known.
 *
 * @param bytes of the whole file
 * @throws {Fault} `digest/bad-rpm`
 */
export function refuseDamagedPayload(bytes: Buffer, header: RpmHeader): void {
  const wanted = header.text(tags.digest);
  const algorithm = algorithms[header.numbers(tags.algorithm)[0] ?? 0];
  if (wanted === undefined || algorithm === undefined) return;
  const found = createHash(algorithm).update(bytes.subarray(header.end)).digest("hex");
  if (found === wanted) return;
  throw new Fault(
    "digest/bad-rpm",
    "what is packed in this .rpm is damaged: its header has another digest of it",
    {
      hint: "was it cut off or changed on its way? have it anew from where it was made",
    },
  );
}
