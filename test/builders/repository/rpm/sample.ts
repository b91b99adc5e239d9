// A real repository: packages by rpmbuild, metadata by createrepo_c.
// Knows the Debian packages of both; does not know what kit makes of it.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One spec file, three packages: every kind of relation, an epoch, odd file names. */
const spec = `Name: sample
Epoch: 2
Version: 1.4~rc1
Release: 3.1
Summary: A "sample"  & <more>
License: MIT and (GPL or BSD)
Vendor: Example Vendor
BuildArch: noarch
Requires: base >= 5.0-1, base < 6
Requires: (sample-libs >= 1:0.9 if base >= 3 else plain)
Requires: /usr/bin/env
Requires(pre): starter = 1:2
Requires(post): /sbin/ldconfig
Provides: virtual(sample) = 7
Provides: bare
Conflicts: foe < 2:1
Obsoletes: elder <= 0.9
Recommends: (nice and easy)
Suggests: maybe > 3
Supplements: (a or b)
Enhances: helped
%description
First line.

Second & third.
%package libs
Summary: Libraries
Epoch: 0
Version: 3
Release: 1
%description libs
Libraries
%package -n 0odd+name_x
Summary: Na\u00efve
Requires: sample = %{epoch}:%{version}-%{release}
%description -n 0odd+name_x
Odd
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc/sample "%{buildroot}/usr/share/with space" %{buildroot}/usr/lib/sample
echo x > %{buildroot}/usr/bin/sample
echo x > %{buildroot}/etc/sample/sample.conf
echo x > "%{buildroot}/usr/share/with space/na\u00efve & <odd>"
echo x > %{buildroot}/usr/lib/sample/one
%files
/usr/bin/sample
%config /etc/sample/sample.conf
"/usr/share/with space/na\u00efve & <odd>"
%ghost /usr/lib/sample/ghost
%files libs
%dir /usr/lib/sample
/usr/lib/sample/one
%files -n 0odd+name_x
`;

export const compsText = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
  <group>
    <id>editors</id>
    <name xml:lang="de">Editoren</name>
    <name>Editors</name>
    <description>Text &amp; more</description>
    <default>true</default>
    <uservisible>false</uservisible>
    <packagelist>
      <packagereq type="mandatory">sample</packagereq>
      <packagereq type="default">sample-libs</packagereq>
      <packagereq type="optional">extra</packagereq>
      <packagereq type="conditional" requires="langpacks-core">sample-langpack</packagereq>
      <packagereq>bare</packagereq>
    </packagelist>
  </group>
  <group><id>empty</id><name>Empty</name></group>
  <category>
    <id>apps</id>
    <name>Applications</name>
    <grouplist><groupid>editors</groupid></grouplist>
  </category>
  <environment>
    <id>desktop</id>
    <name>Desktop</name>
    <description>A desktop</description>
    <grouplist><groupid>editors</groupid><groupid>empty</groupid></grouplist>
    <optionlist><groupid default="true">empty</groupid><groupid>editors</groupid></optionlist>
  </environment>
</comps>
`;

export const modulesText = `---
document: modulemd-defaults
version: 1
data:
  module: sample
  stream: "1.10"
  profiles:
    1.10: [common]
...
---
document: modulemd
version: 2
data:
  name: sample
  stream: 1.10
  version: 8010020190612143724
  context: deadbeef
  arch: x86_64
  summary: A module
  description: >-
    Of one package
  license:
    module:
    - MIT
  artifacts:
    rpms:
    - sample-libs-0:3-1.noarch
...
`;

/** Builds the packages below `folder`/packages; a repository for {@link describeRepository}. */
export function buildPackages(folder: string): string {
  const packages = join(folder, "packages");
  mkdirSync(packages, { recursive: true });
  writeFileSync(join(folder, "sample.spec"), spec);
  const defined = [`_topdir ${folder}/build`, `_rpmdir ${packages}`];
  const defines = defined.flatMap((each) => ["--define", each]);
  run("rpmbuild", ["-bb", "--quiet", ...defines, join(folder, "sample.spec")]);
  return packages;
}

export interface Metadata {
  readonly compression: "gz" | "xz" | "zst";
  /** Of repomd.xml. */
  readonly checksum?: "sha1" | "sha256" | "sha512";
  /** Without a revision: modifyrepo_c would add the time of now to it. */
  readonly modules?: boolean;
  /** The date of all files, in seconds since 1970. */
  readonly revision?: number;
}

/** Writes `packages`/repodata anew. */
export function describeRepository(packages: string, metadata: Metadata): void {
  const { compression, checksum = "sha256", revision, modules = revision === undefined } = metadata;
  const comps = join(packages, "..", "comps.xml");
  writeFileSync(comps, compsText);
  // The createrepo_c of Debian 12 knows no zstd: those files are packed again, and told of in its words.
  const general = compression === "zst" ? "gz" : compression;
  const times = revision === undefined ? [] : ["--revision", `${revision}`, "--set-timestamp-to-revision"];
  const options = ["--quiet", "--groupfile", comps, "--repomd-checksum", checksum, ...times];
  run("createrepo_c", [...options, `--general-compress-type=${general}`, packages]);
  if (modules) addModules(packages, checksum, general);
  if (compression === "zst") repack(packages);
}

function addModules(packages: string, checksum: string, compression: string): void {
  const file = join(packages, "..", "modules.yaml");
  writeFileSync(file, modulesText);
  const options = ["--mdtype=modules", "--checksum", checksum, `--compress-type=${compression}`];
  run("modifyrepo_c", [...options, file, join(packages, "repodata")]);
}

function repack(packages: string): void {
  const file = join(packages, "repodata/repomd.xml");
  const data = /<data type="(?:primary|filelists|other|group_gz|modules)">.*?<\/data>/gs;
  const repomd = readFileSync(file, "utf8").replace(data, (element) => {
    const [, href = ""] = /href="([^"]*)\.gz"/.exec(element) ?? [];
    run("sh", ["-c", `gzip -dc '${href}.gz' | zstd -q > '${href}.zst'`], packages);
    const [sum = ""] = run("sha256sum", [`${href}.zst`], packages).split(" ");
    const size = run("stat", ["-c", "%s", `${href}.zst`], packages).trim();
    return element
      .replace(`${href}.gz`, `${href}.zst`)
      .replace(/(<checksum[^>]*>)[^<]*/, `$1${sum}`)
      .replace(/<size>\d+/, `<size>${size}`);
  });
  writeFileSync(file, repomd);
}

export function run(program: string, args: readonly string[], cwd = "/"): string {
  return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
