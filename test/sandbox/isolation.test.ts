// A real sandbox, looked at from inside: nothing of the host is there, and what would lead out of it is refused.

import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Keeper } from "../../builders/keeper/client.ts";
import { defaultRangeStart } from "../../builders/keeper/identity.ts";
import { layoutOf } from "../../store/layout.ts";
import { splitContent } from "../../store/model/derivation.ts";
import { asUser } from "../e2e/user.ts";
import { isRoot, observe } from "../store/rig.ts";
import { commandOf, descendants, keeperAt, type ProbeParameters, probe, running, systemCall } from "./rig.ts";
import { openTools, storeWithTools } from "./shared.ts";
import { caller, repository, type Tools } from "./tools.ts";

let tools: Tools;
let store: string;
let keeper: Keeper;
const secret = `secret-${randomUUID()}`;
beforeAll(async () => {
  tools = await openTools();
  store = storeWithTools(tools);
  process.env["KIT_TEST_SECRET"] = secret;
  keeper = await keeperAt(tools, store);
});
afterAll(async () => {
  delete process.env["KIT_TEST_SECRET"];
  await keeper?.close();
});
const run = (parameters: ProbeParameters | string) => probe(keeper, tools, store, parameters);

describe("what is there", () => {
  it("the environment is this list, and nothing of the caller's", async () => {
    const { log } = await run({ argv: ["/usr/bin/env"], environment: { KIT_OWN: "one more" } });
    expect(
      Object.fromEntries(
        log
          .trim()
          .split("\n")
          .map((line) => line.split("=")),
      ),
    ).toEqual({
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      LC_ALL: "C.UTF-8",
      TZ: "UTC",
      TERM: "dumb",
      USER: "root",
      LOGNAME: "root",
      SHELL: "/bin/sh",
      SOURCE_DATE_EPOCH: "1234567890",
      PWD: "/",
      KIT_OWN: "one more",
    });
  });

  it("the root is the declared inputs' alone", async () => {
    const { log } = await run("cd / && ls -a; echo in home: $(ls -A /home /root 2>/dev/null); ls -A /tmp");
    const libraries = /^(lib(32|64|x32)?|var)$/;
    expect(log.split("\n").filter((name) => !libraries.test(name))).toEqual([
      ".",
      "..",
      "bin",
      "dev",
      "etc",
      "proc",
      "run",
      "sbin",
      "sys",
      "tmp",
      "usr",
      "in home:",
      "fixed",
      "out",
      "",
    ]);
  });

  it("no file of the host can be reached, nor the store", async () => {
    const marker = `${inject("scratch")}/${secret}`;
    writeFileSync(marker, secret);
    const { log } =
      await run(`for path in ${marker} ${repository} ${store} /mnt/format /proc/1/root${marker} /proc/self/cwd/..${marker}; do
      if [ -e $path ]; then echo found $path; else echo none; fi; done; cat /proc/self/mountinfo`);
    expect(log.match(/^none$/gm)).toHaveLength(6);
    expect(log).not.toMatch(/^found/m);
    const mounts = log
      .split("\n")
      .filter((line) => / - /.test(line))
      .map((line) => line.split(" ")[4]);
    const devices = ["null", "zero", "full", "random", "urandom", "tty", "pts"].map((name) => `/dev/${name}`);
    // The launcher covers those of the kernel's files that its version knows.
    const covered = /^\/proc\/(sys|sysrq-trigger|irq|bus)$/;
    expect(mounts.filter((place) => !covered.test(place ?? "")).sort()).toEqual(
      ["/", "/proc", "/dev", ...devices, "/tmp", "/tmp/out", "/tmp/fixed"].sort(),
    );
  });

  it("processes are its own", async () => {
    const child = spawn("sleep", ["87650001"]);
    const { log } = await run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '; echo; echo /proc/[0-9]*; echo $$");
    child.kill();
    expect(log).not.toContain("87650001");
    // The launcher, the shell and what the shell starts.
    const [first = "", ...others] = log.trim().split("\n").slice(-2);
    expect(first).toBe("/proc/1 /proc/2");
    expect(others).toEqual(["2"]);
  });

  it("the host's name, kernel messages and sockets are not", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`\0kit-${secret}`, resolve));
    try {
      const { log } = await run(`echo name $(uname -n); perl -MSocket -e '
        socket(my $s, PF_UNIX, SOCK_STREAM, 0); print "abstract ", connect($s, sockaddr_un("\\0kit-${secret}")) ? "ok" : "refused", "\\n";'
        wc -l < /proc/net/unix`);
      expect(log).toMatch(/^name kit$/m);
      expect(log).toMatch(/^abstract refused$/m);
      expect(log.trim().split("\n").at(-1)).toBe("1");
    } finally {
      server.close();
    }
  });

  it("the network is a loopback of its own", async () => {
    const server: Server = createServer((socket) => socket.end("reached"));
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    const { port } = server.address() as { port: number };
    const outer = Object.values(networkInterfaces())
      .flat()
      .filter((item) => item?.family === "IPv4")
      .map((item) => item?.address ?? "");
    try {
      const { log } = await run(`cut -d: -f1 -s /proc/net/dev | tr -d ' '
        perl -MSocket -e 'for my $host (@ARGV) { socket(my $s, PF_INET, SOCK_STREAM, 0); print "$host ", connect($s, sockaddr_in(${port}, inet_aton($host))) ? "ok" : "refused", "\\n"; }
          socket(my $l, PF_INET, SOCK_STREAM, 0); bind($l, sockaddr_in(4321, INADDR_LOOPBACK)) && listen($l, 1); socket(my $c, PF_INET, SOCK_STREAM, 0);
          print "own ", connect($c, sockaddr_in(4321, INADDR_LOOPBACK)) ? "ok" : "refused", "\\n";' ${outer.join(" ")} 192.0.2.1`);
      expect(log.split("\n").filter((line) => /^\w+$/.test(line))).toEqual(["lo"]);
      for (const host of [...outer, "192.0.2.1"]) expect(log).toContain(`${host} refused`);
      expect(log).toContain("own ok");
    } finally {
      server.close();
    }
  });

  it("devices are the harmless ones", async () => {
    const { log } = await run(
      "ls -1 /dev; ls -1 /dev/shm; if (: < /dev/tty) 2>/dev/null; then echo terminal; fi",
    );
    expect(log.trim().split("\n")).toEqual([
      "core",
      "fd",
      "full",
      "null",
      "ptmx",
      "pts",
      "random",
      "shm",
      "stderr",
      "stdin",
      "stdout",
      "tty",
      "urandom",
      "zero",
    ]);
  });

  it("standard input is empty, the mask 022, the folder the root unless said otherwise", async () => {
    const { log } = await run("wc -c; umask; pwd");
    expect(log.split("\n").slice(0, 3)).toEqual(["0", "0022", "/"]);
    expect((await run({ argv: ["/bin/pwd"], directory: "/usr/bin" })).log).toBe("/usr/bin\n");
  });

  it("what is fed to standard input arrives whole", async () => {
    const input = "kit\n".repeat(100_000);
    expect((await run({ argv: ["/usr/bin/wc", "-c"], input })).log.trim()).toBe(String(input.length));
    expect((await run({ argv: ["/usr/bin/head", "-c", "3"], input })).log).toBe("kit");
  });

  it("input that breaks off fails the build, however the command takes it", async () => {
    for (const script of ["cat > /tmp/out/image", "cat > /dev/null; exit 0", "exit 0"]) {
      await expect(
        run({ argv: ["/bin/sh", "-c", script], input: "half", breakInput: true }),
      ).rejects.toMatchObject({ faults: [{ code: "store/missing-blob" }] });
    }
  });
});

