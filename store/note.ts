// The shape of a note as it is read again.
// Knows what stands in one; does not know where it is kept.

import * as z from "zod/mini";

export const noteShape = z.object({
  label: z.string(),
  builder: z.string(),
  duration: z.number(),
  finished: z.number(),
  failed: z.optional(z.string()),
  failure: z.optional(
    z.object({
      message: z.string(),
      hint: z.optional(z.string()),
      details: z.array(z.string()),
      about: z.optional(z.string()),
      against: z.optional(z.string()),
    }),
  ),
  peakMemory: z.optional(z.number()),
  memory: z.optional(z.number()),
  brought: z.optional(z.boolean()),
  log: z.optional(z.string()),
});
