// The script that configures packages inside a root.
// Pure: writes shell text; does not run it. dpkg does the work, as it would on any machine.

import type { Package } from "./package.ts";
import { infoName } from "./package.ts";

/** Where the builder's folder is bound inside the sandbox: below /tmp, which is no part of the root. */
export const workFolder = "/tmp/kit";

export interface ConfigurePlan {
  /** Packages whose files lie in place, in the order their preinst scripts run. */
  readonly merged: readonly Package[];
  /** Packages that dpkg unpacks itself, in order; each with the packages that must be configured before. */
  readonly unpacked: readonly { readonly package: Package; readonly after: readonly Package[] }[];
  /** What is essential in a new root: configured first, in order. */
  readonly foundation: readonly Package[];
  /** Packages that are configured before the rest, in order. */
  readonly early: readonly Package[];
  /** The rest, in order; what is not named here dpkg configures last, in its own. */
  readonly rest: readonly Package[];
  /** Lines for debconf-set-selections. */
  readonly debconf: readonly string[];
  /** `name:x:uid:gid:gecos:home:shell` and `name:x:gid:` lines for ids the manifest pins. */
  readonly passwd: readonly string[];
  readonly group: readonly string[];
}

/** Environment of dpkg and maintainer scripts. */
export const configureEnvironment: Readonly<Record<string, string>> = {
  DEBIAN_FRONTEND: "noninteractive",
  DEBCONF_NONINTERACTIVE_SEEN: "true",
  DPKG_ADMINDIR: "/var/lib/dpkg",
  DPKG_ROOT: "",
};

/** The folder (in the work folder) that holds, by {@link fileName}, the control files of packages with a preinst. */
export const controlFolder = "control";

/** The name of the file (in the work folder) that tells whose preinst failed. */
export const failedPreinst = "failed-preinst";

export function configureScript(plan: ConfigurePlan): string {
  return `#!/bin/sh
set -eu
umask 022
# The root's own zone counts, as on a machine: what asks for it may write it down (initdb does).
unset TZ
# Services stay off: nothing may start in a root that is being built.
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
gone=/usr/sbin/policy-rc.d
# Where nothing tells a full name, scripts read this one (postfix of bookworm does not configure without).
test -e /etc/hostname || { uname -n > /etc/hostname; gone="$gone /etc/hostname"; }
trap 'rm -f $gone' EXIT

# The control files lie where dpkg puts them meanwhile: debconf looks there for whose questions are asked.
preinst() {
  ln -sfn ${workFolder}/${controlFolder}/$3 /var/lib/dpkg/tmp.ci
  DPKG_MAINTSCRIPT_NAME=preinst DPKG_MAINTSCRIPT_PACKAGE=$1 DPKG_MAINTSCRIPT_ARCH=$2 \\
  DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=$4 DPKG_RUNNING_VERSION=\${version-} \\
    /var/lib/dpkg/tmp.ci/preinst install || { echo "$1" > ${workFolder}/${failedPreinst}; exit 1; }
}
version=$(dpkg-query --showformat='\${Version}' --show dpkg 2>/dev/null || true)
${lines(plan.merged.filter(hasPreinst).map((item) => `preinst ${item.name} ${item.architecture} ${fileName(item)} ${instances(item, plan.merged)}`))}rm -f /var/lib/dpkg/tmp.ci
${pinned("group", plan.group)}${pinned("passwd", plan.passwd)}${
  plan.debconf.length === 0 ? "" : `debconf-set-selections ${workFolder}/debconf\n`
}${lines(dpkgCalls(plan))}`;
}

/** dpkg refuses to configure what is configured already, so each package is named once. */
function dpkgCalls({ foundation, unpacked, early, rest }: ConfigurePlan): string[] {
  const dpkg = "dpkg --force-confold --force-unsafe-io";
  const configured = new Set<Package>();
  const configure = (packages: readonly Package[]) => {
    const names = packages.filter((item) => !configured.has(item)).map(infoName);
    for (const item of packages) configured.add(item);
    return names.length === 0 ? [] : [`${dpkg} --configure ${names.join(" ")}`];
  };
  return [
    ...configure(foundation),
    ...unpacked.flatMap(({ package: item, after }) => [
      ...configure(after),
      `${dpkg} --unpack ${workFolder}/${fileName(item)}.deb`,
    ]),
    ...configure(early),
    ...configure(rest),
    `${dpkg} --configure -a`,
    `${dpkg} --triggers-only -a`,
  ];
}

/** How many of a package are there with it, on other architectures too (Multi-Arch: same). */
function instances(item: Package, packages: readonly Package[]): number {
  return packages.slice(0, packages.indexOf(item) + 1).filter(({ name }) => name === item.name).length;
}

/** What a package's files in the work folder are called. */
export function fileName(item: Package): string {
  return `${item.name}_${item.architecture}`;
}

export function hasPreinst(item: Package): boolean {
  return item.control.entries.some((entry) => entry.path === "preinst");
}

function lines(commands: readonly string[]): string {
  return commands.map((command) => `${command}\n`).join("");
}

/** Adds lines for names that are not there; one that is there is given the ids asked for. */
function pinned(file: "passwd" | "group", lines: readonly string[]): string {
  return lines
    .map((line) => {
      const name = line.slice(0, line.indexOf(":"));
      return `sed -i '/^${name}:/d' /etc/${file}\nprintf '%s\\n' '${line.replaceAll("'", "'\\''")}' >> /etc/${file}\n`;
    })
    .join("");
}
