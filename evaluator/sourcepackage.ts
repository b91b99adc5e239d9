// Source packages that manifests ask a distribution for: the question, the choice, and where a lock keeps it.
// Pure. Knows Sources stanzas; does not know what is built of one.

import * as z from "zod/mini";
import { type Canonical, canonicalDigest } from "../store/model/canonical.ts";
import type { Places } from "../store/model/derivation.ts";
import type { Digest } from "../store/model/digest.ts";
import { parseSha256, type Sha256 } from "../store/model/digest.ts";
import { Fault } from "../store/model/fault.ts";
import { fieldOf, linesOf, readableStanza, type Stanza } from "./deb/stanza.ts";
import { compareVersions } from "./deb/version.ts";
import { type Source, sourceText } from "./question.ts";
import type { StanzaIndex } from "./stanzaindex.ts";

/** Which source package is meant: one of a name, or just one version of it. */
export interface SourceQuestion {
  readonly source: Source;
  readonly name: string;
  readonly version?: string;
  /** Where a manifest asks it. No part of what is asked. */
  readonly places?: Places;
}

export interface SourceAnswer {
  /** `REPOSITORY SUITE` */
  readonly from: string;
  readonly stanza: Stanza;
}

/** The answer as a lock has it; `date` is that of the newest index. */
export interface LockedSource extends SourceAnswer {
  readonly question: string;
  readonly distro: string;
  readonly date: number;
}

export const lockedSourceShape = z.object({
  question: z.string(),
  distro: z.string(),
  date: z.number(),
  from: z.string(),
  stanza: z.record(z.string(), z.string()),
});

export function sourceDigest({ places: _, ...question }: SourceQuestion): Digest {
  return canonicalDigest("kit/source-question/1", question as unknown as Canonical);
}

export function sourceQuestionText({ source, name, version }: SourceQuestion): string {
  return `${sourceText(source)}: ${name}${version === undefined ? "" : ` (= ${version})`}`;
}

/** A list of source packages and what it ranks. */
export interface SourceList {
  readonly list: StanzaIndex;
  readonly from: string;
  readonly priority: number;
}

/**
 * The highest version in the repositories of the highest priority. What is there only because something else was built
 * of it (`Extra-Source-Only`) does not count.
 *
 * @throws {Fault} `unresolved/no-source`
 */
export function chooseSource(question: SourceQuestion, lists: readonly SourceList[]): SourceAnswer {
  const { source, name, version } = question;
  const found = lists.flatMap(({ list, from, priority }) =>
    list
      .named(name)
      .flatMap((number) => readableStanza(list.text(number)).map((stanza) => ({ from, priority, stanza }))),
  );
  const versionOf = (stanza: Stanza) => fieldOf(stanza, "Version") ?? "";
  const offered = found.filter(({ stanza }) => fieldOf(stanza, "Extra-Source-Only") !== "yes");
  const [best] = offered
    .filter(({ stanza }) => version === undefined || versionOf(stanza) === version)
    .sort((a, b) => b.priority - a.priority || compareVersions(versionOf(b.stanza), versionOf(a.stanza)));
  if (best !== undefined) return { from: best.from, stanza: best.stanza };
  const versions = [...new Set(offered.map(({ stanza }) => versionOf(stanza)))];
  throw new Fault(
    "unresolved/no-source",
    `${source.distro} has no source package ${name}${version === undefined ? "" : ` ${version}`}`,
    versions.length > 0 ? { hint: `it has ${versions.join(", ")}` } : {},
  );
}

/** A file as `Checksums-Sha256` lists it (Debian Policy 5.6.24): its name is one, and leads nowhere else. */
export interface ListedFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: Sha256;
}

export interface SourceFile extends ListedFile {
  /** Below the archive. */
  readonly path: string;
}

/**
 * The files of a source package, its .dsc first (Debian Policy 5.6.24, 5.6.21).
 *
 * @throws {Fault} `digest/malformed-source`
 */
export function sourceFiles(stanza: Stanza): SourceFile[] {
  const name = fieldOf(stanza, "Package") ?? "";
  const folder = (fieldOf(stanza, "Directory") ?? "").replace(/\/+$/, "");
  const files = listedFiles(stanza, (why) => malformed(name, why)).map((file) => ({
    ...file,
    path: `${folder}/${file.name}`,
  }));
  const isDsc = (file: SourceFile) => file.name.endsWith(".dsc");
  if (files.filter(isDsc).length !== 1) throw malformed(name, "it does not list one .dsc");
  if (!/^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9+._~:/-]+$/.test(folder))
    throw malformed(name, `its Directory is ${JSON.stringify(folder)}`);
  return [...files.filter(isDsc), ...files.filter((file) => !isDsc(file))];
}

/** What `Checksums-Sha256` lists. @throws what `malformed` makes of the first line that is none */
export function listedFiles(stanza: Stanza, malformed: (why: string) => Fault): ListedFile[] {
  return linesOf(stanza, "Checksums-Sha256").map((line) => {
    const [, sha256 = "", size = "", name = ""] =
      /^([0-9a-f]{64}) (\d{1,12}) ([A-Za-z0-9][A-Za-z0-9+._~:-]*)$/.exec(line) ?? [];
    if (name === "") throw malformed(`its Checksums-Sha256 has the line ${JSON.stringify(line)}`);
    return { name, size: Number(size), sha256: parseSha256(sha256) };
  });
}

function malformed(name: string, why: string): Fault {
  return new Fault("digest/malformed-source", `the source package ${name} cannot be fetched: ${why}`, {
    hint: "the archive's list is broken: try another mirror through KIT_MIRRORS",
  });
}
