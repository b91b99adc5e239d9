// One recipe for several distributions and build types, in one store: each has its own key, and its own result.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { built, done, kit, type Outcome } from "./kit.ts";
import { openPlace, type Place } from "./place.ts";
import { refuses } from "./refusal.ts";
import { flawsOf } from "./sound.ts";

let place: Place;
beforeAll(() => {
  place = openPlace("environments");
  const image = (distro: string, buildType: string, machine = "") =>
    `kind: image\nname: ${buildType}\ndistro: debian/${distro}\n${machine || "architectures: [amd64]"}\nbuildType: ${buildType}\npackages: [./tool.yaml]\nscripts: {postInstall: [./try]}\noutputs: [{type: tar}]\n`;
  place.write({
    "tool.yaml":
      "kind: package\nname: tool\nversion: '1'\nbuilder: deb-files\nfiles: [{path: /usr/bin/tool, mode: '0755', from: ./program.yaml, subpath: /bin/tool}, {path: /usr/share/tool, content: '${distro} ${buildType} ${arch} ${machine}'}]\nvars: {machine: any}\n",
    "program.yaml": "kind: package\nname: program\nbuilder: make\nsources: [{dir: ./src}]\n",
    "src/tool.c":
      '#include <gnu/libc-version.h>\n#include <stdio.h>\n#ifdef __OPTIMIZE__\n#define HOW "release"\n#else\n#define HOW "debug"\n#endif\nint main(void) { printf("%s %s\\n", gnu_get_libc_version(), HOW); return 0; }\n',
    "src/Makefile":
      "tool: tool.c\n\t$(CC) $(CFLAGS) -o tool tool.c\ninstall: tool\n\tinstall -D tool $(DESTDIR)$(PREFIX)/bin/tool\n",
    try: "#!/bin/sh\nset -e\ntool >&2\ncat /usr/share/tool >&2\n",
    "bookworm.yaml": image("bookworm", "release"),
    "debug.yaml": image("bookworm", "debug"),
    "trixie.yaml": image("trixie", "release"),
    "board.yaml":
      'kind: machine\nname: board\narchitecture: amd64\nkernel: {commandLine: "console=ttyS1"}\npackages: [netbase]\n',
    "onboard.yaml": `${image("trixie", "release", "machine: ./board.yaml")}kernel: {commandLine: quiet}\n`,
  });
});
afterAll(() => {
  expect(flawsOf(place.store)).toEqual([]);
  place[Symbol.dispose]();
});

const at = () => ({ cwd: place.folder, store: place.store });
const run = (...words: string[]): Promise<Outcome> => kit([...words, "--json"], at());

test("each image has the one that was built for it, and none builds another's again", async () => {
  const said = new Map<string, string>();
  for (const image of ["bookworm", "debug", "trixie"]) {
    const outcome = done(await run("realize", `${image}.yaml`));
    expect(built(outcome)).toContain("program");
    const label = image === "debug" ? "debug customized" : "release customized";
    said.set(image, done(await kit(["log", `${image}.yaml`, label], at())).stdout);
  }
  expect(said.get("bookworm")).toContain("2.36 release\ndebian/bookworm release amd64 any");
  expect(said.get("debug")).toContain("2.36 debug\ndebian/bookworm debug amd64 any");
  expect(said.get("trixie")).toContain("2.41 release\ndebian/trixie release amd64 any");
  for (const image of ["bookworm", "debug", "trixie"])
    expect(built(done(await run("realize", `${image}.yaml`)))).toEqual([]);
  // A changed source is built once more for each that is asked for, and for no other.
  const source = join(place.folder, "src/tool.c");
  place.write({ "src/tool.c": `${readFileSync(source, "utf8")}\n/* More. */\nint more;\n` });
  const again = built(done(await run("realize", "trixie.yaml")));
  expect(again.filter((label) => label === "program")).toEqual(["program"]);
});

test("a machine is one environment more: what has its name in it is built for it, what has not is there already", async () => {
  const outcome = done(await run("realize", "onboard.yaml"));
  const labels = built(outcome);
  expect(labels).toEqual(expect.arrayContaining(["netbase_6.5_all.deb", expect.stringMatching(/^tool_1/)]));
  expect(labels).not.toContain("program");
  expect(done(await kit(["log", "onboard.yaml", "release customized"], at())).stdout).toContain(
    "2.41 release\ndebian/trixie release amd64 board",
  );
  const [tar = ""] = outcome.stdout.match(/\S+\/outputs\/\S+/) ?? [];
  const read = (file: string) => execFileSync("tar", ["-xOf", tar, file], { encoding: "utf8" });
  expect(read("./etc/kernel/cmdline")).toBe("console=ttyS1 quiet\n");
  expect(read("./var/lib/dpkg/status")).toContain("Package: netbase\n");
  const { text, places } = await refuses(
    ["realize", "onboard.yaml", "--arch", "arm64"],
    at(),
    3,
    "manifest/unsupported-architecture",
  );
  expect(text).toContain("the machine board is not made for arm64");
  expect(places).toEqual(["onboard.yaml:4"]);
});
