// What a bundle says of the manifest in it: which file it is, what it was planned for, and what tar files cannot be.
// Pure. Knows its form and refuses any other; does not know where the files lie.

import * as z from "zod/mini";
import { Fault } from "../../store/model/fault.ts";
import { isExtraPath } from "./members.ts";

/** Paths are relative to the folder that all the manifest's files lie in. */
export interface About {
  readonly manifest: string;
  readonly architecture?: string | undefined;
  readonly buildType?: "debug" | "release" | undefined;
  /** Symbolic links. */
  readonly links: Readonly<Record<string, string>>;
  /** Folders with nothing in them. */
  readonly folders: readonly string[];
}

export const aboutName = "manifest/about.json";
/** Bytes. */
export const aboutLimit = 16 << 20;

/** Where a file of the manifest's is in a bundle. */
export function enclosedName(path: string): string {
  return `manifest/files/${path}`;
}

/** The same the other way round; undefined where it is none of them. */
export function enclosedPath(name: string): string | undefined {
  return name.startsWith("manifest/files/") ? name.slice("manifest/files/".length) : undefined;
}

export function encodeAbout({ manifest, architecture, buildType, links, folders }: About): Buffer {
  const sorted = Object.fromEntries(Object.entries(links).sort(([a], [b]) => (a < b ? -1 : 1)));
  return Buffer.from(
    `${JSON.stringify({
      format: "kit/manifest/1",
      manifest,
      architecture,
      buildType,
      links: sorted,
      folders: [...folders].sort(),
    })}\n`,
  );
}

/** `files` are the paths of the manifest's files that are in the bundle. @throws {Fault} `digest/bad-bundle` */
export function decodeAbout(bytes: Uint8Array, files: ReadonlySet<string>, place: string): About {
  const bad = (why: string, cause?: unknown) =>
    new Fault("digest/bad-bundle", `${place}: what it says of its manifest is not sound: ${why}`, {
      cause,
      hint: "copy it once more from where it was made",
    });
  let about: About;
  try {
    const { format: _, ...rest } = z.parse(shape, JSON.parse(Buffer.from(bytes).toString("utf8")));
    about = rest;
  } catch (cause) {
    throw bad("it is of no form that this kit knows", cause);
  }
  if (!files.has(about.manifest)) throw bad("it has no such file");
  const others = [...Object.keys(about.links), ...about.folders];
  const taken = new Set([...files, ...Object.keys(about.links)]);
  const strange = others.find((path) => !isExtraPath(enclosedName(path)));
  if (strange !== undefined) throw bad(`${JSON.stringify(strange.slice(0, 200))} is no path in it`);
  const twice =
    Object.keys(about.links).find((path) => files.has(path)) ?? about.folders.find((path) => taken.has(path));
  if (twice !== undefined) throw bad(`${JSON.stringify(twice)} is two things`);
  const all = [...files, ...others];
  const below = all.find((path) => foldersOf(path).some((folder) => taken.has(folder)));
  if (below !== undefined) throw bad(`${JSON.stringify(below)} lies below what is no folder`);
  return about;
}

/** The folders a path lies in. */
export function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, depth) => parts.slice(0, depth + 1).join("/"));
}

const target = z.string().check(z.minLength(1), z.maxLength(4095), z.regex(/^[^\0]*$/));
const shape = z.object({
  format: z.literal("kit/manifest/1"),
  manifest: z.string(),
  architecture: z.optional(z.string().check(z.regex(/^[a-z0-9-]{1,32}$/))),
  buildType: z.optional(z.enum(["debug", "release"])),
  links: z.record(z.string(), target),
  folders: z.array(z.string()),
});
