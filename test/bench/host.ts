// The machine's own sources of packages, which peers fetch from as kit does.

import { readFileSync } from "node:fs";
import { mirrorsFor } from "../../builders/repository/mirrors.ts";

export function hostSources() {
  const files = ["/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"];
  return files.flatMap((path) => {
    try {
      return [{ path, text: readFileSync(path, "utf8") }];
    } catch {
      return [];
    }
  });
}

/** The mirror of Debian's archive that kit would take first. */
export function debianMirror(): string {
  const [main = ""] = mirrorsFor("https://ftp.debian.org/debian", { host: hostSources() }, ["main"]);
  return main;
}
