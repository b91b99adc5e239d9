// Small settings of an image, each as the files that make it.
// Pure: host name, time zone, networks, kernel, apt's sources, ssh's host keys; does not place anything.

import { Fault } from "../../store/model/fault.ts";
import type { Lookup, Setting } from "./draft.ts";
import type { CustomizeParameters, WantedRepository } from "./recipe.ts";

/** hostname(5), and hosts(5) as Debian's installer writes it. */
export function hostnameFiles(name: string): Setting[] {
  const short = name.split(".", 1)[0] ?? name;
  const hosts = `127.0.0.1\tlocalhost
127.0.1.1\t${short === name ? name : `${name} ${short}`}

# The following lines are desirable for IPv6 capable hosts
::1     localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;
  return [
    { path: "etc/hostname", content: `${name}\n` },
    { path: "etc/hosts", content: hosts },
  ];
}

const zones = "usr/share/zoneinfo";

/**
 * localtime(5), and Debian's /etc/timezone. UTC needs no tzdata: a link that leads nowhere means it.
 *
 * @throws {Fault} `manifest/no-timezone`
 */
export function timezoneFiles(zone: string, root: Lookup): Setting[] {
  const utc = zone === "UTC" || zone === "Etc/UTC";
  if (!utc && root.find(`${zones}/${zone}`)?.type !== "file") {
    const data = root.find(zones) !== undefined;
    throw new Fault(
      "manifest/no-timezone",
      data
        ? `tzdata has no time zone ${zone}`
        : `the root cannot have the time zone ${zone}: it has no tzdata`,
      {
        hint: data
          ? "zones are named as below /usr/share/zoneinfo, like Europe/Berlin; old names are in tzdata-legacy"
          : "add tzdata to `packages`",
      },
    );
  }
  return [
    { path: "etc/localtime", target: `/${zones}/${zone}` },
    { path: "etc/timezone", content: `${zone}\n` },
  ];
}

/** systemd.network(5). @throws {Fault} `manifest/no-networkd` */
export function networkFiles(networks: CustomizeParameters["networks"], root: Lookup): Setting[] {
  if (networks.length > 0 && root.find("usr/lib/systemd/systemd-networkd") === undefined) {
    throw new Fault(
      "manifest/no-networkd",
      "`networks` are set up by systemd-networkd, which the root does not have",
      {
        hint: "add systemd-sysv to `packages`",
      },
    );
  }
  return networks.map(({ match, dhcp }, index) => ({
    path: `etc/systemd/network/50-kit-${index + 1}.network`,
    content: `[Match]\nName=${match}\n\n[Network]\nDHCP=${dhcp ? "yes" : "no"}\n`,
  }));
}

/** modules-load.d(5), and the command line as kernel-install(8) and boot loaders' tools read it. */
export function kernelFiles({
  modules,
  commandLine,
}: Pick<CustomizeParameters, "modules" | "commandLine">): Setting[] {
  return [
    ...(modules.length > 0
      ? [{ path: "etc/modules-load.d/kit.conf", content: `${modules.join("\n")}\n` }]
      : []),
    ...(commandLine === undefined ? [] : [{ path: "etc/kernel/cmdline", content: `${commandLine}\n` }]),
  ];
}

/** sources.list(5) in deb822 style, with the keys that sign them; nothing in a root without apt. */
export function repositoryFiles(
  repositories: readonly WantedRepository[],
  root: Lookup,
  readKey: (input: string) => Buffer,
): Setting[] {
  if (root.find("usr/bin/apt") === undefined) return [];
  return repositories.flatMap(({ name, uri, suites, components, key }) => {
    const keyring = `usr/share/keyrings/kit-${name}.asc`;
    const source = `Types: deb
URIs: ${uri}
Suites: ${suites.join(" ")}
Components: ${components.join(" ")}
Signed-By: /${keyring}
`;
    return [
      { path: keyring, content: readKey(key) },
      { path: `etc/apt/sources.list.d/${name}.sources`, content: source },
    ];
  });
}

const sshUnit = "usr/lib/systemd/system/ssh.service";

/**
 * An image carries no host keys: every machine makes its own before sshd checks its configuration, which fails
 * without one. Debian's unit checks in an ExecStartPre of its own, so that list is written anew, keys first
 * (systemd.service(5)); its sshd-keygen.service (Debian 13) acts at a first boot without machine-id alone.
 */
export function sshFiles(root: Lookup): Setting[] {
  if (root.find("usr/sbin/sshd") === undefined) return [];
  const checks = (root.text(sshUnit) ?? "").split("\n").filter((line) => /^ExecStartPre=./.test(line));
  const lines = ["[Service]", "ExecStartPre=", "ExecStartPre=-/usr/bin/ssh-keygen -A", ...checks];
  return [{ path: "etc/systemd/system/ssh.service.d/kit-host-keys.conf", content: `${lines.join("\n")}\n` }];
}
