// apt as a suite ships it, over that suite's package lists or over an archive of a few stanzas, on an empty machine.
// Knows how apt is fetched, started and read; does not know what kit would choose.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packagesIndex, type Source } from "../../../evaluator/deb/universe.ts";
import { proxies, type Suite, sourcesOf } from "../../fidelity/reference.ts";

export interface Apt {
  readonly suite: Suite;
  /** The lists it reads. */
  readonly sources: readonly Source[];
  /** What `apt-get install` with these words would install. */
  install(words: readonly string[], options: { readonly recommends: boolean }): Promise<AptAnswer>;
  /** The same program over these stanzas and nothing else; the next call takes their place. */
  over(packages: string): Apt;
}

export type AptAnswer =
  /**
   * `name version`, sorted. `how`: its walk alone, with its problem resolver, also where that had to visit packages of
   * one score in an order other than by name, or with the solver it falls back to.
   */
  | { readonly packages: readonly string[]; readonly how: "walk" | "repair" | "repair with ties" | "solver" }
  /** It gave up, for the reasons it told. */
  | { readonly refusal: string };

/**
 * The program with the libraries it needs lies unpacked in the folder, started by its own loader, so that it does
 * not matter what this machine is. 25 MB of lists and 13 MB of packages to fetch: 7 s with a near mirror.
 *
 * @param folder of this apt alone; it need not be there
 */
export async function openApt(suite: Suite, folder: string): Promise<Apt> {
  const lists = join(folder, "machine");
  const machine = makeMachine(lists, sourcesOf(suite), {});
  const fetching = ["-y", "-q", "--download-only", "--no-install-recommends", "install", "apt"];
  for (const words of [["update", "-q"], fetching]) await run("apt-get", words, machine);
  const tools = join(folder, "tools");
  const archives = join(lists, "var/cache/apt/archives");
  for (const name of readdirSync(archives).filter((item) => item.endsWith(".deb"))) {
    await run("dpkg-deb", ["-x", join(archives, name), tools], machine);
  }
  return aptIn({ suite, tools, folder, machine: lists });
}

interface Place {
  readonly suite: Suite;
  readonly tools: string;
  readonly folder: string;
  readonly machine: string;
}

function aptIn(place: Place): Apt {
  const { suite, tools, folder, machine } = place;
  const libraries = join(tools, "usr/lib/x86_64-linux-gnu");
  const loaders = [libraries, join(tools, "lib/x86_64-linux-gnu")];
  const loader = loaders.map((at) => join(at, "ld-linux-x86-64.so.2")).find(existsSync) ?? "";
  const program = ["--library-path", loaders.join(":"), join(tools, "usr/bin/apt-get")];
  return {
    suite,
    sources: listsIn(machine, suite),
    async install(words, { recommends }) {
      const options = [...asking, `-o=APT::Install-Recommends=${recommends}`, "install", ...words];
      return readAnswer(await run(loader, [...program, ...options], join(machine, "apt.conf")));
    },
    over(packages) {
      const small = join(folder, "small");
      makeMachine(small, ["deb [trusted=yes] file:/small ./"], {
        "APT::Architectures": "amd64,arm64",
        // It would be taken for good while the list has the same size and second.
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
      });
      writeFileSync(join(small, "var/lib/apt/lists/_small_._Packages"), packages);
      return aptIn({ ...place, machine: small });
    },
  };
}

/**
 * `-s` would put the packages in order too, which takes ten times as long, decides nothing, and fails where
 * Pre-Depends go in a circle. Nothing is installed with this either.
 */
const asking = [
  "--print-uris",
  "-V",
  "-q",
  "-o=Debug::NoLocking=yes",
  "-o=Debug::pkgProblemResolver=yes",
  "-o=Debug::pkgProblemResolver::ShowScores=yes",
  "-o=Debug::APT::Solver=1",
];

/** An empty machine below a folder, with none of this one's own settings. Returns the path of its configuration. */
function makeMachine(
  folder: string,
  sources: readonly string[],
  more: Readonly<Record<string, string>>,
): string {
  const folders = [
    "etc/apt/apt.conf.d",
    "etc/apt/preferences.d",
    "var/lib/dpkg",
    "var/lib/apt/lists/partial",
  ];
  for (const name of [...folders, "var/cache/apt/archives/partial"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, "var/lib/dpkg/status"), "");
  writeFileSync(join(folder, "etc/apt/sources.list"), sources.map((line) => `${line}\n`).join(""));
  const configuration = join(folder, "apt.conf");
  const settings = {
    Dir: folder,
    "Dir::State::status": join(folder, "var/lib/dpkg/status"),
    // Whatever happens, no package is installed.
    "Dir::Bin::dpkg": "/bin/false",
    "APT::Architecture": "amd64",
    "APT::Architectures": "amd64",
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    ...more,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${JSON.stringify(value)};\n`);
  writeFileSync(configuration, lines.join(""));
  return configuration;
}

/** In the order apt reads them: as they stand in its sources, which the names of the repositories keep here. */
function listsIn(machine: string, suite: Suite): Source[] {
  const folder = join(machine, "var/lib/apt/lists");
  const place = (name: string): number =>
    ["-updates_", "-security_"].findIndex((part) => name.includes(part));
  return readdirSync(folder)
    .filter((name) => name.endsWith("_Packages"))
    .sort((a, b) => place(a) - place(b))
    .map((name, i) => ({
      index: packagesIndex(readFileSync(join(folder, name))),
      repository: `${i}`,
      suite,
      priority: 500,
    }));
}

function readAnswer(told: string): AptAnswer {
  const block = /^The following NEW packages will be installed:\n((?: .*\n)+)/m.exec(told)?.[1];
  if (block === undefined) return { refusal: told.slice(-2000) };
  const packages = [...block.matchAll(/^ +(\S+) \((\S+)\)$/gm)].map(
    ([, name, version]) => `${name} ${version}`,
  );
  const broken = /Starting pkgProblemResolver with broken count: (\d+)/.exec(told)?.[1];
  if (broken === undefined) throw new Error(`apt no longer says how its walk ended:\n${told}`);
  const repaired = hasTies(told) ? "repair with ties" : "repair";
  const how = /^\[\d+\] \w+:/m.test(told) ? "solver" : broken === "0" ? "walk" : repaired;
  return { packages: packages.sort(), how };
}

/**
 * Whether its resolver puts packages that have one score otherwise than by name: it sorts them together with every other
 * name of the archive, in a way that is not stable.
 */
function hasTies(told: string): boolean {
  const scores = /^Show Scores\n((?:-?\d+ .*\n)*)/m.exec(told)?.[1] ?? "";
  // What is only spoken of has no version.
  const packages = [...scores.matchAll(/^(-?\d+) (\S+) <.* (?:\||->) .*>$/gm)];
  return packages.some(
    ([, score, name = ""], i) => score === packages[i - 1]?.[1] && name < (packages[i - 1]?.[2] ?? ""),
  );
}

/** All that it says, on both streams. */
async function run(program: string, words: readonly string[], configuration: string): Promise<string> {
  const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", ...proxies() };
  const options = { env: { ...environment, APT_CONFIG: configuration }, maxBuffer: 1 << 28 };
  try {
    const { stdout, stderr } = await promisify(execFile)(program, words, options);
    return `${stdout}\n${stderr}`;
  } catch (cause) {
    const { stdout, stderr, code } = cause as { stdout?: string; stderr?: string; code?: number | string };
    // apt-get ends with 100 where it gives up.
    if (code !== 100 || !words.includes("--print-uris")) throw cause;
    return `${stdout}\n${stderr}`;
  }
}
