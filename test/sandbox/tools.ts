// Tool environments for tests that need real programs, made by kit itself.
// Knows how they are planned and realized; does not know who runs them, nor the test runner.

import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageInput } from "../../builders/distro/package.ts";
import { requireDeb, sourceOf } from "../../builders/distro/source.ts";
import { planLine } from "../../builders/realizer/line.ts";
import { realizeLine } from "../../builders/realizer/make.ts";
import { planTools, settleDistro } from "../../builders/tools/plan.ts";
import { toolsDerivation } from "../../builders/tools/recipe.ts";
import { composeParts } from "../../cli/composition.ts";
import type { PlannedOutput, Planning } from "../../evaluator/evaluate.ts";
import { formatLock, parseLock } from "../../evaluator/lock.ts";
import { closureQuestion } from "../../evaluator/question.ts";
import type { Content } from "../../store/model/derivation.ts";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const node = process.execPath;
const { uid, gid, username } = userInfo();
export const caller = { uid, gid, name: username };

export interface Tools {
  /** A store that holds them. */
  readonly store: string;
  /** The entry of the tests' keeper. */
  readonly keeper: string;
  readonly launcher: Content;
  readonly dpkg: Content;
  readonly ext4: Content;
  /** A shell, core utilities and perl, which can make any system call. */
  readonly probe: Content;
}

const probePackages = ["coreutils", "dash", "perl-base"];

/**
 * Bundles the tests' keeper, and the driver that is killed with it, as kit itself is: it starts in 0.25 s then, and
 * in 1.1 s from sources.
 */
export async function bundleKeeper(folder: string): Promise<string> {
  const { build } = await import("esbuild");
  await build({
    entryPoints: {
      keeper: join(repository, "test/sandbox/keeper.ts"),
      thread: join(repository, "cli/thread.ts"),
      driver: join(repository, "test/keeper/driver.ts"),
    },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    external: ["koffi", "@napi-rs/blake-hash", "blake3-wasm", "xz-decompress"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  return join(folder, "keeper.mjs");
}

/** Makes the tools in `folder/store`, as the caller of this process; `lock` answers for the world where it is there. */
export async function makeTools(folder: string, lock = join(folder, "lock")): Promise<Tools> {
  const store = join(folder, "store");
  const settings = {
    store,
    jobs: 2,
    downloads: 16,
    mirrors: { configured: [] },
    sourceServers: [],
    caches: { places: [], trusted: [], required: 1, deadline: 10_000 },
    checkout: "auto",
    proxy: {},
    secrets: {},
  } as const;
  const host = { environment: process.env, directory: folder, user: caller, cores: 2 };
  const parts = composeParts({
    host,
    settings,
    offline: false,
    keepFailed: false,
    emit: () => {},
    now: Date.now,
  });
  try {
    const line = {
      ...parts.line(join(folder, "none.yaml")),
      plan: planProbe,
      readLock: () => (existsSync(lock) ? parseLock(readFileSync(lock, "utf8"), lock) : undefined),
      writeLock: (value: Parameters<typeof formatLock>[0]) => writeFileSync(lock, formatLock(value)),
    };
    const build = { jobs: 2, downloads: 16, memory: Infinity, rebuild: () => false };
    const manifest = join(repository, "manifests/images/hello.yaml");
    const { plan, world } = await planLine({ manifest, wish: {}, locking: { mode: "first" } }, line, build);
    const { results } = await realizeLine(
      plan.outputs.map(({ derivation }) => derivation),
      world,
      line,
      build,
    );
    const content = (name: string): Content => {
      const output = plan.outputs.find((item) => item.name === name);
      const found = output && results.get(output.derivation.digest)?.outputs[output.output];
      if (found === undefined) throw new Error(`there is no ${name}`);
      return found;
    };
    return {
      store,
      keeper: join(repository, "test/sandbox/keeper.ts"),
      launcher: content("launcher"),
      dpkg: content("dpkg"),
      ext4: content("ext4"),
      probe: content("probe"),
    };
  } finally {
    await parts.close();
  }
}

function planProbe(planning: Planning): readonly PlannedOutput[] {
  const { world } = planning;
  const shipped = ["launcher", "dpkg", "ext4"].map((name) => ({
    name,
    input: planTools(planning, name, "debian/trixie"),
  }));
  const { manifest: distro } = settleDistro(world.assembly, world.assembly.root, {
    arch: world.host,
    buildType: "release",
    distro: "",
  });
  const closure = planning.closure(
    closureQuestion({
      source: sourceOf(distro, world.host),
      requests: probePackages,
      base: [],
      exclude: [],
      locals: [],
    }),
  );
  const probe =
    closure &&
    toolsDerivation(
      "tools probe",
      world.host,
      closure.packages.map((item) => packageInput(item, requireDeb(distro))),
    );
  return [...shipped, { name: "probe", input: probe && { derivation: probe, output: "root" } }].flatMap(
    ({ name, input }) =>
      input && "derivation" in input
        ? [
            {
              type: "tools",
              name,
              architecture: world.host,
              derivation: input.derivation,
              output: input.output,
            },
          ]
        : [],
  );
}
