// kit as a program: help, mistakes on the command line, and their exit statuses.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder, kit, program } from "./rig.ts";

const commands = [
  "realize",
  "lock",
  "evaluate",
  "graph",
  "why",
  "why-not",
  "resolve",
  "diff",
  "log",
  "shell",
  "schema",
  "doctor",
  "gc",
  "store info",
  "store verify",
  "serve",
  "push",
  "pull",
  "profile",
  "key generate",
  "key show",
  "store rebuild",
  "challenge",
  "export",
  "import",
];

describe("help", () => {
  it("alone, kit tells its commands on standard error and ends with 2", () => {
    const { status, stdout, stderr } = kit([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    for (const command of commands) expect(stderr).toContain(`kit ${command} `);
  });

  it("--help and help tell the same on standard output", () => {
    const { status, stdout } = kit(["--help"]);
    expect(status).toBe(0);
    expect(stdout).toBe(kit([]).stderr);
    expect(kit(["help"]).stdout).toBe(stdout);
  });

  it.each(commands)("%s tells its usage, options and an example", (command) => {
    const { status, stdout, stderr } = kit([...command.split(" "), "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^kit ${command}: \\S.*\\n\\n {2}kit ${command} \\[OPTIONS\\]`));
    expect(stdout).toMatch(/\nOptions\n {2}--json .*\S\n/);
    expect(stdout).toMatch(new RegExp(`\\nExamples\\n {2}# \\S.*\\n {2}.*kit ${command}`));
    expect(stdout).not.toMatch(/#\d/);
  });

  it("help COMMAND is COMMAND --help", () => {
    expect(kit(["help", "store", "verify"]).stdout).toBe(kit(["store", "verify", "--help"]).stdout);
  });

  it("--version tells one", () => {
    expect(kit(["--version"])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^kit \d+\.\d+\.\d+\n$/),
    });
  });
});

it("an answer that finds no room is told so, and kit ends with 2", () => {
  const { status, stderr } = spawnSync("sh", ["-c", 'exec "$0" "$@" >/dev/full', program, "schema"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: standard output cannot be written: ENOSPC.*\n.*usage\/no-output/);
});

describe("mistakes", () => {
  it.each([
    [["relize", "x"], /there is no command "relize"\n {2}hint: did you mean `kit realize`\?/],
    [["store"], /there is no command "store"\n {2}hint: `kit store info` or `kit store verify`/],
    [["store", "inf"], /did you mean `kit store info`\?/],
    [["frobnicate"], /hint: `kit --help` lists the commands/],
    [["realize"], /kit realize: an argument is missing\n {2}hint: kit realize \[OPTIONS\] MANIFEST;/],
    [["realize", "a", "b"], /kit realize: "b" is too much/],
    [["realize", "a", "--arch"], /kit realize: --arch needs a value/],
    [
      ["realize", "a", "--outputs", "x"],
      /kit realize has no option --outputs\n {2}hint: did you mean --output\?/,
    ],
    [
      ["report", "a"],
      /kit report: it needs -o or --output\n {2}hint: kit report \[OPTIONS\] -o,--output VALUE VIEW;/,
    ],
    [["realize", "a", "--jobs", "none"], /--jobs is a whole number/],
    [["realize", "a", "--build-type", "fast"], /--build-type is debug or release/],
    [["realize", "a", "--memory-limit", "much"], /--memory-limit is a size/],
    [["graph", "a", "--format", "png"], /--format is dot, json or svg, not "png"/],
    [["lock", "a", "openssl"], /packages are named only with --update/],
    [["schema", "imag"], /did you mean image\?/],
  ])("%j ends with 2", (argv, told) => {
    const { status, stdout, stderr } = kit(argv);
    expect(stderr).toMatch(told);
    expect(stderr).toContain(", exit 2]");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });

  it("with --json a mistake is a line of JSON", () => {
    const { status, stderr } = kit(["realize", "--json"]);
    expect(status).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ type: "error", faults: [{ code: "usage/arguments" }] });
  });

  it("a manifest that is not there ends with 3, and one of no buildable kind with 2", () => {
    const place = folder();
    expect(kit(["evaluate", "absent.yaml"], { directory: place }).status).toBe(3);
    writeFileSync(join(place, "odd.yaml"), "kind: machine\nname: x\n");
    expect(kit(["evaluate", "odd.yaml"], { directory: place }).status).toBe(3);
    expect(kit(["evaluate", "debian/trixie"], { directory: place }).status).toBe(3);
  });

  it.each(["gc", "store info", "store verify"])("%s where there is no store ends with 5", (command) => {
    const { status, stderr } = kit([...command.split(" "), "--store", join(folder(), "none")]);
    expect(status).toBe(5);
    expect(stderr).toMatch(/^error: there is no store at .*\n {2}hint: the first `kit realize` makes it/);
  });

  it("a folder that is no store of one's own ends with 5", () => {
    const place = folder();
    writeFileSync(join(place, "format"), "kit/store/999\n");
    expect(kit(["store", "info", "--store", place])).toMatchObject({
      status: 5,
      stderr: expect.stringContaining("store/newer-format"),
    });
    writeFileSync(join(place, "format"), "something else\n");
    expect(kit(["store", "info", "--store", place])).toMatchObject({
      status: 5,
      stderr: expect.stringContaining("store/not-a-store"),
    });
  });
});

it("goes on where nobody reads what is told", async () => {
  const child = spawn(program, ["nosuch"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr?.destroy();
  expect(await once(child, "exit")).toEqual([2, null]);
});

describe("schema", () => {
  it("is one of every kind, or of the kind that is named", () => {
    const all = JSON.parse(kit(["schema"]).stdout);
    expect(Object.keys(all.definitions).sort()).toEqual([
      "distro",
      "image",
      "machine",
      "package",
      "packages",
      "tools",
      "view",
      "workload",
    ]);
    const help = kit(["schema", "--help"]).stdout.replaceAll(/\s+/g, " ");
    for (const kind of Object.keys(all.definitions)) expect(help).toMatch(new RegExp(`or of one: .*${kind}`));
    const one = JSON.parse(kit(["schema", "image"]).stdout);
    expect(Object.keys(one.definitions)).toEqual(["image"]);
    expect(one.definitions.image).toEqual(all.definitions.image);
  });
});
