// Manifests that are wrong: each is refused with its code, its place and a word about what to do, before anything is done.
// Network-free: none of them gets as far as a lock.

import { describe, expect, test } from "vitest";
import { kit } from "./kit.ts";
import { openPlace } from "./place.ts";
import { refuses } from "./refusal.ts";

const image = (more = "", packages = "[]") => `kind: image
name: wrong
distro: debian/trixie
architectures: [amd64]
packages: ${packages}
${more}outputs:
  - {type: tar}
`;
const local = (name: string, more = "") => `kind: package
name: ${name}
version: "1.0"
builder: deb-files
architectures: [all]
${more}`;

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
  readonly status: number;
  readonly codes: readonly string[];
  readonly says: readonly string[];
  readonly places?: readonly string[];
  /** Its packages can be chosen, and are. */
  readonly keepsLock?: boolean;
}

const cases: readonly Case[] = [
  {
    name: "an unknown key",
    files: { "image.yaml": image("hostnam: x\n") },
    status: 3,
    codes: ["manifest/unknown-key"],
    says: ["hostnam", "hostname"],
    places: ["image.yaml:6"],
  },
  {
    name: "a wrong type",
    files: { "image.yaml": image("hostname: [x]\n") },
    status: 3,
    codes: ["manifest/wrong-type"],
    says: ["hostname"],
    places: ["image.yaml:6"],
  },
  {
    name: "several faults in several files, all at once",
    files: {
      "image.yaml": image("hostnam: x\nexclude: tzdata\n", "[./p.yaml]"),
      "p.yaml": local("pp", "fils: []\n"),
    },
    status: 3,
    codes: ["manifest/unknown-key", "manifest/wrong-type"],
    says: ["hostnam", "exclude", "fils"],
    places: ["image.yaml:6", "image.yaml:7", "p.yaml:6"],
  },
  {
    name: "no YAML",
    files: { "image.yaml": "kind: image\nname: [wrong\n" },
    status: 3,
    codes: ["manifest/syntax"],
    says: ["]"],
  },
  {
    name: "an empty manifest",
    files: { "image.yaml": "" },
    status: 3,
    codes: ["manifest/wrong-type"],
    says: ["kind"],
  },
  {
    name: "a manifest that is not there",
    files: {},
    status: 3,
    codes: ["manifest/missing-file"],
    says: ["image.yaml"],
  },
  {
    name: "a package manifest that is not there",
    files: { "image.yaml": image("", "[./gone.yaml]") },
    status: 3,
    codes: ["manifest/missing-file"],
    says: ["gone.yaml"],
    places: ["image.yaml:5"],
  },
  {
    name: "local files that are not there, all at once",
    files: {
      "image.yaml": image("files: [{path: /etc/a, from: ./gone}]\n", "[./p.yaml]"),
      "p.yaml": local("pp", "files: [{path: /etc/b, from: ./lost}]\n"),
    },
    status: 3,
    codes: ["manifest/missing-file"],
    says: ["./gone", "./lost"],
    places: ["image.yaml:6", "p.yaml:6"],
  },
  {
    name: "a distribution nobody knows",
    files: { "image.yaml": image().replace("debian/trixie", "debian/trixy") },
    status: 3,
    codes: ["manifest/missing-file"],
    says: ["debian/trixy"],
    places: ["image.yaml:3"],
  },
  {
    name: "a kind that cannot be built",
    files: { "image.yaml": "kind: tools\nname: x\ndistros: [debian/trixie]\npackages: [dash]\n" },
    status: 2,
    codes: ["usage/not-realizable"],
    says: ["image"],
  },
  {
    name: "an architecture the distro is not there for",
    files: { "image.yaml": image().replace("[amd64]", "[riscv64]") },
    status: 3,
    codes: ["manifest/unsupported-architecture"],
    says: ["riscv64"],
    places: ["image.yaml:4"],
  },
  {
    name: "an architecture the image is not made for",
    files: { "image.yaml": image() },
    argv: ["--arch", "arm64"],
    status: 3,
    codes: ["manifest/unsupported-architecture"],
    says: ["arm64", "amd64"],
    places: ["image.yaml:4"],
  },
  {
    name: "a package that is not made for the image's architecture",
    files: { "image.yaml": image("", "[./p.yaml]"), "p.yaml": local("pp").replace("[all]", "[arm64]") },
    status: 3,
    codes: ["manifest/unsupported-architecture"],
    says: ["amd64", "arm64"],
    places: ["p.yaml:5"],
  },
  {
    name: "packages that need one another in a circle",
    files: {
      "image.yaml": image("", "[./a.yaml]"),
      "a.yaml": local("a1", "dependencies: [./b.yaml]\n"),
      "b.yaml": local("b1", "dependencies: [./a.yaml]\n"),
    },
    status: 3,
    codes: ["manifest/cycle"],
    says: ["a1 → b1 → a1"],
    places: ["a.yaml:6"],
  },
  {
    name: "two manifests that make a package of one name",
    files: {
      "image.yaml": image("", "[./a.yaml, ./b.yaml]"),
      "a.yaml": local("same"),
      "b.yaml": local("same"),
    },
    status: 3,
    codes: ["manifest/name-clash"],
    says: ["same"],
    places: ["b.yaml:2"],
  },
  {
    name: "a variable nobody set",
    files: { "image.yaml": image("hostname: ${nothing}\n") },
    status: 3,
    codes: ["manifest/unknown-variable"],
    says: ["nothing"],
    places: ["image.yaml:6"],
  },
  {
    name: "a template with a variable nobody set",
    files: {
      "image.yaml": image("files: [{path: /etc/hat, from: ./hat.txt, template: true}]\n"),
      "hat.txt": "one\n${hats}\n",
    },
    status: 3,
    codes: ["manifest/unknown-variable"],
    says: ["hats"],
    places: ["hat.txt:2"],
    keepsLock: true,
  },
  {
    name: "a path that climbs out of the root",
    files: { "image.yaml": image('files: [{path: /etc/../../x, content: ""}]\n') },
    status: 3,
    codes: ["manifest/bad-value"],
    says: ["/etc/../../x"],
  },
];

