// Packages of a closure as inputs of builds: fetched from their archive, or made of manifests, and unpacked.
// Pure: makes derivations; does not know what is built of them.

import type { Stanza } from "../../evaluator/deb/stanza.ts";
import { packageFileOf } from "../../evaluator/lock.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import type { Derivation, Input } from "../../store/model/derivation.ts";
import type { Sha256 } from "../../store/model/digest.ts";
import { fetchDerivation } from "../fetch/recipe.ts";
import type { PackageInput } from "../rootfs/recipe.ts";
import { unpackDerivation } from "../unpack/recipe.ts";
import type { DebDistro } from "./schema.ts";
import { archiveOf, isUpstream, keyOf } from "./source.ts";

/** A package that kit makes, of a manifest or of another distribution's package, and where its file comes from. */
export interface Made {
  readonly stanza: Stanza;
  readonly archive: Input;
  readonly label: string;
  /** The checks of its source, where its manifest wants them to be run. */
  readonly checks?: Derivation;
  /** The source package that it is made of, where it is an rpm. */
  readonly source?: Input;
}

/** Packages that kit makes, for a root that something is built in. */
export interface MadeSet {
  readonly packages: readonly Made[];
  /** Names of those that have to be there; the others are, where something needs them. */
  readonly asked: readonly string[];
}

/** @param made the packages of manifests among which the closure was chosen */
export function packageInput(
  item: ChosenPackage,
  distro: DebDistro,
  made: readonly Made[] = [],
): PackageInput {
  const { label, archive: deb } =
    item.origin === "local" ? madeNamed(item.name, made) : listedDeb(item, distro, item.origin.repository);
  return { key: keyOf(item), deb, unpacked: unpackDerivation(label, deb) };
}

/** A file of a repository's archive, as its output `file`. @param path below the archive */
export function archiveFile(
  distro: DebDistro,
  repository: string,
  { path, size, sha256 }: { readonly path: string; readonly size: number; readonly sha256: Sha256 },
): Derivation {
  const label = path.slice(path.lastIndexOf("/") + 1);
  const place = {
    archive: archiveOf(distro, repository),
    path,
    ...(!isUpstream(distro) && { leftOutBy: distro.name }),
  };
  return fetchDerivation(label, { sha256, size }, place);
}

/** The one of this name. */
export function madeNamed(name: string, made: readonly Made[]): Pick<Made, "label" | "archive"> {
  const found = made.find(({ stanza }) => stanza["Package"] === name);
  if (found === undefined) throw new Error(`the closure has a local package ${name} that no manifest makes`);
  return found;
}

function listedDeb(
  item: ChosenPackage,
  distro: DebDistro,
  repository: string,
): Pick<Made, "label" | "archive"> {
  const fetched = archiveFile(distro, repository, packageFileOf(item));
  return { label: fetched.label, archive: { derivation: fetched, output: "file" } };
}
