// A root of one suite and one set of packages, made by kit and by mmdebstrap.
// Knows the image's manifest; does not know how roots are compared.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseStanzas } from "../../evaluator/deb/stanza.ts";
import { done, kit } from "../e2e/kit.ts";
import { type Place, writeFiles } from "../e2e/place.ts";
import { readTar, type TarContent } from "../rig/tar.ts";
import { makeReference, type Suite } from "./reference.ts";

/** Any day will do, as long as both have the same: shadow and byte-code are dated by it. */
const epoch = 1_750_000_000;

export interface Set {
  readonly name: string;
  readonly packages: readonly string[];
}

/** Realizes the set in the place's store and returns the tar's path. Manifest and lock stay in the place's folder. */
export async function realizeSet(place: Place, suite: Suite, { name, packages }: Set): Promise<string> {
  const image = `${name}-${suite}`;
  const manifest = `kind: image\nname: ${image}\ndistro: debian/${suite}\npackages: [${packages.join(", ")}]\nsourceDateEpoch: ${epoch}\noutputs: [{type: tar}]\n`;
  writeFiles(place.folder, { [`${image}.yaml`]: manifest });
  const mirrors = process.env["KIT_MIRRORS"];
  const outcome = await kit(["realize", `${image}.yaml`], {
    cwd: place.folder,
    store: place.store,
    env: { ...(mirrors !== undefined && { KIT_MIRRORS: mirrors }) },
  });
  return done(outcome).paths.get("tar") ?? "";
}

/** mmdebstrap's root of the set; its tar, of some 200 MB, goes when it is disposed of. */
export function referenceOf(place: Place, suite: Suite, { name, packages }: Set): TarContent & Disposable {
  const folder = join(place.folder, `reference-${name}-${suite}`);
  const content = readTar(makeReference({ suite, packages, epoch, folder }));
  return { ...content, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** What dpkg says is installed, sorted: `name architecture version`. */
export function installed(root: TarContent): string[] {
  return parseStanzas(root.read("var/lib/dpkg/status"))
    .map(
      (stanza) => `${stanza["Package"]} ${stanza["Architecture"]} ${stanza["Version"]} ${stanza["Status"]}`,
    )
    .sort();
}