describe("a manifest is refused", () => {
  test.for(cases)(
    "for $name",
    async ({ files, argv = [], status, codes, says, places, keepsLock = false }) => {
      using place = openPlace("manifest");
      place.write(files);
      const { text, places: told } = await refuses(
        ["realize", "image.yaml", ...argv],
        { cwd: place.folder, store: place.store, keepsLock },
        status,
        ...codes,
      );
      for (const word of says) expect(text).toContain(word);
      if (places !== undefined) expect([...told].sort()).toEqual(places);
    },
  );
});

describe("a command line is refused", () => {
  const lines: [string, string[], string][] = [
    ["an unknown command", ["realise", "image.yaml"], "usage/unknown-command"],
    ["an unknown option", ["realize", "image.yaml", "--ouput", "tar"], "usage/unknown-option"],
    ["no manifest", ["realize"], "usage/arguments"],
    ["a build type there is not", ["realize", "image.yaml", "--build-type", "fast"], "usage/bad-option"],
    ["no number of jobs", ["realize", "image.yaml", "--jobs", "many"], "usage/bad-setting"],
  ];
  test.for(lines)("for %s", async ([, argv, code]) => {
    using place = openPlace("usage");
    place.write({ "image.yaml": image() });
    await refuses(argv, { cwd: place.folder, store: place.store }, 2, code);
  });

  test("for a mirror that is none, naming the variable", async () => {
    using place = openPlace("usage");
    place.write({ "image.yaml": image() });
    const { text } = await refuses(
      ["realize", "image.yaml"],
      { cwd: place.folder, store: place.store, env: { KIT_MIRRORS: "nowhere" } },
      2,
      "usage/bad-mirror",
    );
    expect(text).toContain("KIT_MIRRORS");
  });
});

test("a person reads where, what, the line itself, what to try, code and status", async () => {
  using place = openPlace("words");
  place.write({ "image.yaml": image("hostnam: x\n") });
  const { stderr, stdout, status } = await kit(["realize", "image.yaml"], {
    cwd: place.folder,
    store: place.store,
  });
  expect([status, stdout]).toEqual([3, ""]);
  expect(stderr).toMatch(/^error: .*image\.yaml:6:1 .*hostnam/);
  expect(stderr).toContain("    hostnam: x\n    ~~~~~~~\n");
  expect(stderr).toContain("hint: ");
  expect(stderr).toContain("[manifest/unknown-key, exit 3]");
});
