// The root that mmdebstrap makes of the packages an image asks for, from the same archive.
// Knows mmdebstrap's command line and where this machine finds archives; does not know kit's root.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { mirrorsFor } from "../../builders/repository/mirrors.ts";
import { shippedManifests } from "../e2e/base.ts";

export type Suite = "bookworm" | "trixie";

export interface ReferenceOptions {
  readonly suite: Suite;
  readonly packages: readonly string[];
  /** Seconds since 1970. */
  readonly epoch: number;
  /** A folder of this root alone; it need not be there. */
  readonly folder: string;
}

interface Repository {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly signedBy: string;
}

/** The tar's path. Its suites are those of the distro that ships. 17 s with a near mirror. @throws {Error} with what mmdebstrap said */
export function makeReference({ suite, packages, epoch, folder }: ReferenceOptions): string {
  mkdirSync(folder, { recursive: true });
  const tar = join(folder, "root.tar");
  const include = packages.length === 0 ? [] : [`--include=${packages.join(",")}`];
  const foreign = new Set(packages.map((name) => name.split(":")[1]).filter((name) => name !== undefined));
  const architectures = foreign.size === 0 ? [] : [`--architectures=${["amd64", ...foreign].join(",")}`];
  const run = spawnSync(
    "mmdebstrap",
    ["--variant=minbase", ...architectures, ...include, suite, tar, ...sourcesOf(suite)],
    {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      // Nothing of the machine's own: PYTHONDONTWRITEBYTECODE, say, would be obeyed in the root.
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        LC_ALL: "C.UTF-8",
        TMPDIR: folder,
        SOURCE_DATE_EPOCH: String(epoch),
        ...proxies(),
      },
    },
  );
  if (run.error)
    throw new Error(`mmdebstrap cannot be started (${run.error.message}): sh test/pretest.sh installs it`);
  if (run.status !== 0)
    throw new Error(
      `mmdebstrap of ${suite} with ${packages.join(" ")} ended with ${run.status}:\n${run.stderr.slice(-4000)}`,
    );
  return tar;
}

/** Lines for apt: the shipped distro's repositories, each from the place kit would ask first. */
export function sourcesOf(suite: Suite): string[] {
  const folder = join(shippedManifests, "distros/debian");
  const { repositories } = parse(readFileSync(join(folder, `${suite}.yaml`), "utf8")) as {
    repositories: readonly Repository[];
  };
  const host = aptFiles().map((path) => ({ path, text: readFileSync(path, "utf8") }));
  return repositories.flatMap(({ uri, suites, components, signedBy }) => {
    const [place] = mirrorsFor(uri, { environment: process.env["KIT_MIRRORS"], host }, components);
    return suites.map(
      (name) => `deb [signed-by=${join(folder, signedBy)}] ${place} ${name} ${components.join(" ")}`,
    );
  });
}

function aptFiles(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const names = existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
    : [];
  return ["/etc/apt/sources.list", ...names].filter(existsSync);
}

/** What the environment says of proxies, for programs that get no other. */
export function proxies(): Record<string, string> {
  const names = ["http_proxy", "https_proxy", "no_proxy"];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
