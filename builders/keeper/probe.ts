// Which way files can be shared on the store's file system.
// Knows how to find out; does not know checkouts.

import { constants, copyFileSync, linkSync, rmSync, writeFileSync } from "node:fs";
import type { CheckoutMethod } from "../../store/checkout.ts";

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
