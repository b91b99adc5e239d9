// The kinds kit has: that manifests as the language's page writes them are taken, and which values are not.

import { describe, expect, test } from "vitest";
import { distroKind } from "../../builders/distro/schema.ts";
import { outputName } from "../../builders/image/output.ts";
import { imageKind } from "../../builders/image/schema.ts";
import { packageKind } from "../../builders/package/schema.ts";
import { type Kind, localsIn } from "../../evaluator/kind.ts";
import { checkManifest } from "../../evaluator/manifest/check.ts";
import { readDocument } from "../../evaluator/manifest/document.ts";
import { bytesOf } from "../../evaluator/manifest/value.ts";

function check<M>(kind: Kind<M>, text: string) {
  const document = readDocument("a.yaml", text);
  return checkManifest(kind.schema, document.value, document);
}

function parse<M>(kind: Kind<M>, text: string): M {
  const { manifest, faults } = check(kind, text);
  if (manifest === undefined) throw new Error(faults?.map(({ message }) => message).join("\n"));
  return manifest;
}

function messages<M>(kind: Kind<M>, text: string): string[] {
  return (check(kind, text).faults ?? []).map(({ message }) => message);
}

const distro = `
kind: distro
name: debian/bookworm
format: deb
architectures: [amd64, arm64]
repositories:
  - name: main
    uri: https://ftp.debian.org/debian
    suites: [bookworm, bookworm-updates]
    components: [main]
    signedBy: ./keys/debian-archive-bookworm.asc
    priority: 500
    snapshot: 20260601T000000Z
  - name: security
    uri: https://mirrors.kernel.org/debian-security
    suites: [bookworm-security]
    components: [main]
    signedBy: ./keys/debian-archive-bookworm-security.asc
search: [local, store, repositories]
pins:
  - {package: "linux-*", from: bookworm-updates, priority: 900}
base: [essential, required, apt]
build: [build-essential]
`;

const debFiles = `
kind: package
name: hello
version: 1.2.0
builder: deb-files
distro: debian/trixie
architectures: [any]
dependencies: [./zlib.yaml, libc6]
description: A long text.
sourceDateEpoch: 1700000000
vars: {greeting: hello}
files:
  - {path: /usr/bin/hello, mode: "0755", content: "#!/bin/sh\\necho hello\\n"}
  - {path: /etc/hello.conf, from: ./hello.conf.tmpl, template: true, conffile: true}
  - {path: /usr/share/hello, from: ./data, owner: "0:0"}
deb: {section: utils, priority: optional, maintainer: "A <a@b.c>", summary: A greeting, depends: [adduser, "libc6 (>= 2.36)", "a1 | b2:any"],
      preDepends: [], provides: ["hi", "hi2 (= 1.0)"], conflicts: [], breaks: ["hello-old (<< 1.0)"], replaces: [],
      scripts: {postinst: ./postinst.sh}, units: [./hello.service], triggers: [interest-noawait /usr/share/hello]}
`;

const image = `
kind: image
name: edge
distro: debian/trixie
architectures: [amd64]
buildType: release
packages: [systemd-sysv, linux-image-cloud-amd64, ./hello.yaml]
exclude: [tzdata]
debconf: ["tzdata tzdata/Areas select Etc"]
hostname: edge
locale: en_US.UTF-8
timezone: Etc/UTC
users:
  - {name: admin, uid: 1000, groups: [sudo], shell: /bin/bash, home: /home/admin, passwordHash: "$y$j9T$abc.DEF/1$xyz", sshKeys: ["ssh-ed25519 AAAAC3Nz a@b"], system: false, expires: never}
groups: [{name: plugdev, gid: 46}]
files: [{path: /etc/motd, content: "hello\\n", mode: "0644", owner: "0:0"}, {path: /opt/app, from: ./app}]
services: {enable: [ssh], disable: [apt-daily.timer], mask: []}
networks: [{match: "en*", dhcp: true}]
repositories: {keep: [main, security], add: []}
kernel: {commandLine: "console=ttyS0 quiet", modules: [virtio_net]}
scripts: {preInstall: [], postInstall: [./post.sh], finalize: []}
outputs:
  - {type: tar, compression: zstd}
  - {type: oci, entrypoint: [/bin/bash], environment: {}, labels: {}}
  - {type: ext4, size: 1GiB, label: root}
  - {type: squashfs}
`;

