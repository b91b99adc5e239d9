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
