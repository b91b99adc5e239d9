// Packages built into sysroots that misbehave, and what is asked to be done with them: refused, each in words of its own.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { done, kit, type Outcome, told } from "./kit.ts";
import { openPlace, type Place, writeFiles } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";
import { manifest, simple } from "./trees.ts";

let place: Place;
beforeAll(() => {
  place = openPlace("treebad");
  place.write({ "empty/nothing": "" });
});
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

const at = () => ({ cwd: place.folder, store: place.store });
const run = (...words: string[]): Promise<Outcome> => kit([...words, "--json"], at());
const installs = (name: string, install: string, rest = "") =>
  place.write({
    [`${name}.yaml`]: manifest(
      name,
      `sources: [{dir: ./empty}]\n${rest}script: {install: ${JSON.stringify(install)}}`,
    ),
  });
const failing = (name: string, code: string, status = 1) =>
  refuses(["realize", `${name}.yaml`], { ...at(), keepsLock: true }, status, code);

test("what a dependency installs is the build's to run, not kit's", async () => {
  const tools = ["cp", "setpriv", "chown", "chmod", "ldconfig", "stat", "env"];
  const wrappers = tools.map(
    (tool) =>
      `printf '#!/bin/sh\\necho hijacked >&2\\nexec /usr/bin/${tool} "$@"\\n' > $OUT$PREFIX/bin/${tool}`,
  );
  installs("hijacker", ["mkdir -p $OUT$PREFIX/bin", ...wrappers, "chmod +x $OUT$PREFIX/bin/*"].join("; "));
  installs(
    "victim",
    "mkdir -p $OUT$PREFIX; echo $(id -u) $PATH > $OUT$PREFIX/said; cp $OUT$PREFIX/said $OUT$PREFIX/copied",
    "buildDependencies: [./hijacker.yaml]\n",
  );
  const tree = done(await run("realize", "victim.yaml")).paths.get("victim") ?? "";
  expect(readFileSync(join(tree, "said"), "utf8")).toMatch(/^1000 \/usr\/local\/sbin:/);
  const log = done(await kit(["log", "victim.yaml", "victim"], at())).stdout;
  expect(log.match(/hijacked/g)).toHaveLength(1);
});

test("a manifest that only says the same otherwise is answered for, unless it is a source itself", async () => {
  const plain = (...words: string[]) => kit(words, at());
  place.write({
    "own/own.yaml": manifest(
      "own",
      "sources: [{dir: .}]\nscript: {install: 'mkdir -p $OUT$PREFIX; cp own.yaml $OUT$PREFIX'}",
    ).replace("{dir: .}", "{dir: ../own}"),
    "said.yaml": manifest(
      "said",
      "sources: [{dir: ./empty}]\nvars: {word: one}\nscript: {install: 'mkdir -p $OUT$PREFIX; echo ${word} > $OUT$PREFIX/said'}",
    ),
  });
  const saying = (text: string) => {
    for (const file of ["own/own.yaml", "said.yaml"])
      writeFileSync(join(place.folder, file), `${text}\n${readFileSync(join(place.folder, file), "utf8")}`);
  };
  const results = async () => {
    const [own = "", said = ""] = await Promise.all(
      ["own/own.yaml", "said.yaml"].map(async (file) => done(await plain("realize", file)).stdout),
    );
    return { own, said };
  };
  const first = await results();
  // Older than what a memo takes for young.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(await results()).toEqual(first);
  saying("# A comment.");
  const second = await results();
  expect(second.said).toBe(first.said);
  expect(second.own).not.toBe(first.own);
  writeFileSync(
    join(place.folder, "said.yaml"),
    readFileSync(join(place.folder, "said.yaml"), "utf8").replace("word: one", "word: two"),
  );
  expect((await results()).said).not.toBe(first.said);
});

