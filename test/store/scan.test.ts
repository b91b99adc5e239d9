// Scanning: what an overlay shows is what its upper layer over the lower tree is read as.
// Each case mounts a real overlay, acts in it, looks at it with plain system calls, and scans it afterwards.

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { overlayOptions } from "../../builders/sandbox/spec.ts";
import { digestOf } from "../../store/model/digest.ts";
import { overlaid } from "../../store/model/overlay.ts";
import type { Tree } from "../../store/model/tree.ts";
import { scanFolder, scanUpper } from "../../store/scan.ts";
import {
  expectation,
  fileAt,
  isRoot,
  observe,
  openTestStore,
  plant,
  type Seen,
  type Spec,
  system,
  unsoundMembers,
} from "./rig.ts";

const store = openTestStore();
const { pool } = store;
const tools = { pool, system };

interface Acted {
  readonly tree: Tree;
  readonly dropped: readonly string[];
  readonly scanned: Record<string, Seen>;
  readonly seen: Record<string, Seen>;
}

/** Runs `act` in an overlay over the tree of `spec`. */
async function overlay(spec: Spec, act: (root: string) => void | Promise<void>): Promise<Acted> {
  const lower = plant(pool, spec);
  const [upper, work, root] = [store.folder(), store.folder(), store.folder()];
  // mkdtemp makes folders of mode 0700; a sandbox's upper layer has 0755.
  for (const place of [upper, work, root]) chmodSync(place, 0o755);
  system.mount(
    "overlay",
    root,
    "overlay",
    0,
    overlayOptions({ lower: [store.checkout(lower)], upper, work }),
  );
  let seen: Record<string, Seen>;
  try {
    await act(root);
    seen = observe(root);
  } finally {
    system.unmount(root, true);
  }
  const scan = scanUpper(upper, tools);
  const tree = overlaid(lower, scan);
  return { tree, dropped: scan.dropped, seen, scanned: expectation(tree, pool) };
}

const base: Spec = {
  "etc/a": "a",
  "etc/foo": { folder: true, mode: 0o750 },
  "etc/foo/bar": "bar",
  "etc/foo/deep/er": "deep",
  "etc/foo.d/x": "x",
  "etc/foo-bar": "foo-bar",
  "etc/foo0": "foo0",
  "bin/one": { text: "linked", mode: 0o755, group: 1 },
  "bin/two": { text: "linked", mode: 0o755, group: 1 },
  "bin/three": { text: "linked", mode: 0o755, group: 1 },
  "bin/su": { text: "su", mode: 0o4755 },
  "same/1": "same",
  "same/2": "same",
  lib: { to: "usr/lib" },
  "run/pipe": { fifo: true },
};

