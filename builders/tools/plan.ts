// Planning tool environments: which packages, fetched and unpacked how.
// Pure. Knows manifests and closures; does not know who runs the tools.

import type { Planning } from "../../evaluator/evaluate.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { type Settled, settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { closureQuestion } from "../../evaluator/question.ts";
import type { Input } from "../../store/model/derivation.ts";
import { packageInput } from "../distro/package.ts";
import { type DistroManifest, distroKind } from "../distro/schema.ts";
import { requireDeb, sourceOf } from "../distro/source.ts";
import { runsItself } from "../sandbox/emulation.ts";
import { toolsDerivation } from "./recipe.ts";
import { toolsKind } from "./schema.ts";

/**
 * The environment that ships under this name, for the machine kit runs on; undefined while its closure is open.
 * `builtFor` is the distribution something is built for: where the environment can be made of its packages, no other
 * distribution's indexes are read, and what it shares with a root is fetched once (9.2 s against 10.2 for bookworm's
 * minbase).
 */
export function planTools(planning: Planning, name: string, builtFor: string): Input | undefined {
  const assembly = planning.world.tools.get(name);
  if (assembly === undefined) throw new Error(`no tool environment is called ${name}`);
  const architecture = planning.world.host;
  const root = assembled(assembly, assembly.root);
  const target = { arch: architecture, buildType: "release", distro: builtFor } as const;
  const { manifest } = settle(root, toolsKind, target);
  const own = root.references.find(({ file }) => assembled(assembly, file).name === builtFor);
  const [first] = root.references;
  if (first === undefined) throw new Error("the schema asks for a distribution");
  const distro = requireDeb(settle(assembled(assembly, (own ?? first).file), distroKind, target).manifest);
  const closure = planning.closure(
    closureQuestion({
      source: sourceOf(distro, architecture),
      requests: manifest.packages,
      base: [],
      exclude: [],
      locals: [],
    }),
  );
  if (closure === undefined) return undefined;
  const packages = closure.packages.map((item) => packageInput(item, distro));
  return { derivation: toolsDerivation(`tools ${name}`, architecture, packages), output: "root" };
}

/**
 * What launches sandboxes in which an architecture's programs run. Where the machine does not run them itself, the
 * emulator is part of it, and so of the key, as every tool is: a machine of that architecture has a launcher of its own,
 * and the key of what is built natively knows of no emulator. That both make the same bytes is for `kit challenge` to
 * see, as with every other tool.
 */
export function planLauncher(planning: Planning, architecture: string, builtFor: string): Input | undefined {
  const name = runsItself(planning.world.host, architecture) ? "launcher" : "emulator";
  return planTools(planning, name, builtFor);
}

/** The distribution that a manifest names, with its local files: the keys of its repositories. */
export function settleDistro(assembly: Assembly, file: string, target: Target): Settled<DistroManifest> {
  const reference = assembled(assembly, file).references.find(({ kind }) => kind === "distro");
  if (reference === undefined) throw new Error(`${file} names no distribution`);
  return settle(assembled(assembly, reference.file), distroKind, target);
}

export function assembled(assembly: Assembly, file: string) {
  const found = assembly.manifests.get(file);
  if (found === undefined) throw new Error(`${file} is not part of the assembly`);
  return found;
}
