// What a configured root must not carry: caches, logs, identities, dates of the day it was made.
// Pure: decides over tree entries; content that changes is asked for and given back.

import type { Digest } from "../../store/model/digest.ts";
import { type Entry, type FileEntry, makeTree, type Tree } from "../../store/model/tree.ts";

/** Raise it when what is dropped or rewritten changes: part of every root's key. */
export const normalizeVersion = "1";

interface Contents {
  read(blob: Digest): Buffer;
  put(bytes: Buffer, entry: FileEntry): Digest;
}

/** The root without what only this build made; `epoch` in seconds. */
export function normalizeRoot(root: Tree, epoch: number, contents: Contents): Tree {
  const kept = root.entries.filter((entry) => !isDropped(entry));
  return makeTree(kept.map((entry) => rewritten(entry, epoch, contents)));
}

/** Each with its reason. A pattern is matched against the whole path. */
const dropped: readonly RegExp[] = [
  // Locks, and backups that dpkg, debconf and shadow keep of what they last changed
  /^var\/lib\/dpkg\/(lock|lock-frontend|triggers\/Lock|status-old|diversions-old|statoverride-old|available-old|available)$/,
  /^var\/lib\/dpkg\/(tmp\.ci|updates)\/.*/,
  /^var\/cache\/debconf\/.*-old$/,
  /^etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/,
  /^etc\/\.pwd\.lock$/,
  // Caches that the program makes again: ldconfig's of inode numbers, apt's, fontconfig's, man-db's of dates
  /^var\/cache\/ldconfig\/aux-cache$/,
  /^var\/cache\/apt\/(pkgcache|srcpkgcache)\.bin$/,
  /^var\/cache\/(fontconfig|man)\/.+/,
  // Logs of the build
  /^var\/log\/(dpkg\.log|alternatives\.log|bootstrap\.log|fontconfig\.log|faillog|lastlog|apt\/.+)$/,
  // Identities and seeds: every machine makes its own at first boot
  /^etc\/ssh\/ssh_host_[^/]+$/,
  /^var\/lib\/dbus\/machine-id$/,
  /^var\/lib\/(systemd|urandom)\/random-seed$/,
  // What runs leave while they run
  /^run\/.+/,
  /^tmp\/.+/,
  /^usr\/sbin\/policy-rc\.d$/,
];

function isDropped(entry: Entry): boolean {
  return dropped.some((pattern) => pattern.test(entry.path));
}

function rewritten(entry: Entry, epoch: number, contents: Contents): Entry {
  if (entry.type !== "file") return entry;
  const replace = (text: string) => {
    const bytes = Buffer.from(text);
    return { ...entry, size: bytes.length, blob: contents.put(bytes, entry) };
  };
  switch (entry.path) {
    case "etc/machine-id":
      // Empty: systemd fills it at first boot (machine-id(5)).
      return replace("");
    case "etc/shadow": {
      const day = Math.floor(epoch / 86_400);
      const lines = contents.read(entry.blob).toString("utf8").split("\n");
      return replace(lines.map((line) => line.replace(/^([^:]*:[^:]*):\d+:/, `$1:${day}:`)).join("\n"));
    }
    default:
      return entry;
  }
}
