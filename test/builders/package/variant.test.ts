// Variants of packages' manifests, of each builder: what they lay over the rest, whom and what they name, and where.

import { expect, test } from "vitest";
import { distroKind } from "../../../builders/distro/schema.ts";
import { packageReferences } from "../../../builders/package/local.ts";
import { packageKind } from "../../../builders/package/schema.ts";
import { choosable } from "../../../builders/packages/plan.ts";
import { assemble } from "../../../evaluator/manifest/assemble.ts";
import type { Assembled, Assembly } from "../../../evaluator/manifest/assembly.ts";
import { settle } from "../../../evaluator/manifest/settle.ts";
import type { BuildType } from "../../../store/model/derivation.ts";
import { faultsFrom, lineOf } from "../../evaluator/manifest/rig.ts";

/** Whatever it names is there. */
function assembled(text: string): Promise<Assembly> {
  return assemble("/m/root.yaml", {
    kinds: [packageKind, distroKind],
    read: async (file) =>
      file === "/m/root.yaml"
        ? text
        : `kind: package\nname: ${file.replace(/.*\/|\.yaml/g, "")}\nversion: '1'\nbuilder: deb-files\n`,
    has: () => true,
    list: () => undefined,
    shipped: "/shipped",
  });
}

async function packageOf(lines: string): Promise<{ assembly: Assembly; root: Assembled }> {
  const assembly = await assembled(`kind: package\nname: thing\n${lines}`);
  const root = assembly.manifests.get("/m/root.yaml");
  if (root === undefined) throw new Error("no root");
  return { assembly, root };
}

const as = (root: Assembled, buildType: BuildType) =>
  settle(root, packageKind, { arch: "amd64", buildType, distro: "debian/trixie" });

const dir = "sources: [{dir: ./src}]\n";
const url = (end: string, digit: string) =>
  `sources: [{url: "https://example.org/${end}", sha256: ${digit.repeat(64)}}]`;

test.each([
  [
    "deb-source",
    `${dir}patches: [./a.patch, ./b.patch]\nbuildDependencies: [gcc]\nenvironment: {A: "1", B: "1"}\ndpkg: {profiles: [nodoc], options: [terse]}\n`,
    'patches: [./c.patch], buildDependencies: [], environment: {B: "2", C: "2"}, dpkg: {options: [abigail]}',
    {
      patches: ["./c.patch"],
      buildDependencies: [],
      environment: { A: "1", B: "2", C: "2" },
      dpkg: { profiles: ["nodoc"], options: ["abigail"] },
    },
  ],
  [
    "rpm",
    'buildDependencies: [gcc]\nenvironment: {A: "1"}\nrpm: {spec: ./a.spec, macros: {dist: .kit1, with_x: "1"}}\n',
    'buildDependencies: ["pkgconfig(zlib)"], environment: {B: "2"}, rpm: {macros: {with_x: "2"}}',
    {
      buildDependencies: ["pkgconfig(zlib)"],
      environment: { A: "1", B: "2" },
      rpm: { spec: "./a.spec", macros: { dist: ".kit1", with_x: "2" }, debian: {} },
    },
  ],
  [
    "deb-files",
    "version: '1'\ndependencies: [libc6]\nfiles: [{path: /a, content: a}]\ndeb: {section: admin, provides: [x1], scripts: {postinst: ./post}}\n",
    "dependencies: [gdb], files: [{path: /b, content: b}], deb: {depends: [strace], scripts: {prerm: ./pre}}",
    {
      dependencies: ["gdb"],
      files: [{ path: "/b", content: "b", conffile: false, template: false }],
      deb: {
        ...{ section: "admin", priority: "optional", provides: ["x1"], depends: ["strace"] },
        scripts: { postinst: "./post", prerm: "./pre" },
      },
    },
  ],
  ["deb-prebuilt", `${dir.replace("dir: ./src", "file: ./a.deb")}`, url("b.deb", "b"), undefined],
  ["rpm-prebuilt", `${dir.replace("dir: ./src", "file: ./a.rpm")}`, url("b.rpm", "b"), undefined],
  [
    "cmake",
    `${dir}patches: [./a.patch]\nbuildDependencies: [gcc]\ncmake: {directory: sub, defines: {A: "1", B: "1"}}\n`,
    'buildDependencies: [gdb], cmake: {defines: {B: "2"}}',
    {
      patches: ["./a.patch"],
      buildDependencies: ["gdb"],
      cmake: { directory: "sub", defines: { A: "1", B: "2" } },
    },
  ],
  [
    "make",
    `${dir}make: {targets: [all], variables: {A: 1}}\n`,
    "patches: [./a.patch], make: {variables: {B: 2}}",
    { patches: ["./a.patch"], make: { targets: ["all"], install: ["install"], variables: { A: 1, B: 2 } } },
  ],
])(
  "%s: variables and options are added, lists replaced, for its build type alone",
  async (builder, rest, variant, laid) => {
    const lines = `builder: ${builder}\n${rest}`;
    const { root } = await packageOf(`${lines}variants: {debug: {${variant}}}\n`);
    const { manifest: plain } = as((await packageOf(lines)).root, "debug");
    const { variants: _, ...release } = as(root, "release").manifest;
    const { variants: __, ...debug } = as(root, "debug").manifest;
    expect({ ...release, variants: {} }).toEqual(plain);
    const expected = laid ?? {
      sources: [
        { url: expect.stringContaining("https://example.org/b."), sha256: "b".repeat(64), mirrors: [] },
      ],
    };
    expect(debug).toMatchObject(expected);
    // And nothing else is another.
    expect({ ...debug, ...pick(plain, Object.keys(expected)), variants: {} }).toEqual(plain);
  },
);

