// The distributions that ship, with the places their archives are looked for.
// Knows the folder of shipped manifests; does not know whether a mirror answers.

import type { DebDistro, RpmDistro } from "../../builders/distro/schema.ts";
import { archiveOf, nativeName } from "../../builders/distro/source.ts";
import { loadDistro, shippedDistros } from "../../builders/load/distro.ts";
import { debianArchitecture, type Parts } from "../composition.ts";
import { shippedManifests } from "../entry.ts";
import { kinds } from "../kinds.ts";

export interface DistroMirrors {
  readonly distro: string;
  readonly repositories: readonly { readonly name: string; readonly places: readonly string[] }[];
}

/** Every distro that ships, sorted by its file's name. */
export async function mirrorsOfShipped(parts: Pick<Parts, "mirrors">): Promise<DistroMirrors[]> {
  const files = [...shippedDistros(shippedManifests).values()];
  const loaded = await Promise.all(files.map(loadHere));
  // One that is made of another one's packages has no place of its own.
  const own = loaded.filter(({ distro }) => distro.repositories.length > 0);
  return own.map(({ distro }) => ({
    distro: distro.name,
    repositories: distro.format === "deb" ? archivesOf(distro, parts) : repositoriesOf(distro),
  }));
}

/** One that calls this machine's architecture otherwise than Debian does has that name in its addresses. */
async function loadHere(file: string): ReturnType<typeof loadDistro> {
  const debian = debianArchitecture();
  const load = (architecture: string) => loadDistro(file, { kinds, shipped: shippedManifests, architecture });
  const loaded = await load(debian);
  const native = nativeName(loaded.distro, debian);
  return native === debian ? loaded : load(native);
}

function archivesOf(distro: DebDistro, { mirrors }: Pick<Parts, "mirrors">): DistroMirrors["repositories"] {
  return distro.repositories.map(({ name, components, snapshot }) => {
    const archive = archiveOf(distro, name);
    return { name, places: snapshot === undefined ? mirrors(archive, components) : [archive] };
  });
}

function repositoriesOf({ repositories }: RpmDistro): DistroMirrors["repositories"] {
  return repositories.map(({ name, uri, metalink, mirrorlist }) => {
    const place = uri ?? metalink ?? mirrorlist;
    return { name, places: place === undefined ? [] : [place] };
  });
}
