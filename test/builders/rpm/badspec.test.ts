// Why a spec is not packed, by rpmbuild's own words.

import { expect, test } from "vitest";
import { badSpec } from "../../../builders/rpm/badspec.ts";
import { Fault } from "../../../store/model/fault.ts";

const cause = new Fault("build/failed", "rpmbuild ended with status 1");
const told = (...said: readonly string[]) => {
  const { code, message } = badSpec("it.spec", said, cause);
  return [code, message];
};

test("a line that rpm cannot read is told with its number; what it does not say is not made up", () => {
  expect(told("warning: x", "error: line 7: Unknown tag: Nonsense")).toEqual([
    "manifest/bad-spec",
    "it.spec: line 7: Unknown tag: Nonsense",
  ]);
  expect(told("error: /build/rpm/SPECS/it.spec: line 11: Unclosed %if", "error: query failed")).toEqual([
    "manifest/bad-spec",
    "it.spec: line 11: Unclosed %if",
  ]);
  expect(told("error: something else")).toEqual(["manifest/bad-spec", "it.spec: rpmbuild cannot read it"]);
});

test("a source or a patch that is not there is told by its name, each once", () => {
  expect(
    told(
      "error: Bad file: /build/rpm/SOURCES/missing.c: No such file or directory",
      "error: Bad file: /build/rpm/SOURCES/one.patch: No such file or directory",
      "error: Bad file: /build/rpm/SOURCES/missing.c: No such file or directory",
    ),
  ).toEqual([
    "manifest/missing-source",
    "it.spec names missing.c, one.patch, which the manifest does not bring",
  ]);
});
