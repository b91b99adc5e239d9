// Where kit is run: an output that takes nothing, a directory that is gone, a user without a home or a name, and no
// place for what is temporary. Each is told, and none of it by a stack.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isRoot } from "../store/rig.ts";
import { done, kit, ownKit, startKit } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { manifest } from "./trees.ts";

const bare = (name: string, content: string) =>
  `kind: package\nname: ${name}\nbuilder: deb-files\ndistro: debian/bookworm\nversion: "1"\ndescription: Nothing much\nfiles: [{path: /usr/share/${name}, content: ${content}}]\n`;

let place: Place;
beforeAll(() => {
  place = openPlace("surroundings");
  place.write({
    "bare.yaml": bare("bare", "x"),
  });
});
afterAll(() => place[Symbol.dispose]());

/** A line of a shell, with kit as `$0`. */
const shell = (line: string, { env = {}, user }: { env?: Record<string, string>; user?: number } = {}) => {
  const as = user === undefined ? [] : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
  const [program = "", ...words] = [...as, "sh", "-c", line, ownKit];
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: place.folder,
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      HOME: place.folder,
      XDG_CACHE_HOME: `${place.folder}/.cache`,
      KIT_STORE: place.store,
      ...env,
    },
  });
  expect(stderr).not.toMatch(/^\s+at |Node\.js v/m);
  return { status, stdout, stderr };
};

test("an output that takes nothing is told, also where nothing was to be done", async () => {
  const full = (line: string) => {
    const { status, stderr } = shell(`"$0" ${line} > /dev/full`);
    expect({ line, status }).toEqual({ line, status: 2 });
    expect(stderr).toMatch(
      /^error: standard output cannot be written: ENOSPC[^\n]*\n {2}\[usage\/no-output, exit 2\]\n$/,
    );
  };
  full("schema image");
  full("--version");
  const options = { cwd: place.folder, store: place.store };
  done(await kit(["realize", "bare.yaml"], options));
  // Older than what a memo takes for young: the third is answered from one.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  done(await kit(["realize", "bare.yaml"], options));
  full("realize bare.yaml");
  const json = shell('"$0" realize bare.yaml --json > /dev/full');
  expect(JSON.parse(json.stderr.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
    ...{ type: "error", faults: [{ code: "usage/no-output" }] },
  });
});

test("who reads no more ends it quietly", () => {
  for (const line of ["schema image", "realize bare.yaml", "log bare.yaml", "--help"]) {
    const { status, stderr } = shell(
      `{ "$0" ${line} 2> err; echo $? > status; } | true; cat err >&2; exit $(cat status)`,
    );
    expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: "" });
  }
});

test("a directory that is gone", () => {
  mkdirSync(`${place.folder}/gone`);
  const { status, stderr } = shell('cd gone; rmdir ../gone; "$0" realize bare.yaml');
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /error: the directory that kit is run in is gone\n {2}hint: .*\n {2}\[usage\/no-directory, exit 2\]\n$/,
  );
});

test.runIf(isRoot)("a user without a home, and one whom nobody knows", () => {
  const version = /^kit \d/;
  const bare = { PATH: process.env["PATH"] ?? "" };
  for (const user of [undefined, 54_321]) {
    const line = `exec env -i PATH="$PATH" "$0" --version`;
    expect(shell(line, { env: bare, ...(user !== undefined && { user }) })).toMatchObject({
      ...{ status: 0, stdout: expect.stringMatching(version), stderr: "" },
    });
  }
  const asked = shell('exec env -i PATH="$PATH" "$0" evaluate nothing.yaml', { user: 54_321 });
  expect(asked).toMatchObject({
    status: 3,
    stderr: expect.stringContaining("[manifest/unreadable, exit 3]"),
  });
});

test("variables of folders that are empty or relative leave nothing where kit is run", () => {
  const before = readdirSync(place.folder);
  for (const env of [{ HOME: "" }, { HOME: "home" }, { HOME: "", XDG_DATA_HOME: "data" }]) {
    const { status, stderr } = shell('"$0" realize bare.yaml', { env: { ...env, XDG_CACHE_HOME: "cache" } });
    expect({ env, status, stderr }).toMatchObject({ env, status: 0 });
    expect(readdirSync(place.folder)).toEqual(before);
  }
});

test("limits of the process are told by what raises them; a home below /proc is none", () => {
  place.write({ "large.yaml": bare("large", "x".repeat(200_000)) });
  const small = shell('ulimit -f 100; "$0" realize large.yaml');
  expect(small).toMatchObject({ status: 7, stderr: expect.stringContaining("[host/file-size, exit 7]") });
  const few = shell('ulimit -n 40; "$0" realize large.yaml');
  expect(few).toMatchObject({ status: 7, stderr: expect.stringContaining("ulimit -n") });
  expect(
    shell('exec timeout 60 "$0" --version', { env: { HOME: "/proc", XDG_CACHE_HOME: "" } }),
  ).toMatchObject({
    status: 0,
  });
});

test("no place for what is temporary", () => {
  execFileSync("git", ["init", "-q"], { cwd: place.folder });
  execFileSync("git", ["add", "bare.yaml"], { cwd: place.folder });
  const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
  execFileSync("git", [...author, "commit", "-qm", "one"], { cwd: place.folder });
  const { status, stderr } = shell('"$0" diff HEAD:bare.yaml bare.yaml', {
    env: { TMPDIR: "/proc/nothing" },
  });
  expect(status).toBe(7);
  expect(stderr).toContain("error: nothing can be written to /proc/nothing");
  expect(stderr).toContain("[host/no-temporary, exit 7]");
});

test("a signal ends it with the status that the README says", async () => {
  place.write({
    "empty/nothing": "",
    "slow.yaml": manifest("slow", "sources: [{dir: ./empty}]\nscript: {install: 'sleep 100'}"),
  });
  for (const [signal, status] of [
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 130],
  ] as const) {
    const running = startKit(["realize", "slow.yaml", "--json"], { cwd: place.folder, store: place.store });
    await running.says(/"type":"start"[^\n]*"label":"slow"/);
    running.process.kill(signal);
    expect({ signal, status: (await running.ended).status }).toEqual({ signal, status });
  }
});
