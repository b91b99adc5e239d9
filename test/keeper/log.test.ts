// A build's log: what is hidden in it, wherever it stands.

import { mkdtempSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { tracesOf } from "../../builders/buildroot/secrets.ts";
import { openLog } from "../../builders/keeper/log.ts";

function logged(text: string, traces: readonly string[]): string {
  const place = join(mkdtempSync(join(inject("scratch"), "log-")), "log");
  const log = openLog(place);
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
