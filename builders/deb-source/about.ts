// What a debianised tree says of the package it makes, before anything is built.
// Pure. Knows debian/control and debian/changelog; does not know where the tree comes from.

import { reduceRelations } from "../../evaluator/deb/builddepends.ts";
import { formatGroup, parseRelations, splitGroups } from "../../evaluator/deb/relation.ts";
import { fieldOf, formatStanza, parseStanza, parseStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";
import type { WrittenAt } from "../../evaluator/question.ts";
import { Fault } from "../../store/model/fault.ts";

/** What planning has to know of a source. */
export interface About {
  readonly source: string;
  readonly version: string;
  /** Seconds since 1970: the newest entry of the changelog. */
  readonly date: number;
  /** Its first paragraph: what building it takes. */
  readonly stanza: Stanza;
  /** Names and wildcards that its packages are made for. */
  readonly architectures: readonly string[];
  /** What its packages are called and provide, as far as it is written and not made up while they are built. */
  readonly declares: readonly string[];
  /** Whether that is all. */
  readonly isWhole: boolean;
}

/** The fields of debian/control that decide what a build's root holds (policy 5.2, 7.7). */
const kept = [
  "Build-Depends",
  "Build-Depends-Arch",
  "Build-Depends-Indep",
  "Build-Conflicts",
  "Build-Conflicts-Arch",
  "Build-Conflicts-Indep",
  "Rules-Requires-Root",
] as const;

/**
 * As text that {@link readAbout} reads: what else changes in the two files changes nothing in it.
 *
 * @throws {Fault} `manifest/bad-control`, `manifest/bad-changelog`
 */
export function aboutText(control: string, changelog: string): string {
  const [stanza, ...packages] = paragraphsIn(control);
  const { source, version, date } = newestEntry(changelog);
  const name = fieldOf(stanza, "Source") ?? "";
  if (name !== source) {
    throw new Fault(
      "manifest/bad-changelog",
      `debian/changelog is of ${source}, and debian/control of ${name || "no source"}`,
      { hint: "both name the source package (Debian Policy 4.4)" },
    );
  }
  const fields = kept.flatMap((field): [string, string][] => {
    const value = fieldOf(stanza, field)
      ?.replace(/\s*\n\s*/g, " ")
      .trim();
    if (value === undefined) return [];
    if (field.startsWith("Build-")) readControl(() => parseRelations(value), field);
    const isNeed = field.startsWith("Build-Depends");
    const own: [string, string] = [field, value];
    return isNeed ? [own, [`${field}${linesWord}`, linesOf(control, field)]] : [own];
  });
  return formatStanza({
    Source: source,
    Version: version,
    Date: String(date),
    ...Object.fromEntries(fields),
    ...declarations(packages),
  });
}

const linesWord = "-Lines";

/** The lines that a field's groups begin in, counted from 1. */
function linesOf(control: string, field: string): string {
  const lines = control.split("\n");
  const first = lines.findIndex((line) => line.toLowerCase().startsWith(`${field.toLowerCase()}:`));
  const found: number[] = [];
  let isBetween = true;
  for (const [index, line] of lines.entries()) {
    if (index < first || line.startsWith("#")) continue;
    if (index > first && !/^[ \t]/.test(line)) break;
    const text = index === first ? line.slice(field.length + 1) : line;
    for (const [position, part] of text.split(",").entries()) {
      isBetween ||= position > 0;
      if (part.trim() === "" || !isBetween) continue;
      found.push(index + 1);
      isBetween = false;
    }
  }
  return found.join(" ");
}

/** Where debian/control has each of its build dependencies, by what {@link buildNeeds} makes of it. */
export function writtenNeeds(
  { stanza }: About,
  target: Parameters<typeof reduceRelations>[1],
): [string, WrittenAt][] {
  return kept.flatMap((field) => {
    const lines = (fieldOf(stanza, `${field}${linesWord}`) ?? "").split(" ");
    return splitGroups(fieldOf(stanza, field) ?? "").flatMap((text, index): [string, WrittenAt][] => {
      const line = Number(lines[index] ?? "");
      if (!field.startsWith("Build-Depends") || line === 0) return [];
      const reduced = reduceRelations(parseRelations(text), target);
      return reduced.map((group) => [formatGroup(group), { file: "debian/control", line }]);
    });
  });
}

/** Of binary packages (policy 5.2); substitution variables get their values while they are built (deb-substvars(5)). */
function declarations(packages: readonly Stanza[]): Stanza {
  const provided = packages.flatMap((stanza) => splitGroups(fieldOf(stanza, "Provides") ?? ""));
  const written = provided
    .filter((text) => !text.includes("${"))
    .map((text) => text.replace(/[ (:].*$/s, ""));
  const names = [...packages.map((stanza) => fieldOf(stanza, "Package") ?? ""), ...written];
  return {
    Architectures: wordsOf(packages, "Architecture").join(" "),
    Declares: [...new Set(names)].sort().join(" "),
    ...(written.length < provided.length && { "Declares-More": "yes" }),
  };
}

/** Each once, sorted. */
function wordsOf(stanzas: readonly Stanza[], field: string): string[] {
  const words = stanzas.flatMap((stanza) => (fieldOf(stanza, field) ?? "").split(/\s+/));
  return [...new Set(words.filter((word) => word !== ""))].sort();
}

export function readAbout(text: string): About {
  const stanza = parseStanza(text);
  const { Source: source = "", Version: version = "", Date: date = "" } = stanza;
  return {
    ...{ source, version, date: Number(date), stanza },
    architectures: wordsOf([stanza], "Architectures"),
    declares: wordsOf([stanza], "Declares"),
    isWhole: fieldOf(stanza, "Declares-More") === undefined,
  };
}

/** Comments are for people (policy 5.1). */
function paragraphsIn(control: string): [Stanza, ...Stanza[]] {
  const lines = control.split("\n").filter((line) => !line.startsWith("#"));
  const [first, ...others] = readControl(() => parseStanzas(lines.join("\n")));
  if (first !== undefined && fieldOf(first, "Source") !== undefined) return [first, ...others];
  throw new Fault(
    "manifest/bad-control",
    "debian/control does not begin with a paragraph that has a Source",
    {
      hint: "Debian Policy 5.2",
    },
  );
}

/** @throws {Fault} `manifest/bad-control` */
function readControl<T>(read: () => T, field?: string): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault("manifest/bad-control", `debian/control${field ? `, ${field}` : ""}: ${cause.message}`, {
      cause,
      ...(cause.hint !== undefined && { hint: cause.hint }),
    });
  }
}

/** The first entry (deb-changelog(5)). */
function newestEntry(changelog: string): Pick<About, "source" | "version" | "date"> {
  const [, source, version] =
    /^\s*([a-z0-9][a-z0-9+.-]+) \(((?:\d+:)?[A-Za-z0-9.+~-]+)\) [^;\n]*;/.exec(changelog) ?? [];
  const [, written = ""] = /^ -- [^\n]*> {1,2}([^\n]+)$/m.exec(changelog) ?? [];
  const date = Date.parse(written) / 1000;
  if (source !== undefined && version !== undefined && Number.isInteger(date))
    return { source, version, date };
  throw new Fault(
    "manifest/bad-changelog",
    "debian/changelog does not begin with an entry that is complete",
    {
      hint: "like `dch` writes them: a first line with name, version and suite, and a last one that begins with ` -- ` and has a date (deb-changelog(5))",
    },
  );
}
