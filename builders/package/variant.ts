// A manifest's variant for a build type, laid over the rest of it.
// Pure. Knows that variables and options are added and lists replaced; does not know what they mean.

import type { BuildType } from "../../store/model/derivation.ts";
import type { TreeManifest } from "./tree.ts";

export function withVariant(manifest: TreeManifest, buildType: BuildType): TreeManifest {
  const variant = manifest.variants[buildType];
  return variant === undefined ? manifest : (laidOver(manifest, variant) as TreeManifest);
}

function laidOver(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isMapping(under) || !isMapping(over)) return over;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, laidOver(under[key], over[key])]));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
