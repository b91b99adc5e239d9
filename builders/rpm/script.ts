// What runs in a build's root: rpmbuild, as a user who may nothing else.
// Pure text and data; runs nothing.

import { outFolder } from "../buildroot/run.ts";
import { asBuildUser, buildFolder, endBuildUser, makeBuildUser, scriptHead } from "../buildroot/user.ts";
import { quoted } from "../sandbox/spec.ts";
import { dropChecks } from "./checksection.ts";
import { definesOf, reproducible } from "./macros.ts";
import { declaresFile, type RpmParameters, requiresFile } from "./recipe.ts";

/** What packing leaves in the folder of outputs. */
export const sourceFile = "source.src.rpm";
export const uncheckedFile = "unchecked.src.rpm";

/** Where the files of a build are bound. */
export const srpmFile = "/tmp/kit/source.src.rpm";
export const specFolder = "/tmp/kit/specs";
export const sourcesFolder = "/tmp/kit/sources";
/** The spec without its checks, where it has any. */
export const uncheckedFolder = "/tmp/kit/unchecked";
/** Folders, by the archives they are to be. */
export const treesFolder = "/tmp/kit/trees";

const top = `${buildFolder}/rpm`;

type Told = Pick<RpmParameters, "macros" | "environment" | "nodeps">;

/** What rpmbuild makes goes where `out` says. */
function rpmbuild({ macros, environment, nodeps }: Told, words: readonly string[]): string {
  // As many at a time as there are processors, which is recorded nowhere (rpm's macros.in).
  const own = { ...reproducible, _topdir: top, _srcrpmdir: `${top}/SRPMS`, _rpmdir: `${top}/RPMS` };
  const defines = definesOf({ ...own, ...macros, _build_name_fmt: "%%{NAME}.%%{ARCH}.rpm" });
  return asBuildUser(
    ["rpmbuild", ...(nodeps ? ["--nodeps"] : []), ...words, ...defines].map(quoted).join(" "),
    environment,
  );
}

function rpmspec({ macros, environment }: Told, words: readonly string[], architecture: string): string {
  const defines = definesOf({ _topdir: top, ...macros });
  return asBuildUser(
    ["rpmspec", "--target", `${architecture}-linux`, ...defines, ...words].map(quoted).join(" "),
    environment,
  );
}

const begin = `${scriptHead}${makeBuildUser}mkdir -p ${top}/SRPMS ${top}/RPMS ${top}/SOURCES
`;

/** The user who builds reads nothing but what is copied for them. */
const takeSource = `install -m 0644 ${srpmFile} ${top}/source.src.rpm
chown -R 1000:1000 ${buildFolder}
`;

/**
 * The source package says where it was made, though little in one has to do with that: it is made for no architecture,
 * and for this one where what it asks for or holds differs by it. One without checks is made for builds, which run none.
 */
export function srpmScript(told: Told, spec: string, architecture: string): string {
  const says = `[%{REQUIRENEVRS}\\n][%{SOURCE}\\n][%{PATCH}\\n][%{EXCLUSIVEARCH}\\n][%{EXCLUDEARCH}\\n]%{NEVR}\\n`;
  const pack = (folder: string, target: string, from = "SPECS", macros = {}) =>
    rpmbuild({ ...told, macros: { ...told.macros, ...macros, _srcrpmdir: `${top}/${folder}` } }, [
      ...["-bs", "--target", `${target}-linux`],
      `${from}/${spec}`,
    ]);
  return `${begin}cp -r ${specFolder} ${top}/SPECS
test ! -e ${uncheckedFolder} || cp -r ${uncheckedFolder} ${top}/UNCHECKED
cp -rT ${sourcesFolder} ${top}/SOURCES
for tree in ${treesFolder}/*; do
  test -d "$tree" || continue
  name=$(basename "$tree")
  tar -C "$tree" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu \\
    --transform="s,^\\.,$(basename "$tree" .tar)," -cf ${top}/SOURCES/"$name" .
done
chmod -R u+w ${top}
chown -R 1000:1000 ${buildFolder}
cd ${top}
${pack("own", architecture)}
${pack("any", "noarch")} >/dev/null 2>&1 || true
${rpmspec(told, ["--query", "--provides", `SPECS/${spec}`], architecture)} > names
${meaningScript(told, spec, architecture)}if test -e UNCHECKED && means SPECS > whole && means UNCHECKED > unchecked && cmp -s whole unchecked; then
  ${pack("UNCHECKED", architecture, "UNCHECKED", { _source_payload: "w.ufdio" })}
fi
${endBuildUser}says() { rpm -qp --nosignature --qf ${quoted(says)} "$1"; }
chosen=$(echo own/*.src.rpm)
for any in any/*.src.rpm; do
  test -e "$any" && test "$(says "$any")" = "$(says "$chosen")" && chosen=$any
done
install -m 0644 "$chosen" ${outFolder}/${sourceFile}
for file in UNCHECKED/*.src.rpm; do
  test -e "$file" && chosen=$file
done
install -m 0644 "$chosen" ${outFolder}/${uncheckedFile}
sed 's/ .*//' names | LC_ALL=C sort -u > ${outFolder}/${declaresFile}
`;
}

/**
 * `means FOLDER` tells what a spec in it comes to: its text with all macros expanded, without checks, and every macro as
 * it is defined at the end, whether it was used or not.
 */
function meaningScript(told: Told, spec: string, architecture: string): string {
  const parse = rpmspec(told, ["--parse", `MEANING/${spec}`], architecture);
  return `means() {
  rm -rf MEANING && cp -r "$1" MEANING && printf '\\n%%dump\\n' >> MEANING/${quoted(spec)} && chown -R 1000:1000 MEANING
  ${parse} > parsed 2> dump && ${dropChecks} parsed && sed -E '/^warning: /d; s/^( *-?[0-9]+)[:=] /\\1 /' dump
}
`;
}

/** Says what of a patch did not apply, as patch(1) leaves it; the command's status stays. */
const orRejects = ` || {
  status=$?
  find BUILD -name '*.rej' -type f | sort | head -n 3 | while read -r file; do
    echo "kit: what did not apply, $file:" && head -n 14 "$file"
  done
  exit "$status"
}`;

/**
 * With what it asks for while it is built, rpmbuild packs a second source package, and ends with 11. What it cannot read
 * of that it tells, and goes on as if nothing were asked for.
 */
export function requiresScript(told: Told): string {
  return `${begin}${takeSource}cd ${top}
status=0
${rpmbuild(told, ["-rr", "source.src.rpm"])} 2> errors || status=$?
cat errors >&2
test "$status" = 0 || test "$status" = 11
if grep '^error: ' errors | grep -qv '^error: Failed build dependencies'; then exit 1; fi
${endBuildUser}set -- SRPMS/*.buildreqs.nosrc.rpm
if test -e "$1"; then rpm -qp --nosignature --requires "$1" > ${outFolder}/${requiresFile}; else : > ${outFolder}/${requiresFile}; fi
`;
}

/** Checks run apart from the build: what they find changes nothing that is built. */
export function buildScript(told: Told): string {
  return `${begin}${takeSource}cd ${top}
${rpmbuild(told, ["-rb", "--nocheck", "source.src.rpm"])}${orRejects}
${endBuildUser}for file in RPMS/*.rpm; do
  test -f "$file" && install -m 0644 "$file" ${outFolder}/
done
true
`;
}

/** The same with the spec's `%check`, and nothing comes of it. */
export function checkScript(told: Told): string {
  return `${begin}${takeSource}cd ${top}
${rpmbuild(told, ["-rb", "source.src.rpm"])}
${endBuildUser}`;
}
