// The header of an .rpm in the pool.
// Knows where the bytes are; does not know what they say.

import type { Digest } from "../../store/model/digest.ts";
import type { Pool } from "../../store/pool.ts";
import { parseRpmHeader, type RpmHeader } from "../archive/rpmheader.ts";
import { refuseDamagedPayload } from "../archive/rpmpayload.ts";

/** All of the package is read for it: what is damaged says nothing. @throws {Fault} `digest/bad-rpm` */
export function headerOf(rpm: Digest, pool: Pick<Pool, "readAll">): RpmHeader {
  return parseRpmHeader(pool.readAll(rpm));
}

/** The same of one that nobody has checked yet, with what is packed in it. @throws {Fault} `digest/bad-rpm` */
export function checkedHeaderOf(rpm: Digest, pool: Pick<Pool, "readAll">): RpmHeader {
  const bytes = pool.readAll(rpm);
  const header = parseRpmHeader(bytes);
  refuseDamagedPayload(bytes, header);
  return header;
}
