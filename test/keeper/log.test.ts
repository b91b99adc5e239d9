// A build's log: what is hidden in it, wherever it stands, and what is left out of one that is too long.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { tracesOf } from "../../builders/buildroot/secrets.ts";
import { openLog } from "../../builders/keeper/log.ts";

function logged(text: string, traces: readonly string[]): string {
  const place = join(mkdtempSync(join(inject("scratch"), "log-")), "log");
  const log = openLog(place, dirname(place));
  log.line(text);
  expect(statSync(log.file).mode & 0o777).toBe(0o600);
  log.hide(traces.map((trace) => Buffer.from(trace)));
  log.line("after");
  log.close();
  expect(statSync(place).mode & 0o777).toBe(0o644);
  return readFileSync(place, "utf8");
}

test("stars stand in the place of what is hidden, and what comes after it follows", () => {
  expect(logged("a secret, and another; ü", ["secret", "ano"])).toBe("a ***, and ***ther; ü\nafter\n");
  expect(logged("one two", [])).toBe("one two\nafter\n");
  expect(logged("a.b axb (", ["a.b", "("])).toBe("*** axb *\nafter\n");
});

test("the longest that begins there, whichever was named first", () => {
  expect(logged("hunter2-very-secret", ["hunter2", "hunter2-very-secret"])).toBe("***\nafter\n");
});

test("also where it lies across two of the pieces that a long log is read in", () => {
  fc.assert(
    fc.property(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 1, max: 30 }), (offset, length) => {
      const [trace, before] = ["x".repeat(length), "-".repeat((1 << 20) + offset)];
      expect(logged(`${before}${trace}-${trace}`, [trace])).toBe(
        `${before}${"***".slice(0, length)}-${"***".slice(0, length)}\nafter\n`,
      );
    }),
    { numRuns: 30 },
  );
});

test("of a secret its long lines are traces, too; what says that it is a key, and white space, are not", () => {
  const key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQE\nshort\n-----END PRIVATE KEY-----";
  const traces = tracesOf([{ name: "KEY", value: Buffer.from(`\n  ${key} \n`) }]);
  expect(traces.map(({ bytes }) => bytes.toString())).toEqual([key, "MIIEvQIBADANBgkqhkiG9w0BAQE"]);
  expect(tracesOf([{ name: "EMPTY", value: Buffer.from(" \n") }])).toEqual([]);
});

const room = { head: 1000, tail: 500, most: 3000 };

/** The log of commands that write to it as builds do, one after the other. */
function bounded(...commands: readonly string[]): string {
  const place = join(mkdtempSync(join(inject("scratch"), "log-")), "log");
  const log = openLog(place, dirname(place), room);
  for (const command of commands) {
    const settle = log.bound();
    execFileSync("sh", ["-c", `(${command}) >> "$0"`, log.file]);
    settle();
  }
  log.close();
  return readFileSync(place, "utf8");
}

test("of what is too long the beginning and the end stay, and a line between them says so", () => {
  const lines = bounded("seq 10000000 10100000").split("\n");
  const at = lines.indexOf("kit: 1 MB of the log are left out here");
  expect(lines.slice(0, at)).toEqual(Array.from({ length: 111 }, (_, index) => `${10000000 + index}`));
  expect(lines.slice(at + 1)).toEqual([
    ...Array.from({ length: 55 }, (_, index) => `${10099946 + index}`),
    "",
  ]);
});

test("what is long enough stays whole; a line without an end is cut; a second command goes on", () => {
  const whole = bounded("seq 100 800");
  expect(whole).toBe(execFileSync("seq", ["100", "800"], { encoding: "utf8" }));
  const endless = bounded("head -c 100000 /dev/zero | tr '\\0' x");
  expect(endless).toMatch(/^x{1000}\nkit: 0 MB of the log are left out here\nx{500}$/);
  const twice = bounded("seq 10000000 10100000", "echo next", "seq 20000000 20001000", "echo last");
  expect(twice.split("\n").filter((line) => line.startsWith("kit"))).toHaveLength(1);
  expect(twice).toMatch(/^10000000\n[\s\S]*\n20001000\nlast\n$/);
  expect(twice.length).toBeLessThan(2000);
});

test("while it is written to it takes no more room than is written between two looks", async () => {
  const place = join(mkdtempSync(join(inject("scratch"), "log-")), "log");
  const log = openLog(place, dirname(place), room);
  const settle = log.bound();
  const child = spawn("sh", ["-c", 'while :; do seq 1000; sleep 0.01; done >> "$0"', log.file]);
  const sizes: number[] = [];
  for (let look = 0; look < 200; look++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    sizes.push(log.size());
  }
  child.kill();
  await new Promise((resolve) => child.once("close", resolve));
  settle();
  // A hundred and more of these were written, of 3,893 bytes each.
  expect(Math.max(...sizes)).toBeLessThan(150_000);
  expect(log.size()).toBeLessThan(1600);
  log.close();
});
