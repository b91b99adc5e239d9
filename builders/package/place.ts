// The files of a manifest on their way into a root, or into a package: as entries with modes and owners.
// Pure but for reading and storing blobs; does not know how a manifest writes them, nor what lies there already.

import type { Attributes } from "../../store/layout.ts";
import { type Content, contentOf, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { joinPath, parseTreePath, rootPath, type TreePath } from "../../store/model/path.ts";
import { type Entry, type FileEntry, makeTree, type Tree } from "../../store/model/tree.ts";
import type { Store } from "../builder.ts";
import { filledTemplate, type TemplateVariables } from "./template.ts";

export interface PlacedFile {
  /** Absolute in the root. */
  readonly path: string;
  /** Its text, or the name of the input that holds the file or folder. */
  readonly content?: string;
  readonly input?: string;
  /** What is taken of an input that is a tree; all of it without. */
  readonly subpath?: string;
  /** Octal. */
  readonly mode?: string;
  /** `uid:gid` */
  readonly owner?: string;
}

export interface Contents {
  read(blob: Digest): Buffer;
  put(bytes: Buffer, attributes: Attributes): Digest;
}

/** A request's inputs, and what they name. */
export interface Sources extends Contents {
  input(name: string): Content;
  tree(digest: Digest): Tree;
}

/** Inputs of local files are called `local PATH`, as the manifest writes the path. */
export function localInput(path: string): string {
  return `local ${path}`;
}

/** A file, or a folder and all below it, its mode and owner given to each; filled with variables where these are templates. */
export function placedEntries(file: PlacedFile, sources: Sources, variables?: TemplateVariables): Entry[] {
  const path = parseTreePath(file.path);
  const [uid = 0, gid = 0] = (file.owner ?? "0:0").split(":").map(Number);
  const mode = file.mode === undefined ? undefined : Number.parseInt(file.mode, 8);
  const owned = { mode: mode ?? 0o644, uid, gid };
  if (file.input === undefined) return [fileEntry(path, Buffer.from(file.content ?? ""), owned, sources)];
  const { kind, digest } = splitContent(sources.input(file.input));
  const template = templateOf(file.input);
  const bytesOf = (blob: Digest, below = "") =>
    variables === undefined
      ? sources.read(blob)
      : filledTemplate(sources.read(blob), `${template}${below}`, variables);
  if (kind === "blob") return [fileEntry(path, bytesOf(digest), owned, sources)];
  return within(sources.tree(digest), file).map(({ link: _, ...entry }: Entry & { link?: number }) => {
    const moved = { ...entry, path: joinPath(path, entry.path), uid, gid, ...modeWithin(entry, mode) };
    if (moved.type !== "file" || variables === undefined) return moved;
    const bytes = bytesOf(moved.blob, `/${entry.path}`);
    return { ...moved, size: bytes.length, blob: sources.put(bytes, moved) };
  });
}

/** As the manifest writes it. */
function templateOf(input: string): string {
  return input.slice(input.indexOf(" ") + 1);
}

/** @throws {Fault} `build/no-such-path`, about the file's path */
function within({ entries }: Tree, { path, subpath = "/" }: PlacedFile): readonly Entry[] {
  if (subpath === "/") return entries;
  const top = parseTreePath(subpath);
  const found = entries.flatMap((entry): Entry[] => {
    if (entry.path === top) return [{ ...entry, path: rootPath }];
    return entry.path.startsWith(`${top}/`)
      ? [{ ...entry, path: parseTreePath(entry.path.slice(top.length + 1)) }]
      : [];
  });
  if (found.length > 0) return found;
  const known = entries
    .filter(({ path }) => path !== "" && !path.includes("/"))
    .map(({ path }) => `/${path}`);
  throw new Fault("build/no-such-path", `there is no ${subpath} in the package that ${path} is taken of`, {
    about: path,
    hint: `it has ${known.join(", ")}`,
  });
}

/** What an entry of a local folder has where the manifest gives a mode: a folder as by chmod's `X`. */
export function modeWithin(entry: Entry, mode: number | undefined): Pick<Entry, "mode"> {
  if (mode === undefined || entry.type === "symlink") return { mode: entry.mode };
  if (entry.type !== "directory") return { mode };
  const plain = mode & 0o777;
  return { mode: plain | ((plain & 0o444) >> 2) };
}

export function fileEntry(
  path: TreePath,
  bytes: Buffer,
  { mode, uid, gid }: Pick<FileEntry, "mode" | "uid" | "gid">,
  contents: Pick<Contents, "put">,
): FileEntry {
  const blob = contents.put(bytes, { mode, uid, gid });
  return { type: "file", path, mode, uid, gid, size: bytes.length, blob };
}

/** A tree of one file, for planning to read. */
export function oneFile(
  name: string,
  text: string,
  { pool, records }: Pick<Store, "pool" | "records">,
): Content {
  const put = (bytes: Buffer, attributes: Attributes) => pool.put(bytes, attributes);
  const entry = fileEntry(parseTreePath(name), Buffer.from(text), { mode: 0o644, uid: 0, gid: 0 }, { put });
  return contentOf("tree", records.writeTree(makeTree([entry])));
}

/** The bytes of an input that has to be a file. @throws {Fault} `manifest/wrong-type` */
export function readInput(name: string, sources: Sources): Buffer {
  const { kind, digest } = splitContent(sources.input(name));
  if (kind === "blob") return sources.read(digest);
  throw new Fault("manifest/wrong-type", `${writtenAs(name)} is a folder where a file is expected`);
}

/** The bytes of an input that has to be a script. @throws {Fault} `manifest/wrong-type`, `manifest/bad-script` */
export function readScript(name: string, sources: Sources): Buffer {
  const bytes = readInput(name, sources);
  if (bytes.includes("\r\n") && bytes.indexOf("\r\n") < bytes.indexOf("\n"))
    throw new Fault(
      "manifest/bad-script",
      `the first line of ${writtenAs(name)} ends with a carriage return`,
      {
        hint: "its interpreter would be looked for under a name that ends with one: convert it, dos2unix does",
      },
    );
  if (bytes.subarray(0, 2).toString("latin1") === "#!") return bytes;
  throw new Fault("manifest/bad-script", `${writtenAs(name)} does not begin with #!`, {
    hint: "its first line names its interpreter: #!/bin/sh",
  });
}

function writtenAs(input: string): string {
  return input.slice(input.indexOf(" ") + 1);
}
