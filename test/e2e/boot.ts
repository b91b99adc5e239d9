// A root file system's image in an emulated machine, started with the kernel that is in it.
// Knows how QEMU is started; does not know what is looked for on the console.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/**
 * What the serial console showed when the text came, or when patience ended. Kernel and initial file system are taken
 * out of the image into `folder`, the command line out of the image's manifest.
 */
export async function bootImage(
  image: string,
  {
    manifest,
    wanted,
    folder,
  }: { readonly manifest: string; readonly wanted: RegExp; readonly folder: string },
): Promise<string> {
  const boot = execFileSync("debugfs", ["-R", "ls -p /boot", image], { encoding: "utf8", stdio: "pipe" });
  const named = (start: string) =>
    boot
      .split("\n")
      .map((line) => line.split("/")[5] ?? "")
      .find((name) => name.startsWith(start)) ?? `no ${start}`;
  const takeOut = (start: string) => {
    const file = join(folder, start);
    execFileSync("debugfs", ["-R", `dump /boot/${named(start)} ${file}`, image], { stdio: "pipe" });
    return file;
  };
  const { kernel } = parse(readFileSync(manifest, "utf8")) as { kernel: { commandLine: string } };
  const started = ["-kernel", takeOut("vmlinuz-"), "-initrd", takeOut("initrd.img-")];
  const disk = ["-drive", `file=${image},format=raw,if=virtio,snapshot=on`];
  return await bootUntil(wanted, [...started, "-append", kernel.commandLine, ...disk], folder);
}

/** Ends the machine it started, and no other. */
async function bootUntil(wanted: RegExp, disk: readonly string[], folder: string): Promise<string> {
  const machine = [
    ...["-accel", "tcg", "-cpu", "max", "-m", "768", "-smp", "2"],
    ...["-nic", "none", "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"],
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
