import { describe, expect, test } from "vitest";
import { withoutChecks } from "../../../builders/rpm/checksection.ts";

const lines = (...all: string[]) => `${all.join("\n")}\n`;

describe("a spec without its checks", () => {
  test("is as it was, where it has none", () => {
    expect(withoutChecks(lines("Name: a", "%build", "make check", "%files"))).toBeUndefined();
    expect(withoutChecks(lines("%build", "true", "%check", "%files"))).toBeUndefined();
  });

  test("keeps all sections around them", () => {
    const spec = (...check: string[]) => lines("%install", "make", "", "%check", ...check, "%files", "/a");
    expect(withoutChecks(spec("make check", "", "%ctest"))).toBe(spec());
    expect(withoutChecks(spec("%if 0%{?fedora}", "make check", "%else", "true", "%endif"))).toBe(spec());
    expect(withoutChecks(lines("%build", "%check -n", "false"))).toBe("%build\n%check -n");
  });

  test("keeps the end of a condition around them, and what follows that", () => {
    const spec = (...check: string[]) =>
      lines("%if %{with tests}", "%check", ...check, "%endif", "", "%gopkgfiles", "%changelog", "- a");
    expect(withoutChecks(spec("%if 1", "make check", "%endif"))).toBe(spec());
    const either = (...check: string[]) =>
      lines("%if 1", "%check", ...check, "%else", "%check", "b", "%endif");
    expect(withoutChecks(either("a"))).toBe(lines("%if 1", "%check", "%else", "%check", "%endif"));
  });

  test("takes no macro that begins alike for a section", () => {
    const spec = lines("%check", "%checks_of_it", "%filesystem", "%prepare", "%build", "make");
    expect(withoutChecks(spec)).toBe(lines("%check", "%build", "make"));
  });
});
