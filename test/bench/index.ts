// Benchmark of a package list's compact form, against apt's cache of the same list.
// Knows how both are made; does not know what stands in a list.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { has, inTurn, run } from "./measure.ts";
import { compared, type Row } from "./row.ts";

export async function* index(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  const list = wants("index") && has("apt-cache") ? machineList() : undefined;
  if (list === undefined) return;
  const at = join(folder, "index");
  const lists = join(at, "apt/lists");
  mkdirSync(join(lists, "partial"), { recursive: true });
  const plain = list.file.replace(/\.(lz4|gz|xz|zst)$/, "");
  const own = join(lists, plain.slice(plain.lastIndexOf("/") + 1));
  writeFileSync(
    own,
    execFileSync("/usr/lib/apt/apt-helper", ["cat-file", list.file], { maxBuffer: 1 << 30 }),
  );
  const release = `${plain.slice(0, -list.key.replaceAll("/", "_").length)}InRelease`;
  copyFileSync(release, join(lists, release.slice(release.lastIndexOf("/") + 1)));
  writeFileSync(join(at, "sources.list"), `deb ${list.uri} ${list.suite} ${list.component}\n`);
  const options = [
    `Dir::Etc::sourcelist=${at}/sources.list`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${lists}`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${at}/apt`,
    "Dir::Cache::pkgcache=pkgcache.bin",
    "Dir::Cache::srcpkgcache=srcpkgcache.bin",
  ].flatMap((option) => ["-o", option]);
  // As kit's users run it: taking the types out of its sources would be a tenth of its time.
  const indexing = join(at, "indexing.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "indexing.ts")],
    outfile: indexing,
    bundle: true,
    format: "esm",
    platform: "node",
  });
  const runs = await inTurn(
    times,
    { run: () => run([process.execPath, indexing, own, join(at, "compact")]) },
    {
      prepare() {
        for (const name of ["pkgcache.bin", "srcpkgcache.bin"])
          rmSync(join(at, "apt", name), { force: true });
      },
      run: () => run(["apt-cache", ...options, "gencaches"]),
    },
  );
  yield compared(`index of ${list.suite}'s ${list.component}, once`, "apt-cache gencaches", 1.5, runs);
}

interface MachineList {
  readonly file: string;
  readonly key: string;
  readonly uri: string;
  readonly suite: string;
  readonly component: string;
}

/** The largest list that apt has here: that of its first main suite. */
function machineList(): MachineList | undefined {
  const format = "$(FILENAME)|$(METAKEY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)";
  const targets = execFileSync("apt-get", ["indextargets", "--format", format, "Created-By: Packages"], {
    encoding: "utf8",
  });
  const lists = targets.split("\n").map((line) => line.split("|"));
  const [file, key, uri, suite, component] = lists.find((words) => words[4] === "main") ?? [];
  if (!file || !key || !uri || !suite || !component) return undefined;
  return { file, key, uri, suite, component };
}
