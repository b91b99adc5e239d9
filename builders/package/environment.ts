// Variables of builds, as every builder's manifests write them.
// Knows which are kit's to set whatever builds; does not know those of one builder.

import * as z from "zod";
import { text } from "../../evaluator/manifest/value.ts";

const form = text(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable's name", "letters, digits and _, no digit first");

/** What the user who builds is called, and how kit tells a build what it was given. */
const always = /^(?:KIT_.*|HOME|USER|LOGNAME)$/;

const why =
  "is kit's to set\nKIT_… is how a build is told what it was given, as its secrets; HOME, USER and LOGNAME are the same for every build";

/** But for what is taken in every build. */
export const variableName = form.check(z.refine((name) => !always.test(name), { error: why }));

export function variables(name: z.ZodType<string, string> = variableName) {
  return z.record(name, z.string().regex(/^[^\0]*$/));
}
