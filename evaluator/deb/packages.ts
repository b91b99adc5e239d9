// An index over a Packages file, whose stanzas stay unparsed until somebody asks for one.
// Knows where each stanza lies and who provides what; does not know what else a stanza says, nor any other index.

import { type Compact, compactInMemory, type Scanned } from "../compact.ts";
import { type Lists, newLists } from "../lists.ts";
import { openStanzas, type StanzaIndex, scanNames } from "../stanzaindex.ts";
import { mentioned, relationFields } from "./mention.ts";
import { type FieldScan, scanFields } from "./scan.ts";

export interface PackagesIndex extends StanzaIndex {
  /** Stanzas whose `Provides` holds this name, whatever version they give it. */
  providing(name: string): readonly number[];
  /** Stanzas with one of {@link baseLines}. */
  withLine(line: string): readonly number[];
  /** Stanzas whose `Task` names this, as apt's `task^` takes them. */
  inTask(task: string): readonly number[];
  tasks(): Iterable<string>;
  /** A number that is the lower the earlier the archive speaks of a name (mention.ts). */
  mention(key: string): number | undefined;
}

/** The lines by which a base may name its packages. */
export const baseLines = [
  "Essential: yes",
  "Priority: required",
  "Priority: important",
  "Priority: standard",
] as const;

export function openPackages(compact: Compact): PackagesIndex {
  const tasks = compact.table("tasks");
  const mentions = compact.table("mentions");
  return {
    ...openStanzas(compact),
    providing: compact.table("providing").get,
    withLine: compact.table("lines").get,
    inTask: tasks.get,
    tasks: tasks.keys,
    mention: mentions.rank,
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
  const scan = scanFields(bytes, [
    "Package",
    "Source",
    "Architecture",
    "Multi-Arch",
    "Essential",
    "Priority",
    "Task",
    ...relationFields,
  ]);
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
