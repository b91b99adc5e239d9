// The source package that a binary package is built from.
// Knows how debs and rpms say it; does not know any source package.

import { fieldOf, type Stanza } from "./deb/stanza.ts";

export interface SourceName {
  readonly name: string;
  readonly version: string;
}

/**
 * Of a deb `Source: glibc (2.36-9)`, its own name and version where they are the same (policy 5.6.1); of an rpm the name
 * of its source's file, `bash-5.2.26-1.src.rpm`, which leaves the epoch out.
 */
export function sourceOf({
  name,
  version,
  stanza,
}: {
  readonly name: string;
  readonly version: string;
  readonly stanza: Stanza;
}): SourceName {
  const written = fieldOf(stanza, "Source")?.trim() ?? "";
  const [, rpm, rpmVersion] = /^(\S+)-([^\s-]+-[^\s-]+)\.(?:no)?src\.rpm$/.exec(written) ?? [];
  if (rpm !== undefined && rpmVersion !== undefined) return { name: rpm, version: rpmVersion };
  const [, source = name, own = version] = /^(\S+)(?: \((\S+)\))?$/.exec(written) ?? [];
  return { name: source, version: own };
}
