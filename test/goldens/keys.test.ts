// Golden keys: exactly what is hashed for a derivation, for a request of every builder, for records.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { builderVersions } from "../../builders/recipes.ts";
import { describe as canonicalText } from "../../store/model/canonical.ts";
import {
  contentOf,
  describeDerivation,
  parseContent,
  type Result,
  requestDigest,
  requestText,
} from "../../store/model/derivation.ts";
import { digestOf } from "../../store/model/digest.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { digestOfTree, directoryAt, encodeTree, makeTree } from "../../store/model/tree.ts";
import { openTestStore } from "../store/rig.ts";
import { expectGolden, refuseSilentChange } from "./golden.ts";
import { derivations, requestOf } from "./recipes.ts";

describe("requests", () => {
  it("every builder has one here", () => {
    expect(Object.keys(derivations).sort()).toEqual(Object.keys(builderVersions).sort());
  });

  it.each(Object.entries(derivations))("%s", (builder, derivation) => {
    const request = requestOf(derivation);
    // A compressor's own version is the Node's that runs this: it is in the key, and not in the golden.
    const fixed = {
      ...request,
      versions: { ...request.versions, ...("zstd" in request.versions && { zstd: "0" }) },
    };
    expectGolden(
      `request-${builder}`,
      JSON.stringify(fixed.versions),
      `${requestText(fixed)}${requestDigest(fixed)}\n`,
    );
    expect(digestOf(requestText(request))).toBe(requestDigest(request));
  });

  it("zstd's version shapes what is compressed, and its key", () => {
    expect(requestOf(derivations["tar"] ?? expect.fail()).versions["zstd"]).toBe(process.versions.zstd);
  });
});

describe("derivations", () => {
  it("one of every builder", () => {
    const texts = Object.values(derivations).map(
      (derivation) =>
        `${canonicalText("kit/derivation/1", describeDerivation(derivation))}${derivation.digest}\n`,
    );
    for (const { digest, ...fields } of Object.values(derivations))
      expect(digestOf(canonicalText("kit/derivation/1", describeDerivation(fields)))).toBe(digest);
    expectGolden("derivations", "kit/derivation/1", texts.join("\n"));
  });

  it("labels and places are no part of a key", () => {
    const { fetch } = derivations;
    const texts =
      fetch &&
      [fetch, { ...fetch, label: "other", hints: { urls: ["https://example.org/elsewhere"] } }].map((item) =>
        requestText(requestOf(item)),
      );
    expect(new Set(texts).size).toBe(1);
    expect(texts?.[0]).not.toMatch(/example\.org|dash/);
  });
});

describe("records", () => {
  it("a tree", () => {
    const owned = { mode: 0o644, uid: 0, gid: 0 };
    const blob = digestOf("hello\n");
    const tree = makeTree([
      { ...directoryAt(parseTreePath("etc"), 0o2750), uid: 3, gid: 7 },
      { type: "file", path: parseTreePath("etc/hello"), ...owned, size: 6, blob },
      { type: "file", path: parseTreePath("etc/a\\x2db\nc"), ...owned, size: 6, blob },
      { type: "file", path: parseTreePath("bin/one"), ...owned, mode: 0o4755, size: 6, blob, link: 7 },
      { type: "file", path: parseTreePath("bin/two"), ...owned, mode: 0o4755, size: 6, blob, link: 7 },
      {
        type: "file",
        path: parseTreePath("bin/ping"),
        ...owned,
        size: 6,
        blob,
        xattrs: { "user.b": "Yg==", "security.capability": "AQAAAgAgAAAAAAAAAAAAAAAAAAA=" },
      },
      { type: "symlink", path: parseTreePath("lib"), ...owned, mode: 0o777, target: 'usr/"lib"' },
      { type: "character", path: parseTreePath("dev/null"), ...owned, mode: 0o666, major: 1, minor: 3 },
      { type: "block", path: parseTreePath("dev/sda"), ...owned, mode: 0o660, gid: 6, major: 8, minor: 0 },
      { type: "fifo", path: parseTreePath("run/pipe"), ...owned },
      { type: "file", path: parseTreePath("é/\u{1f600}"), ...owned, size: 6, blob },
      { type: "file", path: parseTreePath("é/\ue000"), ...owned, size: 6, blob },
    ]);
    expectGolden("tree", "kit/tree/1", `${encodeTree(tree).toString()}${digestOfTree(tree)}\n`);
  });

  it("a statement", () => {
    const { records, layout } = openTestStore();
    const request = digestOf("request");
    const made: Result = {
      format: "kit/result/1",
      request,
      outputs: { root: contentOf("tree", digestOf("root")), list: contentOf("blob", digestOf("list")) },
      references: [parseContent(contentOf("tree", digestOf("needed")))],
    };
    records.writeResult(made);
    const read = (place: string) => `${place.slice(layout.root.length + 1)}\n${readText(place)}`;
    expectGolden("statement", "kit/result/1", read(layout.result(request)));
    expect(records.result(request)).toEqual(made);
  });
});

describe("goldens", () => {
  it("are not recorded anew under an old version", () => {
    expect(() => refuseSilentChange("x", "version 1\na", "version 1\nb")).toThrow("did not");
    for (const now of ["version 1\na", "version 2\nb"])
      expect(() => refuseSilentChange("x", "version 1\na", now)).not.toThrow();
    expect(() => refuseSilentChange("x", undefined, "version 1\nb")).not.toThrow();
  });
});

function readText(file: string): string {
  return readFileSync(file, "utf8");
}
