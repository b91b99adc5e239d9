// What runs in a tool environment: unpacking an archive, applying patches.
// Pure text; runs nothing.

import { Fault } from "../../store/model/fault.ts";
import { quoted } from "../sandbox/spec.ts";

/** Bytes of one file, and of all; a sparse file of any size takes no room. The largest source of Debian has 5 GB. */
const mostBytes = 64 * 2 ** 30;

/** Any format and compression that libarchive knows; owners and times are nothing a source has. */
export const unpackScript = `set -eu
umask 022
ulimit -f ${mostBytes / 512}
bsdtar --extract --no-same-owner --no-same-permissions --file /tmp/from/archive --directory /tmp/out
size=$(du -sb /tmp/out | cut -f 1)
test "$size" -le ${mostBytes} || { echo "kit: it unpacks to $size bytes, more than any source" >&2; exit 1; }
`;

export interface Patch {
  /** As people know it. */
  readonly name: string;
  /** How many folders are left out of its paths: `-p`. */
  readonly strip: number;
  readonly bytes: Buffer;
}

/** The number of the patch that does not apply, below `/tmp/said`. */
export const unappliedFile = "unapplied";

/**
 * The patches lie as `/tmp/patches/INDEX`. One that does not apply shows the part that does not, and ends the build; one
 * whose surroundings are other than it says does not (`--fuzz=0`, as dpkg-source and rpmbuild have it).
 */
export function applyScript(patches: readonly Patch[]): string {
  const applied = patches.map(({ name, strip }, index) => `apply ${strip} ${index} ${quoted(name)}`);
  return `set -eu
umask 022
cp -a /tmp/source/. /tmp/out/
chmod -R u+w /tmp/out
cd /tmp/out
apply() {
  echo "applying $3"
  patch -p"$1" --forward --batch --fuzz=0 --no-backup-if-mismatch --reject-file=/tmp/rejected < "/tmp/patches/$2" && return 0
  echo "kit: $3 does not apply; of it this:" >&2
  test ! -e /tmp/rejected || cat /tmp/rejected >&2
  echo "$2" > /tmp/said/${unappliedFile}
  exit 1
}
${applied.join("\n")}
`;
}

/**
 * quilt's series: a patch a line, after it perhaps `-pN`; `#` begins a comment. Faults are about what is given.
 *
 * @throws {Fault} `manifest/bad-patches` for any other option
 */
export function readSeries(
  name: string,
  text: string,
  about?: string,
): { readonly file: string; readonly strip: number }[] {
  return text.split("\n").flatMap((line, index) => {
    const [file = "", option, ...more] = line
      .replace(/(?:^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    if (file === "") return [];
    const digits = option === undefined ? "1" : /^-p(\d{1,2})$/.exec(option)?.[1];
    if (digits !== undefined && more.length === 0) return [{ file, strip: Number(digits) }];
    throw new Fault(
      "manifest/bad-patches",
      `${name}, line ${index + 1}: kit does nothing like ${[option, ...more].join(" ")} with a patch`,
      { about, hint: "after its name may stand -p and a number" },
    );
  });
}
