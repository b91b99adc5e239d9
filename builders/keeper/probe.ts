// What the host and the store's file system can do: share files, mount overlays.
// Knows how to find out; does not know checkouts or sandboxes.

import { constants, copyFileSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { CheckoutMethod } from "../../store/checkout.ts";
import type { System } from "../../store/system.ts";
import { overlayOptions } from "../sandbox/spec.ts";

/** Hard links where the file system has them, else reflinks, else copies; `wanted` overrides it. */
export function probeMethod(wanted: CheckoutMethod | "auto", folder: string): CheckoutMethod {
  if (wanted !== "auto") return wanted;
  const [file, other] = [`${folder}/probe`, `${folder}/probe-2`];
  writeFileSync(file, "kit");
  const works = (attempt: () => void) => {
    try {
      attempt();
      return true;
    } catch {
      return false;
    } finally {
      rmSync(other, { force: true });
    }
  };
  try {
    if (works(() => linkSync(file, other))) return "hardlink";
    return works(() => copyFileSync(file, other, constants.COPYFILE_FICLONE_FORCE)) ? "reflink" : "copy";
  } finally {
    rmSync(file, { force: true });
  }
}

/** Why a sandbox's overlay cannot be mounted in this folder; undefined where it can. */
export function probeOverlay(system: System, folder: string): string | undefined {
  const places = { lower: [`${folder}/lower`], upper: `${folder}/upper`, work: `${folder}/work` };
  const root = `${folder}/root`;
  for (const place of [...places.lower, places.upper, places.work, root])
    mkdirSync(place, { recursive: true });
  try {
    system.mount("overlay", root, "overlay", 0, overlayOptions(places));
    system.unmount(root, true);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
