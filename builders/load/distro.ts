// Distributions, read on their own.
// Knows which file a name means; does not know what is made of one.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Kind } from "../../evaluator/kind.ts";
import { assemble } from "../../evaluator/manifest/assemble.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { nearest } from "../../evaluator/manifest/nearest.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import { Fault } from "../../store/model/fault.ts";
import { type DistroManifest, distroKind } from "../distro/schema.ts";
import { listFiles, readText } from "./load.ts";

export interface DistroParts {
  readonly kinds: readonly Kind<unknown>[];
  /** The folder of the manifests that ship. */
  readonly shipped: string;
  /** The architecture that variables in it stand for, as Debian calls it. */
  readonly architecture: string;
}

export interface LoadedDistro {
  readonly distro: DistroManifest;
  readonly assembly: Assembly;
}

/** @throws {Faults} of the manifest; {Fault} `manifest/wrong-kind` */
export async function loadDistro(
  file: string,
  { kinds, shipped, architecture }: DistroParts,
): Promise<LoadedDistro> {
  const assembly = await assemble(file, { kinds, read: readText, has: existsSync, list: listFiles, shipped });
  const root = assembly.manifests.get(assembly.root);
  if (root === undefined) throw new Error(`${file} is not part of its own assembly`);
  if (root.kind.name !== distroKind.name)
    throw new Fault(
      "manifest/wrong-kind",
      `a distro belongs here, and this is a manifest of kind ${root.kind.name}`,
      {
        place: root.document.place(["kind"]),
      },
    );
  const target = { arch: architecture, buildType: "release", distro: root.name } as const;
  return { distro: settle(root, distroKind, target).manifest, assembly };
}

/** Every distro that ships, by its name. */
export function shippedDistros(shipped: string): ReadonlyMap<string, string> {
  const folder = join(shipped, "distros");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).flatMap(
    (file) => /^(.*)\.yaml$/.exec(file)?.[1] ?? [],
  );
  return new Map(names.sort().map((name) => [name, join(folder, `${name}.yaml`)]));
}

/** @throws {Fault} `usage/unknown-distro` */
export function shippedDistro(name: string, shipped: string): string {
  const known = shippedDistros(shipped);
  const file = known.get(name);
  if (file !== undefined) return file;
  const close = nearest(name, [...known.keys()]);
  throw new Fault("usage/unknown-distro", `no distro of the name ${name} ships with kit`, {
    hint: `${close === undefined ? "" : `did you mean ${close}? `}those that do: ${[...known.keys()].join(", ")}; one of your own is named by its file: ./NAME.yaml`,
  });
}