describe("the page's examples", () => {
  test("a distro", () => {
    const manifest = parse(distroKind, distro);
    expect(manifest.repositories[0]).toMatchObject({ snapshot: "20260601T000000Z", priority: 500 });
    expect(distroKind.references(manifest)).toEqual([]);
    expect(localsIn(manifest, distroKind.locals)).toEqual([
      { path: ["repositories", 0, "signedBy"], file: "./keys/debian-archive-bookworm.asc" },
      { path: ["repositories", 1, "signedBy"], file: "./keys/debian-archive-bookworm-security.asc" },
    ]);
  });

  test("a distro's tiers: written ones in their order, each once; none is not the same as all", () => {
    const search = (text: string) => () =>
      parse(distroKind, distro.replace("search: [local, store, repositories]", text)).search;
    expect(search("search: [repositories, store]")()).toEqual(["repositories", "store"]);
    expect(search("")()).toBeUndefined();
    expect(search("search: [store, local, store]")).toThrow(/is named before/);
    expect(search("search: []")).toThrow(/names no tier/);
    expect(search("search: [upstream]")).toThrow();
  });

  test("a package of files", () => {
    const manifest = parse(packageKind, debFiles);
    expect(packageKind.references(manifest)).toEqual([
      { path: ["distro"], to: "debian/trixie", kind: "distro" },
      { path: ["dependencies", 0], to: "./zlib.yaml", kind: "package" },
    ]);
    expect(localsIn(manifest, packageKind.locals)).toEqual([
      { path: ["files", 1, "from"], file: "./hello.conf.tmpl" },
      { path: ["files", 2, "from"], file: "./data" },
      { path: ["deb", "scripts", "postinst"], file: "./postinst.sh" },
      { path: ["deb", "units", 0], file: "./hello.service" },
    ]);
  });

  test("a prebuilt package", () => {
    const head = "kind: package\nname: hello\nbuilder: deb-prebuilt\n";
    const remote = parse(
      packageKind,
      `${head}sources: [{url: "https://example.org/a.deb", sha256: ${"a".repeat(64)}}]\n`,
    );
    expect(remote).toMatchObject({ sources: [{ mirrors: [] }], dependencies: [], architectures: ["any"] });
    expect(localsIn(remote, packageKind.locals)).toEqual([]);
    const local = parse(packageKind, `${head}sources: [{file: ./hello.deb}]\n`);
    expect(localsIn(local, packageKind.locals)).toEqual([
      { path: ["sources", 0, "file"], file: "./hello.deb" },
    ]);
  });

  test("an image", () => {
    const manifest = parse(imageKind, image);
    expect(imageKind.references(manifest)).toEqual([
      { path: ["distro"], to: "debian/trixie", kind: "distro" },
      { path: ["packages", 2], to: "./hello.yaml", kind: "package" },
    ]);
    expect(localsIn(manifest, imageKind.locals)).toEqual([
      { path: ["files", 1, "from"], file: "./app" },
      { path: ["scripts", "postInstall", 0], file: "./post.sh" },
    ]);
    expect(manifest.outputs.map(outputName)).toEqual(["tar", "oci", "ext4", "squashfs"]);
  });

  test("the least of each", () => {
    expect(parse(imageKind, "kind: image\nname: a\ndistro: debian/trixie\noutputs: [{type: tar}]\n")).toEqual(
      {
        kind: "image",
        name: "a",
        distro: "debian/trixie",
        vars: {},
        buildType: "release",
        packages: [],
        workloads: [],
        exclude: [],
        debconf: [],
        users: [],
        groups: [],
        files: [],
        services: { enable: [], disable: [], mask: [] },
        networks: [],
        repositories: { add: [] },
        kernel: { modules: [] },
        scripts: { preInstall: [], postInstall: [], finalize: [] },
        outputs: [{ type: "tar", compression: "none" }],
      },
    );
    const least = parse(packageKind, 'kind: package\nname: aa\nversion: "1"\nbuilder: deb-files\n');
    expect(least).toMatchObject({
      files: [],
      deb: { section: "misc", priority: "optional", depends: [], scripts: {} },
    });
  });

  test("references are found in manifests with faults too", () => {
    expect(imageKind.references({ distro: 3, packages: ["Bad Name", "./a.yaml", null] } as never)).toEqual([
      { path: ["packages", 1], to: "./a.yaml", kind: "package" },
    ]);
    expect(packageKind.references({} as never)).toEqual([]);
  });
});

