// The builders in a package's manifest whose result is a tree, laid into the sysroots of what is built with it.
// Knows their keys; does not know how anything is built.

import * as z from "zod";
import { text } from "../../evaluator/manifest/value.ts";
import { packageOrManifest } from "./debian.ts";
import { untaken, variableName, variables } from "./environment.ts";
import { crossCompile, packageShape, secrets, treeTest } from "./shape.ts";
import { insidePath, patches, treeSources } from "./source.ts";
import { part, variants } from "./variant.ts";

const name = text(
  /^[A-Za-z0-9][A-Za-z0-9+._-]{0,126}$/,
  "a package name",
  "letters, digits, + - . and _, a letter or digit first",
);

const version = text(
  /^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,126}$/,
  "a version",
  "letters, digits and . + ~ _ -, a letter or digit first",
);

/** Where things are installed, and by what they are found there, is the same for every package of a sysroot. */
const hint =
  "every package of a sysroot has the same prefix, and finds there what its manifest declares; buildType decides how it is optimized";

function free(form: RegExp, what: string, right: string, taken: RegExp) {
  return untaken(text(form, what, right), taken, hint);
}

const sysrootName = untaken(
  variableName,
  /^(?:DESTDIR|PREFIX|OUT|prefix|CMAKE_(?:INSTALL_PREFIX|PREFIX_PATH|BUILD_TYPE|INSTALL_MODE)|PKG_CONFIG_(?:PATH|LIBDIR|SYSROOT_DIR))$/,
  hint,
);

const environment = variables(sysrootName);

const value = z.union([z.string().regex(/^[^\0\n]*$/), z.number(), z.boolean()]);
const directory = insidePath.default(".").describe("Where in the source its build files are.");

const cmake = z.strictObject({
  directory,
  defines: z
    .record(
      free(
        /^[A-Za-z_][A-Za-z0-9_]*(?::[A-Z]+)?$/,
        "the name of a definition",
        "letters, digits and _: BUILD_SHARED_LIBS",
        /^(?:CMAKE_(?:INSTALL_PREFIX|INSTALL_LIBDIR|PREFIX_PATH|SYSTEM_PREFIX_PATH|FIND_ROOT_PATH|STAGING_PREFIX|SYSROOT|BUILD_TYPE|TOOLCHAIN_FILE|MODULE_PATH)|DESTDIR)(?::.*)?$/,
      ),
      value,
    )
    .default({})
    .describe('Given as -D: {BUILD_SHARED_LIBS: "ON"}.'),
});

const mesonName = free(
  /^[A-Za-z_][A-Za-z0-9_.:-]*$/,
  "the name of an option",
  "letters, digits and _: default_library",
  /^(?:build\.)?(?:prefix|libdir|buildtype|debug|optimization|pkg_config_path|cmake_prefix_path|wrap_mode)$/,
);
const mesonOptions = z.record(mesonName, value).default({});

const meson = z.strictObject({
  directory,
  options: mesonOptions.describe("Meson's own options: {default_library: shared}."),
  defines: mesonOptions.describe("The project's options."),
});

const argument = free(
  /^[^\0\n]+$/,
  "an argument",
  "one line",
  // As configure reads them: shortened, and as variables.
  /^(?:-?-(?:p(?:r(?:e(?:f(?:ix?)?)?)?)?|exec(?:[-_](?:p(?:r(?:e(?:f(?:ix?)?)?)?)?)?)?|libd(?:ir?)?|with-sysroot)|(?:exec_)?prefix|libdir)(?:=|$)/,
);

const autotools = z.strictObject({
  directory,
  arguments: z.array(argument).default([]).describe("Given to configure: [--disable-static]."),
});

const makeTarget = text(/^[A-Za-z0-9_./%+][A-Za-z0-9_./%+-]*$/, "a target", "like: all, install-lib");

const make = z.strictObject({
  directory,
  targets: z.array(makeTarget).default([]).describe("What is made; the first of the makefile by default."),
  install: z.array(makeTarget).default(["install"]).describe("What installs, into DESTDIR."),
  variables: z.record(sysrootName, value).default({}).describe("Given to make: {WITH_X: 1}."),
});

const script = z.strictObject({
  directory,
  build: z
    .string()
    .default("")
    .describe(
      "Run by sh in the source; `in_parallel make` is a make that shares processors with other builds.",
    ),
  install: z.string().min(1).describe("Run by sh in the source; installs into $OUT, below $PREFIX there."),
});

const treeShape = {
  ...packageShape,
  name: name.describe("What it is called in sysroots."),
  version: version.optional().describe("Its version, for people; ${version} in this manifest."),
  sources: treeSources,
  patches,
  buildDependencies: z
    .array(packageOrManifest)
    .default([])
    .describe("What building it takes: packages of the distribution by name, and manifests of packages."),
  environment: environment.default({}).describe("Variables of the build: {CXXFLAGS: -Wall}."),
  test: treeTest,
  secrets,
  crossCompile,
};

/** What all of them may have otherwise for one build type. */
const { environment: varying, buildDependencies } = treeShape;
const varied = { environment: varying, patches, buildDependencies };

export const treePackages = [
  z.strictObject({
    ...treeShape,
    builder: z.literal("cmake"),
    cmake: cmake.prefault({}).describe("What only cmake takes."),
    variants: variants({ ...varied, cmake: part({ defines: cmake.shape.defines }) }),
  }),
  z.strictObject({
    ...treeShape,
    builder: z.literal("meson"),
    meson: meson.prefault({}).describe("What only meson takes."),
    variants: variants({
      ...varied,
      meson: part({ options: meson.shape.options, defines: meson.shape.defines }),
    }),
  }),
  z.strictObject({
    ...treeShape,
    builder: z.literal("autotools"),
    autotools: autotools.prefault({}).describe("What only configure takes."),
    variants: variants({ ...varied, autotools: part({ arguments: autotools.shape.arguments }) }),
  }),
  z.strictObject({
    ...treeShape,
    builder: z.literal("make"),
    make: make.prefault({}).describe("What only make takes."),
    variants: variants({ ...varied, make: part({ variables: make.shape.variables }) }),
  }),
  z.strictObject({
    ...treeShape,
    builder: z.literal("script"),
    script: script.describe("The commands."),
    test: treeTest.check(
      z.refine((value) => value !== true, {
        error: "has no checks that kit knows of\nwrite test: {run: …}, what checks it",
      }),
    ),
    variants: variants({
      ...varied,
      script: part({ build: script.shape.build, install: script.shape.install }),
    }),
  }),
] as const;

export type TreeManifest = z.infer<(typeof treePackages)[number]>;

const treeBuilders: readonly string[] = treePackages.map(({ shape }) => shape.builder.value);

export function isTreeManifest<M extends { readonly builder: string }>(
  manifest: M,
): manifest is Extract<M, TreeManifest> {
  return treeBuilders.includes(manifest.builder);
}
