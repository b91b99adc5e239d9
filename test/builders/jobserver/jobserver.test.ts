// The jobserver over real pipes: what a build takes, gives back, hoards or makes up is its own affair.

import { spawn } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { inParallel, jobPipe } from "../../../builders/jobserver/client.ts";
import { type JobPipe, type Jobserver, openJobserver } from "../../../builders/jobserver/jobserver.ts";
import { openSystem } from "../../../store/system.ts";

const system = openSystem();

function opened(tokens: number): Jobserver {
  const folder = mkdtempSync(join(inject("scratch"), "jobs-"));
  const jobserver = openJobserver(system, tokens, () => folder);
  onTestFinished(() => jobserver[Symbol.dispose]());
  return jobserver;
}

/** A build: it runs, and reads and writes its pipe as tools do. */
function build(jobserver: Jobserver) {
  const pipe: JobPipe = jobserver.join();
  const over = jobserver.enter();
  const fd = openSync(pipe.path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  return {
    pipe,
    lying: () => system.unread(fd),
    take: (count: number) => readSync(fd, Buffer.alloc(count)),
    give: (count: number) => writeSync(fd, Buffer.alloc(count, "x")),
    end() {
      over();
      pipe.leave();
    },
  };
}

/** What is shared again and again is as it is to be in the end. */
const comes = (look: () => unknown, value: unknown) =>
  vi.waitFor(() => expect(look()).toEqual(value), { timeout: 10_000, interval: 20 });

describe("a jobserver", () => {
  it("gives a build that is alone all but the one process that it has anyway", async () => {
    const one = build(opened(8));
    await comes(one.lying, 7);
    one.end();
    expect(existsSync(one.pipe.path)).toBe(false);
    one.pipe.leave();
  });

  it("has a pipe that anybody in the sandbox may use, and nobody waits at", () => {
    const one = build(opened(2));
    expect(statSync(one.pipe.path).isFIFO()).toBe(true);
    expect(statSync(one.pipe.path).mode & 0o777).toBe(0o666);
  });

  it("gives others what one does not use, and the first what others gave back", async () => {
    const jobserver = opened(8);
    const one = build(jobserver);
    await comes(one.lying, 7);
    expect(one.take(4)).toBe(4);
    const other = build(jobserver);
    // Of 8 two are the builds' own, 4 are in use.
    await comes(() => one.lying() + other.lying(), 2);
    await comes(() => other.lying() > 0, true);
    other.take(other.lying());
    one.give(4);
    await comes(() => other.lying() > 0, true);
  });

  it("has all of them again when a build is over that gave none back", async () => {
    const jobserver = opened(8);
    const hoarder = build(jobserver);
    await comes(hoarder.lying, 7);
    hoarder.take(7);
    const other = build(jobserver);
    expect(other.lying()).toBe(0);
    hoarder.end();
    await comes(other.lying, 7);
  });

  it("takes no token for one that a build made up", async () => {
    const jobserver = opened(4);
    const flood = build(jobserver);
    const other = build(jobserver);
    await comes(other.lying, 1);
    for (let more = 0; more < 20; more++) flood.give(100);
    other.take(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Of 4 two are the builds' own, and this one had one.
    expect(other.lying()).toBeLessThanOrEqual(1);
    const full = openSync(flood.pipe.path, constants.O_RDWR | constants.O_NONBLOCK);
    expect(() => {
      for (;;) writeSync(full, Buffer.alloc(4096));
    }).toThrow("EAGAIN");
    closeSync(full);
    other.end();
    flood.end();
    const next = build(jobserver);
    await comes(next.lying, 3);
  });

  it("takes back what lies unused where more builds begin to run", async () => {
    const jobserver = opened(4);
    const one = build(jobserver);
    await comes(one.lying, 3);
    const over = [jobserver.enter(), jobserver.enter()];
    await comes(one.lying, 1);
    for (const end of over) end();
    one.take(1);
    await comes(one.lying, 2);
  });
});

describe("in_parallel", () => {
  /** A program that says which version of make it is, and tells what it was called with. */
  const asMake = async (version: string, environment: Record<string, string> = {}, pipe = true) => {
    const folder = mkdtempSync(join(inject("scratch"), "make-"));
    const place = join(folder, "pipe");
    if (pipe) system.makeNode(place, 0o010666, 0, 0);
    const script = `cd ${folder}
cat > make <<'END'
#!/bin/sh
test "$1" = --version && { echo "GNU Make ${version}"; exit; }
echo "$MAKEFLAGS|$*|$(test -p /proc/self/fd/9 && echo open)"
END
chmod +x make; PATH=$PWD:$PATH
nproc() { echo 3; }
${inParallel.replaceAll(jobPipe, place)}
in_parallel make all "a b"`;
    const shell = spawn("sh", ["-eu", "-c", script], { env: { PATH: process.env["PATH"], ...environment } });
    let said = "";
    for await (const piece of shell.stdout) said += String(piece);
    return said.trim().replace(place, "PIPE");
  };

  it.each([
    ["4.4.1", "-j3 --jobserver-auth=fifo:PIPE|all a b|"],
    ["4.4", "-j3 --jobserver-auth=fifo:PIPE|all a b|"],
    ["5.0", "-j3 --jobserver-auth=fifo:PIPE|all a b|"],
    ["4.3", "-j3 --jobserver-auth=9,9|all a b|open"],
    ["4.2.1", "-j3 --jobserver-auth=9,9|all a b|open"],
    ["4.1", "|-j3 all a b|"],
    ["3.82", "|-j3 all a b|"],
  ])("tells make %s in its way", async (version, called) => {
    expect(await asMake(version)).toBe(called);
  });

  it("tells a number where there is no pipe, or the manifest says what make is told", async () => {
    expect(await asMake("4.4", {}, false)).toBe("|-j3 all a b|");
    expect(await asMake("4.4", { MAKEFLAGS: "k" })).toBe("k|-j3 all a b|");
  });
});
