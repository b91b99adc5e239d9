// The header of an .rpm in the pool.
// Knows where the bytes are; does not know what they say.

import type { Digest } from "../../store/model/digest.ts";
import type { Pool } from "../../store/pool.ts";
import { parseRpmHeader, type RpmHeader } from "../archive/rpmheader.ts";

/** All of the package is read for it: what is damaged says nothing. @throws {Fault} `digest/bad-rpm` */
export function headerOf(rpm: Digest, pool: Pick<Pool, "readAll">): RpmHeader {
  return parseRpmHeader(pool.readAll(rpm));
}
