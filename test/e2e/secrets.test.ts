// Secrets of builds: given as files, and nowhere else: no key, no log, no result, no store.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keepersOf } from "../sandbox/rig.ts";
import { built, done, kit, type Outcome, startKit } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";
import { manifest } from "./trees.ts";

const secret = "hunter2-the-second-of-her-name";

let place: Place;
beforeAll(() => {
  place = openPlace("secrets");
  place.write({ "empty/nothing": "", "secret.txt": `${secret}\n` });
});
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

const given = { KIT_SECRET_TOKEN: secret };
const at = (env: Readonly<Record<string, string>> = given) => ({
  cwd: place.folder,
  store: place.store,
  env,
});
const run = (file: string, env?: Readonly<Record<string, string>>): Promise<Outcome> =>
  kit(["realize", file, "--json"], at(env));
const installs = (name: string, install: string, rest = "secrets: [TOKEN]\n") =>
  place.write({
    [`${name}.yaml`]: manifest(
      name,
      `sources: [{dir: ./empty}]\n${rest}script: {install: ${JSON.stringify(`mkdir -p $OUT$PREFIX; ${install}`)}}`,
    ),
  });

test("given as a file to who builds, out of the environment or a file; the same key whatever it is", async () => {
  installs(
    "used",
    "stat -c %a:%U $KIT_SECRETS/TOKEN; sha256sum < $KIT_SECRETS/TOKEN | cut -c1-8 > $OUT$PREFIX/sum",
  );
  const tree = done(await run("used.yaml")).paths.get("used") ?? "";
  const sum = execFileSync("sha256sum", { input: secret, encoding: "utf8" });
  expect(readFileSync(join(tree, "sum"), "utf8")).toBe(`${sum.slice(0, 8)}\n`);
  expect(done(await kit(["log", "used.yaml", "used"], at())).stdout).toContain("600:build");
  expect(built(done(await run("used.yaml", { KIT_SECRET_TOKEN: "another-secret" })))).toEqual([]);
  installs("filed", "sha256sum < $KIT_SECRETS/TOKEN | cut -c1-8 > $OUT$PREFIX/sum");
  place.write({ "kit.config.yaml": "secrets: {TOKEN: ./secret.txt}\n" });
  const filed = done(await run("filed.yaml", {})).paths.get("filed") ?? "";
  const other = execFileSync("sha256sum", { input: `${secret}\n`, encoding: "utf8" });
  expect(readFileSync(join(filed, "sum"), "utf8")).toBe(`${other.slice(0, 8)}\n`);
  place.write({ "kit.config.yaml": "secrets: {}\n" });
});

test("a file called by one is a leak that is told without it", async () => {
  installs("named", "touch $OUT$PREFIX/$(cat $KIT_SECRETS/TOKEN)");
  const fault = await refuses(
    ["realize", "named.yaml"],
    { ...at(), keepsLock: true },
    1,
    "build/secret-in-output",
  );
  expect(fault.text).toContain("***");
  expect(fault.text).not.toContain(secret);
});

test("a file that is only called a package is looked through as it is", async () => {
  installs("called", "echo text > $OUT$PREFIX/a.deb; echo text > $OUT$PREFIX/b.rpm");
  done(await run("called.yaml"));
  installs("both", "cp $KIT_SECRETS/TOKEN $OUT$PREFIX/a.deb");
  await refuses(["realize", "both.yaml"], { ...at(), keepsLock: true }, 1, "build/secret-in-output");
});

test("compressed it is found: in a manual page, in a tar", async () => {
  for (const [name, install] of Object.entries({
    page: "gzip -9nc $KIT_SECRETS/TOKEN > $OUT$PREFIX/page.1.gz",
    tar: "cat $KIT_SECRETS/TOKEN > inner; gzip inner; tar cf - inner.gz | xz > $OUT$PREFIX/x",
  })) {
    installs(name, install);
    const file = name === "page" ? "usr/local/page.1.gz" : "usr/local/x";
    const { text } = await refuses(
      ["realize", `${name}.yaml`],
      { ...at(), keepsLock: true },
      1,
      "build/secret-in-output",
    );
    expect(text).toContain(`is in what was built: ${file}`);
  }
});

test("beside names that are no UTF-8, which are refused as they are without secrets", async () => {
  installs("odd", "touch $OUT$PREFIX/$(printf '\\377x')");
  await refuses(["realize", "odd.yaml"], { ...at(), keepsLock: true }, 1, "build/odd-files");
  installs("oddleak", "cp $KIT_SECRETS/TOKEN $OUT$PREFIX/$(printf '\\377x')");
  await refuses(["realize", "oddleak.yaml"], { ...at(), keepsLock: true }, 1, "build/secret-in-output");
});

