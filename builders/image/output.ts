// The outputs in an image's manifest.
// Knows the keys of each type; does not know how one is written to disk.

import * as z from "zod";
import { size, text } from "../../evaluator/manifest/value.ts";

const name = text(
  /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  "an output's name",
  "letters, digits, . _ and -, with a letter or digit first",
)
  .optional()
  .describe("By default its type.");

const tar = z.strictObject({
  type: z.literal("tar"),
  name,
  compression: z.enum(["none", "zstd"]).default("none").describe("none: a plain tar."),
});

const oci = z.strictObject({
  type: z.literal("oci"),
  name,
  entrypoint: z.array(z.string()).default([]).describe("What a container runs."),
  environment: z
    .record(text(/^[^=\0]+$/, "a variable's name", "it holds no ="), z.string())
    .default({})
    .describe("Its environment variables."),
  labels: z.record(z.string(), z.string()).default({}).describe("The image's labels."),
});

const ext4 = z.strictObject({
  type: z.literal("ext4"),
  name,
  size: size.optional().describe("Without: as its content needs."),
  label: text(/^[\x21-\x7e]{1,16}$/, "a label of ext4", "at most 16 characters, without blanks")
    .optional()
    .describe("The volume's name."),
});

const squashfs = z.strictObject({ type: z.literal("squashfs"), name });

export const output = z.discriminatedUnion("type", [tar, oci, ext4, squashfs]);

export type Output = z.infer<typeof output>;

/** What an output is called in results and files. */
export function outputName({ name: given, type }: Output): string {
  return given ?? type;
}
