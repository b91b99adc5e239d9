// What the command tests share: kit as users run it, derivations out of nothing, a store with something in it.
// Knows how the program is started; does not know what any command says.

import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import type { Known } from "../../../cli/commands/selection.ts";
import { composeParts, type Parts } from "../../../cli/composition.ts";
import { type Derivation, derivation, type Input, type Request } from "../../../store/model/derivation.ts";
import { type Digest, digestOf } from "../../../store/model/digest.ts";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** kit as users start it. */
export const program = join(repository, "cli/kit");

/** Runs kit without what the tester's environment may say to it. */
export function kit(
  argv: readonly string[],
  options: { store?: string; directory?: string; environment?: Readonly<Record<string, string>> } = {},
): Ran {
  const { store = join(inject("scratch"), "no-store"), directory = inject("scratch"), environment } = options;
  const { PATH = "" } = process.env;
  const env = {
    PATH,
    HOME: inject("scratch"),
    XDG_CACHE_HOME: join(inject("scratch"), "cache"),
    KIT_STORE: store,
    ...environment,
  };
  const { status, stdout, stderr } = spawnSync(program, argv, {
    cwd: directory,
    env,
    encoding: "utf8",
    timeout: 120_000,
  });
  return { status, stdout, stderr };
}

/** A derivation that takes others' output `out`. */
export function made(
  label: string,
  from: Readonly<Record<string, Derivation>> = {},
  builder = "tar",
): Derivation {
  const inputs = Object.fromEntries(
    Object.entries(from).map(([name, item]): [string, Input] => [name, { derivation: item, output: "out" }]),
  );
  return derivation({ builder, label, parameters: { label }, inputs, outputs: ["out"] });
}

export function knownAs(item: Derivation, request?: Digest): Known {
  if (request === undefined) return { derivation: item };
  return { derivation: item, request: { request: {} as Request, digest: request } };
}

export const digest = (text: string): Digest => digestOf(text);

/** An empty folder of its own. */
export function folder(): string {
  return mkdtempSync(join(inject("scratch"), "commands-"));
}

/** The parts kit is made of, over a store, to fill it with. */
export function partsAt(store: string): Parts {
  const { uid, gid, username: name } = userInfo();
  return composeParts({
    host: {
      environment: { PATH: process.env["PATH"], HOME: inject("scratch") },
      directory: "/",
      user: { uid, gid, name },
      cores: 1,
    },
    settings: {
      store,
      jobs: 1,
      downloads: 1,
      mirrors: { configured: [] },
      sourceServers: [],
      caches: { places: [], trusted: [], required: 1, deadline: 10_000 },
      checkout: "auto",
      proxy: {},
      secrets: {},
    },
    offline: true,
    keepFailed: false,
    emit: () => {},
    now: () => 0,
  });
}
