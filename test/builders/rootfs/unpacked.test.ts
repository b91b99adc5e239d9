// Packages as kit lays them down are to dpkg what it unpacks itself: it configures both to the same root.
// Uses the machine's dpkg, as root and on scratch folders; no maintainer script runs.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { controlStanza, type DatabaseFile, unpackedDatabase } from "../../../builders/rootfs/database.ts";
import { nothingInstalled, readDatabase } from "../../../builders/rootfs/installed.ts";
import { mergePackages } from "../../../builders/rootfs/merge.ts";
import type { Package } from "../../../builders/rootfs/package.ts";
import { unpackDeb } from "../../../builders/unpack/intake.ts";
import type { Digest } from "../../../store/model/digest.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { directoryAt, type Entry, makeTree, type Tree } from "../../../store/model/tree.ts";
import { isRoot, observe, openTestStore } from "../../store/rig.ts";

interface Made {
  readonly fields?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly control?: Readonly<Record<string, string>>;
  /** Run in the package's folder before it is packed. */
  readonly then?: string;
}

const pair = (architecture: string): Made => ({
  fields: `Architecture: ${architecture}\nMulti-Arch: same\n`,
  files: {
    "usr/share/doc/pair/copyright": "both",
    [`usr/lib/${architecture}/x`]: architecture,
    "etc/pair.conf": "x",
  },
  control: { conffiles: "/etc/pair.conf\n", triggers: "activate-noawait some-name\n" },
});

/** In the order they are unpacked. */
const first: Readonly<Record<string, Made>> = {
  listener: {
    files: { "usr/share/listener/readme": "x" },
    control: {
      triggers:
        "# both kinds\ninterest-noawait /usr/share/heard\n  interest /usr/share/awaited\ninterest-noawait some-name\n",
    },
  },
  old: { files: { "usr/share/moved/file": "old", "usr/share/moved/kept": "kept" } },
  special: {
    files: {
      "srv/a name with spaces": "1",
      "srv/ä": "2",
      "srv/empty": "",
      "etc/special.conf": "conf",
      "etc/other.conf": "conf",
    },
    control: { conffiles: "/etc/special.conf\nremove-on-upgrade /etc/gone.conf\n/etc/other.conf\n" },
    then: "ln srv/empty srv/linked; ln -s ../etc srv/link; chmod 4755 srv/ä; chown 1:2 srv/empty; mkdir -m 1777 srv/sticky; mkfifo srv/pipe",
  },
};
const second: Readonly<Record<string, Made>> = {
  heard: { files: { "usr/share/heard/a": "a", "usr/share/awaited/b": "b" } },
  new: { fields: "Replaces: old (<< 2)\n", files: { "usr/share/moved/file": "new" } },
  pair: pair("amd64"),
  "pair-i386": pair("i386"),
  summed: {
    files: { "usr/share/summed": "x" },
    control: { md5sums: "9dd4e461268c8034f5c8564e155c67a6  usr/share/summed\n" },
  },
};

const system = describe.skipIf(!isRoot);
system("configured by dpkg", () => {
  const folder = mkdtempSync(`${inject("scratch")}/unpacked-`);
  const store = openTestStore();
  const debs = new Map<string, string>();
  beforeAll(() => {
    for (const [name, made] of Object.entries({ ...first, ...second }))
      debs.set(name, packed(folder, name, made));
  });
  const debsOf = (made: Readonly<Record<string, Made>>) =>
    Object.keys(made).map((name) => debs.get(name) ?? "");

  test("packages in an empty root, and more over those", async () => {
    const [own, theirs] = [`${folder}/own`, `${folder}/theirs`];
    mkdirSync(`${theirs}/var/lib/dpkg/info`, { recursive: true });
    mkdirSync(`${theirs}/var/lib/dpkg/updates`);
    for (const name of ["status", "available"]) writeFileSync(`${theirs}/var/lib/dpkg/${name}`, "");
    writeFileSync(`${theirs}/var/lib/dpkg/arch`, "amd64\ni386\n");

    dpkg(theirs, ["--unpack", ...debsOf(first)]);
    dpkg(theirs, ["--configure", "-a"]);
    const bottom = await laid(debsOf(first), makeTree([]), store);
    renameSync(store.checkout(bottom, "copy"), `${own}-1`);
    dpkg(`${own}-1`, ["--configure", "-a"]);
    expect(seen(`${own}-1`)).toEqual({
      ...seen(theirs),
      "var/lib/dpkg/arch": expect.objectContaining({ text: "amd64\n" }),
    });

    dpkg(theirs, ["--unpack", ...debsOf(second)]);
    dpkg(theirs, ["--configure", "-a"]);
    const both = await laid(debsOf(second), scanned(bottom, `${own}-1`, store), store);
    renameSync(store.checkout(both, "copy"), `${own}-2`);
    dpkg(`${own}-2`, ["--configure", "-a"]);
    expect(seen(`${own}-2`)).toEqual(seen(theirs));
  });
});

