// Maintainer scripts: a package's own text, and what looks after its units, run by a shell.

import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { maintainerScript, unitSnippets } from "../../../builders/deb-files/units.ts";
import { Fault } from "../../../store/model/fault.ts";

const snippet = "echo snippet";
const run = (own: string, shell = "sh") => {
  const text = maintainerScript("postinst", own, snippet) ?? "";
  const { status, stdout } = spawnSync(shell, ["-s", "configure"], { input: text, encoding: "utf8" });
  return { status, lines: stdout.split("\n").filter((line) => line !== "") };
};

test("without units it is the own one, byte for byte; without an own one, what the units need", () => {
  expect(maintainerScript("postinst", "#!/usr/bin/perl\nexit 0", "")).toBe("#!/usr/bin/perl\nexit 0");
  expect(maintainerScript("postinst", undefined, "")).toBeUndefined();
  const { postinst, prerm, postrm } = unitSnippets(["one.service", "two.timer"]);
  for (const text of [postinst, prerm, postrm]) {
    const whole = maintainerScript("any", undefined, text) ?? "";
    expect(whole).toContain("one.service two.timer");
    expect(spawnSync("sh", ["-n"], { input: whole }).status).toBe(0);
  }
});

test("units are named as systemd escapes them, and templates are not started", () => {
  const { postinst, prerm, postrm } = unitSnippets(["my\\x2dapp.service", "each@.service"]);
  const calls =
    'command() { test -n "$2"; }\ndeb-systemd-helper() { printf "%s\\n" "$*" >&2; }\ndeb-systemd-invoke() { :; }\n';
  const { stderr } = spawnSync("bash", ["-s", "configure"], {
    input: `${calls}${postinst}`,
    encoding: "utf8",
  });
  expect(stderr).toContain("unmask my\\x2dapp.service\n");
  expect(stderr).toContain("unmask each@.service\n");
  for (const text of [postinst, prerm]) expect(text).not.toMatch(/(?:start|stop) .*each@/);
  for (const text of [prerm, postrm]) expect(spawnSync("sh", ["-n"], { input: text }).status).toBe(0);
  expect(unitSnippets(["each@.service"]).prerm).not.toContain("deb-systemd-invoke");
});

describe("after a shell's script the units are looked after", () => {
  test.each([
    [
      "wherever it ends",
      '#!/bin/sh\nset -e\ncase "$1" in\n  configure) echo own; exit 0;;\nesac\necho never\n',
    ],
    ["at its end", "#!/bin/sh\nset -e\necho own\nexit 0\n"],
    ["without one", "#!/bin/sh -e\necho own"],
    ["behind a comment", "#!/bin/bash\necho own # )"],
    ["behind a text of its own", "#!/bin/dash\ncat <<END\nown\nEND"],
  ])("%s", (_, own) => {
    expect(run(own)).toEqual({ status: 0, lines: ["own", "snippet"] });
  });

  test.each(["#!/bin/sh", "#!/bin/sh\n#DEBHELPER#\n"])("also where it does nothing: %j", (own) => {
    expect(run(own)).toEqual({ status: 0, lines: ["snippet"] });
  });

  test.each([
    ["by a command", "#!/bin/sh\nset -e\necho own\nfalse\necho never\n", 1],
    ["by exit", "#!/bin/sh\necho own\nexit 3\n", 3],
  ])("not where it fails %s", (_, own, status) => {
    expect(run(own)).toEqual({ status, lines: ["own"] });
  });
});

test.each(["#!/usr/bin/perl\nexit 0", "#!/usr/bin/env python3\n", "echo own\n"])(
  "what no shell runs is refused: %j",
  (own) => {
    try {
      maintainerScript("prerm", own, snippet);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      expect(error).toMatchObject({ code: "build/bad-script", about: "script prerm" });
    }
  },
);
