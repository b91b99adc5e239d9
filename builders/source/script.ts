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

/** What patch(1) said last, below `/tmp/said`. */
export const wordsFile = "words";

/**
 * The patches lie as `/tmp/patches/INDEX`. One that does not apply shows the part that does not, or what patch(1) says
 * where it got to none, and ends the build; one whose surroundings are other than it says does not (`--fuzz=0`, as
 * dpkg-source and rpmbuild have it).
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
  words=/tmp/said/${wordsFile}
  if patch -p"$1" --forward --batch --fuzz=0 --no-backup-if-mismatch --reject-file=/tmp/rejected < "/tmp/patches/$2" > "$words" 2>&1
  then cat "$words"; return 0
  fi
  if test -e /tmp/rejected
  then cat "$words"; echo "kit: $3 does not apply; of it this:" >&2; cat /tmp/rejected >&2
  else echo "kit: $3 does not apply; patch says:" >&2; cat "$words" >&2
  fi
  echo "$2" > /tmp/said/${unappliedFile}
  exit 1
}
${applied.join("\n")}
`;
}

/** What to try, by what patch(1) said: its words of version 2.7.6, of Debian as of Fedora. */
export function unappliedHint(words: string): string {
  const known = hints.find(([said]) => said.test(words));
  return known?.[1] ?? staleHint;
}

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /git binary diffs are not supported/,
    "git's binary diffs are not applied: lay the file over the source by a folder ({dir: ./files} in sources), or take the source from git as it is patched there",
  ],
  [
    /Ignoring potentially dangerous file name|^\|(?:---|\+\+\+) (?:\S*\/)?\.\.\//m,
    "it names a file by a path with ../ in it, which may lead out of the source: make it anew in the source's own folder",
  ],
  [
    /can't find file to patch/,
    "the source has no such file by then: is the path right without its first folder (in a series, -pN says how many are left out), and the patch for this release?",
  ],
  [/Only garbage was found/, "it is no patch: a unified diff is, as `diff -u` and `git diff` make one"],
];

const staleHint =
  "every line that it takes away, and those around, have to be as the source has them by then: make it anew for this source, or leave it out";

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
