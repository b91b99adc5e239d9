// Packages of a few files, made by dpkg-deb, and packages no dpkg-deb would make.
// Knows the format (deb(5)); does not know what kit says of them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { formatStanza, type Stanza } from "../../evaluator/deb/stanza.ts";
import { type RawEntry, rawAr, rawTar } from "../builders/archive/rig.ts";
import { writeFiles } from "./place.ts";

export interface Deb {
  readonly stanza: Stanza;
  readonly bytes: Buffer;
}

/** A sound package of these files; `fields` are more control fields. */
export function makeDeb(
  name: string,
  files: Readonly<Record<string, string | Buffer>> = {},
  fields: Readonly<Record<string, string>> = {},
): Deb {
  const stanza = stanzaOf(name, fields);
  const folder = mkdtempSync(join(inject("scratch"), "e2e-deb-"));
  try {
    writeFiles(join(folder, "root"), { ...files, "DEBIAN/control": formatStanza(stanza) });
    execFileSync(
      "dpkg-deb",
      ["--root-owner-group", "-Zgzip", "--build", join(folder, "root"), join(folder, "deb")],
      { stdio: "pipe" },
    );
    return { stanza, bytes: readFileSync(join(folder, "deb")) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A package with just these members in its data.tar, however unsound. */
export function makeRawDeb(name: string, ...members: RawEntry[]): Deb {
  const stanza = stanzaOf(name, {});
  const bytes = rawAr(
    { name: "debian-binary", content: "2.0\n" },
    { name: "control.tar", content: rawTar({ name: "./control", content: formatStanza(stanza) }) },
    { name: "data.tar", content: rawTar({ name: "./", flag: "5" }, ...members) },
  );
  return { stanza, bytes };
}

function stanzaOf(name: string, fields: Readonly<Record<string, string>>): Stanza {
  return {
    Package: name,
    Version: "1.0",
    Architecture: "all",
    Maintainer: "Nobody <nobody@example.org>",
    ...fields,
    Description: `the test package ${name}`,
  };
}
