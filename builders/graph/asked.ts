// What manifests ask for, as a dependency graph takes it: nothing is resolved, and nothing has to be there.
// Pure. Knows the kinds of manifests that can be built; does not know locks or stores.

import { isBaseSet } from "../../evaluator/deb/package.ts";
import type { Stanza } from "../../evaluator/deb/stanza.ts";
import type { Wish } from "../../evaluator/evaluate.ts";
import {
  debFormat,
  requestRequirement,
  stanzaProvisions,
  stanzaRequirements,
} from "../../evaluator/graph/deb.ts";
import {
  type DescribedGoal,
  type LocalSource,
  type Pool,
  packageKey,
} from "../../evaluator/graph/described.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import type { Content } from "../../store/model/derivation.ts";
import { unreachable } from "../../store/model/fault.ts";
import { controlFields } from "../deb-files/recipe.ts";
import { distroNamed } from "../distro/named.ts";
import type { DebDistro } from "../distro/schema.ts";
import { architecturesOf, openImage } from "../image/plan.ts";
import { isManifest } from "../package/debian.ts";
import { architectureFor, refuseSameName, withLocalNames } from "../package/local.ts";
import { packageKind } from "../package/schema.ts";
import { targetsOf } from "../realizer/targets.ts";
import { assembled } from "../tools/plan.ts";
import { buildRequirements, packagesBelow } from "./building.ts";
import { requireDrawn, undrawn } from "./kind.ts";

export interface Asked {
  readonly assembly: Assembly;
  readonly wish: Wish;
  readonly host: string;
  /** Local files by canonical path. */
  readonly locals: ReadonlyMap<string, Content>;
}

/**
 * One pool for each architecture.
 *
 * @throws {Fault} `usage/not-realizable`, `manifest/unsupported-format`, `manifest/unsupported-architecture`, `manifest/name-clash`
 */
export function askedPools(asked: Asked): Pool[] {
  const { assembly, wish, host } = asked;
  const root = assembled(assembly, assembly.root);
  switch (root.kind.name) {
    case "image": {
      const settling = { world: { assembly, host }, wish };
      return architecturesOf(settling, root.file).map((architecture) => {
        const image = openImage(settling, root.file, architecture);
        const { manifest, wanted, packageFiles: files, target } = image;
        const distro = requireDrawn(image.distro);
        const sources = sourcesOf(files, target, asked);
        const own = sources.filter(({ key }) => files.includes(key));
        const named = manifest.packages.filter((name) => !isManifest(name));
        const names = [...named, ...wanted.names, ...wanted.optional];
        const goal: DescribedGoal = {
          ...{ kind: "image", name: manifest.name, key: root.file },
          requires: [...names.map(requestRequirement), ...own.flatMap(packagesOf)],
          goals: [
            ...(distro.base.length > 0 ? [baseGoal(distro)] : []),
            ...wanted.groups.map(groupGoal(distro)),
          ],
        };
        return poolOf(target, sources, [goal]);
      });
    }
    case "package":
      return targetsOf(assembly, wish, host).map((target) => {
        requireDrawn(distroNamed(target.distro, target.arch, assembly).manifest);
        const sources = sourcesOf([root.file], target, asked);
        return poolOf(target, sources, packageGoals(root.file, sources));
      });
    default:
      throw undrawn(root.kind.name);
  }
}

/** What a package's own manifest asks for: it. */
export function packageGoals(file: string, sources: readonly LocalSource[]): DescribedGoal[] {
  return sources
    .filter(({ key }) => key === file)
    .map((source) => ({
      ...{ kind: "package", name: source.name, key: file },
      requires: packagesOf(source),
      goals: [],
    }));
}

function poolOf(target: Target, sources: readonly LocalSource[], goals: readonly DescribedGoal[]): Pool {
  const { distro, arch: architecture } = target;
  return { distro, architecture, format: debFormat, sources, remotes: [], goals };
}

/** What every root of the distribution holds; which packages a set has is for the lock to say. */
function baseGoal({ name, base }: Pick<DebDistro, "name" | "base">): DescribedGoal {
  const sets = base.filter(isBaseSet);
  return {
    ...{ kind: "base", name, key: name },
    requires: base.filter((item) => !isBaseSet(item)).map(requestRequirement),
    goals: sets.map((set) => ({ kind: "set", name: set, key: name, requires: [], goals: [] })),
  };
}

/** Which packages it has is for the lock to say, too. */
function groupGoal({ name: key }: DebDistro): (name: string) => DescribedGoal {
  return (name) => ({ kind: "group", name, key, requires: [], goals: [] });
}

function sourcesOf(files: readonly string[], target: Target, { assembly, locals }: Asked): LocalSource[] {
  const all = packagesBelow(assembly, files, target.buildType);
  refuseSameName(assembly, all, target);
  return all.map((file) => sourceOf(file, target, assembly, locals));
}

function sourceOf(
  file: string,
  target: Target,
  assembly: Assembly,
  known: ReadonlyMap<string, Content>,
): LocalSource {
  const own = assembled(assembly, file);
  const { manifest: written, locals } = settle(own, packageKind, target);
  const architecture = architectureFor(written.architectures, target.arch, () =>
    own.document.place(["architectures"]),
  );
  const manifest = withLocalNames(assembly, file, written, target);
  const requires = buildRequirements(assembly, file, target);
  const built: LocalSource["made"] = { how: "built", state: "Build", requires };
  switch (manifest.builder) {
    case "deb-files":
      return localSource(file, controlFields(manifest, architecture), built);
    case "cmake":
    case "meson":
    case "autotools":
    case "make":
    case "script": {
      const { name, version, dependencies } = manifest;
      const titled = { Package: name, Architecture: architecture, ...(version && { Version: version }) };
      const runtime = dependencies.map((one) => ({ text: one, choices: [[{ name: one, bounds: [] }]] }));
      return localSource(file, titled, built, runtime);
    }
    case "deb-source":
      // Which packages it makes, and what they need, building it tells; what its own control file asks for, too.
      return localSource(file, { Package: manifest.name, Architecture: architecture }, built);
    case "rpm":
      return localSource(file, { Package: manifest.name, Architecture: architecture }, built);
    case "rpm-prebuilt":
    case "deb-prebuilt": {
      const { name, version, dependencies, sources } = manifest;
      const [source] = sources;
      const at = source && "file" in source ? locals.find((one) => one.file === source.file)?.at : undefined;
      const digest = source && "sha256" in source ? `sha256:${source.sha256}` : known.get(at ?? "");
      // What else it needs stands in the .deb.
      const stanza: Stanza = {
        ...{ Package: name, Architecture: architecture, Depends: dependencies.join(", ") },
        ...(version !== undefined && { Version: version }),
      };
      return localSource(file, stanza, {
        ...{ how: "prebuilt", state: at === undefined ? "Unresolved" : "UpToDate" },
        ...(digest !== undefined && { digest }),
      });
    }
    default:
      return unreachable(manifest);
  }
}

/** A manifest that makes one package, as its control fields describe it. */
export function localSource(
  file: string,
  stanza: Stanza,
  made: LocalSource["made"],
  requires = stanzaRequirements(stanza),
): LocalSource {
  const { Package: name = "", Version: version, Architecture: architecture = "" } = stanza;
  const titled = { name, architecture, ...(version !== undefined && { version }) };
  return {
    ...{ key: file, ...titled, made },
    packages: [{ ...titled, provides: stanzaProvisions(stanza), requires }],
  };
}

function packagesOf({ packages }: LocalSource) {
  return packages.map((item) => ({ text: item.name, answers: [packageKey(item)] }));
}