test("what a build says of it is told as stars", async () => {
  installs("chatty", "echo it is $(cat $KIT_SECRETS/TOKEN), really; touch $OUT$PREFIX/x");
  done(await run("chatty.yaml"));
  expect(done(await kit(["log", "chatty.yaml", "chatty"], at())).stdout).toContain("it is ***, really");
  installs(
    "leaving",
    `perl -e '$0 = "daemon of $ARGV[0]"; sleep 1000' "$(cat $KIT_SECRETS/TOKEN)" & sleep 1`,
  );
  const left = await refuses(
    ["realize", "leaving.yaml"],
    { ...at(), keepsLock: true },
    1,
    "build/left-processes",
  );
  expect(left.text).toContain("daemon of ***");
  expect(left.text).not.toContain(secret);
  installs("failing", "cat $KIT_SECRETS/TOKEN; exit 1");
  const { text } = await refuses(
    ["realize", "failing.yaml"],
    { ...at(), keepsLock: true },
    1,
    "build/failed",
  );
  expect(text).toContain("***");
});

test("in a result it is refused: in a file, in a .deb", async () => {
  installs("leaking", "printf 'key=%s' $(cat $KIT_SECRETS/TOKEN) > $OUT$PREFIX/settings");
  const leak = await refuses(
    ["realize", "leaking.yaml"],
    { ...at(), keepsLock: true },
    1,
    "build/secret-in-output",
  );
  expect(leak.text).toContain("the secret TOKEN is in what was built: usr/local/settings");
  place.write({
    "tree/debian/control":
      "Source: leaky\nMaintainer: A Person <a@example.org>\nBuild-Depends: debhelper-compat (= 13)\nStandards-Version: 4.6.2\nRules-Requires-Root: no\n\nPackage: leaky\nArchitecture: all\nDescription: says it\n All of it.\n",
    "tree/debian/changelog":
      "leaky (1.0) unstable; urgency=medium\n\n  * The first one.\n\n -- A Person <a@example.org>  Mon, 01 Jun 2026 12:00:00 +0000\n",
    "tree/debian/rules":
      "#!/usr/bin/make -f\n%:\n\tdh $@\noverride_dh_auto_install:\n\tmkdir -p debian/leaky/usr/share/leaky && gzip -nc < $(KIT_SECRETS)/TOKEN > debian/leaky/usr/share/leaky/it\n",
    "tree/debian/source/format": "3.0 (native)\n",
    "leaky.yaml":
      "kind: package\nname: leaky\nbuilder: deb-source\ndistro: debian/bookworm\nsources: [{dir: ./tree}]\nsecrets: [TOKEN]\n",
  });
  await refuses(["realize", "leaky.yaml"], { ...at(), keepsLock: true }, 1, "build/secret-in-output");
});

test("a shell in the build has them as the build has, and its own input", async () => {
  installs("used", "sha256sum < $KIT_SECRETS/TOKEN | cut -c1-8 > $OUT$PREFIX/sum");
  const shell = (line: string, env?: Readonly<Record<string, string>>) =>
    kit(["shell", "used.yaml", "used"], { ...at(env), before: ["sh", "-c", `echo '${line}' | "$@"`, "sh"] });
  const asked = done(
    await shell("stat -c %a:%u $KIT_SECRETS/TOKEN; cat $KIT_SECRETS/TOKEN; umask; echo; echo $KIT_COMMAND"),
  );
  expect(asked.stdout).toBe(`600:1000\n${secret}0022\n\n/tmp/kit/build\n`);
  expect((await shell("$KIT_COMMAND > /dev/null; exit 7")).status).toBe(7);
  expect((await shell("true", {})).stderr).toContain("build/no-secret");
});

test("nobody gave it, or what is none; nothing of it is anywhere in the store", async () => {
  installs("wanting", "touch $OUT$PREFIX/x", "secrets: [OTHER]\n");
  const { text } = await refuses(
    ["realize", "wanting.yaml"],
    { ...at(), keepsLock: true },
    1,
    "build/no-secret",
  );
  expect(text).toContain("KIT_SECRET_OTHER");
  done(await run("wanting.yaml", { KIT_SECRET_OTHER: "given-at-last" }));
  await refuses(
    ["realize", "wanting.yaml"],
    { ...at({ KIT_SECRET_OTHER: "short" }), keepsLock: true },
    2,
    "usage/bad-setting",
  );
  const found = spawnSync("grep", ["-rlF", secret, place.store, join(place.folder, ".cache")], {
    encoding: "utf8",
  });
  expect(found.stdout).toBe("");
});

test("killed with its keeper, a build leaves none behind the next command that opens the store", async () => {
  installs("endless", "cat $KIT_SECRETS/TOKEN; sleep 600");
  const running = startKit(["realize", "endless.yaml"], at());
  while (filesWithSecret().length === 0) await sleep(50);
  const { pid = 0 } = running.process;
  for (const victim of [...keepersOf(pid), pid]) process.kill(victim, "SIGKILL");
  await running.ended;
  expect(filesWithSecret()).not.toEqual([]);
  installs("after", "touch $OUT$PREFIX/x", "");
  done(await run("after.yaml"));
  expect(filesWithSecret()).toEqual([]);
});

/** Of all that the store holds; what vanishes meanwhile is none. */
function filesWithSecret(): string[] {
  const { stdout } = spawnSync("grep", ["-rlsF", secret, place.store], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}
