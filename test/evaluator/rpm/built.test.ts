// The resolver against dnf over packages that rpmbuild made and a repository that createrepo_c made of them.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rpmIndex } from "../../../evaluator/rpm/listing.ts";
import { resolve } from "../../../evaluator/rpm/resolve.ts";
import { type Universe, universe } from "../../../evaluator/rpm/universe.ts";
import { parseEvr } from "../../../evaluator/rpm/version.ts";
import { fields, nevra, rpm, type Spec } from "./repository.ts";

const packages: readonly Spec[] = [
  rpm("app 1.0-1", {
    Requires: ["/usr/bin/tool", "newlib >= 1:2.0", "(plugin-gui if desktop)"],
    Recommends: ["extras"],
  }),
  rpm("tool 3-1 noarch", { Files: ["/usr/bin/tool"] }),
  rpm("tool-ng 1-1 noarch", { Files: ["/usr/bin/tool"], Provides: ["toolkit = 2"] }),
  rpm("toolkit-old 1-1", { Provides: ["toolkit = 1"], Files: ["/usr/share/old/data"] }),
  rpm("newlib 9.0-1"),
  rpm("newlib 1:2.0-1"),
  rpm("newlib 1:2.1~rc1-1 i686"),
  rpm("newlib 1:2.0-1 i686", { Provides: ["newlib(32)"] }),
  rpm("desktop 1-1", { Requires: ["shell-impl"] }),
  rpm("shell-a 1-1", { Provides: ["shell-impl = 1"], Conflicts: ["shell-b"] }),
  rpm("shell-b 1-1", { Provides: ["shell-impl = 2"], Conflicts: ["shell-a"] }),
  rpm("plugin-gui 1-1 noarch", { Supplements: ["(app and desktop)"] }),
  rpm("plugin-cli 1-1 noarch", { Supplements: ["app"], Requires: ["(toolkit >= 1 with toolkit < 2)"] }),
  rpm("extras 1-1 noarch", { Conflicts: ["desktop"] }),
  rpm("renamed 2-1", { Obsoletes: ["ancient < 2"], Provides: ["ancient = 2-1"] }),
  rpm("ancient 1-1"),
  rpm("wants-ancient 1-1", { Requires: ["ancient"] }),
  rpm("NetworkThing 1-1", { Provides: ["resolver"] }),
  rpm("bind 1-1", { Provides: ["resolver"] }),
  rpm("wants-resolver 1-1", { Requires: ["resolver", "(toolkit without tool-ng)"] }),
  rpm("wants-32 1-1 i686", { Requires: ["newlib(32)"] }),
  rpm("wants-data 1-1", { Requires: ["/usr/share/old/data"] }),
  rpm("broken 1-1", { Requires: ["nowhere"] }),
];
const requests = [
  ["app"],
  ["app", "desktop"],
  ["app", "shell-a"],
  ["ancient"],
  ["wants-ancient"],
  ["ancient-1-1", "renamed"],
  ["wants-resolver"],
  ["wants-32"],
  ["newlib"],
  ["newlib.i686"],
  ["newlib-9.0"],
  ["newlib < 1:2"],
  ["shell-impl >= 2"],
  ["shell-a", "shell-b"],
  ["wants-data"],
  ["toolkit"],
  ["/usr/bin/tool"],
  ["broken"],
  ["plugin-cli"],
  ["extras", "desktop"],
];

