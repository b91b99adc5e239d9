// The manifests that ship: all of them sound, all they name there, the keys those of Debian.

import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readKeys } from "openpgp";
import { describe, expect, test } from "vitest";
import { type DistroManifest, distroKind } from "../../../builders/distro/schema.ts";
import { imageKind } from "../../../builders/image/schema.ts";
import { listFiles } from "../../../builders/load/load.ts";
import { machineKind } from "../../../builders/machine/schema.ts";
import { packageKind } from "../../../builders/package/schema.ts";
import { toolsKind } from "../../../builders/tools/schema.ts";
import { viewKind } from "../../../builders/view/schema.ts";
import { workloadKind } from "../../../builders/workload/schema.ts";
import { assemble } from "../../../evaluator/manifest/assemble.ts";
import { settle } from "../../../evaluator/manifest/settle.ts";
import { expandText } from "../../../evaluator/manifest/variables.ts";

const shipped = join(import.meta.dirname, "../../../manifests");
const kinds = [distroKind, machineKind, packageKind, imageKind, toolsKind, viewKind, workloadKind];
const read = (file: string) => readFile(file, "utf8").catch(() => undefined);
const files = (await readdir(shipped, { recursive: true })).filter((file) => file.endsWith(".yaml")).sort();

/** Where distributions publish what they make. */
const published = ["ftp.debian.org", "mirrors.kernel.org", "dl.fedoraproject.org", "packages.microsoft.com"];

test("are these", () => {
  expect(files.filter((file) => !file.startsWith("tools/"))).toEqual([
    "distros/azure-linux/3.0.yaml",
    "distros/debian/bookworm.yaml",
    "distros/debian/trixie.yaml",
    "distros/fedora/43.yaml",
    "distros/mini-rpm.yaml",
    "images/bootable.yaml",
    "images/examples.yaml",
    "images/hello.yaml",
    "machines/qemu-amd64.yaml",
    "packages/bell/ding.yaml",
    "packages/bell/libchime.yaml",
    "packages/debian-hello/hello.yaml",
    "packages/fribidi/fribidi.yaml",
    "packages/greeter/greeter.yaml",
    "packages/hello/hello.yaml",
    "packages/herald/herald.yaml",
    "packages/libyaml/libyaml.yaml",
    "packages/vehicle/app.yaml",
    "packages/vehicle/planner.yaml",
    "packages/vehicle/track.yaml",
    "packages/vehicle/units.yaml",
    "packages/vehicle/vehicle.yaml",
    "views/server.yaml",
    "workloads/monitoring.yaml",
    "workloads/web-server.yaml",
  ]);
});

describe.each(files)("%s", (file) => {
  test.each(["amd64", "arm64"])("is sound for %s, and what it names is there", async (arch) => {
    for (const buildType of ["debug", "release"] as const) {
      const assembly = await assemble(join(shipped, file), {
        kinds,
        read,
        has: existsSync,
        list: listFiles,
        shipped,
      });
      for (const assembled of assembly.manifests.values()) {
        const { locals, variables } = settle(assembled, assembled.kind, {
          arch,
          buildType,
          distro: "debian/trixie",
        });
        for (const { at } of locals) {
          const found = await stat(at);
          expect(found.isFile() || found.isDirectory()).toBe(true);
          if (at.endsWith(".conf"))
            expect(expandText(String(await read(at)), (name) => variables.get(name))).not.toContain("${");
        }
      }
    }
  });

  test("is named by the place it ships at, and holds no machine's mirror", async () => {
    const text = String(await read(join(shipped, file)));
    if (file.startsWith("distros/"))
      expect(text).toContain(`name: ${file.slice("distros/".length, -".yaml".length)}\n`);
    for (const [, host] of text.matchAll(/https?:\/\/([^/\s]+)/g)) {
      expect(published).toContain(host);
    }
  });
});

// As listed on https://ftp-master.debian.org/keys.html.
const archive = {
  bookworm: ["b8b80b5b623eab6ad8775c45b7c5d7d6350947f8", "4d64fec119c2029067d6e791f8d2585b8783d481"],
  "bookworm-security": ["05ab90340c0c5e797f44a8c8254cf3b5aec0a8f0"],
  trixie: ["04b54c3cdca79751b16bc6b5225629df75b188bd", "41587f7db8c774bccf131416762f67a0b2c39de4"],
  "trixie-security": ["5e04a1e3223a19a20706e20f9904613d4cce68c6"],
};

test.each(Object.entries(archive))(
  "the keys of %s are the archive's, public ones alone",
  async (suite, fingerprints) => {
    const armoredKeys = String(await read(join(shipped, `distros/debian/keys/debian-archive-${suite}.asc`)));
    const keys = await readKeys({ armoredKeys });
    expect(keys.map((key) => key.getFingerprint()).sort()).toEqual([...fingerprints].sort());
    expect(keys.some((key) => key.isPrivate())).toBe(false);
  },
);

test.each(["trixie", "bookworm"])("debian/%s has its updates and security suites", async (release) => {
  const { root, manifests } = await assemble(join(shipped, `distros/debian/${release}.yaml`), {
    kinds,
    read,
    has: existsSync,
    list: listFiles,
    shipped,
  });
  const distro = distroKind.schema.parse(manifests.get(root)?.document.value) satisfies DistroManifest;
  if (distro.format !== "deb") expect.unreachable("Debian has debs");
  expect(distro.architectures).toEqual(["amd64", "arm64"]);
  expect(distro.repositories.map(({ suites }) => suites)).toEqual([
    [release, `${release}-updates`],
    [`${release}-security`],
  ]);
  expect(
    distro.repositories.every(({ priority, components }) => priority === 500 && components.join() === "main"),
  ).toBe(true);
});
