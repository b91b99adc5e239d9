// Files that hold a secret.
// Knows who may read one; does not know what is in it.

import type { Stats } from "node:fs";

export function warnOfReaders(path: string, { mode }: Stats, warn: (text: string) => void): void {
  if ((mode & 0o007) !== 0) warn(`everybody on this host can read ${path}: chmod 600 ${path}`);
}
