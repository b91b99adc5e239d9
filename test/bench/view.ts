// Benchmarks of views, against as many of apt's simulations as they resolve.
// Knows what both are asked; does not know how either chooses.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurn, run, type Side } from "./measure.ts";
import { simulation } from "./resolve.ts";
import type { Row } from "./row.ts";

const kit = join(import.meta.dirname, "../../cli/kit");

export async function* view(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  const at = join(folder, "view");
  mkdirSync(join(at, "apt/archives/partial"), { recursive: true });
  const apt = simulation(at, "nginx");
  const env = { KIT_STORE: join(at, "store") };
  const locking = (name: string): Side => ({
    prepare: () => rmSync(join(at, `${name}.lock`), { force: true }),
    run: () => run([kit, "lock", join(at, `${name}.yaml`)], { env }),
  });
  if (wants("workloads")) {
    writeView(at, "workloads", drawNames(1000), "");
    const side = locking("workloads");
    await side.run();
    const { ours, theirs } = await inTurn(times, side, apt);
    yield times1000("1,000 workloads on one base, locked", 1000, 0.01, ours, theirs);
  }
  if (wants("buildroot")) {
    writeView(at, "buildroot", ["build-essential", "nginx", "postgresql"], "buildroot: {}\n");
    const side = locking("buildroot");
    await side.run();
    const { ours, theirs } = await inTurn(Math.min(times, 2), side, apt);
    yield times1000("buildroot of build-essential, nginx, postgresql", 5000, 0.02, ours, theirs);
    yield {
      work: "peak memory of that",
      against: "1.5 GB",
      ratio: ours.peak / 1.5e9,
      atMost: 1,
      detail: `${(ours.peak / 1e6).toFixed(0)} MB`,
    };
  }
}

type Measured = Awaited<ReturnType<typeof inTurn>>["ours"];

function times1000(
  work: string,
  count: number,
  atMost: number,
  ours: Measured,
  theirs: Measured | undefined,
): Row {
  const against = `${count} x apt-get -s install`;
  const detail = `${(ours.wall / 1000).toFixed(1)} s, ${(ours.peak / 1e6).toFixed(0)} MB`;
  if (theirs === undefined) return { work, against, atMost, detail };
  const told = `${detail} against ${count} x ${theirs.wall.toFixed(0)} ms`;
  return { work, against, atMost, detail: told, ratio: ours.wall / (count * theirs.wall) };
}

/** Every so-manieth of what apt knows, so that the same archive gives the same names. */
function drawNames(count: number): string[] {
  const all = execFileSync("apt-cache", ["pkgnames"], { encoding: "utf8", maxBuffer: 1 << 28 })
    .trim()
    .split("\n");
  const listed = execFileSync("apt-cache", ["show", "--no-all-versions", ...every(all.sort(), 2 * count)], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const real = [...listed.matchAll(/^Package: (\S+)$/gm)].map(([, name = ""]) => name);
  return [...new Set(real)].slice(0, count);
}

function every<T>(list: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(list.length / count));
  return list.filter((_, index) => index % step === 0);
}

function writeView(at: string, name: string, packages: readonly string[], rest: string): void {
  const folder = join(at, name);
  mkdirSync(folder, { recursive: true });
  for (const [i, each] of packages.entries())
    writeFileSync(
      join(folder, `${i}.yaml`),
      `kind: workload\nname: w${i}\npackages: [${JSON.stringify(each)}]\n`,
    );
  writeFileSync(
    join(at, `${name}.yaml`),
    `kind: view\nname: ${name}\ndistro: debian/bookworm\narchitectures: [amd64]\nworkloads: [./${name}]\nbase: [essential, required, apt]\n${rest}`,
  );
}