test("setuid files, pipes, processes that are left, and files larger than any disk", async () => {
  installs("setuid", "mkdir -p $OUT$PREFIX; cp /bin/true $OUT$PREFIX/x; chmod 6755 $OUT$PREFIX/x");
  expect((await failing("setuid", "build/setuid")).text).toContain("/usr/local/x");
  installs("pipe", "mkdir -p $OUT$PREFIX; mkfifo $OUT$PREFIX/pipe");
  expect((await failing("pipe", "build/odd-files")).text).toContain("/usr/local/pipe");
  installs("daemon", "mkdir -p $OUT$PREFIX; touch $OUT$PREFIX/x; (setsid sleep 1000 > /dev/null 2>&1 &)");
  const daemon = await failing("daemon", "build/left-processes");
  expect(daemon.text).toContain("left processes running: sleep 1000");
  expect(daemon.places).toEqual(["daemon.yaml:2"]);
  // A file that is nothing but a hole would be read for hours.
  installs("huge", "mkdir -p $OUT$PREFIX; truncate -s 8T $OUT$PREFIX/x");
  const huge = await failing("huge", "build/output-too-large");
  expect(huge.text).toContain("usr/local/x, of 8192 GiB");
  expect(huge.places).toEqual(["huge.yaml:2"]);
});

test("a build that says more than anybody reads has a log of bounded size, with its beginning and its end", async () => {
  installs(
    "chatty",
    "mkdir -p $OUT$PREFIX; touch $OUT$PREFIX/x; echo first; yes | head -c 700000000; echo last; false",
  );
  expect((await failing("chatty", "build/failed")).text).toMatch(/y\nlast$/);
  const { stdout } = done(await kit(["log", "chatty.yaml", "chatty"], at()));
  expect(stdout.length).toBeLessThan(260 << 20);
  expect(stdout).toMatch(/^(?:.*\n){0,20}first\ny\n/);
  expect(stdout.slice(-1000)).toMatch(/\ny\nlast\n/);
  const line = stdout.indexOf("kit: ");
  expect(Number(/^kit: (\d+) MB/.exec(stdout.slice(line, line + 100))?.[1])).toBeGreaterThan(400);
});

test("sources: names that are none, archives that unpack to more than there is, options of patches", async () => {
  const odd = join(place.folder, "odd");
  mkdirSync(odd);
  writeFileSync(Buffer.concat([Buffer.from(`${odd}/`), Buffer.from([0xff, 0x78])]), "x");
  place.write({ "odd.yaml": simple("odd").replace("./empty", "./odd") });
  await failing("odd", "digest/unsafe-path", 8);
  execFileSync("truncate", ["-s", "70G", "sparse"], { cwd: place.folder });
  execFileSync("tar", ["-Sczf", "sparse.tar.gz", "sparse"], { cwd: place.folder });
  writeFileSync(
    join(place.folder, "cut.tar.gz"),
    readFileSync(join(place.folder, "sparse.tar.gz")).subarray(0, 60),
  );
  for (const name of ["sparse", "cut"]) {
    place.write({ [`${name}.yaml`]: simple(name).replace("{dir: ./empty}", `{file: ./${name}.tar.gz}`) });
    await failing(name, "digest/bad-archive", 8);
  }
  writeFiles(place.folder, { "quilt/series": "# ours\none.patch -R\n", "quilt/one.patch": "" });
  place.write({ "series.yaml": simple("series", "patches: [./quilt]") });
  expect((await failing("series", "manifest/bad-patches", 3)).text).toContain(
    "line 2: kit does nothing like -R",
  );
});

test("the manifest's variables are the build's, and not of what kit runs as root around it", async () => {
  installs(
    "variables",
    "mkdir -p $OUT$PREFIX; echo $LD_AUDIT $BASH_ENV > $OUT$PREFIX/said",
    "environment: {LD_AUDIT: /nowhere/audit.so, BASH_ENV: /nowhere/env}\n",
  );
  const tree = done(await run("realize", "variables.yaml")).paths.get("variables") ?? "";
  expect(readFileSync(join(tree, "said"), "utf8")).toBe("/nowhere/audit.so /nowhere/env\n");
  place.write({
    "deb.yaml":
      "kind: package\nname: aa\nversion: '1'\nbuilder: deb-files\ndistro: debian/bookworm\nbuildTypes: [release]\nfiles: [{path: /usr/share/aa, content: aa}]\n",
  });
  done(await run("realize", "deb.yaml"));
  await refuses(
    ["realize", "deb.yaml", "--build-type", "debug"],
    { ...at(), keepsLock: true },
    3,
    "manifest/unsupported-build-type",
  );
});

