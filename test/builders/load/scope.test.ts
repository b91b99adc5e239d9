// Scopes: what lies beside a manifest because it is named by path, and what ships and need not.

import { expect, it } from "vitest";
import { scopeOf } from "../../../builders/load/scope.ts";
import { assembleFiles } from "../../evaluator/manifest/rig.ts";

const thing = (name: string, needs: readonly string[] = [], files: readonly string[] = []) =>
  `kind: thing\nname: ${name}\nneeds: [${needs.join(", ")}]\nfiles: [${files.map((from) => `{path: "${from}", from: "${from}"}`).join(", ")}]\n`;
const targets = ["amd64", "arm64"].map((arch) => ({
  arch,
  buildType: "release" as const,
  distro: "d",
}));

it("follows paths, not names, and takes every target's files", async () => {
  const assembly = await assembleFiles({
    "/m/root.yaml": thing("root", ["./a/a.yaml", "some/shipped"], ["./x", "./${arch}/y"]),
    "/m/a/a.yaml": thing("a", ["../b.yaml"], ["../x", "./tree/"]),
    "/m/b.yaml": thing("b"),
    "/shipped/things/some/shipped.yaml": thing("shipped", ["./beside.yaml"], ["./key"]),
    "/shipped/things/some/beside.yaml": thing("beside"),
  });
  expect(scopeOf(assembly, targets)).toEqual({
    manifests: ["/m/root.yaml", "/m/a/a.yaml", "/m/b.yaml"],
    locals: ["/m/x", "/m/amd64/y", "/m/arm64/y", "/m/a/tree"],
  });
});

it("of a manifest that ships is what it names by path", async () => {
  const assembly = await assembleFiles(
    {
      "/shipped/things/root.yaml": thing("root", ["./near.yaml", "far"]),
      "/shipped/things/near.yaml": thing("near"),
      "/shipped/things/far.yaml": thing("far"),
    },
    "/shipped/things/root.yaml",
  );
  expect(scopeOf(assembly, targets).manifests).toEqual([
    "/shipped/things/root.yaml",
    "/shipped/things/near.yaml",
  ]);
});
