// What runs in a build's root: dpkg-buildpackage, as a user who may nothing else.
// Pure text and data; runs nothing.

import {
  asBuildUser,
  buildFolder,
  buildUserEnvironment,
  endBuildUser,
  makeBuildUser,
  scriptHead,
} from "../sandbox/builduser.ts";
import type { Command } from "../sandbox/spec.ts";
import { quoted } from "../sandbox/spec.ts";
import type { DebSourceParameters } from "./recipe.ts";

/** Where the source's checkout is bound, where what was built goes, and where the script is. */
export const sourceFolder = "/tmp/kit/source";
export const outFolder = "/tmp/kit/out";
export const scriptFile = "/tmp/kit/build";

/**
 * The source is copied, since builds write into it, and given to the user who builds. What dpkg-buildpackage says of itself (.changes, .buildinfo) has dates and names of
 * this run, so it ends in the log.
 */
export function buildScript({ folder, profiles }: DebSourceParameters): string {
  const tree = quoted(`${buildFolder}/${folder}`);
  const profile = profiles.length > 0 ? ` --build-profiles=${quoted(profiles.join(","))}` : "";
  return `${scriptHead}${makeBuildUser}cp -a ${sourceFolder} ${tree}
chmod -R u+w ${tree}
chmod +x ${tree}/debian/rules
chown -R 1000:1000 ${buildFolder}
cd ${tree}
${asBuildUser} dpkg-buildpackage --no-sign --build=binary --jobs=auto${profile}
${endBuildUser}cd ${buildFolder}
for file in *.buildinfo *.changes; do
  test -e "$file" && { echo "kit: $file"; cat "$file"; }
done
for file in *.deb; do
  test -e "$file" && install -m 0644 "$file" ${outFolder}/
done
true
`;
}

export function buildCommand({ epoch, options, environment }: DebSourceParameters): Command {
  return {
    argv: [scriptFile],
    epoch,
    environment: {
      ...environment,
      DEB_BUILD_OPTIONS: options.join(" "),
      DEBIAN_FRONTEND: "noninteractive",
      ...buildUserEnvironment,
    },
  };
}
