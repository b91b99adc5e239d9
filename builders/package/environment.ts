// Variables of builds, as every builder's manifests write them.
// Knows which are kit's to set, whatever builds and with dpkg or rpm; does not know those of trees.

import * as z from "zod";
import { text } from "../../evaluator/manifest/value.ts";

const form = text(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable's name", "letters, digits and _, no digit first");

/** What the user who builds is called, how kit tells a build what it was given, and where programs and their libraries are. */
const always = /^(?:KIT_.*|HOME|USER|LOGNAME|PATH|LD_PRELOAD|LD_LIBRARY_PATH|SOURCE_DATE_EPOCH)$/;

/** But for what is taken in every build. */
export const variableName = untaken(
  form,
  always,
  "KIT_… is how a build is told what it was given, as its secrets; HOME, USER and LOGNAME, where programs are found and what time it is are the same for every build",
);

/** dpkg-buildpackage's own (Debian Policy 4.9.1, dpkg-architecture(1)): its manifest has keys for them. */
export const debVariableName = untaken(
  variableName,
  /^(?:DEB_BUILD_(?:OPTIONS|PROFILES)|DEB_(?:BUILD|HOST|TARGET)_(?:ARCH|GNU|MULTIARCH).*|DEB_RULES_REQUIRES_ROOT)$/,
  "write dpkg: {options: […], profiles: […]}; the architecture is the target's",
);

/** rpmbuild's own, for what a spec runs. */
export const rpmVariableName = untaken(
  variableName,
  /^RPM_.*$/,
  "rpmbuild tells a spec's scripts by these where things are; write rpm: {macros: …}",
);

export function variables(name: z.ZodType<string, string>) {
  return z.record(name, z.string().regex(/^[^\0]*$/));
}

/** @param hint what to write in its place, or why there is nothing to write */
export function untaken(name: z.ZodString, taken: RegExp, hint: string): z.ZodString {
  return name.check(z.refine((value) => !taken.test(value), { error: `is kit's to set\n${hint}` }));
}
