// How a package's own checks are planned: the build once more, with them, apart from what is built.
// Pure: makes derivations; does not run anything.

import * as z from "zod/mini";
import {
  type Content,
  contentOf,
  type Derivation,
  derivation,
  type Input,
  type Request,
  type Result,
} from "../../store/model/derivation.ts";
import { digestOf } from "../../store/model/digest.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { digestOfTree, makeTree } from "../../store/model/tree.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const checksVersions = { checks: "1", sandbox: sandboxVersion } as const;

/** Where the output `result` says how they ended: a line of {@link ended}. */
export const resultFile = "result";
export const ended = { well: "passed\n", badly: "failed\n" } as const;

/** Whether a result tells of checks that found something: no failure of a build, but as worth another attempt. */
export function foundSomething(
  { builder }: Pick<Request, "builder">,
  { outputs }: Pick<Result, "outputs">,
): boolean {
  return builder === "checks" && outputs["result"] === resultContent(ended.badly);
}

/** What the builder makes of how they ended. */
function resultContent(text: string): Content {
  const file = {
    ...{ type: "file" as const, path: parseTreePath(resultFile), mode: 0o644, uid: 0, gid: 0 },
    ...{ blob: digestOf(text), size: text.length },
  };
  return contentOf("tree", digestOfTree(makeTree([file])));
}

/** A script of one's own, run where the package is installed, and the folder it is run in. */
export interface OwnCheck {
  readonly run: string;
}

/**
 * Output `result`, a tree with {@link resultFile}. It is made of what the build is made of, and of what came of that, so
 * that the build has ended well before; what is checked is no part of the build's key.
 *
 * @param output of the build
 * @param means inputs in the place of the build's: its source where it is built without checks, the launcher where its
 *   programs are emulated and it was crossed
 */
export function checksDerivation(
  build: Derivation,
  output: string,
  {
    own,
    instead,
  }: { readonly own?: OwnCheck | undefined; readonly instead?: Readonly<Record<string, Input>> } = {},
): Derivation {
  const { builder, parameters, system, buildType } = build;
  return derivation({
    builder: "checks",
    label: `${build.label} checks`,
    parameters: { builder, parameters, ...(own && { run: own.run }) },
    inputs: { ...build.inputs, ...instead, built: { derivation: build, output } },
    ...(system !== undefined && { system }),
    ...(buildType !== undefined && { buildType }),
    outputs: ["result"],
  });
}

const shape = z.object({ builder: z.string(), parameters: z.unknown(), run: z.optional(z.string()) });

export function checksParameters(parameters: unknown) {
  return z.parse(shape, parameters);
}
