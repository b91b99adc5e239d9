// What is laid over a root: files and links exactly as they become, and what is refused.

import { describe, expect, test } from "vitest";
import { customize, withNamed, withServicesDenied } from "../../../builders/customize/customize.ts";
import type { CustomizeParameters } from "../../../builders/customize/recipe.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { makeTree } from "../../../store/model/tree.ts";
import { changes, faultOf, nothing, type Rig, rig, type Spec } from "./rig.ts";

function apply(self: Rig, spec: Spec, asked: Partial<CustomizeParameters>) {
  const before = self.root(spec);
  const customized = customize(before, { ...nothing, ...asked }, self.sources);
  return {
    ...customized,
    changed: changes(before, customized.tree),
    text: (path: string) => self.text(customized.tree, path),
  };
}

test("nothing asked for, nothing changed", () => {
  const self = rig();
  const { changed, argvs } = apply(self, { "etc/hostname": "a\n", "usr/bin/apt": "" }, {});
  expect(changed).toEqual([]);
  expect(argvs).toEqual([]);
});

describe("hostname", () => {
  test("is known to the machine itself", () => {
    const { changed, text } = apply(rig(), {}, { hostname: "edge" });
    expect(changed).toEqual(["0755 0:0 etc/", "0644 0:0 etc/hostname", "0644 0:0 etc/hosts"]);
    expect(text("etc/hostname")).toBe("edge\n");
    expect(text("etc/hosts")).toBe(
      "127.0.0.1\tlocalhost\n127.0.1.1\tedge\n\n# The following lines are desirable for IPv6 capable hosts\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n",
    );
  });

  test("with a domain has its short form beside it", () => {
    expect(apply(rig(), {}, { hostname: "edge.example.org" }).text("etc/hosts")).toContain(
      "127.0.1.1\tedge.example.org edge\n",
    );
  });
});

describe("locale", () => {
  const locales = {
    "usr/sbin/locale-gen": "",
    "usr/share/i18n/SUPPORTED":
      "C.UTF-8 UTF-8\nde_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\nde_DE@euro ISO-8859-15\nsr_RS@latin UTF-8\n",
    "etc/locale.gen": "# de_DE ISO-8859-1\n# de_DE.UTF-8 UTF-8\n",
  };

  test("that is built in needs nothing more", () => {
    const { changed, text, argvs } = apply(rig(), {}, { locale: "C.UTF-8" });
    expect(changed).toEqual([
      "0755 0:0 etc/",
      "0755 0:0 etc/default/",
      "0777 0:0 etc/default/locale → ../locale.conf",
      "0644 0:0 etc/locale.conf",
    ]);
    expect(text("etc/locale.conf")).toBe("LANG=C.UTF-8\n");
    expect(argvs).toEqual([]);
  });

  test("stays where Debian 12 has it", () => {
    const { changed } = apply(rig(), { "etc/default/locale": "# none\n" }, { locale: "C.UTF-8" });
    expect(changed).toEqual(["0644 0:0 etc/default/locale"]);
  });

  test("of the package locales is generated", () => {
    const { text, argvs } = apply(rig(), locales, { locale: "de_DE.UTF-8" });
    expect(text("etc/locale.gen")).toBe("# de_DE ISO-8859-1\nde_DE.UTF-8 UTF-8\n");
    expect(argvs).toEqual([["/usr/sbin/locale-gen"]]);
  });

  test("is found by glibc's other name for it, and added where locale.gen does not list it", () => {
    const { text } = apply(
      rig(),
      { ...locales, "etc/locale.gen": "de_DE ISO-8859-1" },
      { locale: "sr_RS.utf8@latin" },
    );
    expect(text("etc/locale.gen")).toBe("de_DE ISO-8859-1\nsr_RS@latin UTF-8\n");
  });

  test("that is there is not generated again", () => {
    const made = {
      ...locales,
      "etc/locale.gen": "de_DE.UTF-8 UTF-8\n",
      "usr/lib/locale/locale-archive": "x",
    };
    expect(apply(rig(), made, { locale: "de_DE.UTF-8" }).argvs).toEqual([]);
    expect(apply(rig(), { "usr/lib/locale/de_DE.utf8": "/" }, { locale: "de_DE.UTF-8" }).argvs).toEqual([]);
  });

  test("that cannot be is a fault", () => {
    expect(faultOf(() => apply(rig(), {}, { locale: "de_DE.UTF-8" }))).toBe(
      "manifest/no-locale: the root cannot have the locale de_DE.UTF-8: it has no package `locales` (add locales to `packages`, or use C.UTF-8, which every root has)",
    );
    expect(faultOf(() => apply(rig(), locales, { locale: "de_AT.UTF-8" }))).toBe(
      "manifest/no-locale: glibc has no locale de_AT.UTF-8 (there is de_DE.UTF-8, de_DE, de_DE@euro)",
    );
  });
});