describe("what is refused", () => {
  const EPERM = 1;
  const ENOSYS = 38;
  const newUser = 0x10000000;
  // By x86-64's numbers; other machines have the same program, asserted over its bytes in seccomp.test.ts.
  const calls: readonly (readonly [
    name: string,
    number: number,
    expected: number,
    ...argv: (number | string)[],
  ])[] = [
    ["add_key", 248, EPERM, '"user"', '"a"', '"b"', 1, -2],
    ["request_key", 249, EPERM, '"user"', '"a"', 0, 0],
    ["keyctl", 250, EPERM, 0, -3, 0],
    ["bpf", 321, EPERM, 0, 0, 0],
    ["userfaultfd", 323, EPERM, 0],
    ["setns", 308, EPERM, 0, 0],
    ["unshare user", 272, EPERM, newUser],
    ["unshare user and mount", 272, EPERM, newUser | 0x20000],
    ["unshare mount", 272, EPERM, 0x20000],
    ["unshare net", 272, EPERM, 0x40000000],
    ["clone user", 56, EPERM, newUser | 17, 0, 0, 0, 0],
    ["clone3", 435, ENOSYS, 0, 0],
    ["ioctl TIOCSTI", 16, EPERM, 1, 0x5412, '"x"'],
    ["ioctl TIOCLINUX", 16, EPERM, 1, 0x541c, '"x"'],
    ["x32 getpid", 0x40000000 + 39, ENOSYS],
    ["mount", 165, EPERM, '"none"', '"/tmp/out"', '"tmpfs"', 0, 0],
    ["umount", 166, EPERM, '"/proc"', 2],
    ["pivot_root", 155, EPERM, '"/tmp"', '"/tmp/out"'],
    ["reboot", 169, EPERM, 0xfee1dead, 672274793, 0, 0],
    ["swapon", 167, EPERM, '"/tmp/fixed"', 0],
    ["settimeofday", 164, EPERM, '"\\0" x 16', 0],
    ["sethostname", 170, EPERM, '"x"', 1],
    ["mknod null", 133, EPERM, '"/tmp/out/null"', 0o020666, 0x103],
    ["mknod disk", 133, EPERM, '"/etc/disk"', 0o060660, 0x800],
    ["syslog", 103, EPERM, 3, '" " x 100', 100],
  ];
  it.runIf(process.arch === "x64")("system calls that lead out", async () => {
    const program = calls.map(([name, number, , ...argv]) => systemCall(name, number, ...argv)).join("\n");
    const { log } = await run({ argv: ["/usr/bin/perl", "-e", program], environment: { LC_ALL: "C" } });
    expect(log.trim().split("\n")).toEqual(calls.map(([name, , errno]) => `${name}: ${errno}`));
  });

  it("the kernel's settings, though root asks", async () => {
    const files = [
      "/proc/sys/kernel/core_pattern",
      "/proc/sys/kernel/modprobe",
      "/proc/sys/vm/panic_on_oom",
      "/proc/sysrq-trigger",
      "/proc/sys/fs/binfmt_misc/register",
      "/proc/sys/kernel/yama/ptrace_scope",
    ];
    const { log } = await run(
      `for file in ${files.join(" ")}; do if (echo x > $file) 2>/dev/null; then echo written; else echo refused; fi; done`,
    );
    expect(log).toBe("refused\n".repeat(files.length));
  });

  it("privileges from setuid files", async () => {
    const { log } =
      await run(`cp /usr/bin/id /usr/bin/rootid && chown 0:0 /usr/bin/rootid && chmod 6755 /usr/bin/rootid
      perl -MPOSIX -e '$) = "1000 1000"; POSIX::setgid(1000) && POSIX::setuid(1000) or die; system "/usr/bin/rootid", "-u"; system "/usr/bin/rootid", "-g"; exec "cat", "/proc/self/status"'`);
    expect(log.split("\n").slice(0, 2)).toEqual(["1000", "1000"]);
    expect(log).toMatch(/^NoNewPrivs:\s1$/m);
    expect(log).toMatch(/^Seccomp:\s2$/m);
    expect(log).toMatch(/^CapEff:\s0000000000000000$/m);
  });

  it("capabilities beyond those that package scripts need", async () => {
    const { log } = await run("cat /proc/self/status");
    // chown, dac_override, dac_read_search, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, sys_chroot, audit_write, setfcap
    for (const set of ["CapPrm", "CapEff"])
      expect(log).toMatch(new RegExp(`^${set}:\\s00000000a00405ff$`, "m"));
  });

  it("writing to what is not the build's", async () => {
    const layout = layoutOf(store);
    const checkouts = () =>
      Object.fromEntries(
        readdirSync(layout.checkouts).map((name) => [name, observe(`${layout.checkouts}/${name}`)]),
      );
    await run("true");
    const before = isRoot ? checkouts() : {};
    const { log, tree } =
      await run(`if (echo x > /tmp/fixed) 2>/dev/null; then echo written; else echo refused; fi
      if mv /tmp/fixed /tmp/moved 2>/dev/null; then echo moved; else echo refused; fi
      echo changed > /etc/passwd; rm -r /usr/share; chmod 0 /usr/bin/perl; ln -s / /etc/link; echo over > /../../etc/group; touch /above`);
    expect(log).toBe("refused\nrefused\n");
    const paths = tree("root").entries.map(({ path }) => path);
    expect(paths).toContain("above");
    expect(paths).not.toContain("usr/share");
    if (isRoot) expect(checkouts()).toEqual(before);
    expect(splitContent(tools.probe).kind).toBe("tree");
  });

  it("staying when the command has ended", async () => {
    const begun = performance.now();
    await run("(setsid sleep 98765432 &) ; (trap '' TERM HUP; exec sleep 98765433) & true");
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(running("9876543")).toEqual([]);
  });
});

