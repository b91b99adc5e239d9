// Roots with packages that do more than lie there are the ones mmdebstrap makes, on both suites.
// One store for all, so that layers and packages are shared; in the end one set is made again in an empty one.

import { createHash } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPlace, type Place } from "../e2e/place.ts";
import { readTar } from "../rig/tar.ts";
import { type Exception, exceptions } from "./exceptions.ts";
import { judge } from "./judge.ts";
import type { Suite } from "./reference.ts";
import { installed, type Set as PackageSet, realizeSet, referenceOf } from "./root.ts";

const suites: readonly Suite[] = ["trixie", "bookworm"];
const sets: readonly PackageSet[] = [
  { name: "minbase", packages: [] },
  { name: "python3", packages: ["python3"] },
  { name: "openssh-server", packages: ["openssh-server"] },
  { name: "nginx", packages: ["nginx"] },
  // vim-runtime diverts files that vim-tiny has, before it is unpacked.
  { name: "diversions", packages: ["vim", "vim-tiny"] },
  { name: "postgresql", packages: ["postgresql"] },
  // dbus overrides its helper's owner; cron and systemd are configured early, for Pre-Depends.
  { name: "statoverrides", packages: ["cron", "dbus", "systemd-sysv"] },
  { name: "triggers", packages: ["ca-certificates", "hicolor-icon-theme", "man-db", "shared-mime-info"] },
  // Both are an editor of priority 30.
  { name: "alternatives", packages: ["mg", "zile"] },
  // Multi-Arch: same, twice; zlib1g brings libc6 with its scripts and triggers. The distributions that ship name arm64.
  { name: "pair", packages: ["zlib1g:arm64"] },
  {
    name: "together",
    packages: ["ca-certificates", "cron", "dbus", "nginx", "openssh-server", "python3", "systemd-sysv"],
  },
];

const used = new Set<Exception>();

describe.for(suites)("%s: the same root as mmdebstrap's", (suite) => {
  let place: Place;
  beforeAll(() => {
    place = openPlace("fidelity");
  });
  afterAll(() => place[Symbol.dispose]());

  test.for(sets)("$name", { timeout: 300_000 }, async (set) => {
    const root = readTar(await realizeSet(place, suite, set));
    using reference = referenceOf(place, suite, set);
    expect(installed(root)).toEqual(installed(reference));
    const judgement = judge(root, reference, exceptions, suite);
    for (const exception of judgement.used) used.add(exception);
    expect(judgement.wrong).toEqual([]);
  });

  test("an incremental root is the one from an empty store", { timeout: 300_000 }, async () => {
    using empty = openPlace("fidelity-empty");
    const set = sets.find(({ name }) => name === "together") ?? { name: "", packages: [] };
    const lock = `${set.name}-${suite}.lock`;
    copyFileSync(join(place.folder, lock), join(empty.folder, lock));
    const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
    expect(digest(await realizeSet(empty, suite, set))).toBe(digest(await realizeSet(place, suite, set)));
  });
});

test("no exception is left over", () => {
  expect(
    exceptions.filter((exception) => !used.has(exception)).map(({ path, allows }) => `${path} ${allows}`),
  ).toEqual([]);
});
