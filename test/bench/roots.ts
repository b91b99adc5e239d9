// Benchmarks of root file systems, against mmdebstrap of the same suite, mirror and file system.

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mirrorsFor } from "../../builders/repository/mirrors.ts";
import { hostSources } from "./host.ts";
import { has, inTurn, type Run, run, type Side } from "./measure.ts";
import { compared, type Row } from "./row.ts";

const kit = join(import.meta.dirname, "../../cli/kit");
const hello = join(import.meta.dirname, "../../manifests");

export async function* roots(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  const peaks: number[] = [];
  for (const suite of ["trixie", "bookworm"]) {
    if (wants("empty")) yield await fromEmpty(folder, suite, times, peaks);
    if (wants("cached")) yield await fromPackages(folder, suite, times, peaks);
  }
  if (wants("noop")) yield await nothingToDo(folder, times, peaks);
  if (wants("add")) yield await onePackageMore(folder, times, peaks);
  if (peaks.length > 0) {
    const peak = Math.max(...peaks);
    yield {
      work: "peak memory of the largest process in any of these",
      against: "400 MB",
      ratio: peak / 400e6,
      atMost: 1,
      detail: `${(peak / 1e6).toFixed(0)} MB`,
    };
  }
}

async function fromEmpty(folder: string, suite: string, times: number, peaks: number[]): Promise<Row> {
  const at = workplace(folder, `empty-${suite}`);
  const manifest = image(at, suite, []);
  const ours: Side = {
    prepare() {
      rmSync(join(at, "store"), { recursive: true, force: true });
      rmSync(manifest.replace(".yaml", ".lock"), { force: true });
    },
    run: () => noted(realize(at, manifest), peaks),
  };
  return compared(
    `${suite} minbase as tar, empty store`,
    "mmdebstrap",
    0.45,
    await inTurn(times, ours, peer(at, suite, false)),
  );
}

async function fromPackages(folder: string, suite: string, times: number, peaks: number[]): Promise<Row> {
  const at = workplace(folder, `cached-${suite}`);
  const manifest = image(at, suite, []);
  realize(at, manifest, ["-o", join(at, "kept")]);
  let turn = 0;
  const ours: Side = {
    // Another epoch makes another root: packages and their trees are there, the root is not, nor are earlier turns'.
    prepare() {
      run([kit, "gc"], { env: { KIT_STORE: join(at, "store") } });
      writeFileSync(manifest, imageText(suite, [], 1_700_000_000 + turn++));
    },
    run: () => noted(realize(at, manifest), peaks),
  };
  return compared(
    `${suite} minbase as tar, packages in the store`,
    "mmdebstrap, packages cached",
    0.25,
    await inTurn(times, ours, peer(at, suite, true)),
  );
}

async function nothingToDo(folder: string, times: number, peaks: number[]): Promise<Row> {
  const at = workplace(folder, "noop");
  cpSync(hello, join(at, "manifests"), { recursive: true });
  const manifest = join(at, "manifests/images/hello.yaml");
  realize(at, manifest);
  // What a memo holds for has to be older than two seconds.
  run(["sleep", "2.5"]);
  realize(at, manifest);
  const node = join(import.meta.dirname, "../../node_modules/node/bin/node");
  return compared(
    "nothing to do, hello.yaml",
    "node -e 0",
    4,
    await inTurn(
      Math.max(times, 11),
      { run: () => noted(realize(at, manifest), peaks) },
      { run: () => run([node, "-e", "0"]) },
    ),
  );
}

async function onePackageMore(folder: string, times: number, peaks: number[]): Promise<Row> {
  const at = workplace(folder, "add");
  const manifest = image(at, "trixie", []);
  const first: Side = {
    prepare() {
      rmSync(join(at, "store"), { recursive: true, force: true });
      rmSync(manifest.replace(".yaml", ".lock"), { force: true });
      writeFileSync(manifest, imageText("trixie", []));
    },
    run: () => noted(realize(at, manifest), peaks),
  };
  const more: Side = {
    prepare() {
      writeFileSync(manifest, imageText("trixie", ["hello"]));
      run([kit, "lock", manifest], { env: { KIT_STORE: join(at, "store") } });
    },
    run: () => noted(realize(at, manifest), peaks),
  };
  return compared(
    "one small package more, to tar, once it is locked",
    "the first realization",
    0.35,
    await inTurn(times, more, first),
  );
}

function noted(done: Run, peaks: number[]): Run {
  peaks.push(done.peak);
  return done;
}

function workplace(folder: string, name: string): string {
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  return at;
}

function realize(at: string, manifest: string, options: readonly string[] = []): Run {
  return run([kit, "realize", manifest, ...options], { env: { KIT_STORE: join(at, "store") } });
}

function image(at: string, suite: string, packages: readonly string[]): string {
  const file = join(at, "image.yaml");
  writeFileSync(file, imageText(suite, packages));
  return file;
}

function imageText(suite: string, packages: readonly string[], epoch?: number): string {
  const lines = [
    "kind: image",
    "name: bench",
    `distro: debian/${suite}`,
    "architectures: [amd64]",
    `packages: [${packages.join(", ")}]`,
    "outputs: [{type: tar}]",
  ];
  return `${[...lines, ...(epoch === undefined ? [] : [`sourceDateEpoch: ${epoch}`])].join("\n")}\n`;
}

/** mmdebstrap with the suites of the distro's manifest, from the mirror kit would take first. */
function peer(at: string, suite: string, cached: boolean): Side | undefined {
  if (!has("mmdebstrap")) return undefined;
  const host = hostSources();
  const [main] = mirrorsFor("https://ftp.debian.org/debian", { host }, ["main"]);
  const [security] = mirrorsFor("https://mirrors.kernel.org/debian-security", { host }, ["main"]);
  const sources = [
    `deb ${main} ${suite} main`,
    `deb ${main} ${suite}-updates main`,
    `deb ${security} ${suite}-security main`,
  ].join("\n");
  const list = join(at, "sources.list");
  writeFileSync(list, `${sources}\n`);
  const out = join(at, "peer.tar");
  const cache = join(at, "debs");
  const bootstrap = (...options: string[]) => [
    "mmdebstrap",
    "--quiet",
    "--variant=minbase",
    ...options,
    suite,
    out,
    list,
  ];
  const archives = "/var/cache/apt/archives/";
  const fill = [`--setup-hook=mkdir -p "$1"${archives}`, `--setup-hook=cp -a ${cache}/. "$1"${archives}`];
  if (cached) {
    mkdirSync(cache, { recursive: true });
    run(
      bootstrap(
        `--setup-hook=mkdir -p "$1"${archives}`,
        "--skip=download/empty,essential/unlink,cleanup/apt/cache",
        `--customize-hook=cp "$1"${archives}*.deb ${cache}/`,
      ),
    );
  }
  return {
    prepare: () => rmSync(out, { force: true }),
    run: () => run(bootstrap(...(cached ? ["--skip=download/empty", ...fill] : [])), { env: { TMPDIR: at } }),
  };
}
