// The smallest root of each suite is the one mmdebstrap makes.
// Makes both, with real packages from a real mirror; larger sets are in sets.long.test.ts.

import { expect, test } from "vitest";
import { openPlace } from "../e2e/place.ts";
import { readTar } from "../rig/tar.ts";
import { exceptions } from "./exceptions.ts";
import { judge } from "./judge.ts";
import type { Suite } from "./reference.ts";
import { installed, realizeSet, referenceOf } from "./root.ts";

test.for<Suite>(["trixie", "bookworm"])("minbase of %s", { timeout: 240_000 }, async (suite) => {
  using place = openPlace("fidelity");
  const set = { name: "minbase", packages: [] };
  const root = readTar(await realizeSet(place, suite, set));
  using reference = referenceOf(place, suite, set);
  expect(installed(root)).toEqual(installed(reference));
  expect(judge(root, reference, exceptions, suite).wrong).toEqual([]);
});
