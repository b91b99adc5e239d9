// An .rpm on disk, as kit reads it.

import { readFileSync } from "node:fs";
import { parseRpmHeader } from "../../../builders/archive/rpmheader.ts";
import { packageFileStanza, pathsIn } from "../../../builders/repository/rpm/packagefile.ts";

export function readRpm(file: string) {
  const header = parseRpmHeader(readFileSync(file));
  return { stanza: packageFileStanza(header), paths: pathsIn(header) };
}
