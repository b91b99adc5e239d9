// One derivation of every builder, made by its recipe from fixed inputs.
// Knows recipes; does not know what their keys are.

import { checksDerivation } from "../../builders/checks/recipe.ts";
import { copyDerivation } from "../../builders/copy/recipe.ts";
import { customizeDerivation } from "../../builders/customize/recipe.ts";
import { debFilesDerivation } from "../../builders/deb-files/recipe.ts";
import {
  debAboutDerivation,
  debSourceDerivation,
  debUnpackDerivation,
  dscDerivation,
} from "../../builders/deb-source/recipe.ts";
import { ext4Derivation } from "../../builders/ext4/recipe.ts";
import { fetchDerivation } from "../../builders/fetch/recipe.ts";
import { gitDerivation } from "../../builders/git/recipe.ts";
import { indexDerivation } from "../../builders/index/recipe.ts";
import { ociDerivation } from "../../builders/oci/recipe.ts";
import { debFiles } from "../../builders/package/deb-files.ts";
import { resolveRequest } from "../../builders/realizer/resolve.ts";
import { leftoverDerivation, repackageDerivation } from "../../builders/repackage/recipe.ts";
import { rootfsDerivation } from "../../builders/rootfs/recipe.ts";
import {
  rpmAboutDerivation,
  rpmDerivation,
  rpmRepositoryDerivation,
  rpmRequiresDerivation,
  srpmDerivation,
} from "../../builders/rpm/recipe.ts";
import { rpmrootDerivation } from "../../builders/rpmroot/recipe.ts";
import { archiveDerivation, sourceDerivation } from "../../builders/source/recipe.ts";
import { squashfsDerivation } from "../../builders/squashfs/recipe.ts";
import { sysrootDerivation, treeDerivation } from "../../builders/sysroot/recipe.ts";
import { tarDerivation } from "../../builders/tar/recipe.ts";
import { toolsDerivation } from "../../builders/tools/recipe.ts";
import { unpackDerivation } from "../../builders/unpack/recipe.ts";
import { allDerivations } from "../../evaluator/evaluate.ts";
import {
  type Content,
  contentOf,
  type Derivation,
  type Request,
  type Result,
} from "../../store/model/derivation.ts";
import { type Digest, digestOf, sha256Of } from "../../store/model/digest.ts";

const epoch = 1_000_000_000;
const content = (name: string): Content => contentOf("tree", digestOf(name));
const launcher = { content: content("launcher") };
const tools = { content: content("tools") };

const deb = (name: string, architecture = "amd64") => {
  const label = `${name}_1_${architecture}.deb`;
  const fetch = fetchDerivation(
    label,
    { sha256: sha256Of(name), size: 1234 },
    { archive: "https://example.org/debian", path: `pool/${label}` },
  );
  const file = { derivation: fetch, output: "file" };
  return { key: `${name}:${architecture}`, deb: file, unpacked: unpackDerivation(label, file) };
};

const base = rootfsDerivation({
  label: "base",
  parameters: { architecture: "amd64", epoch, mergedUsr: true, debconf: [], passwd: [], group: [] },
  packages: [deb("dash"), deb("base-files"), deb("tzdata", "all")],
  base: undefined,
  launcher,
});
const root = { derivation: base, output: "root" };

const files = (name: string) => ({ name, files: { content: content(`files ${name}`) } });

const manifest = debFiles.parse({
  kind: "package",
  name: "hello",
  version: "1:2.0-1",
  builder: "deb-files",
  distro: "debian/trixie",
  description: "A greeting.\n\nIt greets.",
  dependencies: ["libc6", "./other.yaml"],
  files: [
    { path: "/usr/bin/hello", mode: "0755", content: "#!/bin/sh\necho hello\n" },
    { path: "/etc/hello.conf", from: "./hello.conf", template: true, conffile: true },
    { path: "/usr/share/hello", from: "./data" },
  ],
  deb: {
    section: "utils",
    maintainer: "A <a@example.org>",
    summary: "A greeting",
    depends: ["adduser"],
    scripts: { postinst: "./postinst" },
    units: ["./hello.service"],
    triggers: ["interest-noawait /usr/share/x"],
  },
});

const srpm = { content: contentOf("blob", digestOf("srpm")) };
const rpmPlan = {
  ...{ architecture: "x86_64", root, launcher },
  parameters: { macros: { dist: ".kit1" }, environment: { CC: "gcc" }, epoch },
};

