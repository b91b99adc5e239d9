// What runs in a tool environment: unpacking an archive, applying patches.
// Pure text; runs nothing.

import { quoted } from "../sandbox/spec.ts";

/** Any format and compression that libarchive knows; owners and times are nothing a source has. */
export const unpackScript = `set -eu
umask 022
bsdtar --extract --no-same-owner --no-same-permissions --file /tmp/from/archive --directory /tmp/out
`;

export interface Patch {
  /** As people know it. */
  readonly name: string;
  /** How many folders are left out of its paths: `-p`. */
  readonly strip: number;
  readonly bytes: Buffer;
}

/**
 * The patches lie as `/tmp/patches/INDEX`. One that does not apply shows the part that does not, and ends the build; one
 * whose surroundings are other than it says does not (`--fuzz=0`, as dpkg-source and rpmbuild have it).
 */
export function applyScript(patches: readonly Patch[]): string {
  const applied = patches.map(
    ({ name, strip }, index) => `apply ${strip} /tmp/patches/${index} ${quoted(name)}`,
  );
  return `set -eu
umask 022
cp -a /tmp/source/. /tmp/out/
chmod -R u+w /tmp/out
cd /tmp/out
apply() {
  echo "applying $3"
  patch -p"$1" --forward --batch --fuzz=0 --no-backup-if-mismatch --reject-file=/tmp/rejected < "$2" && return 0
  echo "kit: $3 does not apply; of it this:" >&2
  test ! -e /tmp/rejected || cat /tmp/rejected >&2
  exit 1
}
${applied.join("\n")}
`;
}

/** quilt's series: a patch a line, after it perhaps `-p0` or `-p1`; `#` begins a comment. */
export function readSeries(text: string): { readonly file: string; readonly strip: number }[] {
  return text.split("\n").flatMap((line) => {
    const [file, ...options] = line
      .replace(/(?:^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    const strip = options.map((option) => /^-p(\d)$/.exec(option)?.[1]).find((digit) => digit !== undefined);
    return file === undefined || file === "" ? [] : [{ file, strip: Number(strip ?? 1) }];
  });
}