function pick(manifest: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(manifest).filter(([key]) => keys.includes(key)));
}

test("names manifests and local files of its own", async () => {
  const { assembly, root } = await packageOf(
    `builder: deb-source\n${dir}patches: [./a.patch]\nbuildDependencies: [./one.yaml, ./two.yaml]\nvariants: {debug: {patches: [./b.patch], buildDependencies: [gdb, ./three.yaml]}, release: {buildDependencies: []}}\n`,
  );
  expect([...assembly.manifests.keys()]).toEqual([
    "/m/root.yaml",
    "/m/one.yaml",
    "/m/two.yaml",
    "/m/three.yaml",
  ]);
  const named = (type: BuildType) =>
    packageReferences(assembly, root.file, type, "buildDependencies").map(({ file }) => file);
  expect([named("debug"), named("release")]).toEqual([["/m/three.yaml"], []]);
  // Of every build type: a bundle of the manifest holds them all.
  expect(as(root, "release").locals.map(({ at }) => at)).toEqual(["/m/src", "/m/a.patch", "/m/b.patch"]);
  const needs = (type: BuildType) =>
    choosable(assembly, [root.file], { buildType: type }).map(({ name }) => name);
  expect([needs("debug"), needs("release")]).toEqual([["three", "thing"], ["thing"]]);
});

test("takes files of packages and folders, as the rest does", async () => {
  const { assembly, root } = await packageOf(
    "builder: deb-files\nversion: '1'\nfiles: [{path: /a, from: ./one.yaml, subpath: /}]\nvariants: {debug: {files: [{path: /b, from: ./folder}, {path: /a, from: ./two.yaml, subpath: /bin}], deb: {units: [./a.service]}}}\n",
  );
  const named = (type: BuildType) =>
    packageReferences(assembly, root.file, type, "files").map(({ to }) => to);
  expect([named("debug"), named("release")]).toEqual([["./two.yaml"], ["./one.yaml"]]);
  expect(as(root, "debug").locals.map(({ file }) => file)).toEqual(["./folder", "./a.service"]);
});

test("is where its values are written; what both add to is in the rest", async () => {
  const { root } = await packageOf(
    'builder: rpm\nbuildDependencies: [gcc]\nrpm: {spec: ./a.spec}\nvariants:\n  debug:\n    buildDependencies: [gcc, gdb]\n    rpm: {macros: {with_x: "1"}}\n',
  );
  const at = (type: BuildType, ...path: (string | number)[]) => {
    const { line, column } = as(root, type).place(path);
    return [line, column];
  };
  expect(at("debug", "buildDependencies", 1)).toEqual([8, 30]);
  expect(at("release", "buildDependencies", 0)).toEqual([4, 21]);
  expect(at("debug", "rpm", "macros", "with_x")).toEqual([9, 28]);
  expect(at("debug", "rpm", "spec")).toEqual([5, 13]);
  expect(at("debug", "rpm")).toEqual(at("release", "rpm"));
});

test.each([
  ["deb-source", dir, "sources: [{dir: ./b}]", 'unknown key "sources"'],
  ["deb-source", dir, "dpkg: {options: [parallel=1]}", '"parallel=1" is kit\'s to set'],
  ["rpm", "rpm: {spec: ./a.spec}\n", "rpm: {spec: ./b.spec}", 'unknown key "spec"'],
  ["deb-files", "version: '1'\n", "files: [{path: /a}]", "has neither"],
  ["deb-files", "version: '1'\n", "name: other", 'unknown key "name"'],
  ["cmake", dir, "cmake: {directory: sub}", 'unknown key "directory"'],
])("%s refuses what a variant may not hold: %#", async (builder, rest, variant, message) => {
  const [fault] = await faultsFrom(() =>
    packageOf(`builder: ${builder}\n${rest}variants: {release: {${variant}}}\n`),
  );
  expect(fault && lineOf(fault)).toContain(message);
});
