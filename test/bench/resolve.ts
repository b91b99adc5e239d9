// Benchmarks of choosing packages, against apt's simulation on the machine's own package lists.
// Knows what both are asked; does not know how either chooses.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { has, inTurn, run, type Side } from "./measure.ts";
import { compared, type Row } from "./row.ts";

const kit = join(import.meta.dirname, "../../cli/kit");

export async function* resolve(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  if (!wants("resolve")) return;
  const at = join(folder, "resolve");
  mkdirSync(join(at, "apt/archives/partial"), { recursive: true });
  let peak = 0;
  for (const [name, atMost] of [
    ["hello", 0.2],
    ["gnome", 0.1],
  ] as const) {
    const ours: Side = {
      run() {
        const done = run([kit, "resolve", "debian/bookworm", name], {
          env: { KIT_STORE: join(at, "store") },
        });
        peak = Math.max(peak, done.peak);
        return done;
      },
    };
    // Once unmeasured: the index is in the store, as apt's lists are on disk. Making it is another process's work.
    const before = peak;
    await ours.run();
    peak = before;
    const work = `closure of ${name} on bookworm, warm`;
    yield compared(work, "apt-get -s install", atMost, await inTurn(times, ours, simulation(at, name)));
  }
  yield {
    work: "peak memory with bookworm's main loaded",
    against: "300 MB",
    ratio: peak / 300e6,
    atMost: 1,
    detail: `${(peak / 1e6).toFixed(0)} MB`,
  };
}

/** Nothing installed, and apt's own cache kept, which images of this machine's kind switch off. */
export function simulation(at: string, name: string): Side | undefined {
  const isBookworm = /^VERSION_CODENAME=bookworm$/m.test(readFileSync("/etc/os-release", "utf8"));
  if (!isBookworm || !has("apt-get")) return undefined;
  const options = [
    `Dir::Cache=${at}/apt`,
    "Dir::Cache::pkgcache=pkgcache.bin",
    "Dir::Cache::srcpkgcache=srcpkgcache.bin",
    "Dir::State::status=/dev/null",
  ].flatMap((option) => ["-o", option]);
  return { run: () => run(["apt-get", ...options, "-s", "--no-install-recommends", "install", name]) };
}
