// Packages of an rpm closure as inputs of builds: fetched from their repository, or made by kit.
// Pure: makes derivations; does not know what is built of them.

import { packageFileOf } from "../../evaluator/lock.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import type { Input } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { fetchDerivation } from "../fetch/recipe.ts";
import { type Made, madeNamed } from "./package.ts";
import type { RpmDistro } from "./schema.ts";
import { isUpstream } from "./source.ts";

export interface RpmInput {
  /** `NAME-VERSION.ARCHITECTURE`, the version without what no file can be called by. */
  readonly key: string;
  readonly rpm: Input;
}

/** @param made the packages among which the closure was chosen beside its repositories' @throws {Fault} `unresolved/bad-lock` */
export function rpmInput(item: ChosenPackage, distro: RpmDistro, made: readonly Made[]): RpmInput {
  const key = `${item.name}-${item.version.replaceAll(":", "_")}.${item.architecture}`;
  if (item.origin === "local") return { key, rpm: madeNamed(item.name, made).archive };
  const { repository: from } = item.origin;
  const repository = distro.repositories.find(({ name }) => name === from);
  if (repository !== undefined && repository.uri === undefined) {
    throw new Fault(
      "manifest/no-place",
      `packages are fetched from a place of their own, and ${from} has none`,
      {
        hint: "write uri: the folder in which its repodata/ lies, in place of metalink or mirrorlist",
      },
    );
  }
  if (repository?.uri === undefined) {
    throw new Fault(
      "unresolved/bad-lock",
      `the lock takes a package from ${from}, which ${distro.name} has not`,
      {
        hint: "run `kit lock`, and commit the changed lock file",
      },
    );
  }
  const { path, size, sha256 } = packageFileOf(item);
  const place = {
    archive: repository.uri.replace(/\/+$/, ""),
    path,
    ...(!isUpstream(distro) && { leftOutBy: distro.name }),
  };
  const fetched = fetchDerivation(path.slice(path.lastIndexOf("/") + 1), { sha256, size }, place);
  return { key, rpm: { derivation: fetched, output: "file" } };
}
