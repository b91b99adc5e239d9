// The dpkg database of packages that lie unpacked, as files of one more tree.
// Knows dpkg's formats (`status`, `info/`, `triggers/`); does not run dpkg.

import { createHash } from "node:crypto";
import { fieldOf, formatStanza, parseStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";
import type { Digest } from "../../store/model/digest.ts";
import { type FileEntry, type Tree } from "../../store/model/tree.ts";
import { type TreePath, parentOf, parseTreePath } from "../../store/model/path.ts";
import type { Diversion, Owner } from "./merge.ts";
import { controlFile, infoName, type Package } from "./package.ts";

export const adminFolder = "var/lib/dpkg";

/** A file of the database: text made here, or a blob of a package's control member. */
export type DatabaseFile = { readonly path: TreePath; readonly mode: number } & ({ readonly text: string } | { readonly blob: Digest; readonly size: number });

/** What the database of a base says; all empty where there is no base. */
export interface Installed {
  readonly status: string;
  readonly stanzas: readonly Stanza[];
  /** `triggers/File`. */
  readonly fileTriggers: string;
  /** Named triggers: name → lines. */
  readonly namedTriggers: ReadonlyMap<string, string>;
  readonly owners: ReadonlyMap<TreePath, Owner>;
  readonly diversions: ReadonlyMap<TreePath, Diversion>;
}

export const nothingInstalled: Installed = {
  status: "",
  stanzas: [],
  fileTriggers: "",
  namedTriggers: new Map(),
  owners: new Map(),
  diversions: new Map(),
};

export type ReadBlob = (blob: Digest) => Buffer;

/** Reads the database of a configured root. */
export function readDatabase(root: Tree, read: ReadBlob): Installed {
  const files = new Map<string, FileEntry>();
  for (const entry of root.entries) if (entry.type === "file" && entry.path.startsWith(`${adminFolder}/`)) files.set(entry.path.slice(adminFolder.length + 1), entry);
  const text = (name: string) => {
    const entry = files.get(name);
    return entry === undefined ? "" : read(entry.blob).toString("utf8");
  };
  const stanzas = parseStanzas(Buffer.from(text("status")));
  const owners = new Map<TreePath, Owner>();
  for (const stanza of stanzas) {
    const owner = { name: stanza["Package"] ?? "", version: stanza["Version"] ?? "", stanza };
    for (const line of text(`info/${infoName({ ...owner, architecture: stanza["Architecture"] ?? "" } as Package)}.list`).split("\n")) {
      if (line !== "" && line !== "/.") owners.set(canonicalListed(line, root), owner);
    }
  }
  const named = [...files.keys()].filter((name) => name.startsWith("triggers/") && !["triggers/File", "triggers/Unincorp", "triggers/Lock"].includes(name));
  return {
    status: text("status"),
    stanzas,
    fileTriggers: text("triggers/File"),
    namedTriggers: new Map(named.map((name) => [name.slice("triggers/".length), text(name)])),
    owners,
    diversions: diversionsIn(text("diversions"), root),
  };
}

/** Three lines each: what, where to, by whom, `:` for a local one (dpkg's `diversions` file). */
function diversionsIn(text: string, root: Tree): Map<TreePath, Diversion> {
  const lines = text.trimEnd().split("\n");
  const diversions = new Map<TreePath, Diversion>();
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const [from = "", to = "", by = ":"] = lines.slice(i, i + 3);
    diversions.set(canonicalListed(from, root), { to: canonicalListed(to, root), ...(by !== ":" && { by }) });
  }
  return diversions;
}

/**
 * The database as it is after `dpkg --unpack` of the packages over what is installed: entries in state
 * *unpacked* with their conffiles' digests, every `info/` file, triggers they are interested in, and the file
 * triggers of installed packages that unpacking fires.
 */
