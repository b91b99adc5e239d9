// A root file system's image in an emulated machine, started with the kernel that is in it.
// Knows how QEMU is started; does not know what is looked for on the console.

import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";

/**
 * What the serial console showed when the text came, or when patience ended. Kernel and initial file system are taken
 * out of the image into `folder`, the command line as boot loaders read it there.
 */
export async function bootImage(
  image: string,
  { wanted, folder }: { readonly wanted: RegExp; readonly folder: string },
): Promise<string> {
  const told = (request: string) =>
    execFileSync("debugfs", ["-R", request, image], { encoding: "utf8", stdio: "pipe" });
  const boot = told("ls -p /boot");
  const named = (start: string) =>
    boot
      .split("\n")
      .map((line) => line.split("/")[5] ?? "")
      .find((name) => name.startsWith(start)) ?? `no ${start}`;
  const takeOut = (start: string) => {
    const file = join(folder, start);
    told(`dump /boot/${named(start)} ${file}`);
    return file;
  };
  const commandLine = told("cat /etc/kernel/cmdline").trim();
  const started = ["-kernel", takeOut("vmlinuz-"), "-initrd", takeOut("initrd.img-")];
  const disk = ["-drive", `file=${image},format=raw,if=virtio,snapshot=on`];
  return await bootUntil(wanted, [...started, "-append", commandLine, ...disk], folder);
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