describe("timezone", () => {
  const data = {
    "usr/share/zoneinfo/Europe/Berlin": "TZif",
    "usr/share/zoneinfo/Europe/Busingen": "→ Zurich",
  };

  test("is a link and a name", () => {
    const { changed, text } = apply(
      rig(),
      { ...data, "etc/localtime": "→ /usr/share/zoneinfo/Etc/UTC" },
      { timezone: "Europe/Berlin" },
    );
    expect(changed).toEqual([
      "0777 0:0 etc/localtime → /usr/share/zoneinfo/Europe/Berlin",
      "0644 0:0 etc/timezone",
    ]);
    expect(text("etc/timezone")).toBe("Europe/Berlin\n");
  });

  test("UTC needs no data", () => {
    expect(apply(rig(), {}, { timezone: "Etc/UTC" }).text("etc/timezone")).toBe("Etc/UTC\n");
  });

  test("that is no file of tzdata is a fault", () => {
    expect(faultOf(() => apply(rig(), {}, { timezone: "Europe/Berlin" }))).toMatch(
      /^manifest\/no-timezone: .* it has no tzdata \(add tzdata/,
    );
    for (const timezone of ["Europe", "Europe/Nowhere", "Europe/Busingen"]) {
      expect(faultOf(() => apply(rig(), data, { timezone }))).toMatch(
        /^manifest\/no-timezone: tzdata has no time zone /,
      );
    }
  });
});

describe("networks", () => {
  const networks = [
    { match: "en*", dhcp: true },
    { match: "wl0", dhcp: false },
  ];

  test("are files of systemd-networkd, which is enabled", () => {
    const spec = { "usr/lib/systemd/systemd-networkd": "", "usr/bin/systemctl": "" };
    const { text, argvs } = apply(rig(), spec, { networks });
    expect(text("etc/systemd/network/50-kit-1.network")).toBe("[Match]\nName=en*\n\n[Network]\nDHCP=yes\n");
    expect(text("etc/systemd/network/50-kit-2.network")).toBe("[Match]\nName=wl0\n\n[Network]\nDHCP=no\n");
    expect(argvs).toEqual([["/usr/bin/systemctl", "enable", "--", "systemd-networkd.service"]]);
  });

  test("need systemd-networkd", () => {
    expect(faultOf(() => apply(rig(), {}, { networks }))).toMatch(/^manifest\/no-networkd: /);
  });
});

test("the kernel's settings are files", () => {
  const { text, changed } = apply(
    rig(),
    {},
    { modules: ["virtio_net", "9p"], commandLine: "console=ttyS0 quiet" },
  );
  expect(changed.filter((line) => !line.endsWith("/"))).toEqual([
    "0644 0:0 etc/kernel/cmdline",
    "0644 0:0 etc/modules-load.d/kit.conf",
  ]);
  expect(text("etc/kernel/cmdline")).toBe("console=ttyS0 quiet\n");
  expect(text("etc/modules-load.d/kit.conf")).toBe("virtio_net\n9p\n");
});

describe("repositories", () => {
  const repositories = [
    {
      name: "main",
      uri: "https://example.org/debian",
      suites: ["trixie", "trixie-updates"],
      components: ["main"],
      key: "distro ./a.asc",
    },
  ];

  test("are apt's sources with their keys", () => {
    const self = rig();
    self.input("distro ./a.asc", "KEY\n");
    const { text } = apply(self, { "usr/bin/apt": "" }, { repositories });
    expect(text("etc/apt/sources.list.d/main.sources")).toBe(
      "Types: deb\nURIs: https://example.org/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /usr/share/keyrings/kit-main.asc\n",
    );
    expect(text("usr/share/keyrings/kit-main.asc")).toBe("KEY\n");
  });

  test("are nothing without apt", () => {
    expect(apply(rig(), {}, { repositories }).changed).toEqual([]);
  });
});

test("an ssh server makes its keys before its unit checks for them", () => {
  const unit =
    "[Service]\nExecStartPre=/usr/sbin/sshd -t\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\nExecReload=/usr/sbin/sshd -t\n";
  const spec = { "usr/sbin/sshd": "", "usr/lib/systemd/system/ssh.service": unit };
  const { text, argvs } = apply(rig(), spec, {});
  expect(text("etc/systemd/system/ssh.service.d/kit-host-keys.conf")).toBe(
    "[Service]\nExecStartPre=\nExecStartPre=-/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n",
  );
  expect(argvs).toEqual([]);
});

describe("users", () => {
  const spec: Spec = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\napp:x:100:65534::/var/lib/app:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nsudo:x:27:\nnogroup:x:65534:\n",
    "etc/shadow": { text: "root:*:1:0:99999:7:::\napp:!:1::::::\n", mode: 0o640, gid: 42 },
    "etc/gshadow": { text: "root:*::\nsudo:*::\nnogroup:*::\n", mode: 0o640, gid: 42 },
    "etc/skel/.bashrc": "# rc\n",
    "etc/skel/.config": { text: "/", mode: 0o700 },
    "etc/skel/.config/empty": { text: "", mode: 0o600 },
    root: { text: "/", mode: 0o700 },
    "var/lib/app/data": { text: "", uid: 100, gid: 65_534 },
  };
  const admin = {
    name: "admin",
    groups: ["sudo"],
    sshKeys: ["ssh-ed25519 AAAA a", "ssh-ed25519 BBBB b"],
    system: false,
  };

  test("have homes from the skeleton, and keys only they can change", () => {
    const { changed, text } = apply(rig(), spec, { users: [admin] });
    expect(changed).toEqual([
      "0644 0:0 etc/group",
      "0640 0:42 etc/gshadow",
      "0644 0:0 etc/passwd",
      "0640 0:42 etc/shadow",
      "0755 0:0 home/",
      "0700 1000:1000 home/admin/",
      "0644 1000:1000 home/admin/.bashrc",
      "0700 1000:1000 home/admin/.config/",
      "0600 1000:1000 home/admin/.config/empty",
      "0700 1000:1000 home/admin/.ssh/",
      "0600 1000:1000 home/admin/.ssh/authorized_keys",
    ]);
    expect(text("home/admin/.ssh/authorized_keys")).toBe("ssh-ed25519 AAAA a\nssh-ed25519 BBBB b\n");
    expect(text("etc/shadow")).toBe("root:*:1:0:99999:7:::\napp:!:1::::::\nadmin:*:20000:0:99999:7:::\n");
  });

  test("have homes of the mode login.defs says; a system's is open and empty", () => {
    const users = [
      { ...admin, sshKeys: [] },
      { name: "web", groups: [], sshKeys: [], system: true, home: "/srv/web" },
    ];
    const { changed } = apply(
      rig(),
      { ...spec, "etc/login.defs": "# HOME_MODE 0711\nHOME_MODE\t0755\n" },
      { users },
    );
    expect(changed).toContain("0755 1000:1000 home/admin/");
    expect(changed.filter((line) => line.includes("srv"))).toEqual([
      "0755 0:0 srv/",
      "0755 101:101 srv/web/",
    ]);
  });

  test("that are there keep their home, and take keys", () => {
    const { changed } = apply(rig(), spec, {
      users: [{ name: "root", groups: [], sshKeys: ["ssh-ed25519 AAAA"], system: false }],
    });
    expect(changed).toEqual(["0700 0:0 root/.ssh/", "0600 0:0 root/.ssh/authorized_keys"]);
  });

  test("keep their files when their number changes", () => {
    const { changed } = apply(rig(), spec, {
      users: [{ name: "app", uid: 200, groups: [], sshKeys: [], system: true }],
    });
    expect(changed).toEqual(["0644 0:0 etc/passwd", "0644 200:65534 var/lib/app/data"]);
  });

  test("without a home can have no keys", () => {
    const users = [{ name: "bot", groups: [], sshKeys: ["ssh-ed25519 AAAA"], system: true }];
    expect(faultOf(() => apply(rig(), spec, { users }))).toBe(
      "manifest/no-home: the user bot has keys for ssh and no home to keep them in (give it a `home`)",
    );
  });

  test("of a root without shadow get one that only root reads", () => {
    const bare = { "etc/passwd": "root:x:0:0::/root:/bin/sh\n" };
    const { changed } = apply(rig(), bare, { users: [{ ...admin, groups: [], sshKeys: [] }] });
    expect(changed).toContain("0640 0:42 etc/shadow");
  });
});

