// The packages among a request's inputs, read from the store.
// Knows how recipes name inputs; does not know what becomes of the packages.

import { type Request, splitContent } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { inputOf, type Store } from "../builder.ts";
import { controlStanza } from "./database.ts";
import type { Package } from "./package.ts";

/** The packages with these keys (`NAME:ARCHITECTURE`), in that order. */
export function readPackages(request: Request, keys: readonly string[], { pool, records }: Store): Package[] {
  const digest = (name: string) => splitContent(inputOf(request, name)).digest;
  return keys.map((key) => {
    const control = records.tree(digest(`control ${key}`));
    const file = control.entries.find((entry) => entry.path === "control");
    if (file?.type !== "file") throw new Fault("digest/bad-deb", `${key} has no control file`);
    const stanza = controlStanza(pool.readAll(file.blob).toString("utf8"));
    return {
      name: stanza["Package"] ?? "",
      version: stanza["Version"] ?? "",
      architecture: stanza["Architecture"] ?? "",
      stanza,
      control,
      data: records.tree(digest(`data ${key}`)),
      list: pool
        .readAll(digest(`list ${key}`))
        .toString("utf8")
        .trimEnd()
        .split("\n"),
      deb: digest(`deb ${key}`),
    };
  });
}