// What is refused names itself: the first word of each message is the value, or the path of it.
const start = "kind: image\nname: a\ndistro: debian/trixie\n";
const refusals: Record<
  string,
  readonly (readonly [yaml: string, good: readonly string[], bad: readonly string[]])[]
> = {
  values: [
    [
      "packages: [@]",
      ["less", "g++", "libc6", "0ad", "./a.yaml", "../a/b.yaml"],
      ["Less", "a", "a_b", "-a", "/a.yaml", "a b"],
    ],
    ["exclude: [@]", ["tzdata"], ["./a.yaml", "Tz"]],
    ["distro: @", ["debian/trixie", "./d.yaml", "trixie"], ["Debian", "/d.yaml", "debian//x", "-x"]],
    [
      "hostname: @",
      ["a", "edge-1.example.org", "9a"],
      ["-a", "a-", "a_b", "a..b", `${"a".repeat(64)}`, '""'],
    ],
    ["locale: @", ["C.UTF-8", "en_US.UTF-8", "de_DE@euro", "C"], ["english", "en-US.UTF-8", "EN_us"]],
    [
      "timezone: @",
      ["Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC"],
      ["/Etc/UTC", "../UTC", "Etc/"],
    ],
    ["debconf: [@]", ['"a a/b string x y"', '"a a/b boolean true"'], ['"a a/b"', '"a a/b text2 x"']],
    ["users: [{name: @}]", ["admin", "_apt", "www-data"], ["Admin", "1a", "a.b", "a".repeat(33), "root:x"]],
    ["users: [{name: a, uid: @}]", ["0", "65534"], ["-1", "65535", "1.5", '"0"']],
    ["users: [{name: a, home: @}]", ["/home/a"], ["home/a", "/home/../a", "/home/a/", "/", "/home//a"]],
    [
      "users: [{name: a, passwordHash: @}]",
      ['"!"', '"*"', '"$6$salt$hash./"', '"!$6$salt$hash"'],
      ["secret", '"$6$a:b$c"'],
    ],
    [
      "users: [{name: a, sshKeys: [@]}]",
      ["ssh-rsa AAAA=", "ecdsa-sha2-nistp256 AAAA a b"],
      ["AAAA", "ssh-dss AAAA", '"ssh-rsa AA\\nssh-rsa BB"'],
    ],
    ["users: [{name: a, expires: @}]", ["never", "2030-12-31"], ["2030-13-01", "soon", "2030-1-1"]],
    ["groups: [{name: a, gid: @}]", ["46"], ["70000"]],
    [
      "files: [{path: @, content: x}]",
      ["/etc/motd", "/a b", "/..a/b."],
      ["etc/motd", "/etc/../motd", "/./a", "/a/", "/a//b", '"/a\\nb"', "/.."],
    ],
    ["files: [{path: /a, from: @}]", ["./a", "../a b"], ["a", "/a", '"./a\\0"']],
    [
      "files: [{path: /a, content: x, mode: @}]",
      ['"0644"', '"755"', '"4755"'],
      ['"0o644"', '"999"', '"00644"', "420", "rw"],
    ],
    ["files: [{path: /a, content: x, owner: @}]", ['"0:0"', '"1000:100"'], ["root:root", '"0"', "0"]],
    ["services: {enable: [@]}", ["ssh", "getty@tty1.service", "a-b.timer"], ["a b", "../x", '""']],
    ["networks: [{match: @}]", ['"en*"', "eth0", '"en* wl*"'], ['""', "a/b"]],
    ["kernel: {modules: [@]}", ["virtio_net"], ["virtio.ko", "a b"]],
    ["kernel: {commandLine: @}", ['"console=ttyS0 quiet"'], ['"a\\nb"']],
    ["scripts: {finalize: [@]}", ["./a.sh"], ["a.sh"]],
    ["architectures: [@]", ["amd64", "aarch64"], ["x64", "any"]],
    ["buildType: @", ["debug"], ["Debug", "fast"]],
    ["sourceDateEpoch: @", ["0", "4294967295"], ["-1", "4294967296", "1.5", "2026-01-01"]],
  ],
  outputs: [
    [
      "outputs: [{type: ext4, size: @}]",
      ["1GiB", "512MiB", "4096B"],
      ["1GB", "1.5GiB", "0MiB", "1024", "1 GiB", "fill"],
    ],
    ["outputs: [{type: ext4, label: @}]", ["root"], ["a-label-of-17-chr", "a b", '""']],
    ["outputs: [{type: tar, compression: @}]", ["zstd", "none"], ["gzip", "xz"]],
    ["outputs: [{type: @}]", ["tar", "oci", "ext4", "squashfs"], ["disk", "vfat"]],
    ["outputs: [{type: tar, name: @}]", ["root.tar"], ["../x", "a/b", '""']],
  ],
};

