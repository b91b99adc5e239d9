// What tests of real sandboxes and keepers share: a keeper with the probe, and what a command in it left.
// Knows how a probe is asked; does not know what any test expects.

import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { noCaches } from "../../builders/cache/trust.ts";
import type { Event } from "../../builders/event.ts";
import {
  type HoldKeeper,
  type Keeper,
  type KeeperOptions,
  openHoldKeeper,
  openKeeper,
} from "../../builders/keeper/client.ts";
import type { BuildJob } from "../../builders/keeper/protocol.ts";
import { defaultLimits, type Limits } from "../../builders/sandbox/spec.ts";
import { noHolds } from "../../store/holds.ts";
import { layoutOf } from "../../store/layout.ts";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Content, type Request, requestDigest, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Tree } from "../../store/model/tree.ts";
import { findMember } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";
import { caller, node, type Tools } from "./tools.ts";

export interface ProbeParameters {
  readonly argv: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  readonly input?: string;
  readonly breakInput?: boolean;
  readonly network?: boolean;
}

export interface KeeperWish {
  readonly limits?: Partial<Limits>;
  readonly threads?: number;
  readonly keepFailed?: boolean;
  readonly offline?: boolean;
  readonly method?: "hardlink" | "copy" | "auto";
  readonly user?: typeof caller;
  readonly emit?: (event: Event) => void;
}

/** A keeper over a store that has the tools. */
export async function keeperAt(
  tools: Pick<Tools, "keeper">,
  store: string,
  wish: KeeperWish = {},
): Promise<Keeper> {
  return await openKeeper(optionsOf(tools, store, wish));
}

/** Everything that is wrong in a store that nobody uses, as `kit store verify` finds it. */
export async function problemsOf(tools: Pick<Tools, "keeper">, store: string): Promise<readonly string[]> {
  const keeper = await holdAt(tools, store);
  try {
    const { problems } = await keeper.repair();
    return problems.map(({ place, why }) => `${place}: ${why}`);
  } finally {
    await keeper.close();
  }
}

/** A keeper that has the store for itself. */
export async function holdAt(tools: Pick<Tools, "keeper">, store: string): Promise<HoldKeeper> {
  return await openHoldKeeper(optionsOf(tools, store, {}));
}

function optionsOf(tools: Pick<Tools, "keeper">, store: string, wish: KeeperWish): KeeperOptions {
  return {
    store,
    node,
    entry: tools.keeper,
    threads: wish.threads ?? 1,
    environment: process.env,
    user: wish.user ?? caller,
    session: randomUUID(),
    setup: {
      limits: { ...defaultLimits, ...wish.limits },
      method: wish.method ?? "auto",
      caches: noCaches,
      keepFailed: wish.keepFailed ?? false,
      retry: false,
      offline: wish.offline ?? true,
      proxy: {},
      secrets: {},
      tokens: 2,
      downloads: 4,
    },
    emit: wish.emit ?? (() => {}),
  };
}

/** A request of one of the test keeper's builders. */
export function jobOf(
  builder: string,
  parameters: Canonical,
  inputs: Readonly<Record<string, Content>> = {},
  outputs: readonly string[] = ["file"],
  hints?: unknown,
): BuildJob {
  const request: Request = { builder, versions: { test: "1" }, parameters, inputs, outputs };
  return { request, id: requestDigest(request), label: `${builder} of a test`, hints, rebuild: false };
}

export interface Probed {
  readonly request: Digest;
  readonly root: Content;
  readonly log: string;
  /** The text of a file that the command left in /tmp/out. */
  out(path: string): string;
  tree(of: "root" | "out"): Tree;
}

/** Runs a command in a sandbox over the probe's tools; each call is a request of its own. */
export async function probe(
  keeper: Keeper,
  tools: Tools,
  store: string,
  parameters: ProbeParameters | string,
  root = tools.probe,
): Promise<Probed> {
  // The tools hold no locale but C.
  const asked =
    typeof parameters === "string"
      ? { argv: ["/bin/sh", "-euc", parameters], environment: { LC_ALL: "C" } }
      : parameters;
  const unique = { ...asked, nonce: randomUUID() };
  const job = jobOf("probe", unique as unknown as Canonical, { launcher: tools.launcher, root }, [
    "root",
    "out",
  ]);
  const { result } = await keeper.build(job);
  const layout = layoutOf(store);
  const records = openRecords(layout, { hasBlob: () => true, holds: noHolds });
  const tree = (of: "root" | "out") => records.tree(splitContent(result.outputs[of] as Content).digest);
  return {
    request: result.request,
    root: result.outputs["root"] as Content,
    get log() {
      return readFileSync(layout.log(result.request), "utf8");
    },
    tree,
    out(path) {
      const entry = tree("out").entries.find((item) => item.path === path);
      const member = entry?.type === "file" ? findMember(layout, entry.blob, entry) : undefined;
      if (member === undefined) throw new Error(`the command left no ${path}`);
      return readFileSync(member, "utf8");
    },
  };
}

/** Perl that makes a system call by number and prints `NAME: ok` or `NAME: ERRNO`. */
export function systemCall(name: string, number: number, ...argv: readonly (number | string)[]): string {
  // Perl wants to be able to write to the texts it passes.
  return `@a = (${[number, ...argv].join(", ")}); $! = 0; $r = syscall(${[number, ...argv].map((_, index) => `$a[${index}]`).join(", ")}); print "${name}: ", ($r == -1 ? $! + 0 : "ok"), "\\n";`;
}

/** The keepers that a process started. */
export function keepersOf(pid: number): number[] {
  return descendants(pid).filter((child) => commandOf(child).includes("keeper.mjs"));
}

/** A process's words, each ended by NUL; empty where it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Every process whose words hold this one. */
export function running(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && commandOf(Number(name)).includes(word))
    .map(Number);
}

/** Every process below a given one, itself left out. */
export function descendants(pid: number): number[] {
  const children = (of: number): number[] => {
    try {
      return readFileSync(`/proc/${of}/task/${of}/children`, "utf8")
        .trim()
        .split(" ")
        .filter(Boolean)
        .map(Number);
    } catch {
      return [];
    }
  };
  return children(pid).flatMap((child) => [child, ...descendants(child)]);
}
