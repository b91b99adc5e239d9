// The history of builds: what was noticed while building, in the index, a SQLite database.
// Knows what may be lost: deleting the file loses durations and failures, never a result.

import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import * as z from "zod/mini";
import type { Layout } from "./layout.ts";
import type { Note } from "./model/derivation.ts";
import { type Digest, digestFromHex, hexOf } from "./model/digest.ts";
import { noteShape } from "./note.ts";

export interface HistoryReader {
  /** The last build of a request, or attempt at one. */
  find(request: Digest): Note | undefined;
}

/** What it took to make something, as it was measured the last time. */
export interface Pace {
  /** Milliseconds. */
  readonly duration: number;
  /** Bytes. */
  readonly memory?: number;
}

/** What a pace is looked for by: the request, where it is known, else the builder and what it is called. */
export interface PaceQuestion {
  readonly builder: string;
  readonly label: string;
  readonly request?: Digest | undefined;
}

export interface PaceReader {
  /**
   * The paces of these, in their order: of the same request, else of the last that the builder made under that name,
   * of whichever version. What was never made here, or only brought, has none. 3 ms for 300 out of 20,000.
   */
  paces(questions: readonly PaceQuestion[]): readonly (Pace | undefined)[];
}

export interface History extends HistoryReader, Disposable {
  /** Adds notes, or puts them in the place of earlier ones. What cannot be written is lost. */
  add(notes: readonly { readonly request: Digest; readonly note: Note }[]): void;
  /** What a builder has made, as far as it is remembered; failures are not among it. */
  made(builder: string): readonly { readonly request: Digest; readonly note: Note }[];
  /** Makes the index anew, of these notes alone. */
  replace(notes: Parameters<History["add"]>[0]): void;
  /** Forgets every request but these, given as hex digits. */
  retain(isLive: (hex: string) => boolean): void;
}

/**
 * Opens the index when it is first asked, and makes it where it is missing. Nothing here throws: one that is damaged
 * is made anew, one that cannot be written (a full disk) stays as it is.
 */
