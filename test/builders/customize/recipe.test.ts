// The plan: which manifests ask for anything, what of them is in a key, and what is refused before any root is there.

import { describe, expect, test } from "vitest";
import {
  customizeDerivation,
  customizeParameters,
  needsCustomizing,
  readCustomizeParameters,
} from "../../../builders/customize/recipe.ts";
import { distroKind } from "../../../builders/distro/schema.ts";
import { requireDeb } from "../../../builders/distro/source.ts";
import { type ImageManifest, imageKind } from "../../../builders/image/schema.ts";
import { type Content, contentOf } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { faultOf, nothing } from "./rig.ts";

const distro = requireDeb(
  distroKind.schema.parse({
    kind: "distro",
    name: "debian/trixie",
    format: "deb",
    architectures: ["amd64"],
    repositories: [
      { name: "main", uri: "https://example.org/debian", suites: ["trixie"], signedBy: "./keys/main.asc" },
      {
        name: "security",
        uri: "https://example.org/security",
        suites: ["trixie-security"],
        signedBy: "./keys/security.asc",
      },
    ],
  }),
);

const image = (asked: object = {}): ImageManifest =>
  imageKind.schema.parse({
    kind: "image",
    name: "edge",
    distro: "debian/trixie",
    outputs: [{ type: "tar" }],
    ...asked,
  });

const target = {
  ...{ architecture: "amd64", epoch: nothing.epoch },
  variables: new Map([["arch", "amd64"]]),
};
const parameters = (asked: object = {}) => customizeParameters(image(asked), distro, target);
const content = (text: string): Content => contentOf("blob", digestOf(text));
const key = { name: "extra", uri: "https://example.org/extra", suites: ["x"], signedBy: "./keys/main.asc" };

function plan(asked: object, locals: Record<string, string> = {}) {
  return customizeDerivation({
    label: "edge customized",
    root: { content: contentOf("tree", digestOf("root")) },
    launcher: { content: contentOf("tree", digestOf("launcher")) },
    parameters: parameters(asked),
    locals: new Map(Object.entries(locals).map(([path, text]) => [path, content(text)])),
    distroLocals: new Map(["./keys/main.asc", "./keys/security.asc"].map((path) => [path, content(path)])),
  });
}

describe("whether anything is to be done", () => {
  const closure = (...names: string[]) => ({ packages: names.map((name) => ({ name })) });
  const needs = (asked: object, ...names: string[]) =>
    needsCustomizing(image(asked), distro, closure(...names));

  test("depends on the manifest", () => {
    expect(needs({})).toBe(false);
    expect(
      needs({ scripts: { preInstall: ["./a.sh"] }, debconf: ["a b/c select d"], packages: ["less"] }),
    ).toBe(false);
    const asking: object[] = [
      { hostname: "a" },
      { locale: "C" },
      { timezone: "UTC" },
      { users: [{ name: "a" }] },
      { groups: [{ name: "a" }] },
      { files: [{ path: "/a", content: "" }] },
      { services: { mask: ["a"] } },
      { networks: [{ match: "en*" }] },
      { kernel: { modules: ["a"] } },
      { kernel: { commandLine: "" } },
      { scripts: { postInstall: ["./a.sh"] } },
      { scripts: { finalize: ["./a.sh"] } },
    ];
    expect(asking.filter((asked) => !needs(asked))).toEqual([]);
  });

  test("and on packages that need more than they bring", () => {
    expect(needs({}, "apt")).toBe(true);
    expect(needs({ repositories: { keep: [] } }, "apt")).toBe(false);
    expect(needs({ repositories: { keep: [] } }, "openssh-server")).toBe(true);
  });
});

