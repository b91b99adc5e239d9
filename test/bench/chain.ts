// A thousand trivial builds in a row, each in a sandbox of its own, against nix-build with its sandbox.

import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { planLine } from "../../builders/realizer/line.ts";
import { realizeLine } from "../../builders/realizer/make.ts";
import { composeParts } from "../../cli/composition.ts";
import { readSettings } from "../../cli/settings.ts";
import type { Content, Request } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { has, type Run, run } from "./measure.ts";
import type { Row } from "./row.ts";
import { openBenchSession } from "./session.ts";

const steps = 1000;
const manifest = join(import.meta.dirname, "../../manifests/packages/hello/hello.yaml");

export async function* chain(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  if (!wants("chain")) return;
  const at = join(folder, "chain");
  mkdirSync(at, { recursive: true });
  const package_ = join(at, "package");
  cpSync(join(manifest, ".."), package_, { recursive: true });
  const tools = await toolTrees(join(at, "store"), join(package_, "hello.yaml"));
  const walls: number[] = [];
  const peers: number[] = [];
  const peer = nixChain(at);
  for (let turn = 0; turn < times; turn++) {
    if (peer) peers.push(peer(turn).wall);
    walls.push(await runChain(join(at, "store"), tools, turn));
  }
  const middle = (values: number[]) =>
    values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const ours = middle(walls);
  const detail = `${(ours / steps).toFixed(1)} ms each${peer ? ` against ${(middle(peers) / steps).toFixed(1)} ms` : ""}`;
  yield {
    work: `${steps} chained trivial sandboxed derivations`,
    against: "nix-build, sandboxed",
    atMost: 0.8,
    detail,
    ...(peer && { ratio: ours / middle(peers) }),
  };
}

/** The trees of the launcher and of a tool environment with a shell, made by kit itself. */
async function toolTrees(store: string, file: string): Promise<{ launcher: Content; root: Content }> {
  const { uid, gid, username } = userInfo();
  const host = {
    environment: process.env,
    directory: process.cwd(),
    user: { uid, gid, name: username },
    cores: 2,
  };
  const settings = await readSettings(host, { store });
  const parts = composeParts({
    host,
    settings,
    offline: false,
    keepFailed: false,
    emit: () => {},
    now: Date.now,
  });
  try {
    const build = { jobs: 2, downloads: 16, memory: Infinity, rebuild: () => false };
    const line = parts.line(file);
    const { plan, world } = await planLine(
      { manifest: file, wish: {}, locking: { mode: "first" } },
      line,
      build,
    );
    const { results } = await realizeLine(
      plan.outputs.map(({ derivation }) => derivation),
      world,
      line,
      build,
    );
    const inputs = plan.outputs[0]?.derivation.inputs ?? {};
    const content = (name: string): Content => {
      const input = inputs[name];
      const found =
        input && "derivation" in input
          ? results.get(input.derivation.digest)?.outputs[input.output]
          : undefined;
      if (found === undefined) throw new Error(`no ${name}`);
      return found;
    };
    return { launcher: content("launcher"), root: content("tools") };
  } finally {
    await parts.close();
  }
}

async function runChain(
  store: string,
  tools: { launcher: Content; root: Content },
  turn: number,
): Promise<number> {
  const begun = process.hrtime.bigint();
  const { keeper } = await openBenchSession(store, `bench-${process.pid}-${turn}`);
  let previous: Content = tools.root;
  for (let step = 0; step < steps; step++) {
    const parameters = { step, turn };
    const request: Request = {
      builder: "tar",
      versions: { bench: "1" },
      parameters,
      inputs: { ...tools, previous },
      outputs: ["image"],
    };
    const { result } = await keeper.build({
      request,
      id: `step-${step}` as Digest,
      label: `step ${step}`,
      hints: undefined,
      rebuild: false,
    });
    previous = result.outputs["image"] ?? previous;
  }
  await keeper.close();
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

function nixChain(at: string): ((turn: number) => Run) | undefined {
  const busybox = "/bin/busybox";
  if (!has("nix-build") || !existsSync(busybox)) return undefined;
  mkdirSync(join(at, "tools"), { recursive: true });
  cpSync(busybox, join(at, "tools/busybox"));
  const options = [
    "--option",
    "build-users-group",
    "",
    "--option",
    "sandbox",
    "true",
    "--option",
    "substitute",
    "false",
    "--no-out-link",
  ];
  return (turn) => {
    const home = join(at, "nix");
    if (turn === 0) rmSync(home, { recursive: true, force: true });
    const env = {
      NIX_STORE_DIR: "/nix/store",
      NIX_STATE_DIR: join(home, "var"),
      NIX_LOG_DIR: join(home, "log"),
      BUSYBOX: join(at, "tools"),
      SALT: `${process.pid}-${turn}`,
      STEPS: String(steps),
      HOME: home,
    };
    mkdirSync(home, { recursive: true });
    return run(["nix-build", ...options, join(import.meta.dirname, "chain.nix")], { env });
  };
}