const rpmBuild = rpmDerivation({ ...rpmPlan, label: "hello-1.0-1", srpm, buildType: "debug" });

/** By builder. */
export const derivations: Readonly<Record<string, Derivation>> = {
  archive: archiveDerivation(
    "hello-1.0.tar.gz",
    { content: contentOf("blob", digestOf("archive")) },
    { tools, launcher },
  ),
  checks: checksDerivation(rpmBuild, "packages", { own: { run: "true" } }),
  copy: copyDerivation("own.deb", { content: contentOf("blob", digestOf("own")) }),
  customize: customizeDerivation({
    label: "customize",
    root,
    launcher,
    parameters: {
      architecture: "amd64",
      epoch,
      hostname: "edge",
      locale: "en_US.UTF-8",
      timezone: "Etc/UTC",
      users: [
        {
          name: "admin",
          uid: 1000,
          groups: ["sudo"],
          shell: "/bin/bash",
          sshKeys: ["ssh-ed25519 AAAA"],
          system: false,
          expires: 20_000,
        },
      ],
      groups: [{ name: "plugdev", gid: 46, system: true }],
      files: [
        { path: "/etc/motd", content: "hello\n", mode: "0644", owner: "0:0" },
        { path: "/opt/app", input: "local ./app" },
      ],
      services: { enable: ["ssh.service"], disable: [], mask: ["apt-daily.timer"] },
      networks: [{ match: "en*", dhcp: true }],
      repositories: [
        {
          name: "main",
          uri: "https://example.org/debian",
          suites: ["trixie"],
          components: ["main"],
          key: "distro ./key.asc",
        },
      ],
      commandLine: "console=ttyS0",
      modules: ["virtio_net"],
      scripts: ["local ./post.sh"],
    },
    locals: new Map([
      ["./app", content("app")],
      ["./post.sh", contentOf("blob", digestOf("post"))],
    ]),
    distroLocals: new Map([["./key.asc", contentOf("blob", digestOf("key"))]]),
  }),
  "deb-about": debAboutDerivation("hello", { content: content("debianised") }),
  "deb-source": debSourceDerivation({
    label: "hello_2.0-1",
    architecture: "amd64",
    buildType: "debug",
    root,
    source: { content: content("debianised") },
    launcher,
    parameters: {
      folder: "hello-2.0",
      epoch,
      profiles: ["nodoc"],
      options: ["nocheck", "noopt", "nostrip"],
      environment: { DEB_CFLAGS_APPEND: "-g3" },
    },
  }),
  "deb-unpack": debUnpackDerivation(
    "hello",
    ["hello_2.0-1.dsc", "hello_2.0.orig.tar.gz"].map((name) => ({
      name,
      input: { content: contentOf("blob", digestOf(name)) },
    })),
    { tools, launcher },
  ),
  "deb-files": debFilesDerivation({
    manifest,
    architecture: "amd64",
    buildType: "release",
    epoch,
    tools,
    launcher,
    locals: new Map(
      ["./hello.conf", "./postinst", "./hello.service"]
        .map((name): [string, Content] => [name, contentOf("blob", digestOf(name))])
        .concat([["./data", content("data")]]),
    ),
    packages: new Map(),
    variables: new Map([
      ["arch", "amd64"],
      ["name", "hello"],
    ]),
  }),
  dsc: dscDerivation(
    "hello_1.0.dsc",
    { content: contentOf("blob", digestOf("dsc")) },
    { content: contentOf("blob", digestOf("keys")) },
  ),
  ext4: ext4Derivation(
    "hello.ext4",
    { root, tools, launcher },
    { file: "hello.ext4", epoch, label: "root", size: 1 << 30 },
  ),
  fetch: fetchDerivation(
    "dash_1_amd64.deb",
    { sha256: sha256Of("dash"), size: 1234 },
    { archive: "https://example.org/debian", path: "pool/dash_1_amd64.deb" },
  ),
  git: gitDerivation(
    "hello 0123456789ab",
    { commit: "0123456789".repeat(4), submodules: true },
    "https://example.org/hello.git",
    { tools, launcher },
  ),
  index: indexDerivation(
    "an index",
    { list: { content: contentOf("blob", digestOf("list")) } },
    { format: "deb", compression: "xz" },
    { plainSize: 12 },
  ),
  oci: ociDerivation("hello.oci", root, {
    architecture: "amd64",
    epoch,
    entrypoint: ["/bin/sh", "-c"],
    environment: { A: "1" },
    labels: { "org.example": "x" },
  }),
  rootfs: rootfsDerivation({
    label: "root",
    parameters: {
      architecture: "amd64",
      epoch,
      mergedUsr: false,
      debconf: ["tzdata tzdata/Areas select Etc"],
      passwd: ["admin:x:1000:1000::/home/admin:/bin/sh"],
      group: ["admin:x:1000:"],
    },
    packages: [deb("nano"), deb("less")],
    base,
    launcher,
  }),
  source: sourceDerivation(
    "hello",
    [
      { into: "", input: { content: content("dir") } },
      { into: "deps/x", input: { content: content("archive") } },
    ],
    [{ name: "./fix.patch", input: { content: contentOf("blob", digestOf("patch")) } }],
    { tools, launcher },
  ),
  squashfs: squashfsDerivation(
    "hello.squashfs",
    { root, tools, launcher },
    { file: "hello.squashfs", epoch },
  ),
  leftover: leftoverDerivation("mini-rpm configuration", root, [
    { content: content("data 1") },
    { content: content("data 2") },
  ]),
  repackage: repackageDerivation({
    label: "bash-5.2-1.x86_64.rpm",
    head: {
      ...{ name: "bash", epoch: "0", version: "5.2", release: "1", architecture: "x86_64" },
      ...{ summary: "A shell", requires: ["libc6 >= 2.38-0"], provides: ["sh"] },
    },
    files: { content: content("data") },
    control: { content: content("control") },
    passwd: { content: contentOf("blob", digestOf("passwd")) },
    group: { content: contentOf("blob", digestOf("group")) },
    ...{ tools, launcher },
  }),
  rpm: rpmBuild,
  "rpm-about": rpmAboutDerivation("hello", [{ name: "hello.rpm", rpm: srpm }]),
  "rpm-repository": rpmRepositoryDerivation("hello", [{ name: "hello.rpm", rpm: srpm }], { tools, launcher }),
  "rpm-requires": rpmRequiresDerivation({ ...rpmPlan, label: "hello", srpm }),
  rpmroot: rpmrootDerivation({
    ...{ label: "root", architecture: "x86_64", epoch, tools, launcher, base: undefined },
    packages: [
      { key: "hello-1.0-1.x86_64", rpm: srpm },
      { key: "bash-5.2-1.x86_64", rpm: srpm },
    ],
  }),
  srpm: srpmDerivation({
    ...{ ...rpmPlan, label: "hello.src.rpm" },
    spec: { name: "hello.spec", input: { content: contentOf("blob", digestOf("spec")) } },
    sources: [{ name: "hello-1.0.tar", input: { content: content("source") } }],
  }),
  sysroot: sysrootDerivation("app", [files("units"), files("track")], "amd64"),
  tar: tarDerivation("hello.tar", root, { file: "hello.tar", epoch, compression: "none" }),
  tools: toolsDerivation("tools dpkg", "amd64", [deb("dpkg"), deb("dash")]),
  tree: treeDerivation({
    ...{ label: "track_1", architecture: "amd64", buildType: "debug", root, launcher },
    source: { content: content("source") },
    sysroot: { derivation: sysrootDerivation("track", [files("units")], "amd64"), output: "root" },
    parameters: {
      steps: { builder: "cmake", defines: { BUILD_SHARED_LIBS: "ON" } },
      directory: ".",
      environment: { CXXFLAGS: "-Wall" },
      epoch,
    },
  }),
  unpack: deb("dash").unpacked,
};

/** The request of a derivation, as if everything it needs had become what its digest says. */
export function requestOf(derivation: Derivation): Request {
  const results = new Map<Digest, Result>();
  for (const { digest, outputs } of allDerivations([{ derivation }])) {
    const made = Object.fromEntries(
      outputs.map((name) => [name, contentOf("tree", digestOf(`${digest} ${name}`))]),
    );
    results.set(digest, { format: "kit/result/1", request: digest, outputs: made, references: [] });
  }
  const request = resolveRequest(derivation, results);
  if (request === undefined) throw new Error(`${derivation.label} has no request`);
  return request;
}
