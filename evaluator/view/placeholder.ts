// Placeholders: packages that nobody has made yet, and their sources, as the lists of either format would tell of them.
// Pure. Knows the stanzas that stand for them; does not know which workload has them, nor what is chosen.

import type { Stanza } from "../deb/stanza.ts";
import type { ViewQuestion } from "./question.ts";

type Format = "deb" | "rpm";

export interface Placeholder {
  /** The source package they will come from. */
  readonly source: string;
  readonly packages: readonly { readonly name: string; readonly dependencies: readonly string[] }[];
}

/** What its packages say of themselves: the lowest version, so that no relation to a real one is met by it. */
export function expectedPackages(
  { source, packages }: Placeholder,
  format: Format,
  architecture: string,
): Stanza[] {
  return packages.map(({ name, dependencies }) =>
    format === "deb"
      ? {
          Package: name,
          Version: placeholderVersion,
          Architecture: architecture,
          Source: source,
          ...(dependencies.length > 0 && { Depends: inOneLine(dependencies) }),
        }
      : {
          Package: name,
          Version: `${placeholderVersion}-0`,
          Architecture: architecture,
          Source: `${source}-${placeholderVersion}-0.src.rpm`,
          Requires: oneALine(dependencies),
        },
  );
}

/** The sources, by name, with what they need to be built. */
export function expectedSources(
  placeholders: ViewQuestion["placeholders"],
  format: Format,
): ReadonlyMap<string, Stanza> {
  return new Map(
    Object.entries(placeholders).map(([name, needs]) => [
      name,
      {
        Package: name,
        Version: "0",
        ...(format === "deb" ? { "Build-Depends": inOneLine(needs) } : { Requires: oneALine(needs) }),
      },
    ]),
  );
}

const placeholderVersion = "0~placeholder";

/** Whether a package of this version is one. */
export function isPlaceholder(version: string): boolean {
  return version.startsWith(placeholderVersion);
}

function inOneLine(relations: readonly string[]): string {
  return relations.join(", ");
}

function oneALine(relations: readonly string[]): string {
  return relations.map((relation) => `\n ${relation}`).join("");
}
