// A keeper that starts while the rest of kit is loaded: 0.1 s sooner.
// Knows which command lines will want one, and where; what it guesses wrongly is started again as it should be.

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type KeeperProcess, type ProcessOptions, startProcess } from "../builders/keeper/process.ts";
import { cacheFolder, entryFile } from "./entry.ts";
import { configurationFiles, storeFolder } from "./places.ts";

type Environment = Readonly<Record<string, string | undefined>>;

let early: { readonly store: string; readonly process: KeeperProcess } | undefined;

const users: readonly (string | undefined)[] = ["realize", "pull", "push"];

/** Starts one for a command that uses it, where the words and the environment tell the store. */
export function startEarly(argv: readonly string[], directory: string, environment: Environment): void {
  if (!users.includes(argv[0]) || argv.some((word) => word === "--help" || word === "-h")) return;
  // A configuration may name another store, and reading it takes what is not loaded yet.
  if (configurationFiles(directory).some((path) => existsSync(path))) return;
  const user = { uid: process.getuid?.() ?? 0 };
  const store = storeFolder({ environment, directory, user }, storeFlag(argv));
  early = { store, process: startProcess(processOptions(store, environment, availableParallelism())) };
}

function storeFlag(argv: readonly string[]): string | undefined {
  const joined = argv.findLast((word) => word.startsWith("--store="));
  return joined === undefined
    ? argv[argv.lastIndexOf("--store") + 1 || argv.length]
    : joined.slice("--store=".length);
}

/** What a keeper is started with, whenever that is. */
export function processOptions(store: string, environment: Environment, threads: number): ProcessOptions {
  return {
    store,
    node: process.execPath,
    entry: entryFile("keeper").pathname,
    threads,
    environment: { ...environment, NODE_COMPILE_CACHE: join(cacheFolder(environment), "code") },
  };
}

/** The process that was started for this store, once; one for another store ends. */
export function takeEarly(store: string): KeeperProcess | undefined {
  if (early?.store !== store) dropEarly();
  const process = early?.process;
  early = undefined;
  return process;
}

/** Ends the process that nobody took. */
export function dropEarly(): void {
  early?.process.abandon();
  early = undefined;
}