/** What kit lays down: files and database of the packages over a root. */
async function laid(
  debs: readonly string[],
  base: Tree,
  { pool }: ReturnType<typeof openTestStore>,
): Promise<Tree> {
  const read = (blob: Digest) => pool.readAll(blob);
  const packages = await Promise.all(
    debs.map(async (file): Promise<Package> => {
      const deb = pool.put(readFileSync(file));
      const { control, data, list } = await unpackDeb(deb, pool);
      const entry = control.entries.find(({ path }) => path === "control");
      const stanza = controlStanza(entry?.type === "file" ? read(entry.blob).toString("utf8") : "");
      const { Package: name = "", Version: version = "", Architecture: architecture = "" } = stanza;
      return {
        name,
        version,
        architecture,
        stanza,
        control,
        data,
        list: read(list).toString("utf8").trimEnd().split("\n"),
        deb,
      };
    }),
  );
  const installed = base.entries.length > 1 ? readDatabase(base, read) : nothingInstalled;
  const { entries, lists } = mergePackages(packages, { ...installed, tree: base });
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  const fileOf = (file: DatabaseFile): Entry => {
    const owned = { path: file.path, mode: file.mode, uid: 0, gid: 0 };
    const bytes = "text" in file ? Buffer.from(file.text) : read(file.blob);
    return { type: "file", ...owned, size: bytes.length, blob: pool.put(bytes, owned) };
  };
  for (const file of unpackedDatabase(packages, lists, installed, { architecture: "amd64", read }))
    all.set(file.path, fileOf(file));
  const updates = directoryAt(parseTreePath("var/lib/dpkg/updates"));
  return makeTree(all.set(updates.path, updates).values());
}

/** The tree with what dpkg made of its database since. */
function scanned(tree: Tree, folder: string, { pool }: ReturnType<typeof openTestStore>): Tree {
  const changed = tree.entries.map((entry): Entry => {
    if (entry.type !== "file" || !entry.path.startsWith("var/lib/dpkg/")) return entry;
    const bytes = readFileSync(`${folder}/${entry.path}`);
    return { ...entry, size: bytes.length, blob: pool.put(bytes, entry) };
  });
  return makeTree(changed);
}

function packed(folder: string, name: string, { fields = "", files, control = {}, then = "" }: Made): string {
  const root = `${folder}/make-${name}`;
  const architecture = fields.includes("Architecture:") ? "" : "Architecture: all\n";
  const text = `Package: ${name.replace(/-i386$/, "")}\nVersion: 1.0\n${architecture}${fields}Maintainer: A <a@example.org>\nDescription: one\n two\n`;
  const all = {
    ...files,
    "DEBIAN/control": text,
    ...Object.fromEntries(Object.entries(control).map(([key, value]) => [`DEBIAN/${key}`, value])),
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(`${root}/${path}`), { recursive: true });
    writeFileSync(`${root}/${path}`, content);
  }
  execFileSync("sh", ["-ec", then], { cwd: root });
  execFileSync("dpkg-deb", ["-Zgzip", "--build", root, `${root}.deb`], { stdio: "pipe" });
  return `${root}.deb`;
}

function dpkg(root: string, argv: readonly string[]): void {
  execFileSync("dpkg", [`--root=${root}`, "--force-unsafe-io", "--log=/dev/null", ...argv], {
    stdio: "pipe",
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
  });
}

/** Everything but locks and backups; stanzas, lists and triggers in an order of their own. */
function seen(folder: string) {
  const kept = Object.entries(observe(folder)).filter(
    ([path]) => !/(-old|\/lock|\/lock-frontend|\/Lock|\/available|\/tmp\.ci)$/.test(path),
  );
  return Object.fromEntries(kept.filter(([path]) => path !== ""));
}
