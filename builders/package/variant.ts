// The key `variants` of packages' manifests: what may be laid over the rest for one build type.
// Knows how it is written; does not know how it is laid over ({@link withVariant}).

import * as z from "zod";

/** Variables and options are added to those of the rest, lists replace theirs. */
export function variants<S extends z.ZodRawShape>(shape: S) {
  const variant = part(shape);
  return z
    .strictObject({ debug: variant.optional(), release: variant.optional() })
    .default({})
    .describe("Laid over the rest for one build type: {debug: {environment: {CXXFLAGS: -Og}}}.");
}

/** Any of these keys: what is not said is as it is beside. */
export function part<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.entries(shape).map(([key, type]) => [key, withoutDefault(type).optional()]);
  return z.strictObject(Object.fromEntries(keys) as { [K in keyof S]: z.ZodOptional<Bare<S[K]>> });
}

type Bare<T> = T extends z.ZodDefault<infer I> ? I : T;

function withoutDefault(type: z.core.$ZodType): z.ZodType {
  const bare = (type instanceof z.ZodDefault ? type.unwrap() : type) as z.ZodType;
  const { description } = type as z.ZodType;
  return description === undefined ? bare : bare.describe(description);
}
