// A rig for manifests: two small kinds, files in memory, and faults as lines one can compare.
// Knows the manifest language; does not know the kinds that kit has.

import * as z from "zod";
import { type Kind, referencesIn } from "../../../evaluator/kind.ts";
import { assemble } from "../../../evaluator/manifest/assemble.ts";
import type { Assembled, Assembly } from "../../../evaluator/manifest/assembly.ts";
import { header, localPath, mode, reference, unique } from "../../../evaluator/manifest/value.ts";
import { type Fault, faultsOf } from "../../../store/model/fault.ts";

const thing = z.strictObject({
  kind: z.literal("thing"),
  name: z.string().describe("What it is called."),
  ...header,
  version: z.string().optional(),
  color: z.enum(["red", "green"]).default("red"),
  weight: z.int().optional(),
  heavy: z.boolean().optional(),
  mode: mode.optional(),
  needs: z.array(reference).default([]),
  files: unique(
    z.array(z.strictObject({ path: z.string(), from: localPath.optional() })),
    "the path",
    ({ path }) => path,
  ).default([]),
  source: z
    .union([z.strictObject({ url: z.string(), sha256: z.string() }), z.strictObject({ file: z.string() })])
    .optional(),
  part: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("wheel"), spokes: z.int() }),
      z.strictObject({ type: z.literal("axle") }),
    ])
    .optional(),
});
export type Thing = z.infer<typeof thing>;

export const thingKind: Kind<Thing> = {
  name: "thing",
  schema: thing,
  references: (manifest) => referencesIn(manifest, "needs", "thing"),
  locals: [["files", "*", "from"]],
};

const box = z.strictObject({
  kind: z.literal("box"),
  name: z.string(),
  ...header,
  holds: reference.optional(),
});

export const boxKind: Kind<z.infer<typeof box>> = {
  name: "box",
  schema: box,
  references: (manifest) =>
    referencesIn(manifest, "holds", "thing").map((found) => ({ ...found, folder: true as const })),
  locals: [],
};

export const kinds = [thingKind, boxKind];

export function assembleFiles(
  files: Readonly<Record<string, string>>,
  root = "/m/root.yaml",
  has: (path: string) => boolean = () => true,
): Promise<Assembly> {
  return assemble(root, {
    kinds,
    read: async (file) => files[file],
    has,
    list: (folder) => {
      const below = Object.keys(files).filter((file) => file.startsWith(`${folder}/`));
      return below.length === 0 ? undefined : below.map((file) => file.slice(folder.length + 1));
    },
    shipped: "/shipped",
  });
}

/** The root of an assembly of one file. */
export async function assembleText(text: string): Promise<Assembled> {
  const { root, manifests } = await assembleFiles({ "/m/root.yaml": text });
  const assembled = manifests.get(root);
  if (assembled === undefined) throw new Error("no root");
  return assembled;
}

/** The faults of what is refused; an error that is no fault is thrown on, none at all is an error. */
export async function faultsFrom(work: () => unknown): Promise<readonly Fault[]> {
  try {
    await work();
  } catch (error) {
    const faults = faultsOf(error);
    if (faults.length === 0) throw error;
    return faults;
  }
  throw new Error("nothing was refused");
}

/** `file:line:column code message`, the folder left out. */
export function lineOf({ place, code, message }: Fault): string {
  const where = place ? `${place.file.replace("/m/", "")}:${place.line}:${place.column}` : "nowhere";
  return `${where} ${code} ${message}`;
}

export async function linesFrom(files: Readonly<Record<string, string>> | string): Promise<string[]> {
  const all = typeof files === "string" ? { "/m/root.yaml": files } : files;
  return (await faultsFrom(() => assembleFiles(all))).map(lineOf);
}

/** What a fault points at: the marked part of its excerpt. */
export function marked({ place }: Fault): string | undefined {
  return place?.excerpt?.slice(place.column - 1, place.column - 1 + (place.length ?? 0));
}
