// What a configured root is rid of, and what is rewritten.
// Knows the pure decisions; which programs leave such files is seen in fidelity/.

import { expect, test } from "vitest";
import { normalizeRoot } from "../../../builders/rootfs/normalize.ts";
import { poolTime } from "../../../store/layout.ts";
import { makeTree } from "../../../store/model/tree.ts";
import { rig } from "./rig.ts";

const { tree, text, read, put } = rig();
const epoch = 1_750_000_000;
const normalized = (files: Parameters<typeof tree>[0]) => normalizeRoot(tree(files), epoch, { read, put });
const files = (files: Parameters<typeof tree>[0]) =>
  normalized(files).entries.flatMap((entry) => (entry.type === "file" ? [entry.path] : []));

test.for([
  [
    "locks and backups",
    [
      "etc/.pwd.lock",
      "etc/passwd-",
      "etc/subgid-",
      "var/lib/dpkg/lock",
      "var/lib/dpkg/status-old",
      "var/lib/dpkg/triggers/Lock",
      "var/cache/debconf/config.dat-old",
    ],
  ],
  [
    "caches",
    [
      "var/cache/ldconfig/aux-cache",
      "var/cache/apt/pkgcache.bin",
      "var/cache/man/index.db",
      "var/cache/man/de/index.db",
    ],
  ],
  ["logs of the build", ["var/log/dpkg.log", "var/log/apt/term.log", "var/log/alternatives.log"]],
  [
    "identities",
    [
      "etc/ssh/ssh_host_rsa_key",
      "etc/ssh/ssh_host_rsa_key.pub",
      "var/lib/dbus/machine-id",
      "var/lib/systemd/random-seed",
    ],
  ],
  ["what runs", ["run/x.pid", "run/lock/subsys/x", "tmp/x", "usr/sbin/policy-rc.d"]],
] as const)("%s are dropped", ([, paths]) => {
  expect(files(Object.fromEntries(paths.map((path) => [path, "x"])))).toEqual([]);
});

test("what only looks like them stays", () => {
  const stay = [
    "etc/group",
    "etc/ssh/sshd_config",
    "home/etc/passwd-",
    "var/lib/dpkg/status",
    "var/log/btmp",
    "var/log/lastlog",
    "var/cache/debconf/config.dat",
  ];
  expect(files(Object.fromEntries(stay.map((path) => [path, "x"]))).sort()).toEqual([...stay].sort());
});

test("/run/lock stays, to which /var/lock is a link", () => {
  expect(
    normalized({ "run/lock": "/", "run/lock/subsys": "/", "run/user": "/" }).entries.map(({ path }) => path),
  ).toEqual(["", "run", "run/lock"]);
});

test("of hard links one left is a file of its own", () => {
  const { entries } = normalized({ "etc/a": { text: "x", link: 1 }, "tmp/b": { text: "x", link: 1 } });
  expect(entries.find(({ path }) => path === "etc/a")).not.toHaveProperty("link");
});

test("machine-id is empty, for systemd to fill", () => {
  const { entries } = normalized({
    "etc/machine-id": { text: "0123456789abcdef0123456789abcdef\n", mode: 0o444 },
  });
  expect(entries.find(({ path }) => path === "etc/machine-id")).toMatchObject({ size: 0, mode: 0o644 });
});

test("passwords last changed on the epoch's day, where that was known; one that has to be changed stays so", () => {
  const { entries } = normalized({
    "etc/shadow": "root:*:20777:0:99999:7:::\nlocked:!::0::::\nforced:x:0:::::\n",
  });
  expect(text(entries, "etc/shadow")).toBe("root:*:20254:0:99999:7:::\nlocked:!::0::::\nforced:x:0:::::\n");
});

test("byte-code that names the checkout's date names the epoch", () => {
  const code = (flags: number, date: number) => {
    const head = Buffer.alloc(16);
    head.writeUInt32LE(0x0a0d0df3, 0);
    head.writeUInt32LE(flags, 4);
    head.writeUInt32LE(date, 8);
    return head;
  };
  const dated = (flags: number, date: number, before = false) => {
    const bytes = Buffer.concat([code(flags, date), Buffer.from("code")]);
    const blob = put(bytes);
    const root = makeTree([
      { type: "file", path: "a.pyc" as never, mode: 0o644, uid: 0, gid: 0, size: bytes.length, blob },
    ]);
    const [, entry] = normalizeRoot(root, epoch, {
      read,
      put,
      ...(before && { before: new Set([blob]) }),
    }).entries;
    return entry?.type === "file" ? read(entry.blob).readUInt32LE(8) : undefined;
  };
  expect(dated(0, poolTime)).toBe(epoch);
  expect(dated(0, 1_600_000_000)).toBe(1_600_000_000);
  expect(dated(3, poolTime)).toBe(poolTime);
  expect(dated(0, poolTime, true)).toBe(poolTime);
});
