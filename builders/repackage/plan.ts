// Planning the packages that an rpm distribution has of another one's: each as an .rpm, and one of what configuring
// them made.
// Pure. Knows closures and roots of debs; does not know who installs the .rpms.

import type { Stanza } from "../../evaluator/deb/stanza.ts";
import { parseStanzas } from "../../evaluator/deb/stanza.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import { closureQuestion } from "../../evaluator/question.ts";
import { poolTime } from "../../store/layout.ts";
import type { Input } from "../../store/model/derivation.ts";
import { copyDerivation } from "../copy/recipe.ts";
import { distroNamed } from "../distro/named.ts";
import { type Made, packageInput } from "../distro/package.ts";
import type { RpmDistro } from "../distro/schema.ts";
import { debianName, requireDeb, sourceOf } from "../distro/source.ts";
import { needsLinks } from "../rootfs/layers.ts";
import { rootfsDerivation } from "../rootfs/recipe.ts";
import { packagesFile, rpmAboutDerivation } from "../rpm/recipe.ts";
import { planLauncher, planTools } from "../tools/plan.ts";
import { type RpmHead, rpmHead } from "./head.ts";
import { leftoverDerivation, repackageDerivation } from "./recipe.ts";

/** None where the distribution is made of repositories alone; undefined while a question is open. */
export function planRepackaged(
  planning: Planning,
  { name, repackaged }: RpmDistro,
  architecture: string,
): readonly Made[] | undefined {
  if (repackaged === undefined) return [];
  const from = requireDeb(
    distroNamed(repackaged.distro, debianName(architecture), planning.world.assembly).manifest,
  );
  const closure = planning.closure(
    closureQuestion({
      source: sourceOf(from, debianName(architecture)),
      requests: repackaged.packages,
      base: from.base,
      exclude: [],
      locals: [],
    }),
  );
  const tools = planTools(planning, "rpm", from.name);
  const launcher = planTools(planning, "launcher", from.name);
  const inside = planLauncher(planning, debianName(architecture), from.name);
  if (closure === undefined || tools === undefined || launcher === undefined || inside === undefined)
    return undefined;
  const items = closure.packages.map((item) => ({ item, input: packageInput(item, from) }));
  const root: Input = {
    derivation: rootfsDerivation({
      label: `${name} configured`,
      parameters: {
        ...{ architecture: debianName(architecture), epoch: poolTime, mergedUsr: needsLinks(closure) },
        ...{ debconf: [], passwd: [], group: [] },
      },
      packages: items.map(({ input }) => input),
      base: undefined,
      launcher: inside,
    }),
    output: "root",
  };
  const account = (file: string): Input => ({
    derivation: copyDerivation(`${name} ${file}`, root, `etc/${file}`),
    output: "file",
  });
  const common = { tools, launcher, passwd: account("passwd"), group: account("group") };
  const dataOf = ({ unpacked }: (typeof items)[number]["input"]): Input => ({
    derivation: unpacked,
    output: "data",
  });
  const packages = items.map(({ item, input }) => {
    const head = rpmHead(item.stanza, architecture);
    const control: Input = { derivation: input.unpacked, output: "control" };
    return made(head, { ...common, files: dataOf(input), control });
  });
  const rest = leftoverDerivation(
    `${name} configuration`,
    root,
    items.map(({ input }) => dataOf(input)),
  );
  const left = (["accounts", "files"] as const).map((output) =>
    made(leftoverHead(name, output, architecture), { ...common, files: { derivation: rest, output } }),
  );
  return described(planning, name, [...packages, ...left]);
}

/**
 * What no package brought, and is there once all are configured: alternatives, settings; and, apart, the accounts: rpm
 * gives files to whom it finds there before it begins with a package.
 */
function leftoverHead(distro: string, output: "accounts" | "files", architecture: string): RpmHead {
  const prefix = distro.replaceAll("/", "-");
  const [name, what] =
    output === "accounts"
      ? [`${prefix}-accounts`, "The users and groups"]
      : [`${prefix}-configuration`, "What configuring made"];
  return {
    ...{ name, epoch: "0", version: "1", release: "1", architecture },
    ...{ summary: `${what} of the packages of ${distro}`, requires: [], provides: [] },
  };
}

interface Packed {
  readonly label: string;
  readonly archive: Input;
}

function made(
  head: RpmHead,
  inputs: Omit<Parameters<typeof repackageDerivation>[0], "label" | "head">,
): Packed {
  const { name, version, release, architecture } = head;
  const label = `${name}-${version}-${release}.${architecture}.rpm`;
  return { label, archive: { derivation: repackageDerivation({ label, head, ...inputs }), output: "rpm" } };
}

/** As their own files say. */
function described(planning: Planning, name: string, packed: readonly Packed[]): readonly Made[] | undefined {
  const files = packed.map(({ label, archive }) => ({ name: label, rpm: archive }));
  const text = planning.fact(rpmAboutDerivation(name, files), "packages", packagesFile);
  if (text === undefined) return undefined;
  const stanzas = new Map<string, Stanza>();
  for (const { Filename: file = "", ...stanza } of parseStanzas(text)) stanzas.set(file, stanza);
  return packed.map((item) => {
    const stanza = stanzas.get(item.label);
    if (stanza === undefined) throw new Error(`nothing is known of ${item.label}`);
    return { stanza, ...item };
  });
}
