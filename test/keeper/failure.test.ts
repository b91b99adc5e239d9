// Failures of builds: which come again, and which a log tells were for want of room.

import { expect, test } from "vitest";
import { failureBefore, forItsReason, isLasting } from "../../builders/keeper/failure.ts";
import { Fault } from "../../store/model/fault.ts";

const failed = new Fault("build/failed", "make ended with status 2");
const codeOf = (lines: readonly string[], fault = failed) => forItsReason(fault, lines).code;

test.each([
  "/usr/bin/ld: final link failed: No space left on device",
  "write /tmp/x: no space left on device",
  "cp: error writing 'b': Disk quota exceeded",
])("a log that ends with %s tells of no room, which comes again as little as other limits", (line) => {
  expect(codeOf(["make: *** [all] Error 1", line, "make: Leaving directory '/tmp'"])).toBe("build/no-room");
  const { code, message } = forItsReason(failed, [line]);
  expect(isLasting(code)).toBe(false);
  const note = { label: "x", builder: "tree", duration: 1, finished: 1, failed: code };
  expect(failureBefore({ ...note, failure: { message, details: [] } })).toBeUndefined();
  expect(failureBefore({ ...note, failed: "build/failed", failure: { message, details: [] } })).toBeDefined();
});

test.each([
  ["make: *** [Makefile:2: all] Killed", "build/killed"],
  ["make[2]: *** [Makefile:2: all] Killed", "build/killed"],
  ["g++: fatal error: Killed signal terminated program cc1plus", "build/killed"],
  ["Out of memory!", "build/no-memory"],
  ["cc1: out of memory allocating 65536 bytes", "build/no-memory"],
  ["collect2: fatal error: ld terminated with signal 9 [Killed]", "build/killed"],
  ["make: *** [Makefile:2: all] Error 137", "build/killed"],
  ["Killed", "build/killed"],
  ["/var/tmp/rpm-tmp.x: line 12:   345 Killed                  ./gen", "build/killed"],
  ["dpkg-buildpackage: error: debian/rules clean subprocess was killed by signal 9", "build/killed"],
  [
    'dh_auto_build: error: make -j2 "INSTALL=install --strip-program=true" died with signal 9',
    "build/killed",
  ],
  ["subprocess.CalledProcessError: Command '['gen']' died with <Signals.SIGKILL: 9>.", "build/killed"],
  ["  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)", "build/killed"],
  ["dh_auto_build: error: ./gen died with signal 11", "build/failed"],
  ["make: *** [Makefile:2: all] Error 1", "build/failed"],
  ["virtual memory exhausted: Cannot allocate memory", "build/no-memory"],
  ["sh: 1: Cannot fork", "build/no-memory"],
  [
    "dpkg-deb: unrecoverable fatal error, aborting: fork failed: Resource temporarily unavailable",
    "build/no-memory",
  ],
  ["test of a program that is to be Killed", "build/failed"],
])("a log with %j tells of %s", (line, code) => {
  expect(codeOf(["before", line, "after"])).toBe(code);
  expect(isLasting(code)).toBe(code === "build/failed");
});

test("processes that were left are named, and come again", () => {
  const said = ["make: done", "kit: the build ended and left processes running: sleep 1000 "];
  const { code, message } = forItsReason(failed, said);
  expect({ code, message }).toEqual({
    code: "build/left-processes",
    message: "the build ended and left processes running: sleep 1000",
  });
  expect(isLasting(code)).toBe(true);
});

test("any other log tells nothing, and what ended otherwise stays what it was", () => {
  expect(codeOf(["error: space left", ""])).toBe("build/failed");
  expect(codeOf([])).toBe("build/failed");
  const limit = new Fault("build/time-limit", "make was stopped after 3 s");
  expect(codeOf(["No space left on device"], limit)).toBe("build/time-limit");
});
