// The script that configures packages: its steps, and that a shell reads it as meant.
// Runs it with commands that only tell of themselves; the real ones run in fidelity/.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { type ConfigurePlan, configureScript } from "../../../builders/rootfs/script.ts";
import { rig } from "./rig.ts";

const { package: pack } = rig();
const nothing: ConfigurePlan = {
  merged: [],
  foundation: [],
  rest: [],
  unpacked: [],
  early: [],
  debconf: [],
  passwd: [],
  group: [],
};
const steps = (plan: Partial<ConfigurePlan>) =>
  configureScript({ ...nothing, ...plan })
    .split("\n")
    .flatMap(
      (line) =>
        /^(?:dpkg --force-confold --force-unsafe-io (.*)|(preinst \w.*|debconf-set.*))$/
          .exec(line)
          ?.slice(1)
          .join("") ?? [],
    );

test("preinst scripts run in order, then everything is configured", () => {
  const loud = (name: string, architecture = "amd64") =>
    pack(name, {}, { Architecture: architecture, "Multi-Arch": "same" }, { preinst: "#!/bin/sh\n" });
  expect(steps({ merged: [loud("b"), pack("quiet"), loud("a"), loud("b", "i386")] })).toEqual([
    "preinst b amd64 b_amd64 1",
    "preinst a amd64 a_amd64 1",
    "preinst b i386 b_i386 2",
    "--configure -a",
    "--triggers-only -a",
  ]);
});

test("no package is configured twice, which dpkg refuses", () => {
  const [a, b, c] = [pack("a"), pack("b", {}, { "Multi-Arch": "same" }), pack("c")];
  const unpacked = [
    { package: c, after: [a] },
    { package: pack("d"), after: [a, b] },
    { package: pack("e"), after: [b] },
  ];
  expect(steps({ unpacked, early: [b, c, a] })).toEqual([
    "--configure a",
    "--unpack /tmp/kit/c_amd64.deb",
    "--configure b:amd64",
    "--unpack /tmp/kit/d_amd64.deb",
    "--unpack /tmp/kit/e_amd64.deb",
    "--configure c",
    "--configure -a",
    "--triggers-only -a",
  ]);
});

test("answers are set before anything is configured", () => {
  expect(steps({ debconf: ["a a/b select c"] })).toEqual([
    "debconf-set-selections /tmp/kit/debconf",
    "--configure -a",
    "--triggers-only -a",
  ]);
});

test("the shell gets pinned names and a preinst's failure right", () => {
  const folder = mkdtempSync(`${inject("scratch")}/script-`);
  for (const place of ["etc", "usr/sbin", "var/lib/dpkg", "tmp/kit/control/loud_amd64"])
    mkdirSync(`${folder}/${place}`, { recursive: true });
  writeFileSync(`${folder}/etc/passwd`, "root:x:0:0::/root:/bin/sh\nmine:x:5:5::/:/bin/sh\n");
  writeFileSync(`${folder}/etc/group`, "root:x:0:\n");
  writeFileSync(
    `${folder}/tmp/kit/control/loud_amd64/preinst`,
    '#!/bin/sh\necho "$1 $DPKG_MAINTSCRIPT_PACKAGE $DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT ${TZ-none}" >&2\nexit 1\n',
  );
  chmodSync(`${folder}/tmp/kit/control/loud_amd64/preinst`, 0o755);
  const script = (plan: Partial<ConfigurePlan>) =>
    // Every absolute path of the script's own begins at the folder.
    configureScript({ ...nothing, ...plan }).replace(/(?<=[\s"'])\/(?=etc|usr|var|tmp)/g, `${folder}/`);
  const run = (text: string) =>
    execFileSync("/bin/sh", ["-c", `dpkg() { :; }\n${text}`], {
      stdio: "pipe",
      env: { PATH: "/usr/bin:/bin", TZ: "UTC" },
    });

  run(script({ passwd: ["mine:x:7:8:it's mine:/:/bin/sh"], group: ["other:x:8:"] }));
  expect(readFileSync(`${folder}/etc/passwd`, "utf8")).toBe(
    "root:x:0:0::/root:/bin/sh\nmine:x:7:8:it's mine:/:/bin/sh\n",
  );
  expect(readFileSync(`${folder}/etc/group`, "utf8")).toBe("root:x:0:\nother:x:8:\n");

  const loud = pack("loud", {}, {}, { preinst: "#!/bin/sh\n" });
  expect(() => run(script({ merged: [loud] }))).toThrow("install loud 1 none");
  expect(readFileSync(`${folder}/tmp/kit/failed-preinst`, "utf8")).toBe("loud\n");
});