test("a prefix by any of the ways that configure takes one", async () => {
  for (const argument of [
    "--prefix=/x",
    "--pref=/x",
    "-prefix",
    "prefix=/x",
    "exec_prefix=/x",
    "--exec-pre=/x",
    "--libdi=/x",
  ]) {
    place.write({
      "conf.yaml": manifest(
        "conf",
        `sources: [{dir: ./empty}]\nautotools: {arguments: ["${argument}"]}`,
        "autotools",
      ),
    });
    const refused = await refuses(
      ["realize", "conf.yaml"],
      { ...at(), keepsLock: true },
      3,
      "manifest/bad-value",
    );
    expect([argument, refused.text]).toEqual([argument, expect.stringContaining("kit's to set")]);
  }
});

test("a manifest beside its source: kit's own lock is no part of it, another's is", async () => {
  writeFiles(place.folder, {
    "beside/p.yaml": manifest(
      "beside",
      'sources: [{dir: ./.}]\nscript: {install: "mkdir -p $OUT$PREFIX; ls > $OUT$PREFIX/list"}',
    ),
    "beside/other.lock": "not kit's\n",
  });
  const tree = done(await run("realize", "beside/p.yaml")).paths.get("beside") ?? "";
  expect(readFileSync(join(tree, "list"), "utf8")).toBe("other.lock\np.yaml\n");
});

test("an export: through a link, owned by who asks for it, with the tree's modes; a zip the same in every zone", async () => {
  installs(
    "modes",
    "mkdir -p $OUT$PREFIX/closed; touch $OUT$PREFIX/closed/x $OUT$PREFIX/run; chmod 0711 $OUT$PREFIX/run; chmod 0500 $OUT$PREFIX/closed",
    "buildTypes: [release]\n",
  );
  mkdirSync(join(place.folder, "real"));
  const inode = statSync(join(place.folder, "real")).ino;
  symlinkSync("real", join(place.folder, "link"));
  symlinkSync("nowhere", join(place.folder, "dangling"));
  const before = ["sh", "-c", 'umask 077; exec "$@"', "sh"];
  const outcome = done(await kit(["sysroot", "modes.yaml", "-o", "link", "--json"], { ...at(), before }));
  expect(told(outcome).some(({ text }) => text?.includes("no debug"))).toBe(true);
  const mode = (path: string) => {
    const stats = statSync(join(place.folder, "real/release", path));
    return [(stats.mode & 0o7777).toString(8), stats.uid, stats.gid];
  };
  // An empty folder stays the one it is: it may be a mount.
  expect(statSync(join(place.folder, "real")).ino).toBe(inode);
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  expect([mode("run"), mode("closed"), mode("closed/x")]).toEqual([
    ["711", uid, gid],
    ["500", uid, gid],
    ["644", uid, gid],
  ]);
  chmodSync(join(place.folder, "real/release/closed"), 0o700);
  await refuses(["sysroot", "modes.yaml", "-o", "dangling"], at(), 2, "usage/not-a-folder");
  const zipped = async (zone: string) => {
    const env = { TZ: zone };
    done(await kit(["sysroot", "modes.yaml", "-o", `zip-${zone.slice(0, 4)}`, "--zip"], { ...at(), env }));
    return readFileSync(join(place.folder, `zip-${zone.slice(0, 4)}`, "release.zip"));
  };
  expect((await zipped("Asia/Tokyo")).equals(await zipped("America/New_York"))).toBe(true);
  installs("slash", 'mkdir -p $OUT$PREFIX; touch "$OUT$PREFIX/a\\\\b"');
  const refused = await refuses(
    ["sysroot", "slash.yaml", "-o", "slashed", "--zip"],
    { ...at(), keepsLock: true },
    2,
    "usage/no-zip",
  );
  expect(refused.text).toContain("--tar");
});