describe.runIf(isRoot)("an overlay's upper layer", () => {
  const cases: Readonly<Record<string, (root: string) => void | Promise<void>>> = {
    "nothing done": () => {},
    "a new file": (root) => writeFileSync(`${root}/etc/new`, "new"),
    "a changed file": (root) => appendFileSync(`${root}/etc/a`, "more"),
    "a deleted file": (root) => unlinkSync(`${root}/etc/a`),
    "a deleted folder, with siblings that sort between it and its files": (root) =>
      rmSync(`${root}/etc/foo`, { recursive: true }),
    "a deleted folder that is made again, empty": (root) => {
      rmSync(`${root}/etc/foo`, { recursive: true });
      mkdirSync(`${root}/etc/foo`);
    },
    "a deleted folder that is made again with one of its files": (root) => {
      rmSync(`${root}/etc/foo`, { recursive: true });
      mkdirSync(`${root}/etc/foo`);
      writeFileSync(`${root}/etc/foo/bar`, "other");
    },
    "a folder replaced by a file": (root) => {
      rmSync(`${root}/etc/foo`, { recursive: true });
      writeFileSync(`${root}/etc/foo`, "a file now");
    },
    "a folder replaced by a link": (root) => {
      rmSync(`${root}/etc/foo`, { recursive: true });
      symlinkSync("foo.d", `${root}/etc/foo`);
    },
    "a file replaced by a folder": (root) => {
      unlinkSync(`${root}/etc/a`);
      mkdirSync(`${root}/etc/a/b`, { recursive: true });
      writeFileSync(`${root}/etc/a/b/c`, "c");
    },
    "a link replaced by a folder": (root) => {
      unlinkSync(`${root}/lib`);
      mkdirSync(`${root}/lib`);
    },
    "a file moved": (root) => renameSync(`${root}/etc/a`, `${root}/moved`),
    "a new folder moved over": (root) => {
      mkdirSync(`${root}/fresh/sub`, { recursive: true });
      writeFileSync(`${root}/fresh/sub/f`, "f");
      renameSync(`${root}/fresh`, `${root}/etc/fresh`);
    },
    "a lower folder cannot be moved, so it is copied": (root) => {
      expect(() => renameSync(`${root}/etc/foo`, `${root}/etc/moved`)).toThrow(
        expect.objectContaining({ code: "EXDEV" }),
      );
      execFileSync("mv", [`${root}/etc/foo`, `${root}/etc/moved`]);
    },
    "one of a hard link group written": (root) => appendFileSync(`${root}/bin/two`, "!"),
    "one of a hard link group deleted": (root) => unlinkSync(`${root}/bin/one`),
    "all but one of a hard link group deleted": (root) => {
      unlinkSync(`${root}/bin/one`);
      unlinkSync(`${root}/bin/two`);
    },
    "a new hard link to a lower file": (root) => linkSync(`${root}/etc/a`, `${root}/etc/linked`),
    "a new hard link to one of a lower group": (root) => linkSync(`${root}/bin/one`, `${root}/bin/four`),
    "a new hard link group": (root) => {
      writeFileSync(`${root}/etc/n1`, "new group");
      linkSync(`${root}/etc/n1`, `${root}/n2`);
      linkSync(`${root}/etc/n1`, `${root}/bin/n3`);
    },
    "a new group beside an old one of the same number": (root) => {
      writeFileSync(`${root}/aaa`, "other");
      linkSync(`${root}/aaa`, `${root}/zzz`);
    },
    "owner and mode": (root) => {
      chownSync(`${root}/etc/a`, 12, 34);
      chmodSync(`${root}/etc/foo`, 0o2770);
      lchownSync(`${root}/lib`, 5, 6);
    },
    "setuid given and taken": (root) => {
      writeFileSync(`${root}/bin/new`, "x");
      chmodSync(`${root}/bin/new`, 0o6711);
      chmodSync(`${root}/bin/su`, 0o755);
    },
    "setuid of a file whose owner changes": (root) => {
      chownSync(`${root}/bin/su`, 1, 1);
      chmodSync(`${root}/bin/su`, 0o4755);
    },
    capabilities: (root) =>
      void execFileSync("setfattr", [
        "-n",
        "security.capability",
        "-v",
        "0x0100000200040000000000000000000000000000",
        `${root}/etc/a`,
      ]),
    attributes: (root) => {
      system.setAttribute(`${root}/etc/foo`, "user.kit", Buffer.from("folder"));
      system.setAttribute(`${root}/etc/a`, "user.kit", Buffer.alloc(300, 7));
    },
    "a deleted pipe and a new one": (root) => {
      unlinkSync(`${root}/run/pipe`);
      execFileSync("mkfifo", ["-m", "0620", `${root}/etc/pipe`]);
    },
    "identical files, one changed": (root) => truncateSync(`${root}/same/2`, 1),
    "names that need care": (root) => {
      for (const name of ["new\nline", "back\\slash", "tab\t", 'quote"', "\u2028", "é", "-", " "])
        writeFileSync(`${root}/etc/${name}`, name);
    },
    "a file deleted and made again the same": (root) => {
      unlinkSync(`${root}/etc/a`);
      writeFileSync(`${root}/etc/a`, "a");
    },
  };
  for (const [what, act] of Object.entries(cases)) {
    it(what, async () => {
      const { scanned, seen } = await overlay(base, act);
      expect(scanned).toEqual(seen);
    });
  }

  it("drops sockets and says so", async () => {
    const { dropped, scanned, seen } = await overlay(base, (root) => {
      execFileSync("perl", [
        "-MSocket",
        "-e",
        "socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die",
        `${root}/run/socket`,
      ]);
    });
    expect(dropped).toEqual(["run/socket"]);
    expect(scanned).toEqual(seen);
  });

  it("keeps capabilities in their v2 form", async () => {
    const { tree } = await overlay(
      base,
      (root) => void execFileSync("setcap", ["cap_net_raw+ep", `${root}/etc/a`]),
    );
    const value = Buffer.from(fileAt(tree, "etc/a").xattrs?.["security.capability"] ?? "", "base64");
    expect([value.length, value.readUInt32LE(0) >>> 24]).toEqual([20, 2]);
  });

  it("refuses device nodes, names and targets that are no UTF-8", () => {
    const bad = Buffer.from([0x61, 0xff]);
    const refused: readonly (readonly [string, (folder: string) => void])[] = [
      ["build/device", (folder) => void execFileSync("mknod", [`${folder}/null`, "c", "1", "3"])],
      ["digest/unsafe-path", (folder) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), bad]), "")],
      ["digest/unsafe-path", (folder) => symlinkSync(bad, `${folder}/link`)],
    ];
    for (const [code, act] of refused) {
      const folder = store.folder();
      act(folder);
      expect(() => scanFolder(folder, tools)).toThrow(expect.objectContaining({ code }));
    }
  });

  it("moves the files it found: nothing is copied", async () => {
    const folder = store.folder();
    writeFileSync(`${folder}/file`, "moved");
    const { ino } = lstatSync(`${folder}/file`);
    const { tree } = scanFolder(folder, tools);
    expect(existsSync(`${folder}/file`)).toBe(false);
    expect(lstatSync(store.layout.member(fileAt(tree, "file").blob, fileAt(tree, "file"))).ino).toBe(ino);
  });

  it("shows what the overlay shows, whatever was done in it", async () => {
    const operation = fc.tuple(
      fc.constantFrom(
        "write",
        "append",
        "unlink",
        "rmtree",
        "mkdir",
        "rename",
        "link",
        "symlink",
        "chmod",
        "chown",
        "xattr",
      ),
      fc.nat(),
      fc.nat(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (operations) => {
        const { scanned, seen } = await overlay(base, (root) => {
          for (const [name, a, b] of operations) attempt(root, name, a, b);
        });
        expect(scanned).toEqual(seen);
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it("leaves a sound pool behind", () => {
    expect(unsoundMembers(store.layout, digestOf)).toEqual([]);
  });
});

/** One random change; what cannot be done where things stand is left undone. */
function attempt(root: string, operation: string, a: number, b: number): void {
  const all = paths(root, "");
  const at = `${root}/${all[a % all.length]}`;
  const names = ["foo", "foo.d", "foo-bar", "a", "zz", "x"];
  const parent = lstatSync(at).isDirectory() ? at : at.slice(0, at.lastIndexOf("/"));
  const fresh = `${parent}/${names[b % names.length]}`;
  const other = `${root}/${all[b % all.length]}`;
  try {
    // Opening a pipe waits for somebody at its other end.
    if ((operation === "write" && isPipe(fresh)) || (operation === "append" && isPipe(at))) return;
    if (operation === "write") writeFileSync(fresh, `text ${b % 3}`);
    else if (operation === "append") appendFileSync(at, "+");
    else if (operation === "unlink") unlinkSync(at);
    else if (operation === "rmtree" && at !== `${root}/`) rmSync(at, { recursive: true });
    else if (operation === "mkdir") mkdirSync(fresh, b % 2 ? 0o755 : 0o700);
    else if (operation === "rename") renameSync(at, b % 2 ? fresh : other);
    else if (operation === "link") linkSync(at, fresh);
    else if (operation === "symlink") symlinkSync(names[b % names.length] ?? "", fresh);
    else if (operation === "chmod" && at !== `${root}/`)
      chmodSync(at, [0o644, 0o4755, 0o2755, 0o600][b % 4] ?? 0);
    else if (operation === "chown" && at !== `${root}/`) lchownSync(at, b % 5, a % 5);
    else if (operation === "xattr") system.setAttribute(at, "user.test", Buffer.from([b % 7]));
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code) throw error;
  }
}

function isPipe(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
}

function paths(root: string, below: string): string[] {
  return readdirSync(`${root}/${below}`, { withFileTypes: true })
    .flatMap((entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? [path, ...paths(root, path)] : [path];
    })
    .sort();
}
