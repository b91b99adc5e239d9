// Which manifests a graph is drawn of.
// Pure. Knows kinds by name; does not know what is drawn.

import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { Fault } from "../../store/model/fault.ts";
import type { DebDistro, DistroManifest } from "../distro/schema.ts";
import { assembled } from "../tools/plan.ts";

/** @throws {Fault} `usage/not-realizable` where the root is of another kind */
export function refuseUndrawn(assembly: Assembly): void {
  const { kind } = assembled(assembly, assembly.root);
  if (kind.name !== "image" && kind.name !== "package") throw undrawn(kind.name);
}

export function undrawn(kind: string): Fault {
  return new Fault(
    "usage/not-realizable",
    `a graph is drawn of images and packages, and this is a manifest of kind ${kind}`,
    {
      hint:
        kind === "view"
          ? "`kit report VIEW -o DIR` has a graph of a view's packages, and `kit why VIEW PACKAGE` tells the ways to one"
          : "name the manifest of an image or of a package",
    },
  );
}

/** @throws {Fault} `manifest/unsupported-format` */
export function requireDrawn(distro: DistroManifest): DebDistro {
  if (distro.format === "deb") return distro;
  throw new Fault(
    "manifest/unsupported-format",
    `a graph is drawn of debs, and ${distro.name} has rpm packages`,
    {
      hint: "`kit why IMAGE PACKAGE` tells the ways to a package, and `kit report VIEW -o DIR` has a graph of a view's",
    },
  );
}
