// What building a source takes, where packages are rpms.

import { expect, test } from "vitest";
import { parseStanza } from "../../../evaluator/deb/stanza.ts";
import { rpmSupply } from "../../../evaluator/view/rpms.ts";
import { rpm, universeOf } from "../rpm/repository.ts";

test("a build that cannot be had is told as one, not as a package by a name of kit's own", () => {
  const supply = rpmSupply(universeOf([rpm("cc")]), [], []);
  const source = parseStanza("Package: make\nVersion: 1-1\nArchitecture: src\nRequires: cc\n nowhere >= 2\n");
  expect(supply.build(source, "arch").choose(["cc"])).toEqual({
    ok: false,
    explanation: [
      "building make 1-1 is wanted",
      "building make 1-1 needs nowhere >= 2, which nothing satisfies: nothing provides nowhere",
    ],
    hint: "add a repository that has nowhere >= 2",
  });
});
