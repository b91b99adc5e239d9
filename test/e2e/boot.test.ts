// bootable.yaml's ext4 boots in an emulated machine until the system itself says on the serial console that it is up.
// Knows how QEMU is started; takes kernel, initial file system and command line out of what kit made.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type Base, copyManifests, copyStore, openBase } from "./base.ts";
import { done, kit } from "./kit.ts";
import { openPlace } from "./place.ts";
import { flawsOf } from "./sound.ts";

let base: Base;
beforeAll(async () => {
  base = await openBase();
});

test("bootable.yaml boots to its marker on the serial console", { timeout: 480_000 }, async () => {
  using place = openPlace("boot");
  copyStore(base.store, place.store);
  const manifest = join(copyManifests(base, place.folder), "../bootable.yaml");
  const mirrors = process.env["KIT_MIRRORS"];
  const outcome = done(
    await kit(["realize", manifest], {
      cwd: place.folder,
      store: place.store,
      env: { ...(mirrors !== undefined && { KIT_MIRRORS: mirrors }) },
    }),
  );
  expect(outcome.stdout).toMatch(/^ext4 \S+ amd64 ext4\n$/);
  const image = outcome.paths.get("ext4") ?? "";
  expect(execFileSync("e2fsck", ["-fn", image], { encoding: "utf8", stdio: "pipe" })).not.toMatch(
    /fix|error/i,
  );

  const boot = execFileSync("debugfs", ["-R", "ls -p /boot", image], { encoding: "utf8", stdio: "pipe" });
  const named = (start: string) =>
    boot
      .split("\n")
      .map((line) => line.split("/")[5] ?? "")
      .find((name) => name.startsWith(start)) ?? `no ${start}`;
  for (const [start, to] of [
    ["vmlinuz-", "kernel"],
    ["initrd.img-", "initrd"],
  ] as const) {
    execFileSync("debugfs", ["-R", `dump /boot/${named(start)} ${join(place.folder, to)}`, image], {
      stdio: "pipe",
    });
  }
  const { kernel } = parse(readFileSync(manifest, "utf8")) as { kernel: { commandLine: string } };
  const console = await bootUntil(
    /kit-boot-ok/,
    [
      "-kernel",
      join(place.folder, "kernel"),
      "-initrd",
      join(place.folder, "initrd"),
      "-append",
      kernel.commandLine,
      "-drive",
      `file=${image},format=raw,if=virtio,snapshot=on`,
    ],
    place.folder,
  );
  expect(console).toContain("kit-boot-ok");
  expect(console).not.toMatch(/Kernel panic|emergency mode|\[FAILED\]/);
  expect(flawsOf(place.store)).toEqual([]);
});

/** What the console showed when the text came, or when patience ended. Ends the machine it started, and no other. */
async function bootUntil(wanted: RegExp, disk: readonly string[], folder: string): Promise<string> {
  const machine = [
    "-accel",
    "tcg",
    "-cpu",
    "max",
    "-m",
    "768",
    "-smp",
    "2",
    "-nic",
    "none",
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "stdio",
    "-no-reboot",
  ];
  const child = spawn("qemu-system-x86_64", [...machine, ...disk], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder },
  });
  let seen = "";
  try {
    return await new Promise((resolve, reject) => {
      const clock = setTimeout(() => resolve(seen), 240_000);
      const take = (text: Buffer) => {
        seen += text.toString("latin1");
        if (wanted.test(seen)) resolve(seen);
      };
      child.stdout.on("data", take);
      child.stderr.on("data", take);
      child.on("error", reject);
      child.on("close", () => {
        clearTimeout(clock);
        resolve(seen);
      });
    });
  } finally {
    child.kill("SIGKILL");
  }
}
