// A report's folder: written beside its place and moved there when it is whole.
// Knows which folders may be replaced, and what a disk refuses; does not know what is in the files.

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ViewMoment, ViewResult } from "../../evaluator/view/result.ts";
import { Fault } from "../../store/model/fault.ts";
import { asFolderFault, isEmptyFolder, moveUp } from "../outfolder.ts";
import { type PageCode, type ReportFiles, reportFiles } from "./files.ts";

export interface ReportParts {
  readonly result: ViewResult;
  /** The oldest first; empty where nothing is known. */
  readonly history: readonly ViewMoment[];
  readonly code: PageCode;
}

/**
 * Writes the whole report. Whoever looks meanwhile sees the earlier one, for an instant none, then the new one; never
 * a part of one. Nothing stays behind where it fails.
 *
 * @throws {Fault} `usage/not-empty`, `usage/not-a-folder`, `usage/unwritable`, `host/full`
 */
export function writeReport({ result, history, code }: ReportParts, folder: string): void {
  const place = reportPlace(folder);
  const files = reportFiles(result, history, code);
  // Another kit may be doing the same.
  const suffix = randomBytes(4).toString("hex");
  try {
    if (isEmptyFolder(place)) fill(files, place, join(place, `.new-${suffix}`));
    else exchange(files, place, suffix);
  } catch (error) {
    throw asReportFault(error, folder);
  }
}

/**
 * Where the report will lie: told before anything is computed for it. An empty folder and an earlier report are
 * replaced, also behind a link; anything else is somebody's.
 *
 * @throws {Fault} `usage/not-empty`, `usage/not-a-folder`, `usage/unwritable`
 */
export function reportPlace(folder: string): string {
  try {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats === undefined) {
      if (statSync(dirname(resolve(folder)), { throwIfNoEntry: false })?.isDirectory())
        return resolve(folder);
      throw refusal("usage/not-a-folder", folder, "cannot be made: there is no folder to make it in");
    }
    if (!stats.isDirectory()) throw refusal("usage/not-a-folder", folder, "is there, and is no folder");
    const place = realpathSync(folder);
    const strange = strangeIn(place);
    if (strange === undefined) return place;
    throw refusal("usage/not-empty", folder, `has ${strange} in it, which is of no report`);
  } catch (error) {
    throw asReportFault(error, folder);
  }
}

/** The list of what a report wrote; who finds it knows what may be removed with it. */
const marker = ".kit-report";
const format = "kit/report/1";

/** What is in a folder and was written by no report. */
function strangeIn(place: string): string | undefined {
  const names = readdirSync(place, { recursive: true, encoding: "utf8" });
  if (names.length === 0) return undefined;
  const [first, ...written] = names.includes(marker)
    ? readFileSync(join(place, marker), "utf8").trimEnd().split("\n")
    : [];
  const known = new Set(first === format ? [marker, ...written.flatMap(withFolders)] : []);
  return names.sort().find((name) => !known.has(name));
}

/** `a/b/c` as `a`, `a/b`, `a/b/c`. */
function withFolders(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

function writeFiles(files: ReportFiles, folder: string): void {
  mkdirSync(folder);
  for (const path of [...files.keys()].map(dirname)) mkdirSync(join(folder, path), { recursive: true });
  for (const [path, pieces] of files) writeFile(join(folder, path), pieces);
  writeFile(join(folder, marker), [[format, ...[...files.keys()].sort(), ""].join("\n")]);
}

/** Characters that are written at once: pieces may be lines. */
const batch = 1 << 20;

function writeFile(path: string, pieces: Iterable<string>): void {
  const file = openSync(path, "wx");
  try {
    let waiting: string[] = [];
    let length = 0;
    const flush = () => {
      writeAll(file, Buffer.from(waiting.join("")));
      waiting = [];
      length = 0;
    };
    for (const piece of pieces) {
      waiting.push(piece);
      length += piece.length;
      if (length >= batch) flush();
    }
    flush();
  } finally {
    closeSync(file);
  }
}

/** A disk that is nearly full takes a part, and refuses the next. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

function fill(files: ReportFiles, place: string, fresh: string): void {
  try {
    writeFiles(files, fresh);
    moveUp(fresh, place, "index.html");
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** An earlier report goes in one step, and the new one comes in the next. */
function exchange(files: ReportFiles, place: string, suffix: string): void {
  const fresh = `${place}.new-${suffix}`;
  const old = `${place}.old-${suffix}`;
  try {
    writeFiles(files, fresh);
    const present = statSync(place, { throwIfNoEntry: false });
    if (present !== undefined) {
      chmodSync(fresh, present.mode & 0o7777);
      renameSync(place, old);
    }
    renameSync(fresh, place);
  } catch (error) {
    if (existsSync(old) && !existsSync(place)) renameSync(old, place);
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}

function refusal(code: "usage/not-empty" | "usage/not-a-folder", folder: string, why: string): Fault {
  return new Fault(code, `${folder} ${why}`, {
    hint: "name another folder with -o: only an empty one or an earlier report is replaced",
  });
}

function asReportFault(error: unknown, folder: string): unknown {
  return asFolderFault(error, folder, "report");
}
