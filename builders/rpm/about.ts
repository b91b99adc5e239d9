// What .rpm files say of themselves, as a text that planning reads: one stanza a file.
// Pure. Knows its fields; does not know how a file is read.

import { linesOf, parseStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";

/** What a source package says beside what every package does. */
export interface SourceAbout {
  /** Undefined of a source package; else what it is made for, as it is none. */
  readonly madeFor: string | undefined;
  readonly name: string;
  readonly version: string;
  /** What building it takes; with `rpmlib(…)`, what rpm itself has to know. */
  readonly requires: readonly string[];
  /** What is not to be there when it is built. */
  readonly conflicts: readonly string[];
  /** Architectures it is built for alone; empty for all. */
  readonly exclusive: readonly string[];
  readonly excluded: readonly string[];
  /** Of the latest entry of its changelog, seconds since 1970. */
  readonly changed: number | undefined;
}

/** Whether building it says what else it takes (`%generate_buildrequires`). */
export function asksWhileBuilding({ requires }: SourceAbout): boolean {
  return requires.some((text) => text.startsWith("rpmlib(DynamicBuildRequires)"));
}

export function sourceStanza(
  stanza: Stanza,
  { exclusive, excluded, changed }: Pick<SourceAbout, "exclusive" | "excluded" | "changed">,
): Stanza {
  return {
    ...stanza,
    ...(exclusive.length > 0 && { "Exclusive-Architectures": exclusive.join(" ") }),
    ...(excluded.length > 0 && { "Excluded-Architectures": excluded.join(" ") }),
    ...(changed !== undefined && { Changed: String(changed) }),
  };
}

export function readSource(text: string): SourceAbout {
  const [stanza = {}] = parseStanzas(text);
  const words = (field: string) => (stanza[field] ?? "").split(" ").filter((word) => word !== "");
  const changed = stanza["Changed"];
  const architecture = stanza["Architecture"];
  return {
    madeFor: architecture === "src" ? undefined : architecture,
    name: stanza["Package"] ?? "",
    version: stanza["Version"] ?? "",
    requires: [...linesOf(stanza, "Requires-Pre"), ...linesOf(stanza, "Requires")],
    conflicts: linesOf(stanza, "Conflicts"),
    exclusive: words("Exclusive-Architectures"),
    excluded: words("Excluded-Architectures"),
    changed: changed === undefined ? undefined : Number(changed),
  };
}
