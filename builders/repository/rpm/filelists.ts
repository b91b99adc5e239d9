// Filelists: all files of every package of an rpm repository.
// Knows what createrepo_c writes; does not know which of the files anybody needs.

import { Fault } from "../../../store/model/fault.ts";
import { broken, type Identity, identityOf } from "./field.ts";
import { isPath, type PackagesReader } from "./primary.ts";
import { openWarnings } from "./warnings.ts";
import { readXml, type XmlElement } from "./xml.ts";

/** One package's files: absolute paths in the metadata's order, folders and ghosts too. */
export interface FileList extends Identity {
  /** The package's checksum, as in primary.xml. */
  readonly pkgid: string;
  readonly paths: readonly string[];
}

/**
 * Reads filelists.xml as it is unpacked, package by package in the file's order. A package with a broken field is
 * skipped, and a path that cannot be a line is left out, each with a warning.
 *
 * `end` throws a Fault `digest/bad-filelists` where it is another file.
 */
export async function readFilelists(label: string, sink: (list: FileList) => void): Promise<PackagesReader> {
  const warnings = openWarnings(label);
  let packages = 0;
  const reader = await readXml(label, {
    root(name) {
      if (name === "filelists") return;
      throw new Fault("digest/bad-filelists", `${label}: not a list of files: it begins with <${name}>`, {
        hint: "the repository's metadata is damaged: try another mirror",
      });
    },
    record(element) {
      if (element.name !== "package") return;
      const list = warnings.guard(element.attributes["name"], () => fileList(element));
      if (list === undefined) return;
      const lost = element.children.filter(isFile).length - list.paths.length;
      if (lost > 0) warnings.tell(`${list.name} has ${lost} files whose names are no lines: left out`);
      packages++;
      sink(list);
    },
  });
  return {
    ...reader,
    get packages() {
      return packages;
    },
    warnings: warnings.all,
  };
}

function fileList(element: XmlElement): FileList {
  const { name = "", arch = "", pkgid = "" } = element.attributes;
  const versions = element.children.filter((child) => child.name === "version");
  if (versions.length > 1) throw broken("it has <version> twice");
  if (!/^[0-9a-f]{32,128}$/.test(pkgid)) throw broken("its pkgid is no checksum");
  const paths = element.children.filter(isFile).map(({ text }) => text);
  return { ...identityOf(name, arch, versions[0]), pkgid, paths: paths.filter(isPath) };
}

function isFile({ name }: XmlElement): boolean {
  return name === "file";
}
