// An index over a Packages file, whose stanzas stay unparsed until somebody asks for one.
// Knows where each stanza lies and who provides what; does not know what else a stanza says, nor any other index.

import { type Compact, compactInMemory, type Scanned } from "../compact.ts";
import { type Lists, newLists } from "../lists.ts";
import { mentioned, relationFields } from "./mention.ts";
import { type FieldScan, scanFields } from "./scan.ts";
import { fieldOf, parseStanza, type Stanza, stanzaLimit } from "./stanza.ts";

/** Stanzas go by number, from 0 in the order of the text. */
export interface PackagesIndex {
  /** How many stanzas there are. */
  readonly size: number;
  /** In the order of the stanzas. */
  names(): Iterable<string>;
  /** Stanzas whose `Package` is this. */
  named(name: string): readonly number[];
  /** Stanzas whose `Provides` holds this name, whatever version they give it. */
  providing(name: string): readonly number[];
  /** Stanzas with one of {@link baseLines}. */
  withLine(line: string): readonly number[];
  /** Stanzas whose `Task` names this, as apt's `task^` takes them. */
  inTask(task: string): readonly number[];
  tasks(): Iterable<string>;
  /** A number that is the lower the earlier the archive speaks of a name ({@link mentioned}). */
  mention(name: string): number | undefined;
  /** Empty for a stanza that cannot be read. */
  nameAt(stanza: number): string;
  /** The stanza's text, without the empty line after it. */
  text(stanza: number): string;
  /** What could not be read: a stanza without a name. */
  readonly warnings: readonly string[];
}

/** The lines by which a base may name its packages. */
export const baseLines = [
  "Essential: yes",
  "Priority: required",
  "Priority: important",
  "Priority: standard",
] as const;

export function openPackages(compact: Compact): PackagesIndex {
  const named = compact.table("named");
  const tasks = compact.table("tasks");
  const mentions = compact.table("mentions");
  return {
    size: compact.size,
    warnings: compact.warnings,
    text: compact.text,
    names: named.keys,
    named: named.get,
    providing: compact.table("providing").get,
    withLine: compact.table("lines").get,
    inTask: tasks.get,
    tasks: tasks.keys,
    mention: mentions.rank,
    nameAt: (stanza) => nameIn(compact.text(stanza)) ?? "",
  };
}

/** Of a list that is in memory. */
export function packagesIndex(bytes: Uint8Array): PackagesIndex {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return openPackages(compactInMemory(scanPackages(text), text));
}

/**
 * Reads nothing but what the tables need: names, what is provided, what may make a base, and who is spoken of.
 *
 * @param bytes an uncompressed Packages file, UTF-8
 */
export function scanPackages(bytes: Uint8Array): Scanned {
  const scan = scanFields(bytes, ["Package", "Source", "Essential", "Priority", "Task", ...relationFields]);
  const { names, named, warnings } = scanNames(scan);
  const tables = {
    named,
    providing: providersIn(scan),
    tasks: tasksIn(scan),
    lines: linesIn(scan),
    mentions: mentioned(scan, names),
  };
  return { starts: scan.starts, tables, warnings };
}

/** Of every stanza its name, empty where it cannot be read, and where each name is. */
export function scanNames({ starts, bytes, oversized, column, text }: FieldScan) {
  const named = newLists();
  const skipped: string[] = [];
  const nameOf = column("Package");
  const names = starts.map((start, stanza) => {
    const isLong = oversized.has(stanza);
    const name = isLong ? undefined : (nameOf(stanza) ?? nameIn(text(stanza)));
    if (name !== undefined) named.add(name, stanza);
    else {
      const why = isLong ? `longer than ${stanzaLimit} bytes` : "without a Package field";
      const [line = ""] = Buffer.from(bytes.subarray(start, start + 80))
        .toString()
        .split("\n", 1);
      skipped.push(`skipped a stanza ${why}, beginning ${JSON.stringify(line)}`);
    }
    return name ?? "";
  });
  return { names, named, warnings: firstOf(skipped) };
}

/** Who reads a hundred of them knows. */
function firstOf(warnings: readonly string[]): string[] {
  const more = warnings.length - mostWarnings;
  return more > 0 ? [...warnings.slice(0, mostWarnings), `${more} more warnings like these`] : [...warnings];
}

const mostWarnings = 100;

function providersIn({ starts, column }: FieldScan): Lists {
  const providers = newLists();
  const providesOf = column("Provides");
  for (const stanza of starts.keys()) {
    for (const provided of providesOf(stanza)?.split(",") ?? []) {
      const name = /^\s*([^\s(:]+)/.exec(provided)?.[1];
      if (name !== undefined) providers.add(name, stanza);
    }
  }
  return providers;
}

function tasksIn({ starts, column }: FieldScan): Lists {
  const tasks = newLists();
  const tasksOf = column("Task");
  for (const stanza of starts.keys()) {
    for (const task of tasksOf(stanza)?.split(",") ?? []) tasks.add(task.trim(), stanza);
  }
  return tasks;
}

function linesIn({ starts, column }: FieldScan): Lists {
  const lines = newLists();
  for (const field of ["Essential", "Priority"]) {
    const valueIn = column(field);
    for (const stanza of starts.keys()) {
      const line = baseLines.find((each) => each === `${field}: ${valueIn(stanza)}`);
      if (line !== undefined) lines.add(line, stanza);
    }
  }
  return lines;
}

function nameIn(text: string): string | undefined {
  const first = /^Package: (.*)/.exec(text)?.[1];
  if (first !== undefined) return first.trim();
  let stanza: Stanza;
  try {
    stanza = parseStanza(text);
  } catch {
    return undefined;
  }
  return fieldOf(stanza, "Package");
}
