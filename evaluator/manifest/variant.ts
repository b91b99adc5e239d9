// Variants: what a manifest's `variants` lays over the rest of it for one build type.
// Pure. Knows that variables and options are added and lists replaced; does not know what they mean.

import type { BuildType } from "../../store/model/derivation.ts";
import type { Path } from "../kind.ts";

/** Where variants stand in a manifest, by build type. */
const key = "variants";

/** The manifest with the build type's variant laid over it; `variants` itself stays, and is laid over nothing. */
export function withVariant<M>(manifest: M, buildType: BuildType): M {
  const variant = variantOf(manifest, buildType);
  return variant === undefined ? manifest : (laidOver(manifest, variant) as M);
}

/**
 * Where it is written what stands at `path` in a manifest with its variant laid over it: in the variant, if it has a list or
 * a value there; what both add to is the manifest's own.
 */
export function writtenAt(manifest: unknown, buildType: BuildType, path: Path): Path {
  let over = variantOf(manifest, buildType);
  for (const step of path) if (isMapping(over)) over = over[step];
  return over === undefined || isMapping(over) ? path : [key, buildType, ...path];
}

/** Each variant of a manifest, checked or not, and where it stands. */
export function variantsIn(manifest: unknown): (readonly [Path, unknown])[] {
  const variants = isMapping(manifest) ? manifest[key] : undefined;
  if (!isMapping(variants)) return [];
  return Object.entries(variants).flatMap(([type, variant]) =>
    isMapping(variant) ? [[[key, type], variant] as const] : [],
  );
}

function variantOf(manifest: unknown, buildType: BuildType): unknown {
  const variants = isMapping(manifest) ? manifest[key] : undefined;
  return isMapping(variants) ? variants[buildType] : undefined;
}

function laidOver(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isMapping(under) || !isMapping(over)) return over;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, laidOver(under[key], over[key])]));
}

function isMapping(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
