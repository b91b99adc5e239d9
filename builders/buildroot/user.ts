// The user that sources are built as, in a build root: one who may nothing else.
// Pure text for a build's script; runs nothing.

import { quoted } from "../sandbox/spec.ts";

/** Named in logs and in what compilers write down: the same for every build. */
export const buildFolder = "/build";

/**
 * Where the commands are that run before and after the build, as root: not where packages put theirs, which come first
 * in a build's own path.
 */
const ownPath = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Begins the script. */
export const scriptHead = `#!/bin/sh
set -eu
umask 022
build_path=$PATH
PATH=${ownPath}
`;

/** Lines that make sure of the user `build` and its group, and of the folder it builds in. */
export const makeBuildUser = `grep -q '^build:' /etc/passwd || echo 'build:x:1000:1000::/nonexistent:/bin/sh' >> /etc/passwd
grep -q '^build:' /etc/group || echo 'build:x:1000:' >> /etc/group
mkdir -p ${buildFolder}
`;

/**
 * A command as `build`, who has no capability and can gain none but by fakeroot's pretence. The variables are the
 * command's alone: what runs as root before and after it has none of a manifest's.
 */
export function asBuildUser(command: string, environment: Readonly<Record<string, string>>): string {
  const user = { HOME: "/nonexistent", USER: "build", LOGNAME: "build" };
  const variables = Object.entries({ ...environment, ...user }).map(([name, value]) =>
    quoted(`${name}=${value}`),
  );
  const rights =
    "--reuid=1000 --regid=1000 --clear-groups --inh-caps=-all --ambient-caps=-all --bounding-set=-all";
  return `setpriv ${rights} env PATH="$build_path" ${variables.join(" ")} ${command}`;
}

/** How the line begins that names what a build left running. */
export const leftProcesses = "the build ended and left processes running";

/**
 * Lines for when the build has ended: what still runs of it could go on writing while its result is taken. It has two
 * seconds to end, and is a failure then.
 */
export const endBuildUser = `left() {
  for process in /proc/[0-9]*; do
    test "$(stat -c %u "$process" 2>/dev/null)" = 1000 || continue
    tr '\\0' ' ' < "$process/cmdline" 2>/dev/null || true
  done
}
for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  processes=$(left)
  test -n "$processes" || break
  sleep 0.1
done
if test -n "$processes"; then
  echo "kit: ${leftProcesses}: $processes" >&2
  exit 1
fi
`;
