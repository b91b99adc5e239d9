// Debian packages built from source, against sbuild and mmdebstrap of the same suite, mirror and file system.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { debianMirror } from "./host.ts";
import { has, inTurn, type Run, run, type Side } from "./measure.ts";
import { compared, type Row } from "./row.ts";

const kit = join(import.meta.dirname, "../../cli/kit");
const node = join(import.meta.dirname, "../../node_modules/node/bin/node");
const suite = "bookworm";

export async function* debs(
  folder: string,
  times: number,
  wants: (name: string) => boolean,
): AsyncGenerator<Row> {
  if (wants("source")) yield* helloFromSource(join(folder, "source"), times);
  if (wants("composing")) yield* composing(join(folder, "composing"), times);
}

/** Its own build dependencies: they are in the chroot that sbuild gets. */
const helloNeeds = ["build-essential", "debhelper", "fakeroot", "help2man", "texinfo"];

async function* helloFromSource(at: string, times: number): AsyncGenerator<Row> {
  mkdirSync(at, { recursive: true });
  const manifest = join(at, "hello.yaml");
  const write = (salt: number, comment = "") =>
    writeFileSync(
      manifest,
      `kind: package\nname: hello\nbuilder: deb-source\ndistro: debian/${suite}\nsources: [{dsc: hello}]\nenvironment: {SALT: '${salt}'}\n${comment}`,
    );
  const realize = () => realizeIn(at, manifest);
  let turn = 0;
  write(turn);
  realize();
  const peer = benchUser();
  try {
    yield compared(
      "Debian's hello from .dsc, packages cached",
      "sbuild (unshare), ready chroot",
      0.7,
      await inTurn(times, { prepare: () => write(++turn), run: realize }, peer && sbuild(at, peer)),
    );
  } finally {
    peer?.remove();
  }
  let comment = 0;
  yield compared(
    "the same again after a comment in the manifest",
    "node -e 0",
    4,
    await inTurn(
      Math.max(times, 11),
      { prepare: () => write(turn, `# ${++comment}\n`), run: realize },
      { run: () => run([node, "-e", "0"]) },
    ),
  );
}

interface User {
  readonly name: string;
  /** Where it was not there before. */
  remove(): void;
}

/** The ordinary user that sbuild asks for: `nobody` has no range of ids. */
function benchUser(): User | undefined {
  const name = "kit-bench";
  if (spawnSync("id", [name]).status === 0) return { name, remove: () => {} };
  if (spawnSync("useradd", ["--create-home", name]).status !== 0) return undefined;
  return { name, remove: () => spawnSync("userdel", ["--remove", name]) };
}

function sbuild(at: string, { name: user }: User): Side | undefined {
  if (!has("sbuild") || !has("mmdebstrap")) return undefined;
  const id = (flag: string) => Number(spawnSync("id", [flag, user], { encoding: "utf8" }).stdout);
  const [uid, gid] = [id("-u"), id("-g")];
  const chroot = join(at, "chroot.tar");
  const include = `--include=${helloNeeds.join(",")}`;
  const source = `deb ${debianMirror()} ${suite} main`;
  run(["mmdebstrap", "--quiet", "--variant=buildd", include, suite, chroot, source]);
  const sources = join(at, "sources");
  mkdirSync(sources);
  downloadSource(join(at, "apt"), sources);
  const out = join(at, "peer");
  const dsc = readdirSync(sources).find((name) => name.endsWith(".dsc")) ?? "";
  return {
    prepare() {
      rmSync(out, { recursive: true, force: true });
      cpSync(sources, out, { recursive: true });
      for (const file of ["", ...readdirSync(out)]) chownSync(join(out, file), uid, gid);
      chmodSync(at, 0o755);
    },
    run: () =>
      run(
        [
          ...["runuser", "-u", user, "--", "env", `HOME=/home/${user}`, `TMPDIR=${out}`, "sbuild"],
          ...[
            "--chroot-mode=unshare",
            "-d",
            suite,
            `--chroot=${chroot}`,
            "--no-run-lintian",
            "--no-apt-update",
          ],
          ...["--no-apt-upgrade", "--no-apt-distupgrade", "--no-clean-source", `--build-dir=${out}`],
          join(out, dsc),
        ],
        { cwd: out },
      ),
  };
}

/** Into `to`, by an apt of its own. */
function downloadSource(state: string, to: string): void {
  mkdirSync(join(state, "lists/partial"), { recursive: true });
  writeFileSync(join(state, "sources.list"), `deb-src ${debianMirror()} ${suite} main\n`);
  const options = [
    ["Dir::Etc::sourcelist", join(state, "sources.list")],
    ["Dir::Etc::sourceparts", "/none"],
    ["Dir::State::lists", join(state, "lists")],
  ].flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  run(["apt-get", ...options, "update"]);
  run(["apt-get", ...options, "source", "--download-only", "hello"], { cwd: to });
}

