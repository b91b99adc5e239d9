// What a sandbox is made of, as data: the argv, environment and overlay options, word by word.

import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Command,
  launcherArguments,
  launcherScript,
  overlayOptions,
  sandboxEnvironment,
} from "../../builders/sandbox/spec.ts";

const launcher = { loader: "/l/ld.so", libraries: "/l/lib", program: "/l/bwrap", shell: "/l/dash" };
const places = {
  lower: ["/store/a"],
  upper: "/scratch/upper",
  work: "/scratch/work",
  root: "/scratch/root",
  binds: [
    { source: "/scratch/out", target: "/tmp/out", writable: true },
    { source: "/store/package", target: "/tmp/package", writable: false },
  ],
};
const all = { filter: true, userNamespace: false };
const command: Command = { argv: ["/bin/sh", "-c", "true"], environment: { B: "2", A: "1" }, epoch: 5 };

describe("launcherArguments", () => {
  it("is this list", () => {
    const expected = `
      /l/ld.so --library-path /l/lib /l/bwrap
      --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --unshare-net
      --hostname kit --die-with-parent --new-session
      --bind /scratch/root / --proc /proc --dev /dev --perms 1777 --tmpfs /tmp
      --bind /scratch/out /tmp/out --ro-bind /store/package /tmp/package
      --cap-drop ALL --cap-add CAP_CHOWN --cap-add CAP_DAC_OVERRIDE --cap-add CAP_DAC_READ_SEARCH --cap-add CAP_FOWNER
      --cap-add CAP_FSETID --cap-add CAP_KILL --cap-add CAP_SETGID --cap-add CAP_SETUID --cap-add CAP_SETPCAP
      --cap-add CAP_SETFCAP --cap-add CAP_NET_BIND_SERVICE --cap-add CAP_SYS_CHROOT --cap-add CAP_AUDIT_WRITE
      --clearenv --setenv A 1 --setenv B 2 --setenv HOME /root --setenv LC_ALL C.UTF-8 --setenv LOGNAME root
      --setenv PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --setenv SHELL /bin/sh
      --setenv SOURCE_DATE_EPOCH 5 --setenv TERM dumb --setenv TZ UTC --setenv USER root
      --chdir / --seccomp 3 -- /bin/sh -c true`;
    expect(launcherArguments(launcher, places, command, all)).toEqual(expected.trim().split(/\s+/));
  });

  const words = (more: Partial<Command>, given = all) =>
    launcherArguments(launcher, places, { ...command, ...more }, given);

  it("shares the host's network only for fixed outputs", () => {
    expect(words({})).toContain("--unshare-net");
    expect(words({ network: true })).not.toContain("--unshare-net");
  });

  it("keeps a build from the terminal, and a person's shell at it", () => {
    expect(words({})).toContain("--new-session");
    expect(words({ terminal: true })).not.toContain("--new-session");
  });

  it("passes the command as it is, whatever it holds", () => {
    const argv = ["/bin/echo", "--bind", "/", "a b", "$(id)", "", "\n"];
    expect(words({ argv }).slice(-argv.length - 1)).toEqual(["--", ...argv]);
    const environment = { X: "--setenv", Y: "$HOME `id`" };
    const list = words({ environment });
    expect(list[list.indexOf("X") + 1]).toBe("--setenv");
    expect(list[list.indexOf("Y") + 1]).toBe("$HOME `id`");
  });

  it("names no filter where there is none", () => {
    expect(words({}, { ...all, filter: false })).not.toContain("--seccomp");
  });

  it("goes into a user namespace that it is given, before it makes others", () => {
    const given = words({}, { ...all, userNamespace: true });
    expect(given.slice(4, 7)).toEqual(["--userns", "4", "--unshare-pid"]);
    expect(given.filter((word) => word !== "--userns" && word !== "4")).toEqual(words({}));
  });
});

describe("launcherScript", () => {
  const read = (script: string) => execFileSync("sh", ["-c", script]).toString();

  it("puts the shell under the limits before it becomes the launcher", () => {
    expect(launcherScript("enter limits", ["/l/ld.so", "--library-path", "/a b"])).toBe(
      "enter limits && exec /l/ld.so --library-path '/a b'",
    );
  });

  it("passes every word as it is", () => {
    const word = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        expect(read(launcherScript(":", ["printf", "%s\\n", ...words]))).toBe(
          words.map((text) => `${text}\n`).join(""),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("refuses what no word can hold", () => {
    expect(() => launcherScript(":", ["a\0b"])).toThrow("NUL");
  });
});

describe("sandboxEnvironment", () => {
  it("lets the command's own come over the rest", () => {
    expect(sandboxEnvironment({ ...command, environment: { PATH: "/own", NEW: "1" } })).toMatchObject({
      PATH: "/own",
      NEW: "1",
      SOURCE_DATE_EPOCH: "5",
      TZ: "UTC",
      LC_ALL: "C.UTF-8",
      HOME: "/root",
    });
  });
});

describe("overlayOptions", () => {
  it("writes every option out", () => {
    expect(overlayOptions({ ...places, lower: ["/a", "/b"] })).toBe(
      "lowerdir=/a:/b,upperdir=/scratch/upper,workdir=/scratch/work,userxattr,redirect_dir=nofollow,index=off,metacopy=off,xino=off,volatile",
    );
  });

  it("escapes what overlayfs reads", () => {
    expect(overlayOptions({ lower: ["/a,b:c\\d"], upper: "/u", work: "/w" })).toContain(
      "lowerdir=/a\\,b\\:c\\\\d,",
    );
  });
});