let folder: string;
let all: Universe;
beforeAll(() => {
  folder = mkdtempSync("/dev/shm/kit-rpms-");
  buildAll(folder);
  execFileSync("createrepo_c", ["--quiet", join(folder, "repo")]);
  const text = rpmFiles().map((file) => `${stanzaOf(file)}\n`);
  all = universe({
    architecture: "x86_64",
    sources: [{ index: rpmIndex(text.join("")), repository: "r0", priority: 99 }],
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("packages that rpmbuild made", { timeout: 120_000 }, () => {
  test("resolve as with dnf", () => {
    const questions = requests.flatMap((list) =>
      [false, true].map((recommends) => ({ requests: [...list].sort(), recommends })),
    );
    const ours = questions.map((question) => {
      const resolution = resolve(all, { ...question, base: [] });
      return [...question.requests, resolution.ok ? resolution.packages.map(nevra).sort() : null];
    });
    const repositories = [{ name: "r0", folder: join(folder, "repo"), priority: 99 }];
    const { status, stdout, stderr } = spawnSync(
      "/usr/bin/python3",
      [join(import.meta.dirname, "oracle.py")],
      {
        input: JSON.stringify([{ architecture: "x86_64", repositories, questions }]),
        encoding: "utf8",
        env: { ...process.env, SCRATCH: folder },
      },
    );
    expect([status, stderr]).toEqual([0, expect.anything()]);
    const [theirs = []] = JSON.parse(stdout) as (string[] | null)[][];
    expect(ours).toEqual(questions.map((question, i) => [...question.requests, theirs[i]]));
    expect(theirs.filter((answer) => answer !== null).length).toBeGreaterThan(30);
    expect(all.warnings()).toEqual([]);
  });

  test("createrepo_c writes packages in the order universes sort them in", () => {
    execFileSync("createrepo_c", ["--quiet", "--general-compress-type=gz", join(folder, "repo")]);
    const data =
      readdirSync(join(folder, "repo/repodata")).find((file) => file.endsWith("primary.xml.gz")) ?? "";
    const xml = execFileSync("zcat", [join(folder, "repo/repodata", data)], { encoding: "utf8" });
    const files = [...xml.matchAll(/<location href="([^"]*)"/g)].map(([, file = ""]) => file);
    const names = [...new Set(packages.map(({ name }) => name))];
    const ours = names
      .flatMap((name) => [...all.named(name)])
      .sort(all.compare)
      .map(({ stanza }) => stanza["Filename"]);
    expect(files).toEqual(ours);
  });

  test("the command line says the same", () => {
    const options = ["--installroot", join(folder, "root"), "--forcearch=x86_64", "--releasever=1"];
    const repo = ["--disablerepo=*", `--repofrompath=r0,file://${join(folder, "repo")}`, "--enablerepo=r0"];
    const { stdout } = spawnSync(
      "dnf",
      [
        ...options,
        ...repo,
        "--nogpgcheck",
        "--assumeno",
        "--setopt=install_weak_deps=False",
        "install",
        "app",
      ],
      { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } },
    );
    const theirs = [...stdout.matchAll(/^ (\S+) +(\S+) +(\S+) +r0 /gm)].map(
      ([, name, architecture, version]) => `${name}-${version}.${architecture}`,
    );
    const resolution = resolve(all, { requests: ["app"], base: [], recommends: false });
    expect(resolution.ok && resolution.packages.map(nevra).sort()).toEqual(theirs.sort());
  });
});

/** One run of rpmbuild for each architecture and each round in which every name comes once. */
function buildAll(place: string): void {
  mkdirSync(join(place, "repo/sub"), { recursive: true });
  const rounds = Map.groupBy(packages, (spec) => {
    const target = spec.architecture === "i686" ? "i686" : "x86_64";
    const same = packages.filter(
      (other) => other.name === spec.name && (other.architecture === "i686") === (target === "i686"),
    );
    return `${target} ${same.indexOf(spec)}`;
  });
  for (const [round, specs] of rounds) {
    const [target = ""] = round.split(" ");
    const file = join(place, `${round.replace(" ", "-")}.spec`);
    writeFileSync(file, specText(specs));
    execFileSync(
      "rpmbuild",
      [
        "-bb",
        "--quiet",
        "--nodeps",
        "--target",
        target,
        "--define",
        `_topdir ${place}/build`,
        "--define",
        "__os_install_post %{nil}",
        file,
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
  }
  // Some lie deeper: createrepo_c goes by the file's own name first.
  for (const folderName of readdirSync(join(place, "build/RPMS"))) {
    for (const file of readdirSync(join(place, "build/RPMS", folderName))) {
      const to = /^[abN]/.test(file) ? "repo/sub" : "repo";
      renameSync(join(place, "build/RPMS", folderName, file), join(place, to, file));
    }
  }
}

function specText(specs: readonly Spec[]): string {
  const files = [...new Set(specs.flatMap((spec) => spec.Files ?? []))];
  return [
    "Name: kit-test\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nAutoReqProv: no\n%description\nx",
    ...specs.map(packageText),
    `%install\n${files.map((file) => `install -D /dev/null %{buildroot}${file}`).join("\n")}`,
    ...specs.map(({ name, Files = [] }) => `%files -n ${name}\n${Files.join("\n")}`),
  ].join("\n");
}

function packageText(spec: Spec): string {
  const { epoch, version, release } = parseEvr(spec.version);
  const relations = fields.flatMap((field) =>
    field === "Files" ? [] : (spec[field] ?? []).map((text) => `${field}: ${text}`),
  );
  return [
    `%package -n ${spec.name}`,
    ...(epoch === "" ? [] : [`Epoch: ${epoch}`]),
    `Version: ${version}\nRelease: ${release}\nSummary: x\nAutoReqProv: no`,
    ...(spec.architecture === "noarch" ? ["BuildArch: noarch"] : []),
    ...relations,
    `%description -n ${spec.name}\nx`,
  ].join("\n");
}

function rpmFiles(): string[] {
  return ["repo", "repo/sub"].flatMap((place) =>
    readdirSync(join(folder, place))
      .filter((file) => file.endsWith(".rpm"))
      .map((file) => join(place, file)),
  );
}

/** The stanza, with relations as rpm itself writes them. */
function stanzaOf(file: string): string {
  const tags = fields
    .filter((field) => field !== "Files")
    .map((field) => `${field}:\\n[ %{${field.slice(0, -1).toUpperCase()}NEVRS}\\n]`);
  const format = `Package: %{NAME}\\nVersion: %{EVR}\\nArchitecture: %{ARCH}\\n${tags.join("")}Files:\\n[ %{FILENAMES}\\n]`;
  const text = execFileSync("rpm", ["-qp", "--qf", format, join(folder, file)], { encoding: "utf8" });
  return `${text}Filename: ${file.replace("repo/", "")}\n`;
}
