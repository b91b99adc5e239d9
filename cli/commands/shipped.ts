// The distributions that ship, with the places their archives are looked for.
// Knows the folder of shipped manifests; does not know whether a mirror answers.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type DistroManifest, distroKind } from "../../builders/distro/schema.ts";
import { archiveOf } from "../../builders/distro/source.ts";
import { assemble } from "../../evaluator/manifest/assemble.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import { debianArchitecture, kinds, type Parts } from "../composition.ts";
import { shippedManifests } from "../entry.ts";

export interface DistroMirrors {
  readonly distro: string;
  readonly repositories: readonly { readonly name: string; readonly places: readonly string[] }[];
}

/** Every distro that ships, sorted by its file's name. */
export async function mirrorsOfShipped(parts: Pick<Parts, "mirrors">): Promise<DistroMirrors[]> {
  const distros = await Promise.all(manifestsBelow(join(shippedManifests, "distros")).map(readDistro));
  return distros.map((distro) => ({
    distro: distro.name,
    repositories: distro.repositories.map(({ name, components, snapshot }) => {
      const archive = archiveOf(distro, name);
      return { name, places: snapshot === undefined ? parts.mirrors(archive, components) : [archive] };
    }),
  }));
}

async function readDistro(file: string): Promise<DistroManifest> {
  const read = async (path: string) =>
    statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, "utf8") : undefined;
  const assembly = await assemble(file, { kinds, read, has: existsSync, shipped: shippedManifests });
  const root = assembly.manifests.get(assembly.root);
  if (root === undefined) throw new Error(`${file} is not part of its own assembly`);
  return settle(root, distroKind, { arch: debianArchitecture(), buildType: "release", distro: root.name })
    .manifest;
}

function manifestsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => join(folder, name));
}
