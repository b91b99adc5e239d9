// The resolver against apt itself, over the package lists this machine has already; only with KIT_TEST_LONG.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resolve } from "../../../evaluator/deb/resolve.ts";
import { packagesIndex, type Source, universe } from "../../../evaluator/deb/universe.ts";
import { tellSeed } from "../../rig/seed.ts";

// Nothing installed, and none of the machine's own pins and tastes.
const bare = [
  "-o=Dir::State::status=/dev/null",
  "-o=Dir::Etc::preferences=/dev/null",
  "-o=Dir::Etc::preferencesparts=/dev/null",
];
const sets = 60;

const wanted = process.env.KIT_TEST_LONG !== undefined && existsSync("/usr/bin/apt-get");

test.skipIf(!wanted)("chooses what apt chooses", { timeout: 1_800_000 }, (context) => {
  const sources = machineSources();
  if (sources.length === 0) return context.skip("this machine has no package lists");
  const seed = tellSeed(`drawing ${sets} sets of packages`);
  const architecture = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();
  const archive = universe({ architecture, sources });

  const base = [...new Set([...archive.base("essential"), ...archive.base("required"), "apt"])];
  const names = [...new Set(archive.names())]
    .filter((name) => archive.package(name, architecture)?.candidate)
    .sort();
  const some = (count: number) =>
    fc.uniqueArray(fc.constantFrom(...names), { minLength: count, maxLength: count });
  const drawn = fc.sample(
    fc.oneof(
      some(1),
      some(2),
      some(12),
      some(40),
      some(5).map((more) => [...base, ...more]),
    ),
    {
      numRuns: sets,
      seed,
    },
  );
  const known = [
    "python3",
    "nginx",
    "openssh-server",
    "vim",
    "postgresql",
    "systemd-sysv",
    "build-essential",
  ];
  const fixed = [base, ...known.map((name) => [...base, name])].filter((set) =>
    set.every((name) => names.includes(name)),
  );

  const outcomes = { compared: 0, repaired: 0, refused: 0 };
  const differences = [...fixed, ...drawn].flatMap((set) => {
    const requests = [...new Set(set)].sort();
    const resolution = resolve(archive, { requests, base: [], recommends: false });
    const ours = resolution.ok
      ? resolution.packages.map(({ name, version }) => `${name} ${version}`).sort()
      : undefined;
    const theirs = aptChoice(requests);
    // Where apt's solver gives up, ours may find a way: the exhaustive test says whether it is a sound one.
    if (theirs === undefined) {
      outcomes.refused++;
      return [];
    }
    if (theirs.repaired && ours !== undefined) {
      outcomes.repaired++;
      return [];
    }
    outcomes.compared++;
    const missing = theirs.chosen.filter((item) => !ours?.includes(item));
    const extra = (ours ?? []).filter((item) => !theirs.chosen.includes(item));
    return missing.length + extra.length > 0 ? [{ requests: requests.join(" "), missing, extra }] : [];
  });
  console.log(
    `compared ${outcomes.compared}, repaired by apt ${outcomes.repaired}, refused by apt ${outcomes.refused}`,
  );
  expect(differences).toEqual([]);
  // The exemptions must stay exceptions.
  expect(outcomes.compared).toBeGreaterThan(0.8 * (fixed.length + drawn.length));
});

function machineSources(): Source[] {
  const format = "$(FILENAME)|$(SUITE)|$(METAKEY)";
  const targets = execFileSync(
    "apt-get",
    [...bare, "indextargets", "--format", format, "Created-By: Packages"],
    { encoding: "utf8" },
  );
  return targets
    .trim()
    .split("\n")
    .flatMap((line, i): Source[] => {
      const [file = "", suite = "", key = ""] = line.split("|");
      const stored = ["", ".lz4", ".gz", ".xz", ".zst"].map((suffix) => file + suffix).find(existsSync);
      if (stored === undefined) return [];
      const bytes = execFileSync("/usr/lib/apt/apt-helper", ["cat-file", stored], { maxBuffer: 1 << 30 });
      const release = `${file.slice(0, -key.replaceAll("/", "_").length)}InRelease`;
      // apt reads lists in the order of its sources, which the names keep here.
      const repository = String(i).padStart(3, "0");
      return [
        {
          index: packagesIndex(bytes),
          repository,
          suite,
          priority: existsSync(release) ? priorityOf(release) : 500,
        },
      ];
    });
}

/** apt_preferences(5), default priorities. */
function priorityOf(release: string): number {
  const text = readFileSync(release, "utf8");
  if (!/^NotAutomatic: yes$/m.test(text)) return 500;
  return /^ButAutomaticUpgrades: yes$/m.test(text) ? 100 : 1;
}

/**
 * What apt would install; undefined where it says it cannot. `repaired` is a choice on which its walk ended in a
 * conflict: apt then drops packages by score and keeps leftovers of the walk, where kit searches anew.
 */
function aptChoice(requests: readonly string[]): { chosen: string[]; repaired: boolean } | undefined {
  const options = [...bare, "-o=Debug::pkgProblemResolver=yes", "-s", "-q", "--no-install-recommends"];
  const { status, stdout, stderr } = spawnSync("apt-get", [...options, "install", ...requests], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: "C" },
  });
  if (status !== 0) return undefined;
  const [, broken] = /Starting pkgProblemResolver with broken count: (\d+)/.exec(stdout + stderr) ?? [];
  if (broken === undefined) throw new Error("apt no longer says how its walk ended");
  const chosen = [...stdout.matchAll(/^Inst (\S+) \((\S+)/gm)].map(
    ([, name, version]) => `${name} ${version}`,
  );
  return { chosen: chosen.sort(), repaired: broken !== "0" };
}
