// Bundles kit for its users: importing sixty small files costs more than a no-op build may take.
// Knows the entry files; does not know what they do.

import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { type BuildOptions, build } from "esbuild";

const folder = "dist";
const common: BuildOptions & { metafile: true } = {
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minify: false,
  // Native code and WebAssembly are loaded from where npm put them.
  external: ["koffi", "@napi-rs/blake-hash", "blake3-wasm", "xz-decompress"],
  // CommonJS inside the bundle asks for `require`.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
  metafile: true,
};
const builds = await Promise.all([
  build({ ...common, entryPoints: ["cli/front.ts"], splitting: true }),
  // In one piece: what it imports late is in memory from the start, and runs when it is first asked for.
  build({ ...common, entryPoints: ["cli/keeper.ts", "cli/thread.ts"] }),
  // What runs in browsers, and how it looks: kit report writes them into its folder as they are.
  build({
    entryPoints: { report: "builders/report/page/main.ts" },
    outdir: folder,
    bundle: true,
    format: "iife",
    platform: "browser",
    target: ["chrome125", "firefox128", "safari17.4"],
    metafile: true,
    logLevel: "warning",
  }),
  build({
    entryPoints: ["builders/report/page/report.css"],
    bundle: true,
    outdir: folder,
    metafile: true,
    logLevel: "warning",
  }),
]);
// The folder is what a memo depends on: pieces of earlier builds would only pile up in it.
const made = new Set(
  builds.flatMap(({ metafile }) => Object.keys(metafile.outputs)).map((path) => basename(path)),
);
for (const name of readdirSync(folder)) if (!made.has(name)) rmSync(join(folder, name));
