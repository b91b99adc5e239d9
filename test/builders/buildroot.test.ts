// What the root of a build is asked to hold: as ever where it is built by its own programs, as apt's build-dep has it for
// another architecture where it is crossed.

import { describe, expect, it } from "vitest";
import { type BuildRootWish, planBuildRoot } from "../../builders/buildroot/root.ts";
import { type DebDistro, distroKind } from "../../builders/distro/schema.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import type { ClosureQuestion } from "../../evaluator/question.ts";
import { contentOf } from "../../store/model/derivation.ts";
import { digestOf } from "../../store/model/digest.ts";

const distro = (more: object = {}) =>
  distroKind.schema.parse({
    ...{ kind: "distro", name: "small", format: "deb", architectures: ["amd64", "arm64"], build: ["gcc"] },
    repositories: [
      {
        name: "main",
        uri: "https://example.org/debian",
        suites: ["x"],
        components: ["main"],
        signedBy: "./x.asc",
      },
    ],
    ...more,
  }) as DebDistro;

const launcher = { content: contentOf("tree", digestOf("launcher")) };

/** The questions that planning a root asks; nobody answers. */
function questions(wish: Partial<BuildRootWish>): ClosureQuestion[] {
  const asked: ClosureQuestion[] = [];
  const planning: Pick<Planning, "closure"> = {
    closure(question) {
      asked.push(question);
      return undefined;
    },
  };
  planBuildRoot(planning as Planning, {
    ...{ distro: distro(), architecture: "arm64", launcher, name: "x", profiles: [], more: [], locals: [] },
    toolchain: { packages: [], asked: [] },
    source: {
      Source: "x",
      "Build-Depends":
        "libz-dev, tool [arm64], other [amd64], native:native, helper <cross>, docs <!nocheck>",
      "Rules-Requires-Root": "no",
    },
    ...wish,
  });
  return asked;
}

const needsOf = ([joint]: readonly ClosureQuestion[]) =>
  joint?.locals.find(({ Package }) => Package === "x-build-dependencies");

describe("a root whose build is emulated", () => {
  it("is of the target's architecture alone", () => {
    const asked = questions({});
    expect(asked.map(({ source }) => [source.architecture, source.foreign])).toEqual([
      ["arm64", undefined],
      ["arm64", undefined],
    ]);
    expect(needsOf(asked)).toMatchObject({
      Architecture: "all",
      Depends: "libz-dev, tool, native:native, docs",
    });
  });
});

describe("a root whose build is crossed", () => {
  const crossed = { crossedOn: "amd64", profiles: ["cross", "nocheck"] } as const;

  it("is of the machine's, with the target's beside it; its base knows of no target", () => {
    const [joint, base] = questions(crossed);
    expect([joint?.source.architecture, joint?.source.foreign]).toEqual(["amd64", ["arm64"]]);
    expect([base?.source.architecture, base?.source.foreign, base?.requests]).toEqual([
      "amd64",
      undefined,
      ["gcc"],
    ]);
  });

  it("is needed by a package of the target's, with its restrictions and profiles", () => {
    expect(needsOf(questions(crossed))).toMatchObject({
      Architecture: "arm64",
      Depends: "libz-dev, tool, native:native, helper",
    });
  });

  it("has the toolchain that is usual, or the distribution's", () => {
    const [usual] = questions(crossed);
    expect(usual?.requests).toEqual([
      "crossbuild-essential-arm64",
      "gcc",
      "libc6-dev:arm64",
      "libstdc++6:arm64",
      "x-build-dependencies",
    ]);
    const [own] = questions({ ...crossed, distro: distro({ cross: ["gcc-aarch64-linux-gnu"] }) });
    expect(own?.requests).toEqual(["gcc", "gcc-aarch64-linux-gnu", "x-build-dependencies"]);
  });

  it("takes what manifests make for all architectures as the machine's, and the rest as the target's", () => {
    const made = (name: string, architecture: string) => ({
      stanza: { Package: name, Version: "1", Architecture: architecture },
      archive: launcher,
      label: name,
    });
    const locals = [made("scripts", "all"), made("library", "arm64")];
    const needs = needsOf(questions({ ...crossed, locals, more: ["scripts", "library"] }));
    expect(needs?.["Depends"]).toMatch(/, scripts:native, library$/);
  });
});

describe("a root with packages that kit makes", () => {
  const made = (name: string) => ({
    stanza: { Package: name, Version: "1", Architecture: "all" },
    archive: launcher,
    label: name,
  });

  it("takes them before the archive's, newer or not; its base only tools that were built for it", () => {
    const [joint, base] = questions({ locals: [made("x")] });
    expect([joint?.source.search, base?.source.search]).toEqual([["local", "repositories"], undefined]);
    const toolchain = { packages: [made("make"), made("make-doc")], asked: ["make=1"] };
    const [all, below] = questions({ toolchain });
    for (const question of [all, below]) {
      expect(question?.source.search).toEqual(["local", "repositories"]);
      expect(question?.requests).toContain("make=1");
      expect(question?.requests).not.toContain("make-doc");
    }
    expect(below?.locals.map(({ Package }) => Package)).toEqual(["make", "make-doc"]);
  });

  it("does so in the order that the distribution says, where it says one", () => {
    const [joint] = questions({
      locals: [made("x")],
      distro: distro({ search: ["repositories", "local"] }),
    });
    expect(joint?.source.search).toEqual(["repositories", "local"]);
  });
});
