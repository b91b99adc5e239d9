// Changelogs: what packagers say of one version after another.
// Pure. Knows Debian's form and that of rpm's headers; does not know where a changelog was found.

import { compareVersions as compareDebs } from "./deb/version.ts";
import { compareVersions as compareRpms, parseEvr } from "./rpm/version.ts";

/** One entry. */
export interface Change {
  /** Seconds since 1970; 0 where it does not tell. */
  readonly date: number;
  /** Who made it; in an rpm with the version behind, `NAME <ADDRESS> - VERSION-RELEASE`. */
  readonly author: string;
  /** Without empty ones. */
  readonly lines: readonly string[];
}

/** An entry as it is told: the version in front where the entry tells it. */
export interface ToldChange extends Change {
  readonly version?: string;
}

/** Entries as a stanza's field, newest first: a line `* DATE AUTHOR`, then theirs, indented further. */
export function changesField(changes: readonly Change[]): string {
  let left = mostText;
  const entries = [...changes]
    .sort((a, b) => b.date - a.date)
    .map(({ date, author, lines }) =>
      [`\n * ${date} ${author}`, ...lines.map((line) => `\n   ${line}`)].join(""),
    )
    .filter((entry) => {
      left -= entry.length;
      return left >= 0;
    });
  return entries.join("");
}

/** Characters that are kept of one package's: createrepo_c keeps ten entries; where all are kept a kernel has 2 MB. */
const mostText = 1 << 18;

/** What {@link changesField} wrote. */
export function parseChangesField(field: string): Change[] {
  const changes: { date: number; author: string; lines: string[] }[] = [];
  for (const line of field.split("\n")) {
    const [, date, author] = /^ ?\* (\d+) (.*)$/.exec(line) ?? [];
    if (date !== undefined) changes.push({ date: Number(date), author: author ?? "", lines: [] });
    else if (line.trim() !== "") changes.at(-1)?.lines.push(line.trim());
  }
  return changes;
}

/**
 * The entries, newest first, since a version: up to the first that names this one or an older one. An entry's version
 * has no epoch and often no distribution tag: the version's own epoch counts, and `1.2-3` comes before `1.2-3.fc40`.
 */
export function rpmChangesSince(changes: readonly Change[], version: string): ToldChange[] {
  const { epoch } = parseEvr(version);
  const since: ToldChange[] = [];
  for (const change of changes) {
    const named = /(?:^|[\s>-])((?:\d+:)?[^\s:<>-]*\d[^\s:<>-]*-[^\s:<>-]+)$/.exec(change.author)?.[1];
    const full = named !== undefined && !named.includes(":") && epoch !== "" ? `${epoch}:${named}` : named;
    if (full !== undefined && compareRpms(full, version) <= 0) break;
    since.push(
      named === undefined ? change : { ...change, version: named, author: withoutTail(change.author, named) },
    );
  }
  return since;
}

function withoutTail(author: string, version: string): string {
  return author.slice(0, -version.length).replace(/[\s-]+$/, "");
}

/** The entries of a debian/changelog since a version, newest first (deb-changelog(5)); what it cannot read it passes over. */
export function debChangesSince(changelog: string, version: string): ToldChange[] {
  const since: (ToldChange & { lines: string[] })[] = [];
  let open: { version: string; lines: string[] } | undefined;
  for (const line of changelog.split("\n")) {
    const named = /^\S+ \(([^\s()]+)\)[^;]*;/.exec(line)?.[1];
    if (named !== undefined) {
      if (compareDebs(named, version) <= 0) break;
      open = { version: named, lines: [] };
      continue;
    }
    const [, author, date] = /^ -- (.*?) {2}(.*)$/.exec(line) ?? [];
    if (open !== undefined && author !== undefined) {
      since.push({ ...open, author, date: Math.floor((Date.parse(date ?? "") || 0) / 1000) });
      open = undefined;
    } else if (line.trim() !== "") open?.lines.push(line.trim());
  }
  return since;
}
