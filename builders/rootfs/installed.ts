// What the dpkg database of a configured root says: packages, their files, triggers, diversions.
// Reads dpkg's formats; does not know how they come about.

import { parseStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";
import type { Digest } from "../../store/model/digest.ts";
import { parseTreePath, type TreePath } from "../../store/model/path.ts";
import type { FileEntry, Tree } from "../../store/model/tree.ts";
import type { Diversion, Owner } from "./merge.ts";
import { infoName } from "./package.ts";

export const adminFolder = "var/lib/dpkg";

/** All empty where there is no base. */
export interface Installed {
  readonly status: string;
  readonly stanzas: readonly Stanza[];
  /** `arch`: the native architecture, then foreign ones. */
  readonly architectures: readonly string[];
  /** `triggers/File`. */
  readonly fileTriggers: string;
  /** Named triggers: name → lines. */
  readonly namedTriggers: ReadonlyMap<string, string>;
  /** Lines of each package's `.list`. */
  readonly lists: ReadonlyMap<Owner, readonly string[]>;
  readonly owners: ReadonlyMap<TreePath, Owner>;
  readonly diversions: ReadonlyMap<TreePath, Diversion>;
}

export const nothingInstalled: Installed = {
  status: "",
  stanzas: [],
  architectures: [],
  fileTriggers: "",
  namedTriggers: new Map(),
  lists: new Map(),
  owners: new Map(),
  diversions: new Map(),
};

export type ReadBlob = (blob: Digest) => Buffer;

/** Reads the database of a configured root. */
export function readDatabase(root: Tree, read: ReadBlob): Installed {
  const files = new Map<string, FileEntry>();
  for (const entry of root.entries) {
    if (entry.type === "file" && entry.path.startsWith(`${adminFolder}/`))
      files.set(entry.path.slice(adminFolder.length + 1), entry);
  }
  const text = (name: string) => {
    const entry = files.get(name);
    return entry === undefined ? "" : read(entry.blob).toString("utf8");
  };
  const stanzas = parseStanzas(text("status"));
  const lists = new Map(
    stanzas.map((stanza): [Owner, string[]] => {
      const owner = ownerOf(stanza);
      return [owner, linesOf(text(`info/${infoName(owner)}.list`))];
    }),
  );
  const owners = new Map<TreePath, Owner>();
  for (const [owner, list] of lists) {
    for (const line of list) if (line !== "/.") owners.set(listedPath(line), owner);
  }
  const named = [...files.keys()].filter(
    (name) => name.startsWith("triggers/") && !/\/(File|Unincorp|Lock)$/.test(name),
  );
  return {
    status: text("status"),
    stanzas,
    architectures: linesOf(text("arch")),
    fileTriggers: text("triggers/File"),
    namedTriggers: new Map(named.map((name) => [name.slice("triggers/".length), text(name)])),
    lists,
    owners,
    diversions: diversionsIn(linesOf(text("diversions"))),
  };
}

/** Where a listed path lies: under merged /usr, which kit's roots always have. */
export function listedPath(line: string): TreePath {
  return parseTreePath(/^\/(?:bin|sbin|lib|lib32|lib64|libx32|libo32)\//.test(line) ? `usr${line}` : line);
}

function ownerOf(stanza: Stanza): Owner {
  const { Package: name = "", Version: version = "", Architecture: architecture = "" } = stanza;
  return { name, version, architecture, stanza };
}

/** Three lines each: what, where to, by whom, `:` for a local one (dpkg's `diversions` file). */
function diversionsIn(lines: readonly string[]): Map<TreePath, Diversion> {
  const diversions = new Map<TreePath, Diversion>();
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const [from = "", to = "", by = ":"] = lines.slice(i, i + 3);
    diversions.set(listedPath(from), { to: listedPath(to), ...(by !== ":" && { by }) });
  }
  return diversions;
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
