// Small archives for tests: stanzas in a few words, and universes over them.
// Knows the Packages format; does not know the resolver.

import { parseStanza, type Stanza } from "../../../evaluator/deb/stanza.ts";
import {
  packagesIndex,
  type Source,
  type Universe,
  type UniverseOptions,
  universe,
} from "../../../evaluator/deb/universe.ts";

/** `a 1` with further fields as they stand in a stanza: `Depends: b`. Architecture is amd64 if none is named. */
export function pkg(nameAndVersion: string, ...fields: string[]): string {
  const [name, version = "1"] = nameAndVersion.split(" ");
  const architecture = fields.some((field) => field.startsWith("Architecture:"))
    ? []
    : ["Architecture: amd64"];
  return [`Package: ${name}`, `Version: ${version}`, ...architecture, ...fields].join("\n");
}

export function stanza(nameAndVersion: string, ...fields: string[]): Stanza {
  return parseStanza(pkg(nameAndVersion, ...fields));
}

/** One suite; `main stable 500` unless said otherwise. */
export function source(packages: readonly string[], place: Partial<Omit<Source, "index">> = {}): Source {
  const bytes = Buffer.from(packages.map((text) => `${text}\n\n`).join(""));
  return { index: packagesIndex(bytes), repository: "main", suite: "stable", priority: 500, ...place };
}

export function universeOf(packages: readonly string[], options: Partial<UniverseOptions> = {}): Universe {
  return universe({ architecture: "amd64", sources: [source(packages)], ...options });
}
