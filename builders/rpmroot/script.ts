// What fills a root: one transaction of an rpm that lies beside it, run through its own loader.
// Pure text; runs nothing.

import type { Launcher } from "../sandbox/spec.ts";

/** Where the tools and the packages are bound: below /tmp, which is no part of the root. */
export const toolsFolder = "/tmp/kit/tools";
export const packagesFolder = "/tmp/kit/rpms";

/** Of the places of rpm's database the first whose folder a package brings (Fedora's), else where it always was. */
export function databaseFolder(paths: Iterable<string>): string {
  for (const path of paths) if (path === "/usr/lib/sysimage/rpm") return path;
  return "/var/lib/rpm";
}

/**
 * The root needs no shell for it: each word is a program of the tools. Signatures were checked where the packages
 * came into the store; that they are whole, rpm checks.
 */
export function installArguments(
  { loader, libraries }: Pick<Launcher, "loader" | "libraries">,
  database: string,
  files: readonly string[],
): string[] {
  return [
    ...[loader, "--library-path", libraries, `${toolsFolder}/usr/bin/rpm`],
    // Which architecture is meant was decided with the packages: the rpm is of the machine's, the root need not be.
    ...["--upgrade", "--nosignature", "--noplugins", "--verbose", "--ignorearch"],
    ...["--define", `_dbpath ${database}`, "--define", "_pkgverify_level digest"],
    // Mounts, while it runs: nobody may give them away.
    ...["--define", "_netsharedpath /proc:/sys:/dev"],
    ...files.map((file) => `${packagesFolder}/${file}`),
  ];
}

/** The database in one file, in its own order: what SQLite keeps beside one has a random salt (its WAL format). */
export function normalizeArguments(
  { loader, libraries }: Pick<Launcher, "loader" | "libraries">,
  database: string,
): string[] {
  const file = `${database}/rpmdb.sqlite`;
  return [
    ...[loader, "--library-path", libraries, `${toolsFolder}/usr/bin/sqlite3`, "-bail", file],
    "PRAGMA journal_mode=DELETE; VACUUM;",
  ];
}

/** rpm reads its own macros and rc files out of the tools. */
export const installEnvironment: Readonly<Record<string, string>> = {
  RPM_CONFIGDIR: `${toolsFolder}/usr/lib/rpm`,
};
