// How the tests run: which in parallel, which one after another, which only when asked for.
// Knows kinds of tests by their place; does not know any test.

import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) {
  throw new Error(
    `kit is tested with the Node it runs on, 24 or later, not ${process.version}: use npm test, or node_modules/.bin/node node_modules/vitest/vitest.mjs run`,
  );
}

/** What mounts, measures limits or kills processes has the machine for itself. */
const machine = ["test/{sandbox,keeper,fidelity,boot,e2e}/**/*.test.ts"];
/** Sets and combinations that take minutes: npm run test:long. */
const long = process.env["KIT_TEST_LONG"] ? [] : ["test/**/*.long.test.ts"];

const common: TestProjectInlineConfiguration["test"] & {} = {
  pool: "forks",
  testTimeout: 30_000,
  hookTimeout: 180_000,
  // Its ES modules import a folder, which Node itself, asked for the package, never comes across.
  server: { deps: { inline: ["clipanion"] } },
};

export default defineConfig({
  test: {
    globalSetup: ["test/rig/built.ts", "test/sandbox/scratch.ts"],
    projects: [
      {
        extends: true,
        test: {
          ...common,
          name: "parts",
          include: ["test/**/*.test.ts"],
          exclude: [...machine, ...long],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...common,
          name: "machine",
          include: machine,
          exclude: long,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