export function openHistory({ database: place }: Layout): History {
  let opened: DatabaseSync | undefined;
  const database = () => {
    opened ??= openDatabase(place);
    return opened;
  };
  /** Once more after what is no database, or a damaged one, was removed. */
  const attempt = <T>(task: () => T): T | undefined => {
    try {
      return task();
    } catch (error) {
      close();
      if (!isDamaged(error)) return undefined;
    }
    try {
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${place}${suffix}`, { force: true });
      return task();
    } catch {
      close();
      return undefined;
    }
  };
  const close = () => {
    try {
      opened?.close();
    } catch {
      // What was not written is lost.
    }
    opened = undefined;
  };
  const add: History["add"] = (notes) => {
    attempt(() =>
      transaction(database(), (connection) => {
        const insert = connection.prepare("insert or replace into note (request, note) values (?, ?)");
        const pace = connection.prepare("insert or replace into pace values (?, ?, ?, ?)");
        for (const { request, note } of notes) {
          insert.run(hexOf(request), JSON.stringify(note));
          const { builder, label, duration, memory } = note;
          if (isMade(note)) pace.run(builder, nameOf(label), duration, memory ?? null);
        }
      }),
    );
  };
  return {
    find: (request) => attempt(() => select(database(), request)),
    made: (builder) => attempt(() => selectMade(database(), builder)) ?? [],
    add,
    replace(notes) {
      attempt(() =>
        transaction(database(), (connection) => connection.exec("delete from note; delete from pace")),
      );
      add(notes);
    },
    retain(isLive) {
      if (!existsSync(place)) return;
      attempt(() =>
        transaction(database(), (connection) => {
          const remove = connection.prepare("delete from note where request = ?");
          for (const { request } of connection.prepare("select request from note").all())
            if (!isLive(String(request))) remove.run(request as string);
        }),
      );
    },
    [Symbol.dispose]: close,
  };
}

/**
 * The index as another process may read it: nothing is written beside it, which the keeper, being somebody else,
 * could not remove. What a keeper that runs has not yet moved into the file itself is not seen.
 */
export function readHistory({ database: place }: Layout): HistoryReader & PaceReader {
  const read = <T>(task: (connection: DatabaseSync) => T): T | undefined => {
    if (!existsSync(place)) return undefined;
    try {
      const url = pathToFileURL(place);
      url.searchParams.set("immutable", "1");
      using connection = new DatabaseSync(url, { readOnly: true });
      return task(connection);
    } catch {
      return undefined;
    }
  };
  return {
    find: (request) => read((connection) => select(connection, request)),
    paces: (questions) =>
      read((connection) => selectPaces(connection, questions)) ?? questions.map(() => undefined),
  };
}

/** A failure tells nothing of how long it takes, nor does what came out of a cache. */
function isMade({ failed, brought }: Note): boolean {
  return failed === undefined && brought !== true;
}

/** What a label says of no version: what stands before `_`, as in Debian's file names. */
function nameOf(label: string): string {
  return label.split("_", 1)[0] as string;
}

/** Raise it with the table's shape: what has another version is made anew. */
const version = 1;

/** @throws what SQLite throws; where another process writes, after a quarter of a second in which nothing else runs */
function openDatabase(place: string): DatabaseSync {
  const connection = new DatabaseSync(place, { timeout: 250 });
  try {
    connection.exec("pragma journal_mode = wal; pragma synchronous = normal");
    if (connection.prepare("pragma user_version").get()?.["user_version"] !== version)
      connection.exec(`begin immediate; drop table if exists note;
        create table note (request text primary key, note text not null) without rowid;
        pragma user_version = ${version}; commit`);
    if (!hasPaces(connection)) connection.exec(paceTable);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

/** Notes of a kit that kept no paces stay; theirs are found by request alone until something is made again. */
const paceTable = `drop table if exists pace;
  create table pace (builder text, name text, duration integer not null, memory integer,
    primary key (builder, name)) without rowid`;

function hasPaces(connection: DatabaseSync): boolean {
  try {
    connection.prepare("select builder, name, duration, memory from pace");
    return true;
  } catch {
    return false;
  }
}

function transaction(connection: DatabaseSync, task: (connection: DatabaseSync) => void): void {
  connection.exec("begin immediate");
  try {
    task(connection);
    connection.exec("commit");
  } catch (error) {
    if (connection.isTransaction) connection.exec("rollback");
    throw error;
  }
}

function selectMade(connection: DatabaseSync, builder: string) {
  const rows = connection
    .prepare(
      "select request, note from note where note ->> 'builder' = ? and note ->> 'failed' is null order by request",
    )
    .all(builder);
  return rows.flatMap(({ request, note }) => {
    const { success, data } = z.safeParse(noteShape, JSON.parse(String(note)));
    return success ? [{ request: digestFromHex(String(request)), note: data as Note }] : [];
  });
}

function select(connection: DatabaseSync, request: Digest): Note | undefined {
  const row = connection.prepare("select note from note where request = ?").get(hexOf(request));
  if (row === undefined) return undefined;
  const { data, error } = z.safeParse(noteShape, JSON.parse(String(row["note"])));
  // Its own kind of error, for `z.core` as a value would load all of zod (half a megabyte, 20 ms).
  if (error) throw new SyntaxError("not a note", { cause: error });
  return data as Note;
}

function selectPaces(connection: DatabaseSync, questions: readonly PaceQuestion[]): (Pace | undefined)[] {
  const byName = connection.prepare("select duration, memory from pace where builder = ? and name = ?");
  const byRequest = connection.prepare(
    `select note ->> 'duration' as duration, note ->> 'memory' as memory from note
     where request = ? and note ->> 'failed' is null and note ->> 'brought' is null`,
  );
  return questions.map(({ builder, label, request }) => {
    const same = request === undefined ? undefined : byRequest.get(hexOf(request));
    return paceOf(same) ?? paceOf(byName.get(builder, nameOf(label)));
  });
}

/** What is no pace, in a database that anybody may have written to, is none. */
function paceOf(found: { duration?: unknown; memory?: unknown } | undefined): Pace | undefined {
  const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  if (!isAmount(found?.duration)) return undefined;
  const { duration, memory } = found;
  return { duration, ...(isAmount(memory) && { memory }) };
}

/** SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html), and rows that are not what is written here. */
function isDamaged(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return error instanceof SyntaxError || errcode === 11 || errcode === 26;
}
