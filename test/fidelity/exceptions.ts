// In what kit's root may differ from mmdebstrap's, each with its reason; in everything else they are the same.
// Knows paths and what about them may differ; does not know how roots are made.

import type { Suite } from "./reference.ts";

/** What may be other: that only one of the two has the path, or one aspect of it. */
export type Allowance =
  | "only in kit"
  | "only in mmdebstrap"
  /** Mode and owner. */
  | "owner"
  /** The same lines in another order. */
  | "order of lines"
  | "content"
  /** Python's byte-code, but for the date of its source. */
  | "date of the source"
  /** A link's target, written in another way: the same file under merged /usr. */
  | "spelling of the target"
  | "hard links";

export interface Exception {
  /** Matched against the whole path, which has no slash in front. */
  readonly path: RegExp;
  readonly allows: Allowance;
  readonly reason: string;
  /** Only there. */
  readonly suite?: Suite;
}

export const exceptions: readonly Exception[] = [
  // What mmdebstrap brings of its own
  {
    path: /^dev\/.+$/,
    allows: "only in mmdebstrap",
    reason: "devices are the kernel's: whatever runs a root mounts its own /dev",
  },
  {
    path: /^etc\/(hostname|resolv\.conf)$/,
    allows: "only in mmdebstrap",
    reason: "copies of the host's files, so that apt finds the network",
  },
  {
    path: /^etc\/fstab$/,
    allows: "only in mmdebstrap",
    reason: "no package's: one comment that mmdebstrap writes",
  },

  // apt's own files
  {
    path: /^etc\/apt\/sources\.list$/,
    allows: "only in mmdebstrap",
    reason: "apt's: names the mirror the root was made from",
  },
  {
    path: /^etc\/apt\/sources\.list\.d\/(main|security)\.sources$/,
    allows: "only in kit",
    reason: "apt's: the image's repositories, which its manifest decides",
  },
  {
    path: /^usr\/share\/keyrings\/kit-(main|security)\.asc$/,
    allows: "only in kit",
    reason: "apt's: the keys of the image's repositories",
  },
  {
    path: /^var\/lib\/apt\/extended_states$/,
    allows: "only in mmdebstrap",
    reason: "apt's: what it chose by itself; in an image every package was asked for",
  },
  {
    path: /^var\/(cache\/apt\/archives|lib\/apt\/lists)\/partial$/,
    allows: "owner",
    reason: "apt's: given to its user when it first downloads; kit never runs it",
  },

  // Locks, backups, caches and leavings of the run itself
  {
    path: /^(etc\/\.pwd\.lock|var\/lib\/dpkg\/(lock|lock-frontend|triggers\/Lock)|var\/(cache\/apt\/archives|lib\/apt\/lists)\/lock)$/,
    allows: "only in mmdebstrap",
    reason: "locks: made by whoever needs them",
  },
  {
    path: /^etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/,
    allows: "only in mmdebstrap",
    reason: "backups: tell how many steps a change was made in",
  },
  {
    path: /^var\/lib\/dpkg\/(status|diversions|statoverride)-old$/,
    allows: "only in mmdebstrap",
    reason: "backups, as above",
  },
  {
    path: /^var\/cache\/debconf\/(config|templates)\.dat-old$/,
    allows: "only in mmdebstrap",
    reason: "backups, as above",
  },
  {
    path: /^var\/cache\/man\/.+$/,
    allows: "only in mmdebstrap",
    reason: "man-db's cache: holds the dates of files, is made again daily",
  },
  {
    path: /^run\/lock\/subsys$/,
    allows: "only in mmdebstrap",
    reason: "left by systemd-tmpfiles: /run is empty at every boot",
  },

  // Identities
  {
    path: /^etc\/ssh\/ssh_host_[a-z0-9]+_key(\.pub)?$/,
    allows: "only in mmdebstrap",
    reason: "keys: an image ships none",
  },
  {
    path: /^etc\/systemd\/system\/ssh\.service\.d(\/kit-host-keys\.conf)?$/,
    allows: "only in kit",
    reason: "has a machine make its own keys at its first boot",
  },
  {
    path: /^etc\/ssl\/(certs\/ssl-cert-snakeoil\.pem|private\/ssl-cert-snakeoil\.key)$/,
    allows: "content",
    reason: "a random key and its certificate for the host's name",
  },
  {
    path: /^etc\/ssl\/certs\/[0-9a-f]{8}\.0$/,
    allows: "only in kit",
    reason: "named by that certificate's subject, the host's name",
  },
  {
    path: /^etc\/ssl\/certs\/[0-9a-f]{8}\.0$/,
    allows: "only in mmdebstrap",
    reason: "the same for the other's host name",
  },
  {
    path: /^var\/lib\/postgresql\/\d+\/main\/(global\/pg_control|pg_stat\/pgstat\.stat|pg_wal\/[0-9A-F]{24})$/,
    allows: "content",
    reason: "a cluster's random identity and the time it was made",
  },

  // kit configures the distro's base first and then the rest, apt all that is not essential together
  {
    path: /^etc\/g?shadow$/,
    allows: "order of lines",
    reason: "passwd's shadowconfig runs before or after systemd-sysusers adds its lines",
  },
  {
    path: /^var\/lib\/dpkg\/triggers\/File$/,
    allows: "order of lines",
    reason: "in the order of unpacking, which apt derives from its own scores",
  },
  {
    path: /^etc\/systemd\/system\/timers\.target\.wants\/apt-daily(-upgrade)?\.timer$/,
    allows: "spelling of the target",
    suite: "trixie",
    reason: "deb-systemd-helper writes /lib where systemctl, once it is there, writes /usr/lib",
  },

  // Kit's dates are one
  {
    path: /^usr\/share\/python3\/debpython\/__pycache__\/[a-z_]+\.cpython-\d+\.pyc$/,
    allows: "date of the source",
    reason: "byte-code written on import names its source's date: the epoch, not the package's",
  },

  // A root of bookworm begins unmerged with mmdebstrap, and usrmerge's script converts it
  {
    path: /^usr\/bin\/(gunzip|uncompress)$/,
    allows: "hard links",
    suite: "bookworm",
    reason: "gzip ships them as one inode; usrmerge copies and parts them",
  },
  {
    path: /^etc\/shells$/,
    allows: "order of lines",
    suite: "bookworm",
    reason: "update-shells runs before and after the conversion there",
  },
];
