import { expect, test } from "vitest";
import { rpmHead, versionParts } from "../../../builders/repackage/head.ts";

test("versions in three parts; without a revision it is one of 0", () => {
  expect(versionParts("1:2.3-4+b1")).toEqual({ epoch: "1", version: "2.3", release: "4+b1" });
  expect(versionParts("2026f")).toEqual({ epoch: "0", version: "2026f", release: "0" });
  expect(versionParts("1.2-rc1-3~deb13u1")).toEqual({ epoch: "0", version: "1.2_rc1", release: "3~deb13u1" });
});

test("relations as rpm writes them: alternatives, versions with a release always, no architectures", () => {
  const { requires, provides, architecture, summary } = rpmHead(
    {
      Package: "a",
      Version: "1",
      Architecture: "all",
      Description: "Does something\n and more",
      "Pre-Depends": "libc6 (>> 2.41)",
      Depends: "python3:any, b (>= 1:2) | c, libc6 (<< 2.42-1), d | d",
      Provides: "virtual, named (= 1.0-1)",
    },
    "x86_64",
  );
  expect(requires).toEqual(["libc6 > 2.41-0", "python3", "(b >= 1:2-0 or c)", "libc6 < 2.42-1", "d"]);
  expect(provides).toEqual(["virtual", "named = 1.0-1"]);
  expect([architecture, summary]).toEqual(["noarch", "Does something"]);
});
