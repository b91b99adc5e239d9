// The user that sources are built as, in a sandbox: one who may nothing else.
// Pure text for a build's script; runs nothing.

/** Named in logs and in what compilers write down: the same for every build. */
export const buildFolder = "/build";

/** Lines that make sure of the user `build` and its group, and of the folder it builds in. */
export const makeBuildUser = `grep -q '^build:' /etc/passwd || echo 'build:x:1000:1000::/nonexistent:/bin/sh' >> /etc/passwd
grep -q '^build:' /etc/group || echo 'build:x:1000:' >> /etc/group
mkdir -p ${buildFolder}
`;

/** In front of a command: as `build`, who has no capability and can gain none but by fakeroot's pretence. */
export const asBuildUser =
  "setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all --ambient-caps=-all --bounding-set=-all";

export const buildUserEnvironment = {
  HOME: "/nonexistent",
  USER: "build",
  LOGNAME: "build",
} as const;
