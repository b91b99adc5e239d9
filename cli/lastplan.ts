// The plan that was last realized of a manifest: what a later one is compared with.
// Knows how it is kept, and that it may be lost; does not know what is compared.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod/mini";
import { builderVersions } from "../builders/recipes.ts";
import type { Wish } from "../evaluator/evaluate.ts";
import type { Canonical } from "../store/model/canonical.ts";
import type { Content, Derivation, Input } from "../store/model/derivation.ts";
import type { Digest } from "../store/model/digest.ts";
import { hasAddresses } from "./moved.ts";

export interface LastPlan {
  /** Inputs before their users. */
  readonly derivations: readonly Derivation[];
  /** What kit's builders were then. */
  readonly versions: typeof builderVersions;
}

export interface PlanPlace {
  /** Where kit keeps what it can lose. */
  readonly cache: string;
  readonly store: string;
  readonly manifest: string;
  readonly wish: Pick<Wish, "architecture" | "buildType">;
}

/**
 * As well as it can be: what is remembered nowhere is compared with nothing. Of a part of what a manifest comes to
 * (`isPart`) the rest is remembered as it was.
 */
export function rememberPlan(place: PlanPlace, derivations: readonly Derivation[], isPart: boolean): void {
  const young = new Set(derivations.map(titleOf));
  const rest = isPart
    ? (recallPlan(place)?.derivations ?? []).filter((item) => !young.has(titleOf(item)))
    : [];
  const flat = [...derivations, ...rest].map(
    ({ inputs, digest, builder, label, parameters, system, buildType, hints }) => ({
      ...{ digest, builder, label, parameters, system, buildType },
      // Of where things are, the addresses that manifests name.
      ...(hasAddresses(hints) && { hints }),
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([name, input]) => [
          name,
          "content" in input ? [input.content] : [input.derivation.digest, input.output],
        ]),
      ),
    }),
  );
  const file = fileOf(place);
  // Another kit may be doing the same.
  const fresh = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      fresh,
      gzipSync(JSON.stringify({ format, versions: builderVersions, derivations: flat }), { level: 1 }),
    );
    renameSync(fresh, file);
  } catch {
    // Another time.
  }
}

/** Undefined where nothing is remembered, or another kit wrote it. */
export function recallPlan(place: PlanPlace): LastPlan | undefined {
  let value: unknown;
  try {
    value = JSON.parse(gunzipSync(readFileSync(fileOf(place)), { maxOutputLength: mostBytes }).toString());
  } catch {
    return undefined;
  }
  const { success, data } = z.safeParse(shape, value);
  if (!success) return undefined;
  const known = new Map<string, Derivation>();
  for (const { inputs, ...item } of data.derivations) {
    const linked: Record<string, Input> = {};
    for (const [name, [of = "", output]] of Object.entries(inputs)) {
      const derivation = output === undefined ? undefined : known.get(of);
      if (output === undefined) linked[name] = { content: of as Content };
      else linked[name] = { derivation: derivation ?? unknown(of as Digest), output };
    }
    const { system, buildType, parameters, hints, ...rest } = item;
    known.set(item.digest, {
      ...rest,
      digest: item.digest as Digest,
      parameters: parameters as Canonical,
      inputs: linked,
      outputs: [],
      ...(system !== undefined && { system }),
      ...(buildType !== undefined && { buildType }),
      ...(hints !== undefined && { hints: { ...hints } }),
    });
  }
  return { derivations: [...known.values()], versions: data.versions };
}

function titleOf({ builder, label }: Derivation): string {
  return `${builder} ${label}`;
}

/** One that nothing more is remembered of: it has been replaced since. */
function unknown(digest: Digest): Derivation {
  return { digest, builder: "an", label: "earlier build", parameters: {}, inputs: {}, outputs: [] };
}

const format = "kit/last-plan/1";
const mostBytes = 1 << 28;

function fileOf({ cache, store, manifest, wish: { architecture, buildType } }: PlanPlace): string {
  const key = JSON.stringify([store, manifest, architecture, buildType]);
  return join(cache, "plans", createHash("sha256").update(key).digest("hex"));
}

const shape = z.object({
  format: z.literal(format),
  versions: z.record(z.string(), z.record(z.string(), z.string())),
  derivations: z.array(
    z.object({
      digest: z.string(),
      builder: z.string(),
      label: z.string(),
      parameters: z.unknown(),
      system: z.optional(z.string()),
      buildType: z.optional(z.enum(["debug", "release"])),
      inputs: z.record(z.string(), z.array(z.string())),
      hints: z.optional(z.object({ urls: z.array(z.string()) })),
    }),
  ),
});