describe.each(Object.entries(refusals))("%s of an image", (group, cases) => {
  test.each(cases)("%s", (yaml, good, bad) => {
    const rest = group === "outputs" ? "" : "outputs: [{type: tar}]\n";
    const head = yaml.startsWith("distro") ? start.replace("distro: debian/trixie\n", "") : start;
    for (const value of good)
      expect(messages(imageKind, `${head}${yaml.replace("@", () => value)}\n${rest}`)).toEqual([]);
    for (const value of bad) {
      const { faults } = check(imageKind, `${head}${yaml.replace("@", () => value)}\n${rest}`);
      expect(
        faults?.map(({ code }) => code),
        value,
      ).toEqual([expect.stringMatching(/^manifest\/(bad-value|wrong-type)$/)]);
      expect(faults?.[0]?.hint, value).toBeTruthy();
    }
  });
});

describe("values of a package", () => {
  const head = "kind: package\nbuilder: deb-files\n";
  test.each([
    ["name: @\nversion: 1.0.0", ["g++", "libstdc++6", "0ad"], ["G", "a", "Hello", "a_b"]],
    ["name: aa\nversion: @", ["1.0.0", '"1:2.3~rc1+deb12u1-1"', '"0"'], ["v1", "1.0_2", '"a:1"', '"1 2"']],
    ["name: aa\nversion: 1.0.0\ndeb: {maintainer: @}", ["A B <a@b.c>"], ["a@b.c", "A <a>", "A <a@b> <c@d>"]],
    ["name: aa\nversion: 1.0.0\ndeb: {section: @}", ["utils", "non-free/net"], ["Utils", "a/b/c"]],
    ["name: aa\nversion: 1.0.0\ndeb: {summary: @}", ["a greeting"], ['""', '"a\\nb"']],
    [
      "name: aa\nversion: 1.0.0\ndeb: {depends: [@]}",
      ["libc6", '"libc6 (>= 2.36)"', '"a1|b2"', "python3:any"],
      ["libc6 >= 2", "libc6 (> 2)", "libc6 (>=)", '"a1, b2"', "./a.yaml"],
    ],
    [
      "name: aa\nversion: 1.0.0\ndeb: {provides: [@]}",
      ["editor", '"editor (= 1)"'],
      ['"editor (>= 1)"', '"a1 | b2"'],
    ],
    [
      "name: aa\nversion: 1.0.0\ndeb: {triggers: [@]}",
      ["interest /usr/lib", "activate-noawait ldconfig"],
      ["interest", "watch /usr"],
    ],
    ["name: aa\nversion: 1.0.0\narchitectures: [@]", ["any", "all", "noarch", "arm64"], ["source", "x64"]],
  ])("%s", (yaml, good, bad) => {
    for (const value of good)
      expect(messages(packageKind, `${head}${yaml.replace("@", () => value)}\n`)).toEqual([]);
    for (const value of bad)
      expect(messages(packageKind, `${head}${yaml.replace("@", () => value)}\n`), value).toHaveLength(1);
  });
});