/** What Debian's git is built with: a root of 250 packages. */
const needs = [
  ...[
    "debhelper",
    "libz-dev",
    "gettext",
    "libpcre2-dev",
    "libcurl4-gnutls-dev",
    "libexpat1-dev",
    "subversion",
  ],
  ...[
    "libsvn-perl",
    "libyaml-perl",
    "tcl",
    "python3",
    "libhttp-date-perl",
    "libcgi-pm-perl",
    "liberror-perl",
  ],
  ...["libmailtools-perl", "cvs", "cvsps", "libdbd-sqlite3-perl", "unzip", "libio-pty-perl", "dh-exec"],
  ...["apache2-dev", "dh-apache2"],
];

/** Small ones, one more for each turn: a root that nobody has composed yet, of packages that are all there. */
const extras = ["sl", "figlet", "hello", "bc", "dc", "ed", "tree", "pv"];

async function* composing(at: string, times: number): AsyncGenerator<Row> {
  mkdirSync(at, { recursive: true });
  const manifest = (name: string, packages: readonly string[], distro = `debian/${suite}`) => {
    const file = join(at, `${name}.yaml`);
    writeFileSync(
      file,
      `kind: package\nname: ${name}\nbuilder: script\ndistro: ${distro}\nsources: [{dir: ./empty}]\nbuildDependencies: [${packages.join(", ")}]\nscript: {install: 'mkdir -p $OUT$PREFIX; touch $OUT$PREFIX/${name}'}\n`,
    );
    return file;
  };
  mkdirSync(join(at, "empty"));
  writeFileSync(join(at, "empty/file"), "");
  // All packages are fetched and unpacked once, and the layer of build-essential is configured.
  realizeIn(at, manifest("all", [...needs, ...extras]));
  const layered = extras.map((extra) => manifest(`layered-${extra}`, [...needs, extra]));
  const bare = extras.map((extra) => manifest(`bare-${extra}`, needs, distroWith(at, extra)));
  for (const file of [...layered, ...bare]) run([kit, "lock", file], { env: storeIn(at) });
  const peer = composed(at);
  for (const [work, atMost, files] of [
    ["its build-essential layer configured", 0.15, layered],
    ["nothing configured", 0.3, bare],
  ] as const) {
    let turn = 0;
    const realize = () => composeIn(at, files[turn++ % files.length] ?? "");
    yield compared(
      `composing a build root of 250 packages, ${work}`,
      "mmdebstrap, packages cached",
      atMost,
      await inTurn(Math.min(times, extras.length), { run: realize }, peer),
    );
  }
}

/** The same distribution under another name, with one package more in every build root: none is configured. */
function distroWith(at: string, extra: string): string {
  const shipped = join(import.meta.dirname, "../../manifests/distros/debian");
  cpSync(join(shipped, "keys"), join(at, "keys"), { recursive: true });
  const text = readFileSync(join(shipped, `${suite}.yaml`), "utf8");
  const own = text
    .replace(/^name: .*$/m, `name: bench/${extra}`)
    .replace(/^build: .*$/m, `build: [build-essential, ${extra}]`);
  writeFileSync(join(at, `distro-${extra}.yaml`), own);
  return `./distro-${extra}.yaml`;
}

/** The same packages into a folder, their files at hand. */
function composed(at: string): Side | undefined {
  if (!has("mmdebstrap")) return undefined;
  const [out, cache, archives] = [join(at, "peer"), join(at, "debs"), "/var/cache/apt/archives/"];
  mkdirSync(cache);
  const bootstrap = (...options: string[]) =>
    run(
      [
        ...["mmdebstrap", "--quiet", "--variant=buildd", `--include=${needs.join(",")}`, ...options],
        ...[`--setup-hook=mkdir -p "$1"${archives}`, `--setup-hook=cp -a ${cache}/. "$1"${archives}`],
        ...[suite, out, `deb ${debianMirror()} ${suite} main`],
      ],
      { env: { TMPDIR: at } },
    );
  bootstrap(
    "--skip=download/empty,essential/unlink,cleanup/apt/cache",
    `--customize-hook=cp "$1"${archives}*.deb ${cache}/`,
  );
  return {
    prepare: () => rmSync(out, { recursive: true, force: true }),
    run: () => bootstrap("--skip=download/empty"),
  };
}

/** Without what building the package in its root takes, a quarter of a second: that root is what is measured. */
function composeIn(at: string, manifest: string): Run {
  const all = run([kit, "realize", manifest, "--json"], { env: storeIn(at) });
  const events = (all.said ?? "").split("\n").filter((line) => line.startsWith("{"));
  const built = events
    .map((line) => JSON.parse(line) as { type: string; builder?: string; how?: string; duration?: number })
    .find(({ type, builder, how }) => type === "end" && builder === "tree" && how === "built");
  if (built?.duration === undefined) throw new Error(`${manifest} was built before`);
  return { ...all, wall: all.wall - built.duration };
}

function realizeIn(at: string, manifest: string): Run {
  return run([kit, "realize", manifest], { env: storeIn(at) });
}

function storeIn(at: string): Record<string, string> {
  return { KIT_STORE: join(at, "store") };
}
