// What doctor finds out, and that it says so.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findingLines } from "../../../cli/commands/doctor.ts";
import { fileSystemOf, sysctlMend } from "../../../cli/commands/examination.ts";
import { folder, kit } from "./rig.ts";

describe("doctor", () => {
  it("ends with 7 where anything is lacking, with 0 else, and leaves nothing behind", () => {
    const place = folder();
    const { status, stdout } = kit(["doctor", "--json"], { store: join(place, "store"), directory: place });
    const { findings, mirrors } = JSON.parse(stdout);
    const states = new Map<string, string>(
      findings.map(({ name, state }: { name: string; state: string }) => [name, state]),
    );
    expect([...states.keys()].slice(0, 4)).toEqual(["node", "processor", "programs", "identities"]);
    expect(states.get("node")).toBe("ok");
    expect(status).toBe([...states.values()].includes("lacks") ? 7 : 0);
    // These tests build, so namespaces and overlays are there.
    expect([states.get("namespaces"), states.get("overlays"), states.get("store")]).toEqual([
      "ok",
      "ok",
      "ok",
    ]);
    expect(mirrors.map(({ distro }: { distro: string }) => distro)).toEqual([
      "azure-linux/3.0",
      "debian/bookworm",
      "debian/trixie",
      "fedora/43",
    ]);
    for (const { distro, repositories } of mirrors)
      if (distro.startsWith("debian/"))
        expect(repositories.map(({ name }: { name: string }) => name)).toEqual(["main", "security"]);
    // Architectures are called as the distribution calls them.
    const places = mirrors.flatMap((one: { repositories: { places: string[] }[] }) =>
      one.repositories.flatMap((repository) => repository.places),
    );
    expect(places.filter((place: string) => /\b(?:amd64|arm64)\b/.test(place))).toEqual([]);
    expect(places).toContainEqual(expect.stringMatching(/\/(?:x86_64|aarch64)\b/));
  });

  it("a store that cannot be made is lacking, and KIT_MIRRORS stands first among mirrors", () => {
    const { stdout } = kit(["doctor"], {
      store: "/proc/none",
      environment: { KIT_MIRRORS: "http://mirror.example.org/debian" },
    });
    expect(stdout).toMatch(/lacks {2}store: \/proc\/none cannot be made/);
    expect(stdout).toMatch(
      /\nmirrors of debian\/trixie, in order\n {7}main: http:\/\/mirror\.example\.org\/debian \S+/,
    );
  });

  it("a network file system is told by the mount that holds the store", () => {
    const mounts =
      "none / ext4 rw 0 0\nserver:/x /mnt/with\\040space nfs4 rw 0 0\ntmp /mnt/with\\040space/inner tmpfs rw 0 0\nover / overlay rw 0 0\n";
    expect(fileSystemOf("/home/x", mounts)).toBe("overlay");
    expect(fileSystemOf("/mnt/with space/kit", mounts)).toBe("nfs4");
    expect(fileSystemOf("/mnt/with space/inner", mounts)).toBe("tmpfs");
    expect(fileSystemOf("/mnt/with space!", mounts)).toBe("overlay");
  });

  it("the settings that forbid user namespaces are mended by one command", () => {
    const files: Readonly<Record<string, string>> = {
      "/proc/sys/kernel/unprivileged_userns_clone": "0\n",
      "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
      "/proc/sys/user/max_user_namespaces": "94000\n",
    };
    expect(sysctlMend((file) => files[file] ?? "")).toBe(
      "as root: sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0",
    );
    expect(sysctlMend(() => "")).toBeUndefined();
  });

  it("what mends stands below what is lacking", () => {
    expect(
      findingLines({
        name: "programs",
        state: "lacks",
        detail: "there is no newuidmap",
        mend: "as root: apt-get install uidmap",
      }),
    ).toEqual(["lacks  programs: there is no newuidmap", "       mend: as root: apt-get install uidmap"]);
  });
});