test.each([
  [
    imageKind,
    `${start}outputs: [{type: tar}, {type: tar}]\n`,
    "outputs[1] has the name of an earlier entry: tar",
  ],
  [imageKind, `${start}outputs: []\n`, "outputs names no output"],
  [
    imageKind,
    `${start}outputs: [{type: tar}]\nfiles: [{path: /a}]\n`,
    "files[0] has neither `content` nor `from`",
  ],
  [
    imageKind,
    `${start}outputs: [{type: tar}]\nfiles: [{path: /a, content: x, from: ./y}]\n`,
    "files[0] has both `content` and `from`",
  ],
  [
    imageKind,
    `${start}outputs: [{type: tar}]\nfiles: [{path: /a, content: x, conffile: true}]\n`,
    'unknown key "conffile" in files[0]',
  ],
  [
    imageKind,
    `${start}outputs: [{type: tar}]\nusers: [{name: a}, {name: a, uid: 7}]\n`,
    "users[1] has the name of an earlier entry: a",
  ],
  [packageKind, "kind: package\nname: aa\nbuilder: ant\n", 'builder cannot be "ant"'],
  [packageKind, "kind: package\nname: aa\n", 'the key "builder" is missing'],
  [packageKind, "kind: package\nname: aa\nbuilder: deb-files\n", 'the key "version" is missing'],
  [
    packageKind,
    'kind: package\nname: aa\nbuilder: deb-files\nversion: "1"\nfiles: [{path: /DEBIAN/postinst, content: x}]\n',
    '"/DEBIAN/postinst" is where a .deb has its control files',
  ],
  [
    packageKind,
    'kind: package\nname: aa\nbuilder: deb-files\nversion: "1"\ndeb: {units: ["./q;touch x;.service"]}\n',
    '"./q;touch x;.service" is called as no unit is',
  ],
  [packageKind, "kind: package\nname: aa\nbuilder: deb-prebuilt\nsources: []\n", "sources must be one .deb"],
  [
    packageKind,
    "kind: package\nname: aa\nbuilder: deb-prebuilt\nsources: [{url: 'ftp://x', sha256: AB}]\n",
    '"ftp://x" is not an address',
  ],
  [distroKind, distro.replace("format: deb", "format: apk"), 'format cannot be "apk"'],
  [distroKind, distro.replace("20260601T000000Z", "2026-06-01"), '"2026-06-01" is not a snapshot\'s date'],
  [
    distroKind,
    distro.replace("name: security", "name: main"),
    "repositories[1] has the name of an earlier entry: main",
  ],
  [distroKind, distro.replace("priority: 900", "priority: 40000"), "40000 is not a priority"],
  [distroKind, distro.replace("priority: 500", "exclude: [Linux]"), '"Linux" is not a package pattern'],
  [
    distroKind,
    'kind: distro\nname: a\nformat: rpm\narchitectures: [x86_64]\nrepositories: [{name: a, uri: "https://a/", unsigned: true, sources: true, exclude: [b]}]\n',
    "repositories[0] holds source packages, of which none can be excluded",
  ],
] as [Kind<unknown>, string, string][])("%o refuses %s", (kind, text, message) => {
  expect(messages(kind, text)[0]).toBe(message);
});

test("sizes are bytes", () => {
  expect(["1B", "2KiB", "512MiB", "1GiB", "3TiB"].map(bytesOf)).toEqual([
    1,
    2048,
    2 ** 29,
    2 ** 30,
    3 * 2 ** 40,
  ]);
  expect(() => bytesOf("1GB")).toThrow(RangeError);
});

test.each([
  "deb-source",
  "rpm\nrpm: {spec: ./a.spec}",
  "cmake",
  "meson",
  "autotools",
  "make",
  "script\nscript: {install: make}",
])("what kit sets in every build is nothing that a manifest of %s sets", (builder) => {
  const written = (line: string) =>
    `kind: package\nname: own\ndistro: debian/trixie\nsources: [{dir: ./own, archive: own.tar}]\nbuilder: ${builder}\n${line}`.replace(
      builder.startsWith("rpm") ? "" : ", archive: own.tar",
      "",
    );
  expect(
    messages(
      packageKind,
      written("environment: {MY_KIT: x, HOMEPAGE: y, DEB_CFLAGS_APPEND: -g, MY_PATH: z}"),
    ),
  ).toEqual([]);
  const dpkgs = ["DEB_BUILD_OPTIONS", "DEB_BUILD_PROFILES", "DEB_HOST_ARCH", "DEB_BUILD_GNU_TYPE"];
  const own = builder === "deb-source" ? dpkgs : builder.startsWith("rpm") ? ["RPM_BUILD_ROOT"] : ["DESTDIR"];
  const always = ["KIT_SECRETS", "KIT_", "HOME", "USER", "LOGNAME", "PATH", "LD_PRELOAD"];
  for (const name of [...always, "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH", ...own]) {
    const said = `${JSON.stringify(name)} is kit's to set`;
    expect(messages(packageKind, written(`environment: {${name}: x}`)).join()).toContain(said);
    const variant = `variants: {debug: {environment: {${name}: x}}}`;
    expect(messages(packageKind, written(variant)).join()).toContain(said);
  }
});
