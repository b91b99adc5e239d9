import { expect, test } from "vitest";
import { logHint } from "../../builders/keeper/loghint.ts";
import { givenHint, withGiven } from "../../cli/given.ts";
import { Fault, Faults, faultsOf } from "../../store/model/fault.ts";

test("a hint that names a manifest names the one that was given, as a shell takes it", () => {
  const hint = logHint("8a35", false);
  expect(hint).toContain("kit shell MANIFEST 8a35, which has what the build left where --keep-failed");
  expect(logHint("8a35", true)).toMatch(/kit shell MANIFEST 8a35$/);
  expect(
    givenHint(hint, { manifest: "my $& app's.yaml", architecture: "arm64", buildType: "debug" }),
  ).toContain(`kit shell 'my $& app'\\''s.yaml' --arch arm64 --build-type debug 8a35`);
  expect(givenHint(hint, undefined)).toBe(hint);
  expect(givenHint("MANIFEST is a word", { manifest: "a.yaml" })).toBe("MANIFEST is a word");
});

test("so does that of whatever was thrown, all else as it was", () => {
  const place = { file: "a.yaml", line: 1, column: 1 };
  const failed = new Fault("build/failed", "it failed", {
    place,
    hint: logHint("8a35", false),
    details: ["a line"],
  });
  const other = new Fault("build/failed", "no hint");
  const told = faultsOf(withGiven(new Faults([failed, other]), { manifest: "a.yaml" }));
  expect(told).toMatchObject([
    {
      message: "it failed",
      place,
      hint: expect.stringContaining("kit shell a.yaml 8a35"),
      details: ["a line"],
    },
    { message: "no hint" },
  ]);
  expect(told[1]?.hint).toBeUndefined();
  const defect = new Error("a defect");
  expect(withGiven(defect, { manifest: "a.yaml" })).toBe(defect);
  expect(withGiven(other, { manifest: "a.yaml" })).toBe(other);
});
