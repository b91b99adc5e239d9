// Where a package's source comes from, as manifests write it.
// Knows the keys; does not know how anything is fetched or unpacked.

import * as z from "zod";
import type { Pattern } from "../../evaluator/kind.ts";
import { localPath, sha256, text, url } from "../../evaluator/manifest/value.ts";
import { packageName, packageVersion } from "./debian.ts";

/** A folder in a source: `.` is the source itself. */
export const insidePath = text(
  /^(?:\.|(?!\.{1,2}(?:\/|$))[^/\0-\x1f]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[^/\0-\x1f]{1,255})*)$/,
  "a path in the source",
  "it is relative, ends without /, and holds no . or .. part: src/lib",
);

const into = insidePath.optional().describe("Where in the source it goes; its top by default.");

const folder = z.strictObject({ dir: localPath.describe("A folder beside the manifest."), into });

const local = z.strictObject({
  file: localPath.describe("An archive beside the manifest, as those that `url` names."),
  into,
});

const archive = z.strictObject({
  url: url.describe(
    "An archive: tar, in any usual compression, or zip. A folder that holds all of it is left out.",
  ),
  sha256: sha256.describe("What it must be."),
  mirrors: z.array(url).default([]).describe("Where else it is."),
  into,
});

/** A commit of a git repository. */
export const gitShape = {
  git: url
    .check(
      z.refine((value) => !/^https?:\/\/[^/]*@/.test(value), {
        error: "holds a name or a password\nmanifests and locks are for everybody to read: leave it out",
      }),
    )
    .describe("A git repository, over https or http."),
  rev: text(
    /^(?!-)(?!.*(?:\.\.|@\{|\/\/|[\s~^:?*[\\]))[^\0-\x1f]{1,255}(?<![./])$/,
    "a revision",
    "a tag or a branch, whose commit the lock pins, or all 40 digits of a commit",
  ).describe("A tag, a branch, or a commit."),
  submodules: z.boolean().default(false).describe("Whether its submodules are checked out too."),
};

const git = z.strictObject({ ...gitShape, into });

const dsc = z.strictObject({
  dsc: packageName.describe(
    "A source package of the distribution, by name, with its own patches applied; the lock pins its files.",
  ),
  version: packageVersion.optional().describe("Just this version of it."),
  into,
});

export const treeSources = z
  .array(z.union([folder, local, archive, git, dsc]))
  .min(1, { error: "names no source\nwrite at least one: [{dir: ./source}]" })
  .describe(
    "The source: {dir}, {file}, {url, sha256}, {git, rev} or {dsc}; several are laid over each other, or into folders.",
  );

export const patches = z
  .array(localPath)
  .default([])
  .describe("Applied in order: files as diff and git write them, or a folder with a quilt series.");

export type GitSource = z.infer<typeof git>;
export type TreeSource = z.infer<typeof treeSources>[number];

/** Of all builders: a .deb that somebody else built is a source, too. */
export const localsOfSources: readonly Pattern[] = [
  ["sources", "*", "dir"],
  ["sources", "*", "file"],
  ["patches", "*"],
];