describe("the parameters", () => {
  test("of a manifest that asks for nothing hold its repositories alone", () => {
    expect(parameters()).toEqual({
      ...nothing,
      repositories: [
        {
          name: "main",
          uri: "https://example.org/debian",
          suites: ["trixie"],
          components: ["main"],
          key: "distro ./keys/main.asc",
        },
        {
          name: "security",
          uri: "https://example.org/security",
          suites: ["trixie-security"],
          components: ["main"],
          key: "distro ./keys/security.asc",
        },
      ],
    });
  });

  test("survive the way through a request", () => {
    const asked = {
      hostname: "edge",
      users: [{ name: "b", uid: 1000, groups: ["sudo"], expires: "2030-12-31" }, { name: "a" }],
      groups: [{ name: "g", gid: 5 }],
      files: [
        { path: "/a", from: "./a", mode: "0755" },
        { path: "/b", content: "x", owner: "1:1" },
      ],
      services: { enable: ["ssh", "a.timer"] },
      networks: [{ match: "en*", dhcp: true }],
      kernel: { commandLine: "quiet", modules: ["m"] },
      scripts: { postInstall: ["./p"], finalize: ["./f"] },
      repositories: { keep: ["main"], add: [key] },
    };
    const made = parameters(asked);
    expect(readCustomizeParameters(JSON.parse(JSON.stringify(made)))).toEqual(made);
    expect(made.users.map(({ name, expires }) => `${name} ${expires}`)).toEqual(["a undefined", "b 22279"]);
    expect(made.services).toEqual({ enable: ["a.timer", "ssh.service"], disable: [], mask: [] });
    expect(made.scripts).toEqual(["local ./p", "local ./f"]);
    expect(made.repositories.map(({ key }) => key)).toEqual([
      "distro ./keys/main.asc",
      "local ./keys/main.asc",
    ]);
  });

  test("are the same whatever the order of accounts and units", () => {
    const users = [{ name: "a", groups: ["x", "y"] }, { name: "b" }];
    const turned = [{ name: "b" }, { name: "a", groups: ["y", "x", "y"] }];
    expect(parameters({ users: turned, services: { mask: ["b", "a.service"] } })).toEqual(
      parameters({ users, services: { mask: ["a", "b.service", "a"] } }),
    );
  });
});

describe("the derivation", () => {
  test("takes each local file from the manifest that names it", () => {
    const { inputs, outputs, system } = plan(
      { files: [{ path: "/a", from: "./a" }], repositories: { keep: ["main"], add: [key] } },
      { "./a": "a", "./keys/main.asc": "the image's own" },
    );
    expect(Object.keys(inputs).sort()).toEqual([
      "distro ./keys/main.asc",
      "launcher",
      "local ./a",
      "local ./keys/main.asc",
      "root",
    ]);
    expect(inputs["local ./keys/main.asc"]).toEqual({ content: content("the image's own") });
    expect(inputs["distro ./keys/main.asc"]).toEqual({ content: content("./keys/main.asc") });
    expect([outputs, system]).toEqual([["root"], "amd64"]);
  });

  test("does not change with what it does not use", () => {
    const bare = plan({}).digest;
    expect(
      plan({ description: "x", packages: ["less"], debconf: ["a b/c note"], vars: { A: 1 } }).digest,
    ).toBe(bare);
    expect(plan({ scripts: { preInstall: ["./a"] } }, { "./a": "a" }).digest).toBe(bare);
    expect(plan({ hostname: "edge" }).digest).not.toBe(bare);
    const [plain, filled] = [false, true].map((template) =>
      parameters({ files: [{ path: "/etc/motd", from: "./motd", template }] }),
    );
    expect(plain).not.toHaveProperty("variables");
    expect(filled).toMatchObject({ variables: { arch: "amd64" }, files: [{ template: true }] });
  });

  test("has a key that only a new version may change", () => {
    expect(plan({ hostname: "edge", users: [{ name: "admin" }], services: { enable: ["ssh"] } }).digest).toBe(
      "blake3-3a21fe91a6a639b78ed89bde0e1a471c3dc5e7ee42a75215a48467d5967c5e87",
    );
  });
});

describe("faults", () => {
  const cases: Record<string, [object, string]> = {
    "an unknown repository": [
      { repositories: { keep: ["backports"] } },
      "manifest/unknown-repository: repositories.keep: debian/trixie has no repository backports (it has main, security)",
    ],
    "a repository twice": [
      { repositories: { add: [{ ...key, name: "main" }] } },
      "manifest/duplicate-repository: repositories.add: debian/trixie has a repository main already (give it another name, or leave the distribution's out of `keep`)",
    ],
    "a unit that is enabled and masked": [
      { services: { enable: ["ssh"], mask: ["ssh.service"] } },
      "manifest/contradiction: services: ssh.service is to be enabled and masked (leave it in one of the lists)",
    ],
    "a home with a colon": [
      { users: [{ name: "a", home: "/a:b" }] },
      "manifest/bad-account: the user a cannot have /a:b: a colon ends a field of /etc/passwd",
    ],
    "a day no month has": [
      { users: [{ name: "a", expires: "2030-02-30" }] },
      "manifest/bad-date: there is no 2030-02-30 (a day is written like 2030-12-31)",
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [asked, expected]) => {
    expect(faultOf(() => parameters(asked))).toBe(expected);
  });
});