export function unpackedDatabase(
  packages: readonly Package[],
  lists: ReadonlyMap<Package, readonly string[]>,
  installed: Installed,
  { architecture, read }: { readonly architecture: string; readonly read: ReadBlob },
): DatabaseFile[] {
  const files: DatabaseFile[] = [];
  const add = (name: string, text: string, mode = 0o644) => files.push({ path: parseTreePath(`${adminFolder}/${name}`), mode, text });
  const entries = packages.map((item) => statusEntry(item, read));
  add("status", [...(installed.status.trimEnd() === "" ? [] : [`${installed.status.trimEnd()}\n`]), ...entries].join("\n"));
  add("info/format", "1\n");
  for (const item of packages) {
    const list = lists.get(item) ?? item.list;
    add(`info/${infoName(item)}.list`, `${list.join("\n")}\n`);
    for (const entry of item.control.entries) {
      if (entry.type !== "file" || entry.path === "control") continue;
      files.push({ path: parseTreePath(`${adminFolder}/info/${infoName(item)}.${entry.path}`), mode: entry.mode, blob: entry.blob, size: entry.size });
    }
    if (controlFile(item, "md5sums") === undefined) {
      const sums = md5sums(item, read);
      if (sums !== "") add(`info/${infoName(item)}.md5sums`, sums);
    }
  }
  const triggers = interests(packages, installed, read);
  add("triggers/File", triggers.file);
  for (const [name, text] of triggers.named) add(`triggers/${name}`, text);
  add("triggers/Unincorp", firedTriggers(packages, installed.fileTriggers));
  if (installed.status === "") {
    add("available", "");
    add("diversions", "");
    add("arch", `${architecture}\n`);
  }
  return files;
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

/** What dpkg writes where a package brings no md5sums: every regular file but conffiles, in the list's order. */
function md5sums(item: Package, read: ReadBlob): string {
  const blob = controlFile(item, "conffiles");
  const conffiles = new Set(blob === undefined ? [] : read(blob).toString("utf8").split("\n").map((line) => line.trim()));
  const data = new Map(item.data.entries.map((entry) => [`/${entry.path}`, entry]));
  return item.list
    .map((path) => data.get(path))
    .filter((entry): entry is FileEntry => entry?.type === "file" && !conffiles.has(`/${entry.path}`))
    .map((entry) => `${md5(read(entry.blob))}  ${entry.path}\n`)
    .join("");
}

/** Interests the packages declare, laid over those installed (deb-triggers(5)). */
function interests(packages: readonly Package[], installed: Installed, read: ReadBlob) {
  let file = installed.fileTriggers;
  const named = new Map(installed.namedTriggers);
  for (const item of packages) {
    for (const { directive, trigger } of triggersOf(item, read)) {
      if (!directive.startsWith("interest")) continue;
      const line = `${infoName(item)}${directive === "interest-noawait" ? "/noawait" : ""}\n`;
      if (trigger.startsWith("/")) file += `${trigger} ${line}`;
      else named.set(trigger, (named.get(trigger) ?? "") + line);
    }
  }
  return { file, named };
}

function triggersOf(item: Package, read: ReadBlob): { directive: string; trigger: string }[] {
  const blob = controlFile(item, "triggers");
  if (blob === undefined) return [];
  return read(blob)
    .toString("utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().split(/\s+/))
    .filter(([directive, trigger]) => directive && trigger)
    .map(([directive = "", trigger = ""]) => ({ directive, trigger }));
}

/**
 * `Unincorp` lines for triggers of installed packages on paths that the new ones bring. Packages that are only
 * unpacked get none: their configuration sees every file.
 */
function firedTriggers(packages: readonly Package[], fileTriggers: string): string {
  const interested = new Map<string, boolean>();
  for (const line of fileTriggers.split("\n")) {
    const [path, who] = line.split(" ");
    if (path && who) interested.set(path, (interested.get(path) ?? false) || !who.endsWith("/noawait"));
  }
  const fired = new Map<string, Set<string>>();
  for (const item of packages) {
    for (const path of item.list) {
      for (let at = path; at !== "" && at !== "/"; at = at.slice(0, at.lastIndexOf("/"))) {
        const awaited = interested.get(at);
        if (awaited === undefined) continue;
        const awaiters = fired.get(at) ?? new Set();
        fired.set(at, awaiters.add(awaited ? infoName(item) : "-"));
      }
    }
  }
  return [...fired].map(([path, awaiters]) => `${path} ${[...awaiters].join(" ")}\n`).join("");
}

/** A listed path under merged /usr. */
function canonicalListed(line: string, root: Tree): TreePath {
  const path = parseTreePath(line);
  const top = path.split("/", 1)[0] ?? "";
  const merged = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"].includes(top) && parentOf(path) !== path;
  return merged && root.entries.length > 0 && path.includes("/") ? parseTreePath(`usr/${path}`) : path;
}

export function controlStanza(text: string): Stanza {
  const [stanza] = parseStanzas(Buffer.from(text));
  if (stanza === undefined || fieldOf(stanza, "Package") === undefined) throw new Error("a control file without a Package field");
  return stanza;
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