describe("files", () => {
  test("that are templates are filled, in folders too, and others are not", () => {
    const self = rig();
    self.input("local ./motd", "on ${arch}\n");
    self.input("local ./etc", { "a/b": "${arch} $${arch}", c: "plain" });
    const files = [
      { path: "/etc/motd", input: "local ./motd", template: true as const },
      { path: "/etc/plain", input: "local ./motd" },
      { path: "/srv", input: "local ./etc", template: true as const },
    ];
    const { text } = apply(self, usr, { files, variables: { arch: "arm64" } });
    expect(["etc/motd", "etc/plain", "srv/a/b", "srv/c"].map(text)).toEqual([
      "on arm64\n",
      "on ${arch}\n",
      "arm64 ${arch}",
      "plain",
    ]);
    self.input("local ./etc", { "a/b": "one\n${arhc}" });
    expect(() => apply(self, usr, { files, variables: { arch: "arm64" } })).toThrow(
      expect.objectContaining({
        code: "manifest/unknown-variable",
        place: expect.objectContaining({ file: "./etc/a/b", line: 2, column: 1 }),
      }),
    );
  });

  const usr: Spec = {
    bin: "→ usr/bin",
    "usr/bin/a": { text: "old", mode: 0o755 },
    lib: "→ /usr/lib",
    "usr/lib": "/",
  };

  test("replace what is there, in folders that are made", () => {
    const files = [
      { path: "/bin/a", content: "new", mode: "4755", owner: "1:2" },
      { path: "/opt/x/y", content: "" },
    ];
    const { changed, text, named } = apply(rig(), usr, { files });
    expect(changed).toEqual(["0755 0:0 opt/", "0755 0:0 opt/x/", "0644 0:0 opt/x/y", "4755 1:2 usr/bin/a"]);
    expect(text("usr/bin/a")).toBe("new");
    expect([...named]).toEqual(["usr/bin/a", "opt/x/y"]);
  });

  test("can be local ones, and whole folders through links", () => {
    const self = rig();
    self.input("local ./one", "1");
    self.input("local ./many", { "m/run": { text: "#!/bin/sh\n", mode: 0o755 }, link: "→ m/run" });
    const files = [
      { path: "/etc/one", input: "local ./one" },
      { path: "/lib", input: "local ./many", owner: "3:3" },
    ];
    expect(apply(self, usr, { files }).changed).toEqual([
      "0755 0:0 etc/",
      "0644 0:0 etc/one",
      "0777 3:3 usr/lib/link → m/run",
      "0755 3:3 usr/lib/m/",
      "0755 3:3 usr/lib/m/run",
    ]);
  });

  test("replace a link, not what it leads to", () => {
    const spec = { "etc/resolv.conf": "→ ../run/resolv.conf" };
    const { changed } = apply(rig(), spec, {
      files: [{ path: "/etc/resolv.conf", content: "nameserver 192.0.2.1\n" }],
    });
    expect(changed).toEqual(["0644 0:0 etc/resolv.conf"]);
  });

  test("leave a hard link's other names as they are", () => {
    const self = rig();
    const [a, b] = ["a", "b"].map((path) => ({
      ...self.root({ [path]: "x" }).entries[1],
      link: 1,
    })) as never[];
    const before = makeTree([a, b] as never);
    const { tree } = customize(before, { ...nothing, files: [{ path: "/a", content: "y" }] }, self.sources);
    expect([self.text(tree, "a"), self.text(tree, "b")]).toEqual(["y", "x"]);
    expect(tree.entries.some((entry) => "link" in entry)).toBe(false);
  });

  test("come over settings and accounts", () => {
    const files = [{ path: "/etc/hostname", content: "mine\n" }];
    expect(apply(rig(), {}, { hostname: "edge", files }).text("etc/hostname")).toBe("mine\n");
  });

  test("never take a folder's place, nor a folder a file's", () => {
    const self = rig();
    self.input("local ./many", { x: "" });
    const place = (path: string, input?: string) => () =>
      apply(
        self,
        { ...usr, loop: "→ loop", "etc/x": "" },
        { files: [{ path, ...(input === undefined ? { content: "" } : { input }) }] },
      );
    expect(faultOf(place("/usr/lib"))).toBe(
      "manifest/path-conflict: the file /usr/lib cannot be placed: there is a folder (what the manifest places replaces files, never folders, and no file a folder)",
    );
    expect(faultOf(place("/etc/x/y"))).toMatch(
      /^manifest\/path-conflict: the file \/etc\/x\/y cannot be placed: \/etc\/x is no folder/,
    );
    expect(faultOf(place("/etc/x", "local ./many"))).toMatch(
      /^manifest\/path-conflict: the folder \/etc\/x cannot be placed: there is a file/,
    );
    expect(faultOf(place("/loop/x"))).toMatch(/circle of links/);
  });

  test("never leave the root", () => {
    const spec = { "etc/up": "→ ../../../../srv", srv: "/" } satisfies Spec;
    expect(apply(rig(), spec, { files: [{ path: "/etc/up/x", content: "" }] }).changed).toEqual([
      "0644 0:0 srv/x",
    ]);
  });
});

