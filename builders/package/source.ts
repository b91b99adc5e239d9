// Where a package's source comes from, as manifests write it.
// Knows the keys; does not know how anything is fetched or unpacked.

import * as z from "zod";
import type { Pattern } from "../../evaluator/kind.ts";
import { localPath, sha256, text, url } from "../../evaluator/manifest/value.ts";
import { packageVersion, sourcePackage } from "./debian.ts";

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

const dsc = z
  .strictObject({
    dsc: sourcePackage.describe(
      "A Debian source package, with its own patches applied: one of the distribution by name, whose files the lock pins; or a .dsc by its path or address, and what it lists from beside it.",
    ),
    version: packageVersion.optional().describe("Just this version of it."),
    sha256: sha256.optional().describe("What a .dsc at an address must be."),
    mirrors: z.array(url).default([]).describe("Where else such a .dsc is, and what it lists beside it."),
    signedBy: localPath
      .optional()
      .describe("The public keys one of which signed a .dsc of your own, armoured or not."),
    unsigned: z
      .literal(true)
      .optional()
      .describe("A .dsc of your own is taken whether it is signed or not, and by whomever."),
    into,
  })
  .check((context) => {
    const { dsc, sha256, mirrors, signedBy, unsigned } = context.value;
    const form = formOfDsc(dsc);
    const refuse = (message: string) =>
      context.issues.push({ code: "custom", input: context.value, message, path: [] });
    const vouched = [signedBy, unsigned].filter((word) => word !== undefined).length;
    if (form !== "name" && vouched !== 1)
      refuse(
        "says not just one of signedBy and unsigned\nname the keys that sign the .dsc, or say unsigned: true",
      );
    if (form === "name" && vouched > 0)
      refuse("is one of the distribution, whose archive signs it\nleave signedBy and unsigned out");
    if (form === "address" && sha256 === undefined)
      refuse("has no sha256\nsay what the .dsc at this address must be, as sha256sum prints it");
    if (form !== "address" && (sha256 !== undefined || mirrors.length > 0))
      refuse("is at no address\nsha256 and mirrors are of a .dsc that is named by its address");
  });

/** How a source package is named. */
export function formOfDsc(written: string): "name" | "path" | "address" {
  if (/^\.\.?\//.test(written)) return "path";
  return written.includes(":") ? "address" : "name";
}

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
export type DscSource = z.infer<typeof dsc>;

/** Of all builders: a .deb that somebody else built is a source, too. */
export const localsOfSources: readonly Pattern[] = [
  ["sources", "*", "dir"],
  ["sources", "*", "file"],
  { steps: ["sources", "*", "dsc"], paths: true },
  ["sources", "*", "signedBy"],
  ["patches", "*"],
];
