// What runs in a build's root: dpkg-buildpackage, as a user who may nothing else.
// Pure text and data; runs nothing.

import { crossSite } from "../buildroot/cross.ts";
import { outFolder, sourceFolder } from "../buildroot/run.ts";
import { asBuildUser, buildFolder, endBuildUser, makeBuildUser, scriptHead } from "../buildroot/user.ts";
import { quoted } from "../sandbox/spec.ts";
import type { DebSourceParameters } from "./recipe.ts";

/**
 * The source is copied, since builds write into it, and given to the user who builds. What dpkg-buildpackage says of
 * itself (.changes, .buildinfo) has dates and names of this run, so it ends in the log.
 */
export function buildScript(parameters: DebSourceParameters, cores?: number): string {
  return `${scriptOf(parameters, cores)}cd ${buildFolder}
for file in ./*.buildinfo ./*.changes; do
  test -f "$file" && { echo "kit: \${file#./}"; cat "$file"; }
done
for file in ./*.deb; do
  test -f "$file" && install -m 0644 "$file" ${outFolder}/
done
true
`;
}

/** Names the patch that does not apply, below {@link outFolder}. */
export const unappliedFile = "unapplied";

/**
 * dpkg-source takes a first patch that does not apply for one that is applied already, and says nothing
 * (check_patches_applied of Dpkg::Source::Package::V3::Quilt): it is one only if it can be taken back.
 */
const appliedPatches = `if test -s debian/patches/series && grep -q quilt debian/source/format 2>/dev/null; then
  ${asBuildUser("dpkg-source --before-build .", {})}
  first=$(sed -n 's/[[:space:]].*//; /^[^#]/{p;q}' debian/patches/series)
  try() { patch --dry-run --force -p1 "$@" < "debian/patches/$first"; }
  if test -n "$first" && ! test -e .pc/applied-patches && ! try --reverse >/dev/null 2>&1; then
    echo "kit: debian/patches/$first does not apply" >&2
    try >&2 || true
    echo "$first" > ${outFolder}/${unappliedFile}
    exit 1
  fi
fi
`;

/** The same with the checks that debian/rules has, and nothing comes of it. */
export function checkScript({ options, ...parameters }: DebSourceParameters, cores?: number): string {
  return scriptOf({ ...parameters, options: options.filter((option) => option !== "nocheck") }, cores);
}

/** dpkg-buildpackage counts processors where it is not told how many to use: it asks nobody for tokens. */
function scriptOf(
  { folder, profiles, options, environment, cross }: DebSourceParameters,
  cores: number | "auto" = "auto",
): string {
  const tree = quoted(`${buildFolder}/${folder}`);
  const profile = profiles.length > 0 ? ` --build-profiles=${quoted(profiles.join(","))}` : "";
  const own = {
    DEB_BUILD_OPTIONS: options.join(" "),
    DEBIAN_FRONTEND: "noninteractive",
    ...(cross !== undefined && { CONFIG_SITE: crossSite(cross) }),
  };
  const host = cross === undefined ? "" : ` --host-arch=${quoted(cross)}`;
  const build = `dpkg-buildpackage --no-sign --build=binary --jobs=${cores}${profile}${host}`;
  return `${scriptHead}${makeBuildUser}cp -a ${sourceFolder} ${tree}
chmod -R u+w ${tree}
chmod +x ${tree}/debian/rules
chown -R 1000:1000 ${buildFolder}
cd ${tree}
${appliedPatches}${asBuildUser(build, { ...environment, ...own })}
${endBuildUser}`;
}
