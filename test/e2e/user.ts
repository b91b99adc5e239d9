// Commands as an ordinary user, whom a mount namespace of the test's own makes up: the host's accounts stay as they are.
// Knows passwd(5) and subuid(5); does not know kit.

import { chownSync } from "node:fs";
import { join } from "node:path";
import { writeFiles } from "./place.ts";

const id = 23_017;

/**
 * What stands before a command that is to run as this user, whose home is the folder. Without `subordinate`, no
 * further ids are the user's.
 */
export function asUser(folder: string, { subordinate = true } = {}): string[] {
  const range = subordinate ? "tester:1500000:65536\n" : "";
  writeFiles(folder, {
    "etc/passwd": `root:x:0:0::/root:/bin/sh\ntester:x:${id}:${id}::${folder}:/bin/sh\n`,
    "etc/group": `root:x:0:\ntester:x:${id}:\n`,
    "etc/subuid": range,
    "etc/subgid": range,
  });
  chownSync(folder, id, id);
  const binds = ["passwd", "group", "subuid", "subgid"].map(
    (name) => `mount --bind "$at/${name}" /etc/${name}`,
  );
  const script = `at=$1 && shift && ${binds.join(" && ")} && exec setpriv --reuid ${id} --regid ${id} --clear-groups -- "$@"`;
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", join(folder, "etc")];
}
