// Loading: manifests and local files as the disk has them.
// Knows how to read and digest; does not know what manifests mean.

import { existsSync, readdirSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Kind } from "../../evaluator/kind.ts";
import { assemble, missingLocal } from "../../evaluator/manifest/assemble.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import { defaultDistro, type Target } from "../../evaluator/manifest/variables.ts";
import type { Content } from "../../store/model/derivation.ts";
import { Fault, Faults, restated } from "../../store/model/fault.ts";
import { refuseClashes } from "../distro/clash.ts";
import { folderText } from "../packages/schema.ts";
import { type IgnoreRules, isIgnored, rulesAbove, rulesWithin } from "./ignored.ts";
import { digestLocal } from "./local.ts";

export interface Loaded {
  readonly assembly: Assembly;
  readonly tools: ReadonlyMap<string, Assembly>;
  /** Every path that was looked for, whether it was there or not, and folders that were looked through. */
  readonly files: readonly string[];
}

/** The tool environments kit runs builds with; each is `tools/NAME.yaml` among what ships. */
export const toolNames = [
  "launcher",
  "emulator",
  "dpkg",
  "dpkg-source",
  "ext4",
  "git",
  "rpm",
  "source",
  "squashfs",
] as const;

/** Reads the manifest and the tool environments, every file once. @throws {Faults} */
export async function load(root: string, shipped: string, kinds: readonly Kind<unknown>[]): Promise<Loaded> {
  const texts = new Map<string, Promise<string | undefined>>();
  const read = (file: string) => {
    const known = texts.get(file) ?? readText(file);
    texts.set(file, known);
    return known;
  };
  const folders = new Set<string>();
  const list = (folder: string) => {
    folders.add(folder);
    return listFiles(folder);
  };
  const options = { kinds, read: rootOrFile(root, read), has: existsSync, list, shipped };
  const assembly = await withDefaultDistro(
    await assemble(root, options),
    (file) => assemble(file, options),
    shipped,
  );
  const tools = await Promise.all(
    toolNames.map(
      async (name) => [name, await assemble(join(shipped, "tools", `${name}.yaml`), options)] as const,
    ),
  );
  refuseClashes([assembly, ...tools.map(([, each]) => each)]);
  return { assembly, tools: new Map(tools), files: [...texts.keys(), ...folders] };
}

/** With the distribution that packages are for which name none, as images are. */
async function withDefaultDistro(
  assembly: Assembly,
  read: (file: string) => Promise<Assembly>,
  shipped: string,
): Promise<Assembly> {
  const all = [...assembly.manifests.values()];
  const isOpen = all.some(
    ({ kind, references }) => kind.name === "package" && !references.some((one) => one.kind === "distro"),
  );
  if (!isOpen || all.some(({ kind, name }) => kind.name === "distro" && name === defaultDistro))
    return assembly;
  const distro = await read(join(shipped, "distros", `${defaultDistro}.yaml`));
  return { ...assembly, manifests: new Map([...assembly.manifests, ...distro.manifests]) };
}

/** Where a folder of packages stands for its manifests, and has none that says so itself, one that does is made up. */
function rootOrFile(root: string, read: (file: string) => Promise<string | undefined>): typeof read {
  if (basename(root) !== folderManifest) return read;
  return async (file) =>
    (await read(file)) ?? (file === root ? folderText(basename(dirname(root))) : undefined);
}

/** The manifest of a folder of packages: its lock lies beside it. */
export const folderManifest = "packages.yaml";

export interface Locals {
  /** By canonical path. */
  readonly locals: ReadonlyMap<string, Content>;
  readonly executables: ReadonlySet<string>;
}

/**
 * Digests every local file and folder the manifests name for one target.
 *
 * @throws {Faults} `manifest/missing-file`, `manifest/wrong-type`, `digest/unsafe-path`, with each place
 */
export function digestLocals(assembly: Assembly, target: Target): Locals {
  const locals = new Map<string, Content>();
  const executables = new Set<string>();
  const faults: Fault[] = [];
  for (const own of assembly.manifests.values()) {
    for (const resolved of settle(own, own.kind, target).locals) {
      const { at } = resolved;
      if (locals.has(at)) continue;
      try {
        const local = digestLocal(at);
        if (local === undefined) throw missingLocal(own.document, resolved);
        locals.set(at, local.content);
        if (local.executable) executables.add(at);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        faults.push(restated(error, { place: own.document.place(resolved.path) }));
      }
    }
  }
  if (faults.length > 0) throw new Faults(faults);
  return { locals, executables };
}

/**
 * Files of a folder and below, relative to it and sorted; undefined where it is none. Without hidden ones and what
 * .gitignore files leave out, and not through links, which may lead anywhere.
 */
export function listFiles(folder: string): readonly string[] | undefined {
  const files: string[] = [];
  const visit = (relative: string, above: IgnoreRules) => {
    const path = join(folder, relative);
    const rules = rulesWithin(path, above);
    for (const found of readdirSync(path, { withFileTypes: true })) {
      const below = relative === "" ? found.name : `${relative}/${found.name}`;
      const isFolder = found.isDirectory();
      if (found.name.startsWith(".") || isIgnored(rules, join(folder, below), isFolder)) continue;
      if (isFolder) visit(below, rules);
      else files.push(below);
    }
  };
  try {
    visit("", rulesAbove(folder));
    return files.sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Fault("manifest/unreadable", `cannot read ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Undefined where there is nothing. @throws {Fault} `manifest/unreadable` */
export async function readText(file: string): Promise<string | undefined> {
  try {
    // One that is a pipe would be waited for.
    if (!(await stat(file)).isFile()) throw new Error("it is no file");
    return await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Fault("manifest/unreadable", `cannot read ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
