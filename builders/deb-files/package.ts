// The folder that dpkg-deb makes a .deb of, as a tree.
// Pure but for reading blobs: control files are made, files placed; does not run dpkg-deb.

import { createHash } from "node:crypto";
import { formatStanza } from "../../evaluator/deb/stanza.ts";
import { Fault, restated } from "../../store/model/fault.ts";
import { parseTreePath, type TreePath } from "../../store/model/path.ts";
import { type Entry, type FileEntry, makeTree, type Tree } from "../../store/model/tree.ts";
import { fileEntry, placedEntries, readInput, readScript, type Sources } from "../package/place.ts";
import type { DebFile, DebFilesParameters } from "./recipe.ts";
import { maintainerScript, unitSnippets } from "./units.ts";

/** The package's tree with its DEBIAN folder (deb-control(5), deb-conffiles(5), deb-md5sums(5), deb-triggers(5)). */
export function packageTree(parameters: DebFilesParameters, sources: Sources): Tree {
  const placed = parameters.files.flatMap((file) => placeFile(file, parameters, sources));
  const units = Object.entries(parameters.units).map(([name, input]) =>
    rootsFile(`usr/lib/systemd/system/${name}`, readInput(input, sources), 0o644, sources),
  );
  const payload = makeTree([...placed, ...units]);
  const conffiles = parameters.files
    .filter(({ conffile }) => conffile)
    .flatMap((file) => filesBelow(payload, parseTreePath(file.path)));
  const control: Record<string, { text: string; mode: number } | undefined> = {
    control: {
      text: formatStanza({ ...parameters.control, "Installed-Size": String(installedSize(payload)) }),
      mode: 0o644,
    },
    md5sums: textFile(md5sums(payload, new Set(conffiles.map(({ path }) => path)), sources)),
    conffiles: textFile(conffiles.map(({ path }) => `/${path}\n`).join("")),
    triggers: textFile(parameters.triggers.map((line) => `${line}\n`).join("")),
    ...scripts(parameters, sources),
  };
  const debian = Object.entries(control).flatMap(([name, file]): Entry[] =>
    file === undefined ? [] : [rootsFile(`DEBIAN/${name}`, Buffer.from(file.text), file.mode, sources)],
  );
  return makeTree([...payload.entries, ...debian]);
}

function textFile(text: string): { text: string; mode: number } | undefined {
  return text === "" ? undefined : { text, mode: 0o644 };
}

function scripts(parameters: DebFilesParameters, sources: Sources) {
  const snippets: Record<string, string> = unitSnippets(Object.keys(parameters.units));
  return Object.fromEntries(
    ["preinst", "postinst", "prerm", "postrm"].map((name) => {
      const input = parameters.scripts[name];
      const own = input === undefined ? undefined : ownScript(name, input, sources);
      const text = maintainerScript(name, own, snippets[name] ?? "");
      return [name, text === undefined ? undefined : { text, mode: 0o755 }];
    }),
  );
}

function ownScript(name: string, input: string, sources: Sources): string {
  try {
    return readScript(input, sources).toString("utf8");
  } catch (error) {
    throw error instanceof Fault ? restated(error, { about: `script ${name}` }) : error;
  }
}

function placeFile(file: DebFile, parameters: DebFilesParameters, sources: Sources): Entry[] {
  return placedEntries(file, sources, file.template ? parameters.variables : undefined);
}

function rootsFile(path: string, bytes: Buffer, mode: number, sources: Sources): FileEntry {
  return fileEntry(parseTreePath(path), bytes, { mode, uid: 0, gid: 0 }, sources);
}

function filesBelow(tree: Tree, path: TreePath): FileEntry[] {
  return tree.entries.filter(
    (entry): entry is FileEntry =>
      entry.type === "file" && (entry.path === path || entry.path.startsWith(`${path}/`)),
  );
}

/** Kibibytes, each file rounded up, folders and links one each (Debian policy 5.6.20, as dpkg-gencontrol counts). */
function installedSize(payload: Tree): number {
  return payload.entries.reduce(
    (sum, entry) => sum + (entry.type === "file" ? Math.ceil(entry.size / 1024) : 1),
    0,
  );
}

function md5sums(payload: Tree, conffiles: ReadonlySet<TreePath>, sources: Sources): string {
  return payload.entries
    .filter((entry): entry is FileEntry => entry.type === "file" && !conffiles.has(entry.path))
    .map((entry) => `${createHash("md5").update(sources.read(entry.blob)).digest("hex")}  ${entry.path}\n`)
    .join("");
}
