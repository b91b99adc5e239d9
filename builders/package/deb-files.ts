// The builder `deb-files` in a package's manifest: a .deb made of files as they are.
// Knows its keys; does not know how the .deb is made.

import * as z from "zod";
import type { Pattern, Reference } from "../../evaluator/kind.ts";
import { localPath, targetPath, text, unique } from "../../evaluator/manifest/value.ts";
import { packageName, packageVersion, provision, relation } from "./debian.ts";
import { fileShape, hasOneSource } from "./file.ts";
import { packageShape } from "./shape.ts";
import { part, variants } from "./variant.ts";

const file = z
  .strictObject({
    ...fileShape,
    path: fileShape.path.check(
      z.refine((path) => !/^\/DEBIAN(?:\/|$)/.test(path), {
        error: "is where a .deb has its control files\nmaintainer scripts and triggers have keys of `deb`",
      }),
    ),
    conffile: z.boolean().default(false).describe("Whether dpkg keeps an administrator's changes to it."),
    subpath: z
      .union([z.literal("/"), targetPath])
      .optional()
      .describe(
        "What is taken of a package that is built into a tree, whose manifest `from` names: /lib, or / for all.",
      ),
  })
  .check(hasOneSource)
  .check(
    z.refine(({ from, subpath }) => subpath === undefined || from !== undefined, {
      error: "has `subpath` without `from`\nname the manifest of a package there",
    }),
  );

/** systemd.unit(5): what a unit may be called. */
const unit = localPath.check(
  z.refine(
    (path) =>
      /(?:^|\/)[A-Za-z0-9:_.\\@-]+\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/.test(
        path,
      ),
    {
      error:
        "is called as no unit is\nletters, digits and : - _ . @ \\, and how one ends: .service, .socket, .timer (systemd.unit(5))",
    },
  ),
);

const relations = z.array(relation).default([]);

const scripts = z.strictObject({
  preinst: localPath.optional(),
  postinst: localPath.optional(),
  prerm: localPath.optional(),
  postrm: localPath.optional(),
});

const deb = z.strictObject({
  maintainer: text(
    /^[^<>\n]+ <[^<>\s]+@[^<>\s]+>$/,
    "a maintainer",
    "a name and an address: A. Person <a@example.org>",
  )
    .optional()
    .describe("Who looks after it: Name <address>."),
  section: text(
    /^[a-z][a-z0-9-]*(?:\/[a-z][a-z0-9-]*)?$/,
    "a section",
    "like: utils, admin, contrib/net (Debian Policy 2.4)",
  )
    .default("misc")
    .describe("Debian Policy 2.4."),
  priority: z
    .enum(["required", "important", "standard", "optional", "extra"])
    .default("optional")
    .describe("Debian Policy 2.5."),
  summary: text(/^[^\s][^\n]{0,254}$/, "a summary", "one line")
    .optional()
    .describe("One line; the manifest's description is the long text."),
  depends: relations.describe("What it needs at run time."),
  preDepends: relations.describe("What must be configured before it is unpacked."),
  conflicts: relations.describe("What cannot be there with it."),
  breaks: relations.describe("What it makes unusable."),
  replaces: relations.describe("What it takes files over from."),
  provides: z.array(provision).default([]).describe("Other names it stands for."),
  scripts: scripts.default({}).describe("Maintainer scripts."),
  units: z.array(unit).default([]).describe("systemd units to install, enable and start."),
  triggers: z
    .array(
      text(
        /^(?:interest|activate)(?:-await|-noawait)? [^\s]+$/,
        "a trigger",
        "interest or activate, -await or -noawait, and its name, as in deb-triggers(5): interest-noawait /usr/share/x",
      ),
    )
    .default([])
    .describe("Lines of the triggers file, deb-triggers(5)."),
});

const files = unique(z.array(file), "the path", ({ path }) => path)
  .default([])
  .describe("What it installs.");

export const debFiles = z.strictObject({
  ...packageShape,
  builder: z.literal("deb-files"),
  name: packageName.describe("The package's name."),
  version: packageVersion.describe("The package's version."),
  files,
  deb: deb.prefault({}).describe("What only a .deb has."),
  variants: variants({ dependencies: packageShape.dependencies, files, deb: part(deb.shape) }),
});

export type DebFilesManifest = z.infer<typeof debFiles>;

/** Manifests of packages that files are taken of. */
export function referencesOfFiles(manifest: unknown): Reference[] {
  const { files } = manifest as { readonly files?: unknown };
  if (!Array.isArray(files)) return [];
  return files.flatMap((file: { readonly from?: unknown; readonly subpath?: unknown } | null, index) =>
    typeof file?.from === "string" && file.subpath !== undefined
      ? [{ path: ["files", index, "from"], to: file.from, kind: "package" }]
      : [],
  );
}

export const localsOfDebFiles: readonly Pattern[] = [
  { steps: ["files", "*", "from"], unless: "subpath" },
  ["deb", "scripts", "*"],
  ["deb", "units", "*"],
];