describe("who it is outside", () => {
  const idsOf = (command: string) =>
    descendants(process.pid).flatMap((pid) => {
      try {
        if (!commandOf(pid).includes(command)) return [];
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        return [
          {
            uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]),
            gid: Number(/^Gid:\s+(\d+)/m.exec(status)?.[1]),
            name: /^Name:\s+(.*)$/m.exec(status)?.[1],
          },
        ];
      } catch {
        return [];
      }
    });

  it.runIf(isRoot)("root inside is nobody the host knows", async () => {
    const asked = run(
      "sleep 1.5471 & perl -e '$( = $) = \"33 33\"; $< = $> = 33; select undef, undef, undef, 1.5471' & wait",
    );
    await sleep(900);
    const [inner, web] = [
      idsOf("sleep\x001.5471"),
      idsOf("undef, 1.5471").filter(({ name }) => name === "perl"),
    ];
    await asked;
    expect(inner).toMatchObject([{ uid: defaultRangeStart, gid: defaultRangeStart }]);
    expect(web).toMatchObject([{ uid: defaultRangeStart + 33, gid: defaultRangeStart + 33 }]);
    expect([...inner, ...web].filter(({ uid, gid }) => uid < 65_536 || gid < 65_536)).toEqual([]);
  });

  it.runIf(isRoot)(
    "an ordinary user's root is the user, the rest the user's range",
    () => {
      const folder = `${inject("scratch")}/ordinary`;
      const bound = `${inject("scratch")}/repository`;
      const before = asUser(folder);
      // The clone may lie where only root may enter. It is to be seen here by this process alone, and gone with it.
      mkdirSync(bound);
      const bind = 'mount --bind "$0" "$1" && shift && exec "$@"';
      const argv = [
        ...["--mount", "sh", "-c", bind, repository, bound],
        ...before,
        `${bound}/node_modules/node/bin/node`,
        `${bound}/test/sandbox/ordinary.ts`,
        `${folder}/tools`,
        `${inject("scratch")}/tools/lock`,
      ];
      const { status, stdout, stderr } = spawnSync("unshare", argv, {
        encoding: "utf8",
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: folder },
        cwd: folder,
        timeout: 120_000,
      });
      expect([status, stderr]).toEqual([0, ""]);
      const found = JSON.parse(stdout) as {
        uid: number;
        map: string;
        core: string;
        mine: unknown;
        owner: number[];
        seen: { command: string; uid: number }[];
        tools: string;
      };
      expect(found.uid).toBe(23_017);
      expect(
        found.map
          .trim()
          .split("\n")
          .map((line) => line.trim().split(/\s+/).map(Number)),
      ).toEqual([
        [0, 23_017, 1],
        [1, 1_500_000, 65_535],
      ]);
      expect(found.core).toBe("refused\n");
      expect(found.mine).toMatchObject({ type: "file", mode: 0o4755, uid: 1000, gid: 1000 });
      expect(found.owner).toEqual([7, 8]);
      expect(found.seen.filter(({ command }) => command.startsWith("perl")).map(({ uid }) => uid)).toEqual([
        1_500_000 + 32,
      ]);
      expect(found.seen.every(({ uid }) => uid >= 23_017)).toBe(true);
      // Whoever makes it, it is the same tree.
      expect(found.tools).toBe(tools.probe);
      expect(caller.uid).toBe(0);
    },
    150_000,
  );
});
