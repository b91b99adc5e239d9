// The dpkg database of packages that lie unpacked, as files of one more tree.
// Knows dpkg's formats (`status`, `info/`); does not run dpkg.

import { createHash } from "node:crypto";
import { fieldOf, formatStanza, parseStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";
import type { Digest } from "../../store/model/digest.ts";
import { parseTreePath, type TreePath } from "../../store/model/path.ts";
import type { FileEntry } from "../../store/model/tree.ts";
import { adminFolder, type Installed, type ReadBlob } from "./installed.ts";
import type { Merged } from "./merge.ts";
import { controlFile, infoName, type Package } from "./package.ts";
import { triggerFiles } from "./triggers.ts";

/** A file of the database: text made here, or a blob of a package's control member. */
export type DatabaseFile = { readonly path: TreePath; readonly mode: number } & (
  | { readonly text: string }
  | { readonly blob: Digest; readonly size: number }
);

/**
 * The database as it is after `dpkg --unpack` of the packages over what is installed: entries in state
 * *unpacked* with their conffiles' digests, every `info/` file, triggers they are interested in, and the file
 * triggers of installed packages that unpacking fires. `architecture` is the native one.
 */
export function unpackedDatabase(
  packages: readonly Package[],
  lists: Merged["lists"],
  installed: Installed,
  { architecture, read }: { readonly architecture: string; readonly read: ReadBlob },
): DatabaseFile[] {
  const files: DatabaseFile[] = [];
  const add = (name: string, text: string) =>
    files.push({ path: parseTreePath(`${adminFolder}/${name}`), mode: 0o644, text });
  const present = installed.status === "" ? [] : [`${installed.status.trimEnd()}\n`];
  add("status", [...present, ...packages.map((item) => statusEntry(item, read))].join("\n"));
  add(
    "arch",
    architectures(packages, installed, architecture)
      .map((name) => `${name}\n`)
      .join(""),
  );
  add("info/format", "1\n");
  for (const [owner, list] of lists) add(`info/${infoName(owner)}.list`, `${list.join("\n")}\n`);
  for (const item of packages) files.push(...controlFiles(item, read));
  const triggers = triggerFiles(packages, installed, read);
  add("triggers/File", triggers.file);
  for (const [name, text] of triggers.named) add(`triggers/${name}`, text);
  add("triggers/Unincorp", triggers.fired);
  return files;
}

/** The native architecture, those known, those that are new. */
function architectures(packages: readonly Package[], installed: Installed, native: string): string[] {
  const foreign = packages
    .map((item) => item.architecture)
    .filter((name) => name !== "all")
    .sort();
  return [...new Set([native, ...installed.architectures, ...foreign])];
}

/** What dpkg keeps in `info/` of the control member, and the md5sums it makes where a package brings none. */
function controlFiles(item: Package, read: ReadBlob): DatabaseFile[] {
  const place = (name: string) => parseTreePath(`${adminFolder}/info/${infoName(item)}.${name}`);
  const brought = item.control.entries.flatMap((entry): DatabaseFile[] => {
    if (entry.type !== "file" || entry.path === "control") return [];
    return [{ path: place(entry.path), mode: entry.mode, blob: entry.blob, size: entry.size }];
  });
  const sums = controlFile(item, "md5sums") === undefined ? md5sums(item, read) : "";
  return sums === "" ? brought : [...brought, { path: place("md5sums"), mode: 0o644, text: sums }];
}

/** The control paragraph as `status` holds it for a package that is unpacked and not configured. */
function statusEntry(item: Package, read: ReadBlob): string {
  const { Package: name = "", ...rest } = item.stanza;
  const conffiles = conffileLines(item, read);
  const stanza: Stanza = {
    Package: name,
    Status: "install ok unpacked",
    ...rest,
    ...(conffiles.length > 0 && { Conffiles: `\n${conffiles.join("\n")}` }),
  };
  return formatStanza(stanza);
}

/** ` /etc/x MD5`; one marked `remove-on-upgrade` is no file of the package (deb-conffiles(5)). */
function conffileLines(item: Package, read: ReadBlob): string[] {
  const blob = controlFile(item, "conffiles");
  if (blob === undefined) return [];
  const data = new Map(item.data.entries.map((entry) => [`/${entry.path}`, entry]));
  return read(blob)
    .toString("utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const path = line.replace(/^remove-on-upgrade\s+/, "");
      const entry = data.get(path);
      if (path !== line) return ` ${path} newconffile remove-on-upgrade`;
      return ` ${path} ${entry?.type === "file" ? md5(read(entry.blob)) : "newconffile"}`;
    });
}

/** What dpkg writes where a package brings no md5sums: every regular file, in the list's order. */
function md5sums(item: Package, read: ReadBlob): string {
  const data = new Map(item.data.entries.map((entry) => [`/${entry.path}`, entry]));
  return item.list
    .map((path) => data.get(path))
    .filter((entry): entry is FileEntry => entry?.type === "file")
    .map((entry) => `${md5(read(entry.blob))}  ${entry.path}\n`)
    .join("");
}

export function controlStanza(text: string): Stanza {
  const [stanza] = parseStanzas(Buffer.from(text));
  if (stanza === undefined || fieldOf(stanza, "Package") === undefined)
    throw new Error("a control file without a Package field");
  return stanza;
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