describe("commands", () => {
  const services = { enable: ["a.service"], disable: ["b.timer"], mask: ["c.service"] };

  test("are services, then locales, then scripts in their order", () => {
    const self = rig();
    self.input("local ./x/post.sh", "#!/bin/sh\n1");
    self.input("local ./y/post.sh", "#!/bin/sh\n2");
    const scripts = ["local ./x/post.sh", "local ./y/post.sh", "local ./x/post.sh"];
    const spec = {
      "usr/bin/systemctl": "",
      "usr/sbin/locale-gen": "",
      "usr/share/i18n/SUPPORTED": "fi_FI.UTF-8 UTF-8",
    };
    const customized = apply(self, spec, { services, scripts, locale: "fi_FI.UTF-8" });
    expect(customized.argvs).toEqual([
      ["/usr/bin/systemctl", "disable", "--", "b.timer"],
      ["/usr/bin/systemctl", "enable", "--", "a.service"],
      ["/usr/bin/systemctl", "mask", "--", "c.service"],
      ["/usr/sbin/locale-gen"],
      ["/tmp/kit/post.sh"],
      ["/tmp/kit/post.sh-2"],
      ["/tmp/kit/post.sh-3"],
    ]);
    expect([...customized.scripts].map(([name, bytes]) => `${name} ${bytes.toString().slice(10)}`)).toEqual([
      "post.sh 1",
      "post.sh-2 2",
      "post.sh-3 1",
    ]);
  });

  test("need systemctl, and scripts an interpreter", () => {
    expect(faultOf(() => apply(rig(), {}, { services }))).toBe(
      "manifest/no-systemctl: `services` are set with systemctl, which the root does not have (add systemd-sysv to `packages`)",
    );
    const self = rig();
    self.input("local ./post.sh", "echo\n");
    self.input("local ./folder", { a: "" });
    expect(faultOf(() => apply(self, {}, { scripts: ["local ./post.sh"] }))).toBe(
      "manifest/bad-script: ./post.sh does not begin with #! (its first line names its interpreter: #!/bin/sh)",
    );
    expect(faultOf(() => apply(self, {}, { scripts: ["local ./folder"] }))).toBe(
      "manifest/wrong-type: ./folder is a folder where a file is expected",
    );
  });

  test("run while services are denied, but for a policy of the root's own", () => {
    const self = rig();
    const bare = apply(self, {}, {});
    expect(changes(bare.tree, withServicesDenied(bare, self.sources))).toContain(
      "0755 0:0 usr/sbin/policy-rc.d",
    );
    const own = apply(self, { "usr/sbin/policy-rc.d": "mine" }, {});
    expect(withServicesDenied(own, self.sources)).toBe(own.tree);
  });
});

test("what the manifest places survives the removal of a build's traces", () => {
  const self = rig();
  const scanned = self.root({
    "etc/ssh/ssh_host_ed25519_key": { text: "mine", mode: 0o600 },
    "etc/machine-id": "1",
    "etc/shadow-": "",
  });
  const normalized = self.root({ "etc/ssh": "/", "etc/machine-id": "" });
  const named = new Set(["etc/ssh/ssh_host_ed25519_key", "etc/machine-id"].map(parseTreePath));
  const kept = withNamed(normalized, scanned, named);
  expect(changes(normalized, kept)).toEqual([
    "0644 0:0 etc/machine-id",
    "0600 0:0 etc/ssh/ssh_host_ed25519_key",
  ]);
  expect(withNamed(normalized, scanned, new Set()).entries).toEqual(normalized.entries);
});
