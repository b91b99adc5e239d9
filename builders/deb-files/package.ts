// The folder that dpkg-deb makes a .deb of, as a tree.
// Pure but for reading blobs: control files are made, files placed; does not run dpkg-deb.

import { createHash } from "node:crypto";
import { formatStanza } from "../../evaluator/deb/stanza.ts";
import { expandText } from "../../evaluator/manifest/variables.ts";
import { type Content, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { joinPath, parseTreePath, type TreePath } from "../../store/model/path.ts";
import { type Entry, type FileEntry, makeTree, type Tree } from "../../store/model/tree.ts";
import { modeWithin } from "../package/file.ts";
import type { DebFile, DebFilesParameters } from "./recipe.ts";
import { maintainerScript, unitSnippets } from "./units.ts";

export interface Sources {
  input(name: string): Content;
  tree(digest: Digest): Tree;
  read(blob: Digest): Buffer;
  put(bytes: Buffer): Digest;
}

/** The package's tree with its DEBIAN folder (deb-control(5), deb-conffiles(5), deb-md5sums(5), deb-triggers(5)). */
export function packageTree(parameters: DebFilesParameters, sources: Sources): Tree {
  const placed = parameters.files.flatMap((file) => placeFile(file, parameters, sources));
  const units = Object.entries(parameters.units).map(([name, input]): Entry => {
    return contentFile(
      parseTreePath(`usr/lib/systemd/system/${name}`),
      sources.read(blobOf(sources.input(input), name)),
      0o644,
      sources,
    );
  });
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
    file === undefined
      ? []
      : [contentFile(parseTreePath(`DEBIAN/${name}`), Buffer.from(file.text), file.mode, sources)],
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
      const own =
        input === undefined ? undefined : sources.read(blobOf(sources.input(input), name)).toString("utf8");
      if (own !== undefined && !own.startsWith("#!")) {
        throw new Fault("manifest/bad-script", `${name} does not begin with #!`, {
          hint: "its first line names its interpreter: #!/bin/sh",
        });
      }
      const text = maintainerScript(own, snippets[name] ?? "");
      return [name, text === undefined ? undefined : { text, mode: 0o755 }];
    }),
  );
}

function placeFile(file: DebFile, parameters: DebFilesParameters, sources: Sources): Entry[] {
  const path = parseTreePath(file.path);
  const [uid = 0, gid = 0] = (file.owner ?? "0:0").split(":").map(Number);
  const owned = (entry: Entry): Entry => ({ ...entry, uid, gid });
  if (file.content !== undefined)
    return [owned(contentFile(path, Buffer.from(file.content), modeOf(file) ?? 0o644, sources))];
  const content = sources.input(file.input ?? "");
  const { kind, digest } = splitContent(content);
  const expand = (entry: FileEntry): FileEntry => {
    if (!file.template) return entry;
    const bytes = Buffer.from(expandTemplate(sources.read(entry.blob).toString("utf8"), file, parameters));
    return { ...entry, blob: sources.put(bytes), size: bytes.length };
  };
  if (kind === "blob") {
    const bytes = sources.read(digest);
    return [owned(expand(contentFile(path, bytes, modeOf(file) ?? 0o644, sources)))];
  }
  return sources.tree(digest).entries.map((entry) => {
    const moved = { ...entry, path: joinPath(path, entry.path), ...modeWithin(entry, modeOf(file)) };
    return owned(moved.type === "file" ? expand(moved) : moved);
  });
}

function blobOf(content: Content, name: string): Digest {
  const { kind, digest } = splitContent(content);
  if (kind !== "blob") throw new Fault("manifest/wrong-type", `${name} is a folder where a file is expected`);
  return digest;
}

function expandTemplate(text: string, file: DebFile, parameters: DebFilesParameters): string {
  return expandText(text, (name, written) => {
    const value = parameters.variables[name];
    if (value !== undefined) return value;
    const known = Object.keys(parameters.variables).join(", ");
    throw new Fault(
      "manifest/unknown-variable",
      `the template for ${file.path} uses ${written}, which has no value`,
      {
        hint: `known: ${known}; a literal \${ is written $\${`,
      },
    );
  });
}

function contentFile(path: TreePath, bytes: Buffer, mode: number, sources: Sources): FileEntry {
  return { type: "file", path, mode, uid: 0, gid: 0, size: bytes.length, blob: sources.put(bytes) };
}

function modeOf(file: DebFile): number | undefined {
  return file.mode === undefined ? undefined : Number.parseInt(file.mode, 8);
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
