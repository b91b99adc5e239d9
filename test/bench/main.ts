// npm run bench: how kit compares, as ratios. A peer that is not installed is left out.
// Usage: npm run bench [-- ROW…] [--ext4|--tmpfs] [--times N]

import { caches } from "./caches.ts";
import { chain } from "./chain.ts";
import { debs } from "./debs.ts";
import { index } from "./index.ts";
import { openPlace } from "./place.ts";
import { resolve } from "./resolve.ts";
import { roots } from "./roots.ts";
import { sizes } from "./sizes.ts";
import { store } from "./store.ts";
import { sysroot } from "./sysroot.ts";
import { view } from "./view.ts";

const words = process.argv.slice(2);
if (words.includes("--help")) {
  console.log("npm run bench [-- ROW…] [--ext4|--tmpfs] [--times N]: all rows where none is named");
  process.exit(0);
}
const times = Number(/--times (\d+)/.exec(words.join(" "))?.[1] ?? 3);
const wanted = words.filter((word) => !word.startsWith("--") && !/^\d+$/.test(word));
using place = openPlace(words.includes("--tmpfs") ? "tmpfs" : "ext4");
console.log(`on ${place.fileSystem}, medians of ${times}, kit and peer in turn`);
for (const rows of [roots, store, sizes, caches, chain, index, resolve, view, sysroot, debs]) {
  for await (const row of rows(place.folder, times, (name) => wanted.length === 0 || wanted.includes(name))) {
    const ratio = row.ratio === undefined ? "—" : `${row.ratio.toFixed(2)} ×`;
    console.log(
      `${row.work.padEnd(56)} ${row.against.padEnd(34)} ${ratio.padStart(8)}  at most ${row.atMost} ×   ${row.detail}`,
    );
  }
}
